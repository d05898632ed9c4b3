"""What goes into the event log: one line per fact of the journal, whole columns as one number."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from sim.trace import EventLog
from system.subledger.records import JournalRow, happened

I64 = NDArray[np.int64]

_BITS = 63
_ROW, _VALUE, _MIX = (
    np.uint64(odd) for odd in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xD6E8FEB86659FD93)
)
_SHIFT = np.uint64(32)


def checksum(rows: I64, values: I64) -> int:
    """63 bits that change with any row or value, but not with their order."""
    mixed = (rows.astype(np.uint64) + np.uint64(1)) * _ROW ^ values.astype(np.uint64) * _VALUE
    mixed = (mixed ^ (mixed >> _SHIFT)) * _MIX
    mixed ^= mixed >> _SHIFT
    return int(mixed.sum(dtype=np.uint64)) % (1 << _BITS)


def add_columns(log: EventLog, at_s: int, kind: str, subject: str, rows: I64, values: I64) -> None:
    """One event for a column: how many, their sum, their checksum."""
    log.add(at_s, kind, subject, (rows.size, int(values.sum()), checksum(rows, values)))


def add_journal(log: EventLog, journal: Iterable[JournalRow]) -> None:
    """Every fact of the bank's journal, under the command that caused it."""
    for fact in map(happened, journal):
        values = (fact.accounts.size, fact.total, checksum(fact.accounts, fact.amounts))
        log.add(fact.at_s, str(fact.kind), fact.cause.replace(" ", "_"), values)
