"""Owners of merchants against the lists: who is like whom, and who is kept out of credit for it.

A merchant is kept out as long as one of its cases stands, so that another name for the owner, or no
line yet, is no way around; the product notes it beside the line and asks nobody when it decides.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from system.api.services import Services
from system.canonical import sha256_hex
from system.compliance import cases, watchlist
from system.compliance.cases import CASES, Case
from system.compliance.watchlist import Hit
from system.credit.commands import KeepOutBatch
from system.kernels.columns import i64
from system.parties import vault
from system.parties.profiles import Profile
from system.ports.store import Unit

_MERCHANT: Final = re.compile(r"merchant/([0-9]{1,15})")
# In a case's evidence: the names of which only the owner's key makes words again.
_SEALED: Final = "sealed"


def screen_owner(desk: Services, key: str, owner: Profile) -> bool:
    """Look at one owner, under the request of this key; whether a sanctions list has the name."""
    with desk.unit() as unit:
        listed = _screen(desk, unit, [owner])
    settle(desk, key, _subject(owner.account))
    return bool(listed)


def screen_owners(desk: Services, key: str) -> list[str]:
    """Look at every owner again; the merchants whose owner a sanctions list has, in order."""
    with desk.unit() as unit:
        listed = _screen(desk, unit, vault.owners(unit, desk.vault.cipher))
        found = cases.undismissed(unit)
    _tell(desk, key, found)
    return sorted(listed)


def settle(desk: Services, key: str, subject: str) -> None:
    """Let the product know how a merchant stands after a step on one of its cases."""
    with desk.unit() as unit:
        found = unit.find(CASES, {"subject": subject})
    _tell(desk, key, found)


def evidence_of(desk: Services, unit: Unit, case: Case) -> dict[str, Any]:
    """What a case holds, for officers to read; names of an owner who was erased are None."""
    evidence: dict[str, Any] = json.loads(case.evidence)
    account = _account(case.subject)
    if account is None or _SEALED not in evidence:
        return evidence
    sealed: dict[str, str] = evidence.pop(_SEALED)
    cipher = desk.vault.cipher
    return evidence | {
        field: vault.opened(unit, cipher, account, field, bytes.fromhex(text))
        for field, text in sealed.items()
    }


def _screen(desk: Services, unit: Unit, owners: Sequence[Profile]) -> set[str]:
    """Cases outlive owners, so names go into them under the owner's own key, which does not."""

    def sealed(hit: Hit) -> dict[str, Any]:
        account, names = numbers[hit.subject], watchlist.in_words(hit)
        cipher = desk.vault.cipher
        return {_SEALED: {f: vault.seal(unit, cipher, account, f, names[f]).hex() for f in names}}

    numbers = {_subject(owner.account): owner.account for owner in owners}
    named = [(_subject(owner.account), owner.name) for owner in owners]
    return watchlist.screen(unit, named, desk.clock.now_s(), sealed)


def _tell(desk: Services, key: str, found: Sequence[Case]) -> None:
    """Let the product know whom these cases keep out, and whom no longer."""
    sanctions = [case for case in found if case.kind == "sanction"]
    accounts = sorted({n for case in sanctions if (n := _account(case.subject)) is not None})
    if not accounts:
        return
    with desk.unit() as unit:
        standing = watchlist.kept_out(unit, sanctions)
    listed = np.array([_subject(account) in standing for account in accounts])
    # However long the key is, the product's id is not.
    batch = KeepOutBatch(f"listed/{sha256_hex(key)}", i64(accounts), listed)
    desk.credit.credit.keep_out(batch)


def _subject(account: int) -> str:
    """As cases know the merchant."""
    return f"merchant/{account}"


def _account(subject: str) -> int | None:
    """The merchant's number; None for a party."""
    found = _MERCHANT.fullmatch(subject)
    return int(found[1]) if found else None
