"""Owners' personal data under keys of their own, so that destroying one key destroys one person's.

What a person's key sealed can be read nowhere once the key is gone, neither in the rows nor in any
copy that was made of them; the books never held a personal text, so they stay whole. The keys lie
in a table of their own, sealed by the newest key of the bank: back it up for as short as it goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from system.errors import IntegrityError, MissingRow
from system.parties.profiles import MERCHANT_PROFILES, Profile, forget_profile, profile_of
from system.parties.profiles import sealed as sealed_profile
from system.ports.cipher import FieldCipher
from system.ports.store import AtLeast, Table, Unit


@dataclass(frozen=True, slots=True)
class OwnerKey:
    """wrapped: the key, sealed; empty when it was destroyed.  key_version: of the bank's key."""

    account: int
    key_version: int
    wrapped: bytes


OWNER_KEYS: Final = Table(
    "owner_key",
    OwnerKey,
    key=("account",),
    checks=(AtLeast("account", 0), AtLeast("key_version", 0)),
)
_FIELD: Final = "owner key"
# Of fields that are not the profile's own.
_ABOUT: Final = "about "
_PAGE_ROWS: Final = 1_000


def keep(unit: Unit, cipher: FieldCipher, profile: Profile) -> None:
    """Store or replace what is known of a merchant's owner. Raises InputError."""
    [held] = unit.get(OWNER_KEYS, [(profile.account,)])
    if held is None or not held.wrapped:
        fresh = _wrapped(cipher, profile.account, cipher.fresh_key())
        (unit.insert if held is None else unit.replace)(OWNER_KEYS, [fresh])
        held = fresh
    row = sealed_profile(_own(cipher, held), profile)
    [known] = unit.get(MERCHANT_PROFILES, [(profile.account,)])
    (unit.insert if known is None else unit.replace)(MERCHANT_PROFILES, [row])


def owner_of(unit: Unit, cipher: FieldCipher, account: int) -> Profile | None:
    """Who stands behind a merchant; None where nothing is known, or any more."""
    [held] = unit.get(OWNER_KEYS, [(account,)])
    if held is None or not held.wrapped:
        return None
    return profile_of(unit, _own(cipher, held), account)


def seal(unit: Unit, cipher: FieldCipher, account: int, field: str, text: str) -> bytes:
    """A text about a known owner under the owner's own key: the same bytes for the same text.

    Raises MissingRow where nobody is known, or any more.
    """
    [held] = unit.get(OWNER_KEYS, [(account,)])
    if held is None or not held.wrapped:
        raise MissingRow(OWNER_KEYS.name, (account,))
    return _own(cipher, held).seal(_record_id(account), _ABOUT + field, text)


def opened(unit: Unit, cipher: FieldCipher, account: int, field: str, sealed: bytes) -> str | None:
    """What ``seal`` made bytes of; None once the key that did is destroyed."""
    [held] = unit.get(OWNER_KEYS, [(account,)])
    if held is None or not held.wrapped:
        return None
    try:
        return _own(cipher, held).open(_record_id(account), _ABOUT + field, sealed)
    except IntegrityError:
        # Of an owner before the one who is known now: that key is gone.
        return None


def owners(unit: Unit, cipher: FieldCipher) -> Sequence[Profile]:
    """Everybody who is known, by account."""
    found = [owner_of(unit, cipher, row.account) for row in unit.scan(OWNER_KEYS)]
    return [profile for profile in found if profile is not None]


def shred(unit: Unit, account: int) -> bool:
    """Destroy the owner's key, and the rows with it; False where nobody is known, or any more."""
    [held] = unit.get(OWNER_KEYS, [(account,)])
    if held is None or not held.wrapped:
        return False
    unit.replace(OWNER_KEYS, [OwnerKey(account, 0, b"")])
    forget_profile(unit, account)
    return True


def seal_again(unit: Unit, cipher: FieldCipher) -> int:
    """Seal every owner's key under the bank's newest; how many. Then older ones can go."""
    done, last = 0, -1
    while page := unit.scan(OWNER_KEYS, after=(last,), limit=_PAGE_ROWS):
        old = [row for row in page if row.key_version not in (0, cipher.key_version)]
        again = [_wrapped(cipher, row.account, _key(cipher, row)) for row in old]
        unit.replace(OWNER_KEYS, again)
        done, last = done + len(old), page[-1].account
    return done


def _wrapped(cipher: FieldCipher, account: int, key: bytes) -> OwnerKey:
    wrapped = cipher.seal(_record_id(account), _FIELD, key.hex())
    return OwnerKey(account, cipher.key_version, wrapped)


def _key(cipher: FieldCipher, held: OwnerKey) -> bytes:
    return bytes.fromhex(cipher.open(_record_id(held.account), _FIELD, held.wrapped))


def _record_id(account: int) -> str:
    return f"merchant/{account}"


def _own(cipher: FieldCipher, held: OwnerKey) -> FieldCipher:
    return cipher.for_subject(_key(cipher, held))
