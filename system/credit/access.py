"""The one door to merchants' data: only who has consented is read, and every reading is noted.

The log names the last change of the consent journal that the reader had seen, so that journal and
log alone show whether consent stood at that moment.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from system.credit.kernels.feed_loops import widest_rows
from system.kernels.account_sets import pack_accounts, span_of
from system.kernels.columns import I64, MISSING
from system.kernels.compiled import as_input, as_inputs
from system.parties.consent import (
    CLASSES_ALL,
    DataClass,
    Purpose,
    consents_of,
    last_change,
    valid_classes,
)
from system.ports.book import BookUnit
from system.ports.store import AtLeast, Table

# Columns of these accounts, of which these classes may be read.
Reader = Callable[[I64, int], Mapping[str, I64]]


class Use(StrEnum):
    """What was done with the data."""

    INTAKE = "intake"  # rows of a feed were opened and kept
    FEATURES = "features"
    LINEAGE = "lineage"
    GROUP_VIEW = "group_view"  # lateness in one product was used in another


@dataclass(frozen=True, slots=True)
class Access:
    """A reading as its reader asks for it. classes: what it would use, as far as consent goes.

    day_first, day_last: business days of the data.  reference: the command or feature behind it.
    """

    use: Use
    purpose: Purpose
    classes: int
    day_first: int
    day_last: int
    now_s: int
    reference: str = ""


@dataclass(frozen=True, slots=True)
class AccessRow:
    """A reading as it was done: of these accounts these classes were read, for this purpose.

    consent_sequence: the newest ConsentChange that the reader had seen.  accounts: a packed set
    (``kernels.account_sets``).  digest: SHA-256 of what was read.
    """

    sequence: int
    at_s: int
    use: str
    purpose: int
    classes: int
    day_first: int
    day_last: int
    consent_sequence: int
    reference: str
    accounts: bytes
    digest: str


# A basis is purpose x 16 + classes: the consent under which a row is opened.
BASIS_PURPOSE: Final = CLASSES_ALL + 1
# How many classes each sum of them has; without orders nothing is read.
_WIDTHS: Final = np.array(
    [number.bit_count() if number & DataClass.ORDERS else 0 for number in range(BASIS_PURPOSE)]
)
ACCESS_LOG: Final = Table(
    "access_log",
    AccessRow,
    key=("sequence",),
    checks=(AtLeast("classes", 1),),
    append_only=True,
)


def read_with_consent(
    unit: BookUnit, access: Access, accounts: I64, names: Sequence[str], reader: Reader
) -> dict[str, I64]:
    """What the reader finds on accounts that have consented; MISSING on all others.

    accounts: int64 (n,), each at most once.  names: columns of the result, int64 (n,) each.  An
    account whose consent covers some of the classes is read as far as it goes; without
    DataClass.ORDERS, of which all else hangs, it is not read. Every reading adds a row to the log.
    """
    found = {name: np.full(accounts.size, MISSING) for name in names}
    for classes, at in groups_with_consent(unit, access, accounts):
        columns = reader(accounts[at], classes)
        for name in names:
            found[name][at] = columns[name]
        digest = hashlib.sha256()
        for name in names:
            digest.update(columns[name].astype("<i8", copy=False).tobytes())
        note(unit, access, classes, pack_accounts(accounts[at]), digest.hexdigest())
    return found


def groups_with_consent(
    unit: BookUnit, access: Access, accounts: I64
) -> Iterator[tuple[int, I64 | slice]]:
    """Positions of accounts that may be read, by the classes that may be, in ascending order."""
    classes = valid_classes(unit, access.purpose, accounts, access.now_s) & access.classes
    for number in np.flatnonzero(np.bincount(classes, minlength=1)):
        if number & DataClass.ORDERS:
            at = np.flatnonzero(classes == number)
            yield int(number), slice(None) if at.size == accounts.size else at


def widest_consents(unit: BookUnit, merchants: I64, now_s: int) -> I64:
    """The consent of each merchant that lets most classes be read; of equals the lowest purpose.

    merchants: int64 (n,), ascending.  Returns int64 (n,): BASIS_PURPOSE x purpose + classes, 0
    where none covers DataClass.ORDERS.
    """
    rows, at = span_of(merchants)
    classes, until_s = consents_of(unit, rows)
    basis = np.empty(merchants.size, np.int64)
    held = as_inputs(classes), as_inputs(until_s)
    widest_rows(basis, *held, as_input(at), now_s, _WIDTHS, BASIS_PURPOSE)
    return basis


def note(unit: BookUnit, access: Access, classes: int, accounts: bytes, digest: str) -> None:
    """Add a row to the log: of this packed set of accounts these classes were read."""
    row = AccessRow(
        last_access(unit) + 1,
        access.now_s,
        access.use.value,
        int(access.purpose),
        classes,
        access.day_first,
        access.day_last,
        last_change(unit),
        access.reference,
        accounts,
        digest,
    )
    unit.rows.insert(ACCESS_LOG, [row])


def last_access(unit: BookUnit) -> int:
    """The sequence of the newest reading, 0 before the first."""
    last = unit.rows.last(ACCESS_LOG)
    return last.sequence if last else 0
