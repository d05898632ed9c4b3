"""Moving windows over an append-only log of rows, per group of rows that share a key.

A window ends with the row that is judged and never looks past it, so judging rows one by one or
all at once gives the same answer. Only rows that share a key with a new row are touched.
"""

from dataclasses import dataclass

import numpy as np

from system.kernels.columns import I64, Mask

# Group number and time share one sortable integer; 2**36 s is the year 4147.
_TIME_BITS = 36
# A finding names at most this many other rows, the latest ones; its figures count them all.
EVIDENCE_ROWS_MAX = 20


@dataclass(frozen=True, slots=True)
class Hits:
    """Rows that a rule fired on. ``others[ends[i-1]:ends[i]]`` are the rows behind hit i.

    rows: int64 (m,), ascending.  ends: int64 (m,).  others: int64, ascending within a hit.
    figures: int64 (m, f), in the order of the rule's figure names.
    """

    rows: I64
    ends: I64
    others: I64
    figures: I64


@dataclass(frozen=True, slots=True)
class Grouped:
    """Rows sorted by group, then as logged. ``new`` are the places of the rows to judge."""

    order: I64
    stamp: I64
    new: I64

    def at_s(self) -> I64:
        """Time of each new row."""
        return self.stamp[self.new] & ((1 << _TIME_BITS) - 1)

    def first_after(self, cutoff_s: I64) -> I64:
        """For each new row, the first place in its group that is later than its cutoff."""
        group = self.stamp[self.new] >> _TIME_BITS << _TIME_BITS
        return self.stamp.searchsorted(group + np.maximum(cutoff_s, -1), side="right")

    def running(self, values: I64) -> I64:
        """Sums of a logged column before each place: int64 (n + 1,)."""
        sums: I64 = np.concatenate(([0], values[self.order].cumsum()))
        return sums


def grouped(
    keys: tuple[I64, ...], at_s: I64, new_from: int, counted: Mask | None = None
) -> Grouped:
    """Group the log by the combined keys; rows with a negative key belong to no group.

    keys: int64 (n,) each, small codes.  at_s: int64 (n,), never decreasing.  new_from: rows from
    here on are judged.  counted: bool (n,), rows to leave out where false.
    """
    related = np.ones(at_s.shape, np.bool_) if counted is None else counted.copy()
    for key in keys:
        related &= _shares_a_code(key, new_from)
    rows = np.flatnonzero(related)
    combined = np.zeros(rows.shape, np.int64)
    for key in keys:
        codes = key[rows]
        combined = combined * (int(codes.max(initial=0)) + 1) + codes
    by_group = combined.argsort(kind="stable")
    order, combined = rows[by_group], combined[by_group]
    group = np.concatenate(([0], np.cumsum(np.diff(combined) != 0)))[: order.size]
    stamp: I64 = (group << _TIME_BITS) + at_s[order]
    return Grouped(order, stamp, np.flatnonzero(order >= new_from))


def _shares_a_code(key: I64, new_from: int) -> Mask:
    wanted = np.zeros(int(key.max(initial=0)) + 2, np.bool_)
    wanted[key[new_from:]] = True
    wanted[-1] = False  # where code -1, "none", points
    shares: Mask = wanted[key]
    return shares


def hits(log: Grouped, fired: Mask, start: I64, figures: tuple[I64, ...]) -> Hits:
    """The new rows that fired, each with the rows from ``start`` up to itself as evidence.

    fired: bool (k,) over log.new.  start: int64 (k,), places.  figures: int64 (k,) each.
    """
    place = log.new[fired]
    first = np.maximum(start[fired], place - EVIDENCE_ROWS_MAX)
    size = place - first
    within = np.arange(size.sum()) - np.repeat(size.cumsum() - size, size)
    others = log.order[np.repeat(first, size) + within]
    table = np.stack([figure[fired] for figure in figures], axis=1)
    return _by_row(log.order[place], size, others, table)


def _by_row(rows: I64, size: I64, others: I64, figures: I64) -> Hits:
    by_row = rows.argsort()
    parts = np.split(others, size.cumsum()[:-1]) if rows.size else []
    in_order = [parts[i] for i in by_row.tolist()]
    flat = np.concatenate(in_order) if in_order else np.zeros(0, np.int64)
    return Hits(rows[by_row], size[by_row].cumsum(), flat, figures[by_row])
