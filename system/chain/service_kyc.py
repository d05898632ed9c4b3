"""A party's verification: decided in the books, then told to the contracts.

Expiry needs no telling: the contracts know the date, and from its second on both sides refuse.
"""

from collections.abc import Sequence
from typing import Final

from system.chain.commands import ChangeKyc
from system.chain.outcome import Outcome, refused, taken
from system.chain.records import STANDINGS
from system.chain.rules import Refusal
from system.chain.session import Session
from system.chain.wallets import OPERATOR
from system.compliance.watchlist import screen
from system.parties import service as parties
from system.parties.records import KycChange, KycRefusal, KycStep
from system.parties.rules import WITH_EXPIRY

_REFUSALS: Final = {
    KycRefusal.PARTY_UNKNOWN: Refusal.KYC_PARTY_UNKNOWN,
    KycRefusal.STEP_NOT_ALLOWED: Refusal.KYC_STEP_NOT_ALLOWED,
    KycRefusal.EXPIRY_NOT_EXPECTED: Refusal.KYC_EXPIRY_NOT_EXPECTED,
    KycRefusal.EXPIRY_NOT_AHEAD: Refusal.KYC_EXPIRY_NOT_AHEAD,
    KycRefusal.NOT_YET_EXPIRED: Refusal.KYC_NOT_YET_EXPIRED,
}


def change_kyc(session: Session, batch: Sequence[ChangeKyc]) -> list[Outcome]:
    """Apply the steps in order. The reference is the party id."""
    return [_change_one(session, command) for command in batch]


def _change_one(session: Session, command: ChangeKyc) -> Outcome:
    party_id, step = command.party_id, command.step
    standing = session.sheet.get(STANDINGS, party_id)
    if standing is None:
        return refused(command.command_id, Refusal.KYC_PARTY_UNKNOWN, party_id)
    if step in WITH_EXPIRY and _is_listed(session, party_id):
        return refused(command.command_id, Refusal.KYC_LISTED, party_id)
    change = KycChange(party_id, step, command.expires_at_s)
    [refusal] = parties.change_kyc(session.unit, [change], session.now_s)
    if refusal is not None:
        return refused(command.command_id, _REFUSALS[refusal], party_id)
    if step is KycStep.SUSPEND:
        session.queue.add("suspend", OPERATOR, standing.address, party_id, standing.address)
    elif command.expires_at_s is not None:
        # A renewal is the same to the contracts as a reinstatement: active, with a new expiry.
        values = (standing.address, command.expires_at_s)
        session.queue.add("reinstate", OPERATOR, standing.address, party_id, *values)
    session.note(OPERATOR, f"kyc {step}", party_id, command.expires_at_s)
    return taken(command.command_id, party_id)


def _is_listed(session: Session, party_id: str) -> bool:
    """Whether a sanctions list keeps the party out; asked where a step lets it act."""
    party = session.party(party_id)
    name = party.name if party is not None else ""
    return bool(screen(session.unit, [(party_id, name)], session.now_s))
