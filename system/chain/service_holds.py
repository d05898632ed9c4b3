"""A bank's own word that it buys nothing on or of a party, until two of its officers lift it.

Unlike a suspended verification it is one bank's alone, and the party may hold, endorse and pay.
"""

from collections.abc import Sequence
from dataclasses import replace

from system.chain.commands import HoldPurchases, LiftHold
from system.chain.outcome import Outcome, refused, taken
from system.chain.records import HOLDS, PurchaseHold
from system.chain.rules import Refusal
from system.chain.session import Session
from system.parties.records import Role


def hold(session: Session, batch: Sequence[HoldPurchases]) -> list[Outcome]:
    """Stop new purchases; the party need not be enrolled yet. The reference is the party."""
    return [_hold_one(session, command) for command in batch]


def _hold_one(session: Session, command: HoldPurchases) -> Outcome:
    bank_id, party_id = command.bank_id, command.party_id
    bank = session.party(bank_id)
    if bank is None or not bank.roles & Role.BANK:
        return refused(command.command_id, Refusal.HOLD_NOT_A_BANK, party_id)
    known = session.sheet.get(HOLDS, bank_id, party_id)
    row = PurchaseHold(bank_id, party_id, command.reason, command.asked_by, session.now_s)
    (session.sheet.add if known is None else session.sheet.put)(HOLDS, row)
    session.note(command.asked_by, "hold purchases", party_id, [bank_id, command.reason])
    return taken(command.command_id, party_id)


def lift(session: Session, batch: Sequence[LiftHold]) -> list[Outcome]:
    """Let the bank buy again. The reference is the party."""
    return [_lift_one(session, command) for command in batch]


def _lift_one(session: Session, command: LiftHold) -> Outcome:
    bank_id, party_id = command.bank_id, command.party_id
    known = session.sheet.get(HOLDS, bank_id, party_id)
    if known is None or known.lifted_at_s is not None:
        return refused(command.command_id, Refusal.HOLD_UNKNOWN, party_id)
    if command.asked_by == command.approved_by:
        return refused(command.command_id, Refusal.HOLD_NEEDS_FOUR_EYES, party_id)
    session.sheet.put(HOLDS, replace(known, lifted_at_s=session.now_s))
    approvals = [bank_id, command.asked_by, command.approved_by]
    session.note(command.approved_by, "lift hold", party_id, approvals)
    return taken(command.command_id, party_id)


def is_held(session: Session, bank_id: str, party_id: str) -> bool:
    """Whether the bank has a hold on the party."""
    row = session.sheet.get(HOLDS, bank_id, party_id)
    return row is not None and row.lifted_at_s is None
