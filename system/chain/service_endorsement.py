"""Passing claims down the supply chain: a supplier pays its own supplier with part of a lot."""

from collections.abc import Sequence
from dataclasses import replace

from system.chain.commands import EndorseLot
from system.chain.outcome import Outcome, refused, taken
from system.chain.records import LOTS, RECEIVABLES, STANDINGS, Lot, Receivable
from system.chain.rules import Refusal, first_refusal
from system.chain.session import Session
from system.chain.wallets import party_wallet
from system.limits import TIER_MAX
from system.parties.records import Role


def endorse(session: Session, batch: Sequence[EndorseLot]) -> list[Outcome]:
    """Send endorsements to the chain. The reference is the parent lot."""
    session.sheet.load(LOTS, [(command.lot_id,) for command in batch])
    return [_endorse_one(session, command) for command in batch]


def _endorse_one(session: Session, command: EndorseLot) -> Outcome:
    reference = str(command.lot_id)
    lot = session.sheet.get(LOTS, command.lot_id)
    if lot is None:
        return refused(command.command_id, Refusal.ENDORSEMENT_LOT_UNKNOWN, reference)
    row = session.sheet.need(RECEIVABLES, lot.receivable_id)
    refusal = _refusal(session, command, lot, row)
    if refusal:
        return refused(command.command_id, refusal, reference)
    session.sheet.put(LOTS, replace(lot, state="locked"))
    to = session.sheet.need(STANDINGS, command.to_id).address
    wallet = party_wallet(command.holder_id)
    items = (lot.lot_id, to, command.amount_fen)
    session.queue.add("endorse", wallet, reference, reference, *items)
    session.note(command.holder_id, "endorse", reference, [command.to_id, command.amount_fen])
    return taken(command.command_id, reference)


def _refusal(session: Session, command: EndorseLot, lot: Lot, row: Receivable) -> Refusal:
    endorsee = session.party(command.to_id)
    holder = session.party(command.holder_id)
    verified = session.verified(endorsee, Role.SUPPLIER) and session.verified(holder, Role.SUPPLIER)
    movable = row.state == "accepted" and session.now_s < row.due_at_s
    left_fen = lot.value_fen - lot.redeemed_fen
    inward = command.to_id in (command.holder_id, row.debtor_id)
    return first_refusal(
        (lot.owner_id != command.holder_id, Refusal.ENDORSEMENT_NOT_THE_HOLDER),
        (not verified, Refusal.ENDORSEMENT_ENDORSEE_NOT_VERIFIED),
        (row.disputed, Refusal.ENDORSEMENT_DISPUTED),
        (lot.state != "free", Refusal.ENDORSEMENT_LOT_NOT_FREE),
        (not movable, Refusal.ENDORSEMENT_ALREADY_DUE),
        (lot.tier + 1 > TIER_MAX, Refusal.ENDORSEMENT_TIER_TOO_DEEP),
        (command.amount_fen > left_fen, Refusal.ENDORSEMENT_VALUE_TOO_LARGE),
        (inward, Refusal.ENDORSEMENT_TO_ITSELF_OR_DEBTOR),
    )
