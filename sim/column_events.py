"""Whole columns as one event: how many rows, their sum, and a checksum that knows every row."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.portable import I64
from sim.trace import EventLog

U64 = NDArray[np.uint64]

_BITS: Final = 63
_ROW, _VALUE, _MIX = (
    np.uint64(odd) for odd in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xD6E8FEB86659FD93)
)
_ONE, _SHIFT = np.uint64(1), np.uint64(32)
# Rows that are mixed at once, in memory that they leave to the next: fresh memory for a whole
# column takes as long as the mixing.
_ROWS_AT_ONCE: Final = 8_192


def checksum(rows: I64, values: I64) -> int:
    """63 bits that change with any row or value, but not with their order."""
    room = np.empty((2, min(rows.size, _ROWS_AT_ONCE)), np.uint64)
    total = 0
    for start in range(0, rows.size, _ROWS_AT_ONCE):
        some = slice(start, start + _ROWS_AT_ONCE)
        total += _mixed(rows[some].view(np.uint64), values[some].view(np.uint64), room)
    return total % (1 << _BITS)


def _mixed(rows: U64, values: U64, room: U64) -> int:
    mixed, other = room[:, : rows.size]
    np.multiply(np.add(rows, _ONE, out=mixed), _ROW, out=mixed)
    mixed ^= np.multiply(values, _VALUE, out=other)
    mixed ^= np.right_shift(mixed, _SHIFT, out=other)
    mixed *= _MIX
    mixed ^= np.right_shift(mixed, _SHIFT, out=other)
    return int(mixed.sum())


def add_columns(log: EventLog, at_s: int, kind: str, subject: str, rows: I64, values: I64) -> None:
    """One event for a column: how many, their sum, their checksum."""
    log.add(at_s, kind, subject, (rows.size, int(values.sum()), checksum(rows, values)))
