"""Disputes about hours: what is claimed stops ageing, what is found is credited, both are kept."""

from system.leasing.leases.events import Kind
from system.leasing.leases.records import DisputeState
from tests.system.lease_world import HOUR_S, HUNDRED_FEN, World, settled


def test_an_upheld_dispute_becomes_a_credit_note_and_keeps_the_evidence() -> None:
    world = settled(World.leasing())
    period = world.bill(100)
    found = world.dispute(0, period, 80 * HOUR_S)
    assert found.amount_fen[0] == 300_000
    assert world.lease(0, "due_fen", "rent_due_fen") == [1_500_000, HUNDRED_FEN]
    assert world.decide(0, period, 90 * HOUR_S).amount_fen[0] == 150_000
    assert world.lease(0, "due_fen", "rent_due_fen") == [1_650_000, 1_650_000]
    [kept] = world.disputes(0)
    assert kept.state == DisputeState.UPHELD
    assert (kept.billed_s, kept.claimed_s, kept.found_s) == (
        *(100 * HOUR_S, 80 * HOUR_S, 90 * HOUR_S),
    )
    assert kept.evidence == "site diary, pages 3 to 9"
    assert (kept.note, kept.maker, kept.checker) == ("meter read together", "ann", "bob")
    assert world.service.differences() == {}


def test_a_disputed_part_neither_ages_nor_costs_and_is_not_taken() -> None:
    world = settled(World.leasing())
    period = world.bill(100)
    world.dispute(0, period, 80 * HOUR_S)
    assert world.pay(0, HUNDRED_FEN).returned_fen[0] == 300_000
    world.next_day(28)
    assert world.lease(0, "dpd_days", "due_fen") == [0, 0]


def test_a_rejected_dispute_counts_from_its_old_due_date() -> None:
    world = settled(World.leasing())
    period = world.bill(100)
    world.dispute(0, period, 80 * HOUR_S)
    world.pay(0, HUNDRED_FEN)
    world.next_day(20)
    assert world.decide(0, period, 100 * HOUR_S).amount_fen[0] == 0
    assert world.disputes(0)[0].state == DisputeState.REJECTED
    assert world.lease(0, "dpd_days", "due_fen") == [11, 300_000]
    world.next_day()
    assert world.lease(0, "overdue_fen") == 300_000
    assert world.lease(0, "due_fen") > 300_000


def test_a_bill_that_was_paid_is_refunded() -> None:
    world = settled(World.leasing())
    period = world.bill(100)
    world.pay(0, HUNDRED_FEN)
    cash_fen = world.balances_fen()["cash"]
    assert world.dispute(0, period, 80 * HOUR_S).amount_fen[0] == 0, "nothing was unpaid"
    assert world.decide(0, period, 80 * HOUR_S).amount_fen[0] == 300_000
    assert world.balances_fen()["cash"] == cash_fen - 300_000


def test_a_dispute_that_is_settled_within_grace_costs_no_penalty() -> None:
    world = settled(World.leasing())
    period = world.bill(100)
    world.dispute(0, period, 80 * HOUR_S)
    world.next_day(world.parts.policy.due_days + 1)
    world.decide(0, period, 100 * HOUR_S)
    assert world.lease(0, "dpd_days", "overdue_fen") == [2, 0]
    world.next_day()
    world.pay(0, world.lease(0, "due_fen"))
    assert Kind.PENALTY_BILLED not in {row.kind for row in world.journal() if 0 in row.accounts}


def test_a_dispute_of_the_latest_bill_leaves_the_oldest_as_old_as_it_was() -> None:
    world = World.leasing(deposit_fen=0)
    for _ in range(7):
        period = world.bill(100)
    oldest = world.lease(0, "unpaid_due_day")
    world.dispute(0, period, 50 * HOUR_S)
    assert world.lease(0, "unpaid_due_day") == oldest


def test_hours_that_were_measured_and_credited_are_not_billed_again() -> None:
    world = settled(World.leasing())
    period = world.bill(100)
    world.dispute(0, period, 80 * HOUR_S)
    world.decide(0, period, 80 * HOUR_S)
    world.bill(50)
    assert world.service.bills(0)[-1].engine_s == 50 * HOUR_S


def test_a_refund_pays_what_else_is_owed_before_it_goes_back() -> None:
    world = settled(World.leasing())
    period = world.bill(100)
    world.pay(0, HUNDRED_FEN)
    world.bill(100)
    cash_fen = world.balances_fen()["cash"]
    world.dispute(0, period, 80 * HOUR_S)
    world.decide(0, period, 80 * HOUR_S)
    assert world.balances_fen()["cash"] == cash_fen
    assert world.lease(0, "due_fen") == HUNDRED_FEN - 300_000
    assert world.service.differences() == {}


def test_a_dispute_of_a_claim_that_was_given_up_makes_it_smaller() -> None:
    world = settled(World.leasing(deposit_fen=0))
    period = world.bill(100)
    world.dispute(0, period, 0)
    world.next_day(world.parts.policy.due_days + 100)
    assert not world.charge_off(0).code[0]
    claim_fen = world.lease(0, "written_off_fen")
    credit_fen = world.decide(0, period, 80 * HOUR_S).amount_fen[0]
    assert credit_fen == 300_000
    assert world.lease(0, "written_off_fen") == claim_fen - credit_fen


def test_a_guess_that_was_disputed_away_comes_again_with_the_counter() -> None:
    world = settled(World.leasing())
    world.bill(100)
    period = world.bill()
    world.dispute(0, period, 20 * HOUR_S)
    world.decide(0, period, 20 * HOUR_S)
    world.bill(130)
    assert world.service.bills(0)[-1].engine_s == 110 * HOUR_S
