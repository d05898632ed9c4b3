"""The whole life of receivables through the service's public door."""

import pytest

from system.chain import cash
from system.chain.commands import DeclineQuote, RejectReceivable
from system.chain.events import (
    CashWithdrawn,
    CommandFailed,
    DisputeResolved,
    LotDisbursed,
    LotRecoursed,
    PayoutMade,
    QuoteClosed,
    ReceivableDefaulted,
    ReceivableDue,
    ReceivableExpired,
    ReceivableOverdue,
    ReceivableRejected,
    ReceivableSettled,
    ReceivableWrittenOff,
)
from system.chain.records import LIMITS
from system.compliance import audit
from system.ledger.records import ACCOUNTS, TRANSFERS
from tests.system.receivables_world import World, only


def books(world: World) -> dict[str, int]:
    return {row.account_id: row.balance_fen for row in world.scan(ACCOUNTS)}


def check_quiet(world: World) -> None:
    """At rest: books equal chain, debits equal credits, nothing is held, the audit log is whole."""
    assert world.service.reconcile() == []
    accounts = world.scan(ACCOUNTS)
    debits = sum(row.debits_posted_fen for row in accounts)
    assert debits == sum(row.credits_posted_fen for row in accounts)
    assert all(row.debits_pending_fen == row.credits_pending_fen == 0 for row in accounts)
    with world.system.store.transaction() as unit:
        assert audit.verify(unit) is None


@pytest.fixture(params=["revm", "embedded"])
def world(request: pytest.FixtureRequest, tmp_path) -> World:
    if request.param == "revm":
        return World.open()
    return World.open("embedded", f"sqlite:///{tmp_path}/life.db")


def test_a_receivable_is_registered_accepted_endorsed_financed_and_settled(world: World) -> None:
    receivable_id, lot_id = world.accepted()
    child = world.endorsed(lot_id)
    assert (child.tier, child.amount_fen, child.rest_lot_id) == (2, 4_000_000, lot_id)
    quote = world.quoted(lot_id, amount_fen=2_000_000)
    assert quote.advance_fen + quote.discount_fen + quote.holdback_fen == 2_000_000
    assert world.take(quote.request_id).refusal is None
    [disbursed] = only(world.step(), LotDisbursed)
    assert disbursed.advance_fen == quote.advance_fen
    assert world.lot(disbursed.lot_id).value_fen == 2_000_000
    assert world.lot(lot_id).value_fen == 4_000_000
    assert world.pay(receivable_id, 10_000_000).refusal is None
    happened = world.step()
    assert only(happened, ReceivableSettled)
    paid = {(p.lot_id, p.to_id): p.amount_fen for p in only(happened, PayoutMade)}
    assert paid == {
        (lot_id, "supplier-1"): 4_000_000,
        (child.lot_id, "supplier-2"): 4_000_000,
        (disbursed.lot_id, "bank-1"): 2_000_000 - quote.holdback_fen,
        (disbursed.lot_id, "supplier-1"): quote.holdback_fen,
    }
    swept = only(world.pass_days(1), CashWithdrawn)
    assert {(s.party_id, s.amount_fen) for s in swept} == {
        ("supplier-1", 4_000_000 + quote.advance_fen + quote.holdback_fen),
        ("supplier-2", 4_000_000),
    }
    balances = books(world)
    assert balances[cash.financed("bank-1")] == balances[cash.holdback("bank-1")] == 0
    assert balances[cash.discount("bank-1")] == quote.discount_fen
    assert all(line.used_fen == 0 for line in world.scan(LIMITS))
    check_quiet(world)


def test_a_late_debtor_goes_through_due_overdue_default_write_off_and_recovery(
    world: World,
) -> None:
    receivable_id, lot_id, request_id = world.financed(with_recourse=False)
    world.clock.time_s = world.receivable(receivable_id).due_at_s - 3600
    happened = world.pass_days(1)
    assert only(happened, ReceivableDue)
    assert only(world.pass_days(2), ReceivableOverdue)
    world.clock.time_s += 88 * 86_400
    assert only(world.pass_days(2), ReceivableDefaulted)
    assert world.write_off(receivable_id).refusal is None
    request = world.request_row(request_id)
    [written] = only(world.step(), ReceivableWrittenOff)
    assert written.loss_fen == 10_000_000 - request.holdback_fen
    assert books(world)[cash.loss("bank-1")] == written.loss_fen
    assert all(line.used_fen == 0 for line in world.scan(LIMITS))
    assert world.pay(receivable_id, 6_000_000).refusal is None
    assert [p.to_id for p in only(world.step(), PayoutMade)] == ["bank-1"]
    assert books(world)[cash.loss("bank-1")] == written.loss_fen - 6_000_000
    assert world.lot(lot_id).redeemed_fen == 6_000_000
    world.pass_days(1)
    check_quiet(world)


def test_recourse_returns_the_lot_and_the_price_to_the_fen() -> None:
    world = World.open()
    receivable_id, lot_id, request_id = world.financed()
    assert world.pay(receivable_id, 1_000_001).refusal is None
    world.step()
    world.clock.time_s = world.receivable(receivable_id).due_at_s
    world.pass_days(3)
    assert world.recourse(lot_id).refusal is None
    [event] = only(world.step(), LotRecoursed)
    request = world.request_row(request_id)
    assert event.paid_fen == 10_000_000 - 1_000_001 - request.holdback_fen
    assert (world.lot(lot_id).owner_id, world.lot(lot_id).state) == ("supplier-1", "recoursed")
    balances = books(world)
    assert balances[cash.financed("bank-1")] == balances[cash.holdback("bank-1")] == 0
    assert world.pay(receivable_id, 8_999_999).refusal is None
    assert [p.to_id for p in only(world.step(), PayoutMade)] == ["supplier-1"]
    world.pass_days(1)
    check_quiet(world)


def test_a_dispute_stops_new_risk_and_ends_with_a_credit() -> None:
    world = World.open()
    receivable_id, lot_id = world.accepted()
    assert world.dispute(receivable_id).refusal is None
    world.step()
    assert world.request(lot_id).refusal is not None
    assert world.resolve(receivable_id, credit_fen=1_500_000).refusal is None
    [event] = only(world.step(), DisputeResolved)
    assert event.credit_fen == 1_500_000
    row = world.receivable(receivable_id)
    assert (row.credited_fen, row.disputed, world.lot(lot_id).state) == (1_500_000, False, "free")
    assert world.pay(receivable_id, 8_500_000).refusal is None
    assert only(world.step(), ReceivableSettled)
    world.pass_days(1)
    check_quiet(world)


def test_a_rejected_receivable_is_never_payable() -> None:
    world = World.open()
    receivable_id = world.registered()
    command = RejectReceivable(world.next_id(), receivable_id, "core-1", "not ours")
    [outcome] = world.service.reject([command])
    assert outcome.refusal is None
    assert only(world.step(), ReceivableRejected)
    assert world.pay(receivable_id, 1).refusal is not None


def test_what_is_not_accepted_by_its_due_date_expires() -> None:
    world = World.open()
    receivable_id = world.registered(due_at_s=world.clock.time_s + 2 * 86_400)
    assert not only(world.pass_days(1), ReceivableExpired)
    assert only(world.pass_days(2), ReceivableExpired)
    assert world.receivable(receivable_id).state == "expired"


def test_quotes_that_are_declined_or_run_out_free_lot_and_limits() -> None:
    world = World.open()
    _, lot_id = world.accepted()
    quote = world.quoted(lot_id)
    assert world.lot(lot_id).state == "locked"
    command = DeclineQuote(world.next_id(), quote.request_id, "supplier-1")
    [outcome] = world.service.decline_quotes([command])
    assert outcome.refusal is None
    second = world.quoted(lot_id)
    closed = only(world.pass_days(5), QuoteClosed)
    assert [(c.request_id, c.expired) for c in closed] == [(second.request_id, True)]
    assert world.lot(lot_id).state == "free"
    assert all(line.used_fen == 0 for line in world.scan(LIMITS))


def test_a_payment_overtakes_a_quote_and_nothing_is_disbursed() -> None:
    world = World.open()
    receivable_id, lot_id = world.accepted()
    quote = world.quoted(lot_id)
    assert world.pay(receivable_id, 10_000_000).refusal is None
    assert world.take(quote.request_id).refusal is None
    happened = world.step()
    assert not only(happened, LotDisbursed)
    assert only(happened, ReceivableSettled)
    assert world.lot(lot_id).state == "redeemed"
    assert not only(happened, CommandFailed)
    world.pass_days(1)
    check_quiet(world)


def test_every_transfer_has_a_cause_in_its_id() -> None:
    world = World.open()
    world.financed()
    assert all("/" in row.transfer_id for row in world.scan(TRANSFERS))
