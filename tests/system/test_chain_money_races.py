"""Money on its way while something else happens: it arrives once, or is as it was before."""

import pytest

from system.chain import cash
from system.chain.events import (
    CommandFailed,
    DisbursementFailed,
    LotDisbursed,
    PaymentSettled,
    ReceivableSettled,
)
from system.chain.records import ALERTS, LIMITS, Alert
from system.chain.rules import Refusal
from system.ledger.records import ACCOUNTS
from tests.system.receivables_world import World, only

PART_FEN = 4_000_000
WHOLE_FEN = 10_000_000


def plant_alert(world: World, receivable_id: str) -> None:
    """A rule fires now: its row, as monitoring stores it."""
    row = Alert("planted", "duplicate", receivable_id, "{}", world.clock.time_s)
    with world.system.store.transaction() as unit:
        unit.insert(ALERTS, [row])


def assert_as_before(world: World, lot_id: int) -> None:
    """Nothing held, nothing reserved, nothing locked, and the chain says the same."""
    accounts = {row.account_id: row for row in world.scan(ACCOUNTS)}
    assert accounts[cash.deposit("supplier-1")].credits_pending_fen == 0
    assert accounts[cash.deposit("supplier-1")].balance_fen == 0
    assert accounts[cash.deposit("bank-1")].debits_pending_fen == 0
    assert all(line.used_fen == 0 for line in world.scan(LIMITS))
    assert world.lot(lot_id).state == "free"
    assert world.service.reconcile() == []


@pytest.mark.parametrize("amount_fen", [WHOLE_FEN, PART_FEN], ids=["whole", "part"])
def test_an_alert_after_the_quote_was_taken_withholds_the_cash(amount_fen: int) -> None:
    world = World.open()
    receivable_id, lot_id = world.accepted()
    quote = world.quoted(lot_id, amount_fen=amount_fen)
    assert world.take(quote.request_id).refusal is None
    plant_alert(world, receivable_id)
    happened = world.step()
    [failed] = only(happened, DisbursementFailed)
    assert (failed.request_id, failed.error) == (quote.request_id, "VerdictNotClear")
    assert not only(happened, LotDisbursed)
    assert world.request_row(quote.request_id).state == "failed"
    assert_as_before(world, lot_id)


def test_an_alert_between_split_and_disbursement_withholds_the_cash() -> None:
    world = World.open()
    receivable_id, lot_id = world.accepted()
    quote = world.quoted(lot_id, amount_fen=PART_FEN)
    assert world.take(quote.request_id).refusal is None
    world.clock.time_s += 60
    world.system.step()
    world.service.confirm()
    part = world.request_row(quote.request_id).financed_lot_id
    assert world.lot(part).value_fen == PART_FEN
    number = world.receivable(receivable_id).invoice_number
    assert world.pledge(invoice_number=number).refusal is None
    assert only(world.step(), DisbursementFailed)
    assert_as_before(world, part)


def test_a_verdict_is_not_good_for_long_after_it_was_signed() -> None:
    world = World.open()
    _, lot_id = world.accepted()
    quote = world.quoted(lot_id)
    assert world.take(quote.request_id).refusal is None
    world.service.relay()
    valid_s = world.system.parts.policy.verdict_valid_s
    assert world.clock.time_s + valid_s + 1 < quote.expires_at_s
    [failed] = only(world.step(valid_s + 1), DisbursementFailed)
    assert failed.error == "VerdictExpired"
    assert_as_before(world, lot_id)


@pytest.mark.parametrize("amount_fen", [WHOLE_FEN, PART_FEN], ids=["whole", "part"])
def test_a_quote_that_expires_in_flight_pays_nothing(amount_fen: int) -> None:
    world = World.open()
    _, lot_id = world.accepted()
    quote = world.quoted(lot_id, amount_fen=amount_fen)
    world.clock.time_s = quote.expires_at_s
    assert world.take(quote.request_id).refusal is None
    [failed] = only(world.step(), DisbursementFailed)
    assert failed.error in ("QuoteExpired", "VerdictExpired")
    assert_as_before(world, lot_id)


def test_a_dispute_between_quote_and_taking_refuses_the_cash() -> None:
    world = World.open()
    receivable_id, lot_id = world.accepted()
    quote = world.quoted(lot_id)
    assert world.dispute(receivable_id).refusal is None
    assert world.take(quote.request_id).refusal is Refusal.FINANCING_DISPUTED


@pytest.mark.parametrize("amount_fen", [WHOLE_FEN, PART_FEN], ids=["whole", "part"])
def test_a_dispute_between_taking_and_disbursement_stops_the_cash(amount_fen: int) -> None:
    world = World.open()
    receivable_id, lot_id = world.accepted()
    quote = world.quoted(lot_id, amount_fen=amount_fen)
    assert world.take(quote.request_id).refusal is None
    assert world.dispute(receivable_id).refusal is None
    happened = world.step()
    assert only(happened, DisbursementFailed)
    assert not only(happened, LotDisbursed)
    assert_as_before(world, lot_id)


def test_two_payments_in_one_block_never_exceed_the_debt() -> None:
    world = World.open()
    receivable_id, _, _ = world.financed()
    assert world.pay(receivable_id, 6_000_000).refusal is None
    assert world.pay(receivable_id, 6_000_000).refusal is Refusal.SETTLEMENT_OVERPAID
    assert world.pay(receivable_id, 4_000_000).refusal is None
    happened = world.step()
    assert [event.amount_fen for event in only(happened, PaymentSettled)] == [6_000_000, 4_000_000]
    assert only(happened, ReceivableSettled)
    assert not only(happened, CommandFailed)
    assert world.receivable(receivable_id).paid_fen == WHOLE_FEN
    assert world.service.reconcile() == []


def test_a_lot_is_not_endorsed_while_a_bank_is_asked_for_it() -> None:
    world = World.open()
    _, lot_id = world.accepted()
    quote = world.quoted(lot_id, amount_fen=PART_FEN)
    assert world.endorse(lot_id).refusal is Refusal.ENDORSEMENT_LOT_NOT_FREE
    assert world.take(quote.request_id).refusal is None
    assert world.endorse(lot_id).refusal is Refusal.ENDORSEMENT_LOT_NOT_FREE
    assert only(world.step(), LotDisbursed)
    # The rest is free again, and it alone can be passed on.
    assert world.endorse(lot_id, amount_fen=6_000_001).refusal is (
        Refusal.ENDORSEMENT_VALUE_TOO_LARGE
    )
    assert world.endorsed(lot_id, amount_fen=6_000_000).amount_fen == 6_000_000
    assert world.service.reconcile() == []
