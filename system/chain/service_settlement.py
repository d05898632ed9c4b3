"""What follows acceptance: payments, disputes, credit notes, recourse, write-off."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Final

from system.chain import cash
from system.chain.commands import (
    CallRecourse,
    OpenDispute,
    PayReceivable,
    ResolveDispute,
    WriteOff,
)
from system.chain.outcome import Outcome, refused, taken
from system.chain.records import LOTS, PAYMENTS, RECEIVABLES, STANDINGS, Lot, Payment, Receivable
from system.chain.rules import Refusal, first_refusal
from system.chain.session import Session
from system.chain.wallets import OPERATOR, party_wallet

PAYABLE: Final = ("accepted", "due", "overdue", "defaulted", "written_off")
DISPUTABLE: Final = ("accepted", "due", "overdue")
TROUBLED: Final = ("overdue", "defaulted", "written_off")


def pay(session: Session, batch: Sequence[PayReceivable]) -> list[Outcome]:
    """Take debtors' cash and pay it out to the holders. The reference is the payment id."""
    session.sheet.load(RECEIVABLES, [(command.receivable_id,) for command in batch])
    return [_pay_one(session, command) for command in batch]


def payment_id_of(command: PayReceivable) -> str:
    """Derived from the command: the contract refuses a used id, so nothing is paid twice."""
    return sha256(f"payment|{command.debtor_id}|{command.command_id}".encode()).hexdigest()


def _pay_one(session: Session, command: PayReceivable) -> Outcome:
    payment_id = payment_id_of(command)
    row = session.sheet.get(RECEIVABLES, command.receivable_id)
    if row is None:
        unknown = Refusal.SETTLEMENT_RECEIVABLE_UNKNOWN
        return refused(command.command_id, unknown, payment_id)
    refusal = first_refusal(
        (row.state not in PAYABLE, Refusal.SETTLEMENT_NOT_PAYABLE),
        (row.debtor_id != command.debtor_id, Refusal.SETTLEMENT_NOT_THE_DEBTOR),
        (command.amount_fen > owed_fen(row), Refusal.SETTLEMENT_OVERPAID),
    )
    if refusal:
        return refused(command.command_id, refusal, payment_id)
    _send_payment(session, row, payment_id, command.amount_fen)
    return taken(command.command_id, payment_id)


def owed_fen(row: Receivable) -> int:
    """What is neither credited, nor paid, nor on its way."""
    return row.face_fen - row.credited_fen - row.claimed_fen


def _send_payment(session: Session, row: Receivable, payment_id: str, amount_fen: int) -> None:
    receivable_id, debtor_id = row.receivable_id, row.debtor_id
    session.sheet.put(RECEIVABLES, replace(row, claimed_fen=row.claimed_fen + amount_fen))
    payment = Payment(payment_id, receivable_id, debtor_id, amount_fen, "sent")
    session.sheet.add(PAYMENTS, payment)
    session.move([cash.cash_in(payment_id, debtor_id, amount_fen)])
    address = session.sheet.need(STANDINGS, debtor_id).address
    session.queue.add("mint", OPERATOR, address, f"{payment_id}/cash-in", address, amount_fen)
    items = (bytes.fromhex(receivable_id), amount_fen, bytes.fromhex(payment_id))
    session.queue.add("settle", OPERATOR, receivable_id, payment_id, *items)
    session.note(debtor_id, "pay", receivable_id, [payment_id, amount_fen])


def open_disputes(session: Session, batch: Sequence[OpenDispute]) -> list[Outcome]:
    """The debtor contests: no new risk on the claim until it is resolved."""
    return [_dispute_one(session, command) for command in batch]


def _dispute_one(session: Session, command: OpenDispute) -> Outcome:
    row = session.sheet.get(RECEIVABLES, command.receivable_id)
    if row is None:
        unknown = Refusal.DISPUTE_RECEIVABLE_UNKNOWN
        return refused(command.command_id, unknown, command.receivable_id)
    refusal = first_refusal(
        (row.debtor_id != command.debtor_id, Refusal.DISPUTE_NOT_A_PARTY),
        (row.state not in DISPUTABLE, Refusal.DISPUTE_NOT_ACCEPTED),
        (row.disputed, Refusal.DISPUTE_ALREADY_OPEN),
    )
    if refusal:
        return refused(command.command_id, refusal, row.receivable_id)
    reason_hash = sha256(command.reason.encode()).digest()
    items = (bytes.fromhex(row.receivable_id), reason_hash)
    wallet = party_wallet(row.debtor_id)
    # Stops new risk from this moment; the chain follows.
    session.sheet.put(RECEIVABLES, replace(row, disputed=True))
    session.queue.add("dispute", wallet, row.receivable_id, row.receivable_id, *items)
    session.note(row.debtor_id, "dispute", row.receivable_id, command.reason)
    return taken(command.command_id, row.receivable_id)


def resolve_disputes(session: Session, batch: Sequence[ResolveDispute]) -> list[Outcome]:
    """End disputes; what the supplier gives up is cut from its own free lots, lowest id first."""
    return [_resolve_one(session, command) for command in batch]


def _resolve_one(session: Session, command: ResolveDispute) -> Outcome:
    row = session.sheet.get(RECEIVABLES, command.receivable_id)
    if row is None:
        unknown = Refusal.DISPUTE_RECEIVABLE_UNKNOWN
        return refused(command.command_id, unknown, command.receivable_id)
    lots = _own_free_lots(session, row, command.supplier_id)
    own_fen = sum(lot.value_fen - lot.redeemed_fen for lot in lots)
    refusal = first_refusal(
        (row.seller_id != command.supplier_id, Refusal.DISPUTE_NOT_A_PARTY),
        (not row.disputed or row.resolving, Refusal.DISPUTE_NOT_OPEN),
        (command.credit_fen > own_fen, Refusal.DISPUTE_CREDIT_TOO_LARGE),
        (command.credit_fen > owed_fen(row), Refusal.DISPUTE_CREDIT_ABOVE_DEBT),
    )
    if refusal:
        return refused(command.command_id, refusal, row.receivable_id)
    row = replace(row, resolving=True)
    if command.credit_fen:
        # The resolution follows when the credit stands (chain_outcomes).
        _cut(session, row, lots, command.credit_fen)
    else:
        session.sheet.put(RECEIVABLES, row)
        queue_resolution(session, row.receivable_id, 0)
    session.note(command.supplier_id, "resolve dispute", row.receivable_id, command.credit_fen)
    return taken(command.command_id, row.receivable_id)


def queue_resolution(session: Session, receivable_id: str, credit_fen: int) -> None:
    """End the dispute on the chain; ``credit_fen`` was given up for it."""
    fingerprint = bytes.fromhex(receivable_id)
    session.queue.add("resolve", OPERATOR, receivable_id, str(credit_fen), fingerprint)


def _own_free_lots(session: Session, row: Receivable, supplier_id: str) -> list[Lot]:
    lots = session.sheet.find(LOTS, {"receivable_id": row.receivable_id})
    return [lot for lot in lots if lot.owner_id == supplier_id and lot.state == "free"]


def _cut(session: Session, row: Receivable, lots: Sequence[Lot], credit_fen: int) -> None:
    ids, amounts, left_fen = [], [], credit_fen
    for lot in lots:
        amount_fen = min(left_fen, lot.value_fen - lot.redeemed_fen)
        if amount_fen:
            ids.append(lot.lot_id)
            amounts.append(amount_fen)
            session.sheet.put(LOTS, replace(lot, state="locked"))
            left_fen -= amount_fen
    # Counts at once, so that a payment in between cannot exceed what remains.
    session.sheet.put(RECEIVABLES, replace(row, credited_fen=row.credited_fen + credit_fen))
    reason_hash = sha256(b"dispute resolved").digest()
    items = (bytes.fromhex(row.receivable_id), tuple(ids), tuple(amounts), reason_hash)
    cause = ",".join(str(lot_id) for lot_id in ids) + f"|{credit_fen}"
    session.queue.add("credit", party_wallet(row.seller_id), row.receivable_id, cause, *items)


def call_recourse(session: Session, batch: Sequence[CallRecourse]) -> list[Outcome]:
    """Return unpaid lots to their sellers, whose cash the caller has collected.

    The reference is the lot.
    """
    return [_recourse_one(session, command) for command in batch]


def _recourse_one(session: Session, command: CallRecourse) -> Outcome:
    reference = str(command.lot_id)
    lot = session.sheet.get(LOTS, command.lot_id)
    if lot is None:
        return refused(command.command_id, Refusal.RECOURSE_LOT_UNKNOWN, reference)
    row = session.sheet.need(RECEIVABLES, lot.receivable_id)
    refusal = first_refusal(
        (lot.owner_id != command.bank_id, Refusal.RECOURSE_NOT_THE_BANK),
        (not lot.with_recourse or lot.state != "financed", Refusal.RECOURSE_NOT_AGREED),
        (not row.disputed and row.state not in TROUBLED, Refusal.RECOURSE_TOO_EARLY),
    )
    if refusal:
        return refused(command.command_id, refusal, reference)
    price_fen = lot.value_fen - lot.redeemed_fen - lot.holdback_fen
    seller = session.sheet.need(STANDINGS, lot.seller_of_lot_id)
    cause = f"recourse/{command.lot_id}/{command.command_id}"
    session.sheet.put(LOTS, replace(lot, state="recoursing"))
    session.move([cash.cash_in(cause, seller.party_id, price_fen)])
    # The recourse itself follows when the seller's cash is there (chain_outcomes).
    session.queue.add(
        "mint", OPERATOR, seller.address, f"{cause}/cash-in", seller.address, price_fen
    )
    session.note(command.bank_id, "call recourse", reference, price_fen)
    return taken(command.command_id, reference)


def write_off(session: Session, batch: Sequence[WriteOff]) -> list[Outcome]:
    """Give up defaulted receivables; later cash still reaches the holders."""
    return [_write_off_one(session, command) for command in batch]


def _write_off_one(session: Session, command: WriteOff) -> Outcome:
    row = session.sheet.get(RECEIVABLES, command.receivable_id)
    if row is None:
        unknown = Refusal.WRITE_OFF_RECEIVABLE_UNKNOWN
        return refused(command.command_id, unknown, command.receivable_id)
    lots = session.sheet.find(LOTS, {"receivable_id": row.receivable_id})
    owns = any(lot.owner_id == command.bank_id and lot.state == "financed" for lot in lots)
    refusal = first_refusal(
        (row.state != "defaulted", Refusal.WRITE_OFF_NOT_DEFAULTED),
        (not owns, Refusal.WRITE_OFF_NOT_A_CREDITOR),
        (command.asked_by == command.approved_by, Refusal.WRITE_OFF_NEEDS_FOUR_EYES),
    )
    if refusal:
        return refused(command.command_id, refusal, row.receivable_id)
    receivable_id = row.receivable_id
    session.queue.add(
        "write_off", OPERATOR, receivable_id, receivable_id, bytes.fromhex(receivable_id)
    )
    approvals = [command.asked_by, command.approved_by]
    session.note(command.bank_id, "write off", receivable_id, approvals)
    return taken(command.command_id, receivable_id)
