"""Consent of merchants to the use of their data: who may be read, for what, until when.

The current state of each merchant stands in a frame, all that ever changed it in a journal that
only grows. Withdrawal acts at the second at which it is given: ``until_s`` is exclusive.
"""

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final

import numpy as np

from system.errors import InputError
from system.kernels.account_sets import as_rows, each_once, pack_accounts
from system.kernels.columns import I64, Mask
from system.kernels.precedence import first_code
from system.limits import TIME_S_MAX
from system.ports.book import BookUnit, Column, Frame, Rows
from system.ports.store import AtLeast, Table


class Purpose(IntEnum):
    """What data is used for. Consent to one purpose is none to another."""

    SCORING = 1  # deciding on credit
    MONITORING = 2  # watching a line that is open
    TRAINING = 3  # fitting models


class DataClass(IntFlag):
    """What kind of data. The bits of a consent's ``classes``."""

    ORDERS = 1
    REFUNDS = 2
    RATINGS = 4
    INVENTORY = 8


class ConsentRefusal(IntEnum):
    """Why a row of a consent command is refused, in precedence order."""

    NONE = 0
    MERCHANT_UNKNOWN = 1
    NOTHING_TO_WITHDRAW = 2


@dataclass(frozen=True, slots=True)
class Consent:
    """One merchant's consent to one purpose, as it stands.

    classes: sum of DataClass bits.  until_s: exclusive; a withdrawal brings it forward to its own
    second.  withdrawn_at_s: 0 when it was not withdrawn.  notice_version: of the text agreed to.
    """

    account: int
    purpose: Purpose
    classes: int
    from_s: int
    until_s: int
    withdrawn_at_s: int
    notice_version: int

    def is_valid(self, at_s: int) -> bool:
        """Whether it covers this moment."""
        return self.from_s <= at_s < self.until_s


@dataclass(frozen=True, slots=True)
class ConsentChange:
    """One command on many merchants. kind: granted, withdrawn or erased (the data, on request).

    accounts: a packed set (``kernels.account_sets``).  classes, until_s, notice_version: of a
    grant, else 0.  purpose: 0 for an erasure.
    """

    sequence: int
    at_s: int
    kind: str
    purpose: int
    classes: int
    until_s: int
    notice_version: int
    accounts: bytes


CLASSES_ALL: Final = sum(DataClass)
NOTICE_VERSION_MAX: Final = 2**31 - 1
_PLANES: Final = len(Purpose)
# One plane per purpose, in order. classes 0: never given.
CONSENTS: Final = Frame(
    "consent",
    (
        Column("classes", planes=_PLANES, floor=0),
        Column("from_s", planes=_PLANES, floor=0),
        Column("until_s", planes=_PLANES, floor=0),
        Column("withdrawn_at_s", planes=_PLANES, floor=0),
        Column("notice_version", planes=_PLANES, floor=0),
    ),
)
CONSENT_JOURNAL: Final = Table(
    "consent_journal",
    ConsentChange,
    key=("sequence",),
    checks=(AtLeast("at_s", 0),),
    append_only=True,
)


def open_consents(unit: BookUnit, n: int) -> slice:
    """Room for n more merchants, who have consented to nothing. Returns their numbers."""
    return unit.append(CONSENTS, n, {})


def grant(
    unit: BookUnit,
    accounts: I64,
    purpose: Purpose,
    classes: int,
    until_s: int,
    now_s: int,
    notice_version: int = 1,
) -> I64:
    """Consent from now on, in place of any earlier one to this purpose.

    accounts: int64 (n,).  Returns int64 (n,): ConsentRefusal per row.  Raises InputError for a
    purpose, classes, an end or a notice version that cannot be.
    """
    plane = _plane(purpose)
    _check_terms(classes, until_s, now_s, notice_version)
    unknown = _unknown(unit, accounts)
    known, _ = each_once(accounts[~unknown])
    if known.size:
        terms = (classes, now_s, until_s, 0, notice_version)
        for column, value in zip(CONSENTS.columns, terms, strict=True):
            values = np.full(known.size, value, np.int64)
            unit.write_plane(CONSENTS, column.name, plane, as_rows(known), values)
        row = (now_s, "granted", int(purpose), classes, until_s, notice_version)
        _record(unit, row, known)
    return np.where(unknown, int(ConsentRefusal.MERCHANT_UNKNOWN), 0)


def withdraw(unit: BookUnit, accounts: I64, purpose: Purpose, now_s: int) -> I64:
    """End consent to this purpose at this second. Returns int64 (n,): ConsentRefusal per row."""
    plane = _plane(purpose)
    unknown = _unknown(unit, accounts)
    idle = np.zeros_like(unknown)
    idle[~unknown] = valid_classes(unit, purpose, accounts[~unknown], now_s) == 0
    ended, _ = each_once(accounts[~unknown & ~idle])
    if ended.size:
        at_s = np.full(ended.size, now_s, np.int64)
        unit.write_plane(CONSENTS, "until_s", plane, ended, at_s)
        unit.write_plane(CONSENTS, "withdrawn_at_s", plane, ended, at_s)
        _record(unit, (now_s, "withdrawn", int(purpose), 0, 0, 0), ended)
    return first_code(
        (unknown, idle), (ConsentRefusal.MERCHANT_UNKNOWN, ConsentRefusal.NOTHING_TO_WITHDRAW)
    )


def record_erasure(unit: BookUnit, accounts: I64, now_s: int) -> None:
    """Note that the data of these merchants were deleted. accounts: int64 (n,), all known."""
    _record(unit, (now_s, "erased", 0, 0, 0, 0), accounts)


def valid_classes(unit: BookUnit, purpose: Purpose, rows: Rows, now_s: int) -> I64:
    """Classes that may be read for this purpose at this second, 0 for none. Returns int64 (n,)."""
    plane = _plane(purpose)
    [[classes, until_s]] = unit.read_planes(CONSENTS, ("classes", "until_s"), [plane], rows)
    return classes * (until_s > now_s)


def consents_of(unit: BookUnit, rows: Rows) -> tuple[list[I64], list[I64]]:
    """Classes, and until when (exclusive), of each purpose in order: int64 (n,) each."""
    planes = unit.read_planes(CONSENTS, ("classes", "until_s"), range(_PLANES), rows)
    return [classes for classes, _ in planes], [until_s for _, until_s in planes]


def permitted(unit: BookUnit, purpose: Purpose, classes: int, rows: Rows, now_s: int) -> Mask:
    """Whether all these classes may be read for this purpose at this second. bool (n,)."""
    covered: Mask = (valid_classes(unit, purpose, rows, now_s) & classes) == classes
    return covered


def consent_of(unit: BookUnit, account: int, purpose: Purpose) -> Consent | None:
    """One merchant's consent as it stands, or None when there never was one."""
    names = [column.name for column in CONSENTS.columns]
    held = unit.read(CONSENTS, names, np.array([account], np.int64))
    row = [int(held[name][_plane(purpose), 0]) for name in names]
    return Consent(account, purpose, *row) if row[0] else None


def last_change(unit: BookUnit) -> int:
    """The sequence of the newest change, 0 before the first."""
    last = unit.rows.last(CONSENT_JOURNAL)
    return last.sequence if last else 0


def _record(unit: BookUnit, row: tuple[int, str, int, int, int, int], accounts: I64) -> None:
    change = ConsentChange(last_change(unit) + 1, *row, pack_accounts(accounts))
    unit.rows.insert(CONSENT_JOURNAL, [change])


def _plane(purpose: int) -> int:
    if purpose not in tuple(Purpose):
        raise InputError("purpose", purpose, f"give one of {[int(one) for one in Purpose]}")
    return int(purpose) - 1


def _unknown(unit: BookUnit, accounts: I64) -> Mask:
    if accounts.dtype != np.int64 or accounts.ndim != 1:
        raise InputError("accounts", str(accounts.dtype), "give one int64 column")
    return (accounts < 0) | (accounts >= unit.count(CONSENTS))


def _check_terms(classes: int, until_s: int, now_s: int, notice_version: int) -> None:
    if not 1 <= classes <= CLASSES_ALL:
        raise InputError("classes", classes, f"give a sum of DataClass bits, 1 to {CLASSES_ALL}")
    if not now_s < until_s <= TIME_S_MAX:
        raise InputError("until_s", until_s, "give an end that lies ahead")
    if not 1 <= notice_version <= NOTICE_VERSION_MAX:
        raise InputError("notice_version", notice_version, f"give 1 to {NOTICE_VERSION_MAX}")
