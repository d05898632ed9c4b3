"""Merchants' owners, lessees and payees against the lists: who is like whom, and is kept out.

Nobody gets anything new who has a case that stands, so that another name for the owner, or no line
yet, is no way around; the product notes it in its own books and asks nobody when it decides.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from system.api.lessees import LESSEE_NAMES
from system.api.services import Services
from system.canonical import sha256_hex
from system.compliance import cases, watchlist
from system.compliance.cases import CASES, Case
from system.compliance.watchlist import Hit
from system.credit import commands as credit
from system.kernels.columns import I64, Mask, i64
from system.leasing.leases import commands as leases
from system.parties import vault
from system.parties.profiles import Profile
from system.payments.desk import stop_paying
from system.payments.records import PAYOUT_ACCOUNTS, PayoutAccount
from system.ports.store import Unit

_MERCHANT: Final = "merchant"
_LESSEE: Final = "lessee"
_SUBJECT: Final = re.compile(f"({_MERCHANT}|{_LESSEE})/([0-9]{{1,15}})")
# In a case's evidence: the names of which only the owner's key makes words again.
_SEALED: Final = "sealed"


def screen_owner(desk: Services, key: str, owner: Profile) -> bool:
    """Look at one owner, under the request of this key; whether a sanctions list has the name."""
    with desk.unit() as unit:
        listed = _screen_owners(desk, unit, [owner])
    settle(desk, key, f"{_MERCHANT}/{owner.account}")
    return bool(listed)


def screen_lessee(desk: Services, key: str, lessee: int, name: str) -> bool:
    """As ``screen_owner``, for a lessee."""
    return _screen_name(desk, key, f"{_LESSEE}/{lessee}", name)


def screen_payee(desk: Services, key: str, account: PayoutAccount) -> bool:
    """As ``screen_owner``, for whoever is to be paid: a merchant may never have named an owner."""
    return _screen_name(desk, key, account.owner, account.name)


def _screen_name(desk: Services, key: str, subject: str, name: str) -> bool:
    with desk.unit() as unit:
        listed = watchlist.screen(unit, [(subject, name)], desk.clock.now_s())
    settle(desk, key, subject)
    return bool(listed)


def screen_everybody(desk: Services, key: str) -> list[str]:
    """Look at every owner, lessee and payee again; those whose name a sanctions list has, in order.

    Payees of that name are paid nothing more until they are named anew.
    """
    now_s = desk.clock.now_s()
    with desk.unit() as unit:
        listed = _screen_owners(desk, unit, vault.owners(unit, desk.vault.cipher))
        lessees = [(f"{_LESSEE}/{row.lessee}", row.name) for row in unit.scan(LESSEE_NAMES)]
        listed |= watchlist.screen(unit, lessees, now_s)
        payees = [(row.owner, row.name) for row in unit.scan(PAYOUT_ACCOUNTS)]
        unpaid = watchlist.screen(unit, payees, now_s)
        stop_paying(unit, sorted(unpaid), now_s)
        found = cases.undismissed(unit)
    _tell(desk, key, found)
    return sorted(listed | unpaid)


def settle(desk: Services, key: str, subject: str) -> None:
    """Let the product know how a merchant stands after a step on one of its cases."""
    with desk.unit() as unit:
        found = unit.find(CASES, {"subject": subject})
    _tell(desk, key, found)


def evidence_of(desk: Services, unit: Unit, case: Case) -> dict[str, Any]:
    """What a case holds, for officers to read; names of an owner who was erased are None."""
    evidence: dict[str, Any] = json.loads(case.evidence)
    if _SEALED not in evidence:
        return evidence
    sealed: dict[str, str] = evidence.pop(_SEALED)
    cipher, account = desk.vault.cipher, int(case.subject.removeprefix(f"{_MERCHANT}/"))
    return evidence | {
        field: vault.opened(unit, cipher, account, field, bytes.fromhex(text))
        for field, text in sealed.items()
    }


def _screen_owners(desk: Services, unit: Unit, owners: Sequence[Profile]) -> set[str]:
    """Cases outlive owners, so names go into them under the owner's own key, which does not."""

    def sealed(hit: Hit) -> dict[str, Any]:
        account, names = numbers[hit.subject], watchlist.in_words(hit)
        cipher = desk.vault.cipher
        return {_SEALED: {f: vault.seal(unit, cipher, account, f, names[f]).hex() for f in names}}

    named = [(f"{_MERCHANT}/{owner.account}", owner.name) for owner in owners]
    numbers = {subject: owner.account for (subject, _), owner in zip(named, owners, strict=True)}
    return watchlist.screen(unit, named, desk.clock.now_s(), sealed)


def _tell(desk: Services, key: str, found: Sequence[Case]) -> None:
    """Let each product know whom these cases keep out, and whom no longer."""
    sanctions = [case for case in found if case.kind == "sanction"]
    with desk.unit() as unit:
        standing = watchlist.kept_out(unit, sanctions)
    matches = [match for case in sanctions if (match := _SUBJECT.fullmatch(case.subject))]
    for kind, tell in _PRODUCTS.items():
        numbers = sorted({int(match[2]) for match in matches if match[1] == kind})
        if numbers:
            listed = np.array([f"{kind}/{number}" in standing for number in numbers])
            # However long the key is, the product's id is not.
            tell(desk, f"listed/{sha256_hex(key)}", i64(numbers), listed)


def _tell_credit(desk: Services, command_id: str, accounts: I64, listed: Mask) -> None:
    desk.credit.credit.keep_out(credit.KeepOutBatch(command_id, accounts, listed))


def _tell_leasing(desk: Services, command_id: str, lessees: I64, listed: Mask) -> None:
    desk.leasing.leases.keep_out(leases.KeepOutBatch(command_id, lessees, listed))


_PRODUCTS: Final[Mapping[str, Callable[[Services, str, I64, Mask], None]]] = {
    _MERCHANT: _tell_credit,
    _LESSEE: _tell_leasing,
}
