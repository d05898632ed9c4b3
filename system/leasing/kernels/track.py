"""Readings of many machines in one pass: each machine's stretch begins with what is known of it.

A track has one row per reading, and before the first of each machine a head: a row that carries
the machine's state. So a difference to the row before, a sum since the last reset and the latest
of something are the same few operations, whether they reach into the past or not.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from system.kernels.columns import I64, MISSING, Mask

T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Track:
    """heads: rows of the heads, int64 (m,).  body: rows of the readings, int64 (n,).

    head_of: of each row, int64 (m + n,).  is_head: bool (m + n,).  last: each machine's last row.
    lengths: rows of each machine, its head included.
    """

    heads: I64
    body: I64
    head_of: I64
    is_head: Mask
    last: I64
    lengths: I64

    def __len__(self) -> int:
        return int(self.head_of.size)

    def column(self, carried: I64, values: I64) -> I64:
        """A column: carried (m,) on the heads, values (n,) on the readings."""
        whole = np.empty(len(self), np.int64)
        whole[self.heads], whole[self.body] = carried, values
        return whole

    def flags(self, values: Mask) -> Mask:
        """A mask that is False on the heads."""
        whole = np.zeros(len(self), np.bool_)
        whole[self.body] = values
        return whole

    def spread(self, values: NDArray[T]) -> NDArray[T]:
        """One value per machine, on each of its rows."""
        return np.repeat(values, self.lengths)

    def latest(self, marked: Mask) -> I64:
        """The newest marked row up to and with each row; the head where there is none."""
        rows = np.where(marked | self.is_head, np.arange(len(self)), 0)
        latest: I64 = np.maximum.accumulate(rows)
        return latest

    def filled(self, column: I64, known: Mask) -> I64:
        """The column with the newest known value where one is not known."""
        return column[self.latest(known)]

    def sum_since(self, amounts: I64, start: I64) -> I64:
        """The sum of amounts after row ``start``, up to and with each row."""
        total = np.cumsum(amounts)
        return total - total[start]


def lay(readings: I64) -> Track:
    """A track over machines that have so many readings each: int64 (m,), each at least 1."""
    ends = np.cumsum(readings + 1)
    heads = ends - readings - 1
    n = int(ends[-1]) if ends.size else 0
    is_head = np.zeros(n, np.bool_)
    is_head[heads] = True
    head_of = np.repeat(heads, readings + 1)
    return Track(heads, np.flatnonzero(~is_head), head_of, is_head, ends - 1, readings + 1)


def before(column: I64) -> I64:
    """The value one row earlier. What stands on a head is of another machine: mask it."""
    shifted = np.empty_like(column)
    shifted[1:] = column[:-1]
    shifted[:1] = MISSING
    return shifted


def change(column: I64, known: Mask) -> I64:
    """The difference to the row before, MISSING where ``known`` is False."""
    return np.where(known, column - before(column), MISSING)
