"""Pressure on late payers: machines that do not start, and limits that give no further machine."""

import numpy as np

from system.leasing.commands import ActOnAlert
from system.leasing.leases.rules import Refusal as LeaseRefusal
from system.leasing.records import ActionKind, ActionState
from system.leasing.rules import Refusal
from tests.system.lease_world import World
from tests.system.leasing_world import readings


def ordered(world: World) -> list[tuple[int, int, str, str]]:
    return [
        (action.kind, action.state, action.maker, action.checker)
        for action in world.machines.actions_on(0)
    ]


def test_a_late_payers_machine_stands_once_it_says_so_and_starts_again_when_two_let_it() -> None:
    world = World.leasing()
    world.fall_behind(20)
    assert not world.hold(0).code[0]
    assert ordered(world) == [(ActionKind.IMMOBILISE, ActionState.ORDERED, "ann", "bob")]
    assert world.machines.machines(("immobilised",))["immobilised"][0] == 0
    [action] = world.machines.actions_on(0)
    assert action.action_id == f"command-{world.commands}/0"
    assert world.machines.receipt(action.action_id, done=True)
    assert not world.machines.receipt(action.action_id, done=True)
    assert world.machines.machines(("immobilised",))["immobilised"][0] == 1
    world.pay(0, world.lease(0, "due_fen"))
    assert not world.free(0).code[0]
    assert world.machines.receipt(f"command-{world.commands}/0", done=True)
    assert world.machines.machines(("immobilised",))["immobilised"][0] == 0
    assert [kind for kind, *_ in ordered(world)] == [ActionKind.IMMOBILISE, ActionKind.RELEASE]


def test_an_order_that_failed_may_be_given_again() -> None:
    world = World.leasing()
    world.fall_behind(20)
    world.hold(0)
    world.machines.receipt(f"command-{world.commands}/0", done=False, note="engine runs")
    assert not world.hold(0).code[0]
    assert [state for _, state, *_ in ordered(world)] == [ActionState.FAILED, ActionState.ORDERED]


def test_one_person_stops_no_machine() -> None:
    world = World.leasing()
    world.fall_behind(20)
    assert world.hold(0, checker="ann").code[0] == LeaseRefusal.NEEDS_FOUR_EYES
    assert world.free(0, checker="ann").code[0] == LeaseRefusal.NEEDS_FOUR_EYES
    assert ordered(world) == []


def raised(world: World, machine: int) -> str:
    """An opened terminal on a machine; the alert's id."""
    at_ms = world.clock.time_s * 1_000
    world.machines.take_in(readings(3, device=machine, start_ms=at_ms, tamper=np.array([0, 1, 1])))
    [alert] = world.machines.alerts(machine=machine)
    return alert.alert_id


def test_a_cut_limit_gives_no_further_machine_until_two_raise_it() -> None:
    world = World.open(3)
    assert not world.start(0, 0).code[0]
    cut = ActOnAlert("cut", raised(world, 0), ActionKind.LIMIT_CUT, "ann", "bob")
    assert world.machines.act(cut) == Refusal.NONE
    assert ordered(world) == [(ActionKind.LIMIT_CUT, ActionState.DONE, "ann", "bob")]
    assert world.start(1, 0, value_fen=1_000).code[0] == LeaseRefusal.START_ABOVE_LIMIT
    assert not world.start(2, 1).code[0], "others keep their limits"


def test_no_limit_is_cut_for_a_machine_that_nobody_leases() -> None:
    world = World.open(3)
    cut = ActOnAlert("cut", raised(world, 2), ActionKind.LIMIT_CUT, "ann", "bob")
    assert world.machines.act(cut) == Refusal.NOT_LEASED
