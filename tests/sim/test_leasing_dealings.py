"""What lessor and lessees do about money, hours and machines beside rent: each is played once."""

from functools import cache

import numpy as np

from sim.leasing.audit import audit_stage, journal_of
from sim.leasing.model import setting_of
from sim.leasing.stage import Stage
from sim.metrics.leasing import measure
from system.leasing.leases.records import DISPUTES
from system.leasing.records import ACTIONS, ActionKind, ActionState
from system.subledger.records import happened
from tests.sim.leasing_runs import small

HARD = (
    "populations.machine.count=30",
    "populations.contractor.count=20",
    "horizon_days=100",
    "warmup_days=10",
    "parameters.client_default_share=0.15",
    "parameters.cash_buffer_days_p50=10",
    "parameters.immobilise_days=5",
    "parameters.limit_cut_days=5",
    "parameters.limit_raise_days=30",
    "parameters.repossess_after_days=30",
    "parameters.repossess_tracked_days=1",
    "parameters.insolvency_days=20",
    "parameters.resale_share=1",
    "parameters.resale_days=7",
    "parameters.poll_s=43200",
    "parameters.heartbeat_s=14400",
    "parameters.dispute_bold_share=0.1",
    "parameters.dispute_hours_min=5",
    "parameters.dispute_days=2",
)


@cache
def hard_times() -> Stage:
    """Clients who do not pay, and a lessor with little patience."""
    stage = Stage(setting_of(small(*HARD), "usage", 0), "memory")
    stage.run()
    return stage


def totals() -> dict[str, int]:
    facts = [happened(row) for row in journal_of(hard_times())]
    return {
        kind: sum(fact.total for fact in facts if fact.kind == kind)
        for kind in {fact.kind for fact in facts}
    }


def test_every_invariant_holds_in_hard_times() -> None:
    stage = hard_times()
    assert set(audit_stage(stage, journal_of(stage)).values()) == {"held"}


def test_deposits_come_in_and_what_is_not_held_or_set_off_goes_back() -> None:
    stage, total = hard_times(), totals()
    leases = stage.system.leases
    held_fen = int(leases.view(("deposit_fen",), slice(0, leases.leases))["deposit_fen"].sum())
    set_off_fen = sum(total.get(f"{name}_set_off", 0) for name in ("rent", "fee", "penalty"))
    assert min(total["deposit_paid"], total["deposit_returned"], set_off_fen) > 0
    assert total["deposit_paid"] == total["deposit_returned"] + set_off_fen + held_fen
    flows_fen = stage.world.economy.purses.flows_fen
    assert flows_fen["deposits"] == total["deposit_returned"] - total["deposit_paid"]


def test_machines_of_late_payers_are_ordered_to_stand_and_say_that_they_do() -> None:
    stage = hard_times()
    with stage.system.book.transaction() as unit:
        actions = unit.rows.scan(ACTIONS)
    orders = [a for a in actions if a.kind in (ActionKind.IMMOBILISE, ActionKind.RELEASE)]
    assert {action.kind for action in orders} == {ActionKind.IMMOBILISE, ActionKind.RELEASE}
    assert all(action.maker != action.checker for action in orders)
    assert ActionState.DONE in {action.state for action in orders}
    stopped = stage.system.leasing.machines(("immobilised",))["immobilised"]
    assert (stopped == stage.world.economy.machines.blocked).all()


def test_bills_with_hours_too_many_are_disputed_and_decided() -> None:
    with hard_times().system.book.transaction() as unit:
        disputes = unit.rows.scan(DISPUTES)
    assert disputes
    decided = [one for one in disputes if one.decided_at_s]
    assert decided
    assert all(one.claimed_s <= one.found_s <= one.billed_s for one in decided)


def test_repossessed_machines_are_sold_and_leave_the_fleet() -> None:
    stage, total = hard_times(), totals()
    resale, retired = stage.lessor.resale, stage.world.economy.machines.retired
    assert total["machine_sold"] == resale.price_fen > 0
    assert 0 < int(retired.sum()) < retired.size
    owned = stage.facts.machine_days
    assert owned < retired.size * stage.facts.days
    assert measure(stage, [])["resale_value_share"] is not None


def test_limits_are_cut_for_arrears() -> None:
    stage = hard_times()
    assert stage.lessor.limits.cuts > 0
    journal = [happened(row) for row in journal_of(stage)]
    begun = [fact.accounts for fact in journal if fact.kind == "started"]
    assert np.concatenate(begun).size == stage.system.leases.leases
