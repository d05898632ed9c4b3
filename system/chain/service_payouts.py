"""Deposits that go home over the payment rail, and what comes back."""

from collections.abc import Sequence
from typing import Final

from system.chain import cash
from system.chain.commands import EndPayout
from system.chain.events import PayoutEnded
from system.chain.outcome import Outcome, taken
from system.chain.records import STANDINGS
from system.chain.session import Session
from system.chain.wallets import OPERATOR
from system.payments import desk
from system.payments.desk import Order
from system.payments.records import RailPayment

PRODUCT: Final = "receivables"


def pay_by_rail(session: Session, party_id: str, cause: str, amount_fen: int) -> None:
    """The tokens are burned: ask the rail to pay, in the same transaction."""
    asked = Order(PRODUCT, party_id, cause, amount_fen)
    [payment] = desk.order(session.unit, [asked], session.now_s)
    session.move([cash.handed_to_rail(payment.payment_id, amount_fen)])


def end_of(payment: RailPayment) -> EndPayout:
    """The command that follows from what the rail says became of a payment."""
    command_id = f"{payment.payment_id}/{payment.state}"
    facts = (payment.payment_id, payment.owner, payment.amount_fen, payment.state)
    return EndPayout(command_id, *facts)


def end_payouts(session: Session, batch: Sequence[EndPayout]) -> list[Outcome]:
    """The rail has paid, or the money is a deposit again. The reference is the payment."""
    return [_end_one(session, command) for command in batch]


def _end_one(session: Session, command: EndPayout) -> Outcome:
    payment_id, amount_fen = command.payment_id, command.amount_fen
    if command.state == "settled":
        session.move([cash.paid_by_rail(payment_id, amount_fen)])
    else:
        source = cash.IN_TRANSIT if command.state == "rejected" else cash.CLEARING
        hold = cash.cash_in(f"{payment_id}/back", command.party_id, amount_fen, source)
        session.move([hold])
        address = session.sheet.need(STANDINGS, command.party_id).address
        session.queue.add("mint", OPERATOR, address, hold.transfer_id, address, amount_fen)
    session.emit(
        PayoutEnded(payment_id, command.party_id, amount_fen, command.state, session.now_s)
    )
    session.note("rail", f"payout {command.state}", payment_id, amount_fen)
    return taken(command.command_id, payment_id)
