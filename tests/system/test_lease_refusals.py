"""Every refusal of leases has a case; the lowest that applies is given; nothing moves."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from system.leasing.leases import commands as c
from system.leasing.leases.rules import Refusal
from system.limits import ENGINE_S_MAX, LINE_FEN_MAX
from tests.system import sandboxes
from tests.system.lease_world import HOUR_S, World, column
from tests.system.leasing_world import enrolment

Case = Callable[[World], Any]
CASES: dict[Refusal, Case] = {}


def reaches(refusal: Refusal) -> Callable[[Case], Case]:
    def keep(case: Case) -> Case:
        CASES[refusal] = case
        return case

    return keep


def ended(world: World) -> World:
    world.give_back(0)
    return world


def given_up(world: World) -> World:
    world.fall_behind(91)
    assert not world.charge_off(0).code[0]
    return world


@reaches(Refusal.COMMAND_ID_REUSED)
def _(world: World) -> Any:
    world.pay(0, 10_000)
    world.commands -= 1
    return world.recover(0, 10_000)


@reaches(Refusal.NEEDS_FOUR_EYES)
def _(world: World) -> Any:
    return world.repossess(9, checker=" Ann")


@reaches(Refusal.LEASE_UNKNOWN)
def _(world: World) -> Any:
    return world.pay(4, 10_000)


@reaches(Refusal.LEASE_REPEATED)
def _(world: World) -> Any:
    batch = c.PayBatch("twice", column(1, 1), column(10_000, 10_000))
    answer = world.service.pay(batch)
    assert not answer.code[0]
    return replace(answer, code=answer.code[1:])


@reaches(Refusal.DAY_NOT_OPEN)
def _(world: World) -> Any:
    world.service.end_of_day(world.today)
    return world.pay(0, 0)


@reaches(Refusal.AMOUNT_OUT_OF_BOUNDS)
def _(world: World) -> Any:
    assert world.pay(0, LINE_FEN_MAX + 1).code[0]
    return world.pay(0, 0)


@reaches(Refusal.START_MACHINE_UNKNOWN)
def _(world: World) -> Any:
    return world.start(9, 9)


@reaches(Refusal.START_LESSEE_UNKNOWN)
def _(world: World) -> Any:
    return world.start(0, 9, tariff=9)


@reaches(Refusal.START_TARIFF_UNKNOWN)
def _(world: World) -> Any:
    return world.start(0, 0, tariff=2, rent_fen=0)


@reaches(Refusal.START_TERMS_OUT_OF_BOUNDS)
def _(world: World) -> Any:
    return world.start(0, 0, rent_fen=0)


@reaches(Refusal.START_MACHINE_TAKEN)
def _(world: World) -> Any:
    return world.start(0, 1)


@reaches(Refusal.START_COUNTER_UNKNOWN)
def _(world: World) -> Any:
    rows = world.machines.enrol_machines(enrolment(1, "new"))
    return world.start(rows.start, 0)


@reaches(Refusal.START_LESSEE_IN_DEFAULT)
def _(world: World) -> Any:
    given_up(world)
    return _spare(world, 0)


@reaches(Refusal.START_ABOVE_LIMIT)
def _(world: World) -> Any:
    return _spare(world, 0)


@reaches(Refusal.START_RISK_STOPPED)
def _(world: World) -> Any:
    world.set_limit(0, 10**10)
    with world.service._parts.book.transaction() as unit:
        sandboxes.stop(unit.rows)
    return _spare(world, 0)


@reaches(Refusal.START_OUTSIDE_SANDBOX)
def _(world: World) -> Any:
    world.set_limit(0, 10**10)
    with world.service._parts.book.transaction() as unit:
        sandboxes.admit(unit.rows, "leasing", term_days_max=1)
    return _spare(world, 0)


@reaches(Refusal.START_LISTED)
def _(world: World) -> Any:
    world.set_limit(0, 10**10)
    assert not world.keep_out(0).code[0]
    return _spare(world, 0)


def _spare(world: World, lessee: int, **terms: int) -> Any:
    rows = world.machines.enrol_machines(enrolment(1, "spare"))
    return world.start(rows.start, lessee, counter_s=0, **terms)


@reaches(Refusal.LIMIT_OUT_OF_BOUNDS)
def _(world: World) -> Any:
    return world.set_limit(0, -1)


@reaches(Refusal.PAYMENT_CLOSED)
def _(world: World) -> Any:
    ended(world).settle(0)
    world.pay(0, world.lease(0, "due_fen"))
    world.settle(0)
    return world.pay(0, 10_000)


@reaches(Refusal.PAYMENT_CHARGED_OFF)
def _(world: World) -> Any:
    return given_up(world).pay(0, 10_000)


@reaches(Refusal.RECOVERY_NOT_CHARGED_OFF)
def _(world: World) -> Any:
    return world.recover(0, 10_000)


@reaches(Refusal.RETURN_NOT_LIVE)
def _(world: World) -> Any:
    return ended(world).give_back(0)


@reaches(Refusal.RETURN_METER_OUT_OF_BOUNDS)
def _(world: World) -> Any:
    assert world.give_back(0, -1).code[0] == Refusal.RETURN_METER_OUT_OF_BOUNDS
    return world.give_back(0, ENGINE_S_MAX + 1)


@reaches(Refusal.RENEWAL_NOT_LIVE)
def _(world: World) -> Any:
    return ended(world).renew(0, world.today + 1_000)


@reaches(Refusal.RENEWAL_TERM_OUT_OF_BOUNDS)
def _(world: World) -> Any:
    return world.renew(0, world.lease(0, "until_day"))


@reaches(Refusal.RENEWAL_PAST_DUE)
def _(world: World) -> Any:
    world.fall_behind(1)
    return world.renew(0, world.lease(0, "until_day") + 1)


@reaches(Refusal.PURCHASE_NOT_LIVE)
def _(world: World) -> Any:
    return ended(world).buy(0)


@reaches(Refusal.PURCHASE_NO_OPTION)
def _(world: World) -> Any:
    return world.buy(0)


@reaches(Refusal.PURCHASE_TOO_EARLY)
def _(world: World) -> Any:
    _spare(world, 0, option_fen=40_000_000, value_fen=1)
    return world.buy(4)


@reaches(Refusal.PURCHASE_PAST_DUE)
def _(world: World) -> Any:
    _spare(world, 0, option_fen=40_000_000, value_fen=1, term_days=1)
    world.fall_behind(1)
    return world.buy(4)


@reaches(Refusal.REPOSSESSION_NO_MACHINE)
def _(world: World) -> Any:
    return ended(world).repossess(0, breach=True)


@reaches(Refusal.REPOSSESSION_TOO_EARLY)
def _(world: World) -> Any:
    world.fall_behind(29)
    return world.repossess(0)


@reaches(Refusal.SALE_NO_MACHINE)
def _(world: World) -> Any:
    return world.sell(0, 10_000)


@reaches(Refusal.CHARGE_OFF_NOTHING_OWED)
def _(world: World) -> Any:
    return world.charge_off(0)


@reaches(Refusal.CHARGE_OFF_TOO_EARLY)
def _(world: World) -> Any:
    world.fall_behind(90)
    return world.charge_off(0)


@reaches(Refusal.SETTLEMENT_NOT_ENDED)
def _(world: World) -> Any:
    return world.settle(0)


@reaches(Refusal.HOLD_NOT_LIVE)
def _(world: World) -> Any:
    return ended(world).hold(0)


@reaches(Refusal.HOLD_TOO_EARLY)
def _(world: World) -> Any:
    world.fall_behind(19)
    return world.hold(0)


@reaches(Refusal.HOLD_ALREADY)
def _(world: World) -> Any:
    world.fall_behind(20)
    assert not world.hold(0).code[0]
    return world.hold(0)


@reaches(Refusal.FREE_NOT_HELD)
def _(world: World) -> Any:
    return world.free(0)


@reaches(Refusal.DISPUTE_NO_BILL)
def _(world: World) -> Any:
    for _ in range(4):
        period = world.bill(100)
    assert world.dispute(0, period + 1, 0).code[0] == Refusal.DISPUTE_NO_BILL
    return world.dispute(0, period - 3, 0)


@reaches(Refusal.DISPUTE_ALREADY)
def _(world: World) -> Any:
    period = world.bill(100)
    assert not world.dispute(0, period, 50 * HOUR_S).code[0]
    return world.dispute(0, period, 100 * HOUR_S)


@reaches(Refusal.DISPUTE_NOTHING_CLAIMED)
def _(world: World) -> Any:
    return world.dispute(0, world.bill(100), 100 * HOUR_S)


@reaches(Refusal.DISPUTE_CHARGED_OFF)
def _(world: World) -> Any:
    given_up(world)
    return world.dispute(0, world.period - 1, 0)


@reaches(Refusal.DECISION_NO_DISPUTE)
def _(world: World) -> Any:
    return world.decide(0, world.bill(100), 0)


@reaches(Refusal.DECISION_ALREADY)
def _(world: World) -> Any:
    period = world.bill(100)
    world.dispute(0, period, 50 * HOUR_S)
    assert not world.decide(0, period, 60 * HOUR_S).code[0]
    return world.decide(0, period, 0)


@reaches(Refusal.DECISION_OUT_OF_BOUNDS)
def _(world: World) -> Any:
    period = world.bill(100)
    world.dispute(0, period, 50 * HOUR_S)
    assert world.decide(0, period, 101 * HOUR_S).code[0]
    return world.decide(0, period, 49 * HOUR_S)


def test_every_refusal_has_a_case() -> None:
    assert set(CASES) == set(Refusal) - {Refusal.NONE}


@pytest.mark.parametrize("refusal", CASES, ids=lambda one: one.name)
def test_the_refusal_is_given_and_posts_nothing(refusal: Refusal) -> None:
    world = World.leasing()
    assert CASES[refusal](world).code[0] == refusal
    assert world.service.differences() == {}
    if refusal not in (Refusal.COMMAND_ID_REUSED, Refusal.LEASE_REPEATED):
        assert f"command-{world.commands}" not in {row.cause for row in world.journal()}


def test_a_refused_row_harms_no_other_of_its_batch() -> None:
    world = World.leasing()
    world.bill(100, 100)
    batch = c.PayBatch("mixed", column(0, 9, 1), column(0, 1_000, 1_000))
    answer = world.service.pay(batch)
    assert answer.code.tolist() == [Refusal.AMOUNT_OUT_OF_BOUNDS, Refusal.LEASE_UNKNOWN, 0]
    assert answer.applied_fen.tolist() == [0, 0, 1_000]
    assert (answer.applied_fen + answer.returned_fen == batch.amount_fen).all()
    assert np.array_equal(answer.fee_fen + answer.penalty_fen + answer.rent_fen, answer.applied_fen)
