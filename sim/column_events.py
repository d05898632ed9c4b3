"""Whole columns as one event: how many rows, their sum, and a checksum that knows every row."""

import numpy as np

from sim.portable import I64
from sim.trace import EventLog

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
