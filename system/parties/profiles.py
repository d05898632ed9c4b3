"""Who stands behind a merchant: name, identity number and phone of the owner, encrypted at rest.

Texts leave this module only as fields of a ``Profile``, whose repr masks them, so that no log,
traceback or error shows one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from system.errors import InputError, MissingRow
from system.limits import TEXT_CHARS_MAX
from system.ports.cipher import FieldCipher
from system.ports.store import AtLeast, Table, Unit


@dataclass(frozen=True, slots=True, repr=False)
class Profile:
    """One merchant's owner. Texts of 1 to TEXT_CHARS_MAX characters."""

    account: int
    name: str
    id_number: str
    phone: str

    def __repr__(self) -> str:
        shown = ", ".join(f"{field}={masked(getattr(self, field))}" for field in _FIELDS)
        return f"Profile(account={self.account}, {shown})"


@dataclass(frozen=True, slots=True)
class SealedProfile:
    """A profile as it is stored. All empty: forgotten on request.

    id_number_index: finds the owner's other shops without opening any row.
    """

    account: int
    key_version: int
    name: bytes
    id_number: bytes
    phone: bytes
    id_number_index: bytes


_FIELDS: Final = ("name", "id_number", "phone")
_PAGE_ROWS: Final = 1_000
# Short texts show nothing: two characters of four would be half of it.
_MASKED_CHARS_MIN: Final = 8
MERCHANT_PROFILES: Final = Table(
    "merchant_profile",
    SealedProfile,
    key=("account",),
    index=(("id_number_index",),),
    checks=(AtLeast("account", 0), AtLeast("key_version", 0)),
)


def masked(text: str) -> str:
    """What may be shown of a personal text: at most its last two characters."""
    return "***" + (text[-2:] if len(text) >= _MASKED_CHARS_MIN else "")


def keep_profiles(unit: Unit, cipher: FieldCipher, profiles: Sequence[Profile]) -> None:
    """Store new profiles. Raises InputError for an empty or long text, DuplicateRow."""
    unit.insert(MERCHANT_PROFILES, [sealed(cipher, profile) for profile in profiles])


def profile_of(unit: Unit, cipher: FieldCipher, account: int) -> Profile | None:
    """The owner of a merchant; None when nothing is kept.

    Raises IntegrityError for a row that was altered, or copied from another merchant's.
    """
    (row,) = unit.get(MERCHANT_PROFILES, [(account,)])
    return _opened(cipher, row) if row is not None and row.id_number else None


def accounts_of(unit: Unit, cipher: FieldCipher, id_number: str) -> list[int]:
    """All merchants of the owner with this identity number, ascending. No row is opened."""
    index = _index(cipher, id_number)
    return [row.account for row in unit.find(MERCHANT_PROFILES, {"id_number_index": index})]


def forget_profile(unit: Unit, account: int) -> None:
    """Delete what is kept of a merchant's owner. Raises MissingRow when there is no row."""
    (row,) = unit.get(MERCHANT_PROFILES, [(account,)])
    if row is None:
        raise MissingRow(MERCHANT_PROFILES.name, (account,))
    unit.replace(MERCHANT_PROFILES, [SealedProfile(account, 0, b"", b"", b"", b"")])


def rotate_keys(unit: Unit, cipher: FieldCipher) -> int:
    """Seal under the newest key all that an older one sealed; how many rows that were.

    The cipher must still hold the older keys; after this they can be destroyed.
    """
    rotated, last = 0, -1
    while page := unit.scan(MERCHANT_PROFILES, after=(last,), limit=_PAGE_ROWS):
        old = [row for row in page if row.key_version not in (0, cipher.key_version)]
        unit.replace(MERCHANT_PROFILES, [sealed(cipher, _opened(cipher, row)) for row in old])
        rotated, last = rotated + len(old), page[-1].account
    return rotated


def sealed(cipher: FieldCipher, profile: Profile) -> SealedProfile:
    """The row that is stored. Raises InputError for an empty or long text."""
    texts = {field: getattr(profile, field) for field in _FIELDS}
    for field, text in texts.items():
        if not 1 <= len(text) <= TEXT_CHARS_MAX:
            raise InputError(field, masked(text), f"give 1 to {TEXT_CHARS_MAX} characters")
    record_id = _record_id(profile.account)
    closed = {field: cipher.seal(record_id, field, text) for field, text in texts.items()}
    index = _index(cipher, profile.id_number)
    return SealedProfile(profile.account, cipher.key_version, id_number_index=index, **closed)


def _opened(cipher: FieldCipher, row: SealedProfile) -> Profile:
    record_id = _record_id(row.account)
    texts = [cipher.open(record_id, field, getattr(row, field)) for field in _FIELDS]
    return Profile(row.account, *texts)


def _index(cipher: FieldCipher, id_number: str) -> bytes:
    """People write one number with and without spaces, and its last letter in both cases."""
    return cipher.blind_index("id_number", "".join(id_number.split()).upper())


def _record_id(account: int) -> str:
    return f"merchant/{account}"
