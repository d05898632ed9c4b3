"""Parties in batches: enrolment, verification, groups, and exposure by group."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from system.errors import InputError, MissingRow
from system.parties.records import PARTIES, KycChange, KycRefusal, KycStep, Party, Role
from system.parties.rules import STEPS, WITH_EXPIRY, refusal_of
from system.ports.store import Unit

ROLES_MAX = int(Role.DEBTOR | Role.SUPPLIER | Role.BANK)


def enrol(unit: Unit, parties: Sequence[Party]) -> None:
    """Add unknown parties. Raises InputError for no or unknown roles, DuplicateRow for a used id.

    Verification happens afterwards, by ``change_kyc`` alone.
    """
    for party in parties:
        if not 1 <= party.roles <= ROLES_MAX:
            raise InputError("roles", party.roles, f"give a sum of Role bits, 1 to {ROLES_MAX}")
        if party.kyc_state != "unknown" or party.kyc_expires_at_s is not None:
            raise InputError("kyc_state", party.kyc_state, "enrol as unknown, then verify")
    unit.insert(PARTIES, parties)


def parties(unit: Unit, party_ids: Sequence[str]) -> list[Party | None]:
    """One entry per id, in order."""
    return unit.get(PARTIES, [(party_id,) for party_id in party_ids])


def change_kyc(unit: Unit, batch: Sequence[KycChange], now_s: int) -> list[KycRefusal | None]:
    """Apply changes in order, each seeing those before it; None where done."""
    known = _known(unit, [change.party_id for change in batch])
    changed: dict[str, Party] = {}
    refusals = []
    for change in batch:
        party = known.get(change.party_id)
        refusal = refusal_of(party, change, now_s)
        refusals.append(refusal)
        if party is not None and refusal is None:
            known[party.party_id] = changed[party.party_id] = _after(party, change)
    unit.replace(PARTIES, list(changed.values()))
    return refusals


def _known(unit: Unit, party_ids: Sequence[str]) -> dict[str, Party]:
    found = parties(unit, list(dict.fromkeys(party_ids)))
    return {party.party_id: party for party in found if party is not None}


def _after(party: Party, change: KycChange) -> Party:
    expires_at_s = change.expires_at_s if change.step in WITH_EXPIRY else party.kyc_expires_at_s
    return replace(
        party, kyc_state=STEPS[party.kyc_state, change.step], kyc_expires_at_s=expires_at_s
    )


def expire_kyc(unit: Unit, now_s: int) -> list[str]:
    """Expire every verification whose time has come; the ids, in order."""
    due = [
        party.party_id
        for party in unit.find(PARTIES, {"kyc_state": "verified"})
        if (party.kyc_expires_at_s or 0) <= now_s
    ]
    change_kyc(unit, [KycChange(party_id, KycStep.EXPIRE) for party_id in due], now_s)
    return due


def may_act(unit: Unit, party_ids: Sequence[str], role: Role, now_s: int) -> list[bool]:
    """Whether each party is verified at this moment and has the role."""
    return [
        party is not None
        and party.kyc_state == "verified"
        and (party.kyc_expires_at_s or 0) > now_s
        and bool(party.roles & role)
        for party in parties(unit, party_ids)
    ]


def assign_group(unit: Unit, group_id: str | None, party_ids: Sequence[str]) -> None:
    """Move parties into a group, or out of any with None. Raises MissingRow."""
    members = parties(unit, list(dict.fromkeys(party_ids)))
    for party_id, member in zip(dict.fromkeys(party_ids), members, strict=True):
        if member is None:
            raise MissingRow(PARTIES.name, (party_id,))
    unit.replace(PARTIES, [replace(m, group_id=group_id) for m in members if m is not None])


def members(unit: Unit, group_id: str) -> list[Party]:
    """The group's parties, by id."""
    return unit.find(PARTIES, {"group_id": group_id})


def exposure_by_group(unit: Unit, exposure_fen: Mapping[str, int]) -> dict[str, int]:
    """Sum of exposures by group, in fen; a party without a group counts under its own id.

    exposure_fen: by party id. Raises MissingRow. Keys of the result are sorted.
    """
    sums_fen: dict[str, int] = {}
    found = parties(unit, list(exposure_fen))
    for (party_id, amount_fen), party in zip(exposure_fen.items(), found, strict=True):
        if party is None:
            raise MissingRow(PARTIES.name, (party_id,))
        group = party.group_id or party_id
        sums_fen[group] = sums_fen.get(group, 0) + amount_fen
    return dict(sorted(sums_fen.items()))
