"""No data without consent, from two journals alone: who consented to what, and who was read.

The state of every consent is rebuilt here from its journal and held against each reading at its
own second. Shares no code with the service; it reads the packed sets by their documented bytes.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.checks.auditor import HELD

I64 = NDArray[np.int64]
_PURPOSES: Final = {1: "scoring", 2: "monitoring", 3: "training"}


class ConsentRow(Protocol):
    """A line of the consent journal. kind: granted, withdrawn or erased."""

    @property
    def sequence(self) -> int: ...
    @property
    def at_s(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def purpose(self) -> int: ...
    @property
    def classes(self) -> int: ...
    @property
    def until_s(self) -> int: ...
    @property
    def accounts(self) -> bytes: ...


class AccessRow(Protocol):
    """A line of the access log: these classes of these accounts were read at this second.

    consent_sequence: the newest line of the consent journal that the reader had seen.
    """

    @property
    def sequence(self) -> int: ...
    @property
    def at_s(self) -> int: ...
    @property
    def purpose(self) -> int: ...
    @property
    def classes(self) -> int: ...
    @property
    def consent_sequence(self) -> int: ...
    @property
    def accounts(self) -> bytes: ...


def no_data_without_consent(consents: Iterable[ConsentRow], accesses: Iterable[AccessRow]) -> str:
    """ "held", or the first reading that no consent covers.

    consents, accesses: all rows, in order of sequence.
    """
    journal = list(consents)
    gap = _gap("consent journal", [row.sequence for row in journal])
    state = _State()
    seen, at_s = 0, 0
    for number, row in enumerate(accesses, start=1):
        if gap:
            return gap
        if row.sequence != number:
            return f"access log: row {number} is missing"
        if row.at_s < at_s:
            return f"reading {number}: its second {row.at_s} lies before that of the one before"
        at_s = row.at_s
        if not seen <= row.consent_sequence <= len(journal):
            return f"reading {number}: saw consent {row.consent_sequence}, which cannot be"
        for change in journal[seen : row.consent_sequence]:
            state.change(change)
        seen = row.consent_sequence
        stale = _stale(journal, seen, row)
        if stale:
            return stale
        breach = state.breach(row)
        if breach:
            return breach
    return gap or HELD


def _gap(name: str, sequences: Sequence[int]) -> str:
    missing = next((n for n, one in enumerate(sequences, start=1) if one != n), 0)
    return f"{name}: row {missing} is missing" if missing else ""


def _stale(journal: Sequence[ConsentRow], seen: int, row: AccessRow) -> str:
    """A reader that had not seen a change from before its own second read on old consent."""
    if seen and journal[seen - 1].at_s > row.at_s:
        return f"reading {row.sequence}: saw consent {seen}, which was not yet given"
    if seen < len(journal) and journal[seen].at_s < row.at_s:
        return f"reading {row.sequence}: had not seen consent {seen + 1} of an earlier second"
    return ""


class _State:
    """Classes and end of every consent by purpose and account, as the journal tells it."""

    def __init__(self) -> None:
        self._classes = {purpose: np.zeros(0, np.int64) for purpose in _PURPOSES}
        self._until_s = {purpose: np.zeros(0, np.int64) for purpose in _PURPOSES}

    def change(self, row: ConsentRow) -> None:
        if row.kind == "erased":
            return
        accounts = _members(row.accounts)
        self._reach(row.purpose, int(accounts.max(initial=-1)) + 1)
        if row.kind == "granted":
            self._classes[row.purpose][accounts] = row.classes
            self._until_s[row.purpose][accounts] = row.until_s
        else:
            self._until_s[row.purpose][accounts] = row.at_s

    def breach(self, row: AccessRow) -> str:
        who = f"reading {row.sequence}"
        if row.purpose not in _PURPOSES or row.classes < 1:
            return f"{who}: for purpose {row.purpose} and classes {row.classes}, which are none"
        accounts = _members(row.accounts)
        self._reach(row.purpose, int(accounts.max(initial=-1)) + 1)
        is_live = self._until_s[row.purpose][accounts] > row.at_s
        is_wide = (self._classes[row.purpose][accounts] & row.classes) == row.classes
        outside = np.flatnonzero(~(is_live & is_wide))
        if not outside.size:
            return ""
        account, name = int(accounts[outside[0]]), _PURPOSES[row.purpose]
        return f"{who}: account {account} was read for {name} at {row.at_s} without its consent"

    def _reach(self, purpose: int, n: int) -> None:
        """Nobody has consented to anything before the journal says so."""
        for by_purpose in (self._classes, self._until_s):
            missing = n - by_purpose[purpose].size
            if missing > 0:
                by_purpose[purpose] = np.pad(by_purpose[purpose], (0, missing))


def _members(packed: bytes) -> I64:
    """Account numbers of a packed set: R first count, L numbers, B first bits (lowest first)."""
    form, rest = packed[:1], packed[1:]
    if form == b"L":
        return np.frombuffer(rest, "<i8")
    first = int.from_bytes(rest[:8], "little")
    if form == b"R":
        return first + np.arange(int.from_bytes(rest[8:], "little"), dtype=np.int64)
    bits = np.unpackbits(np.frombuffer(rest[8:], np.uint8), bitorder="little")
    return first + np.flatnonzero(bits)
