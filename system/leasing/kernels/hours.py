"""Rules on reconciled engine hours: use beyond the contract, and service that is due."""

from dataclasses import dataclass

import numpy as np

from system.kernels.columns import I64, MISSING, Mask
from system.leasing.kernels.latch import Finding
from system.leasing.kernels.track import Track


@dataclass(frozen=True, slots=True)
class Used:
    """period: the contract period of the row.  from_s: reconciled hours at its beginning."""

    period: I64
    from_s: I64
    finding: Finding


def overuse(
    track: Track,
    at_ms: I64,
    period: I64,
    hours_s: I64,
    bound_s: I64,
    carried_period: I64,
    carried_from_s: I64,
) -> Used:
    """More engine seconds in a period than its bound. hours_s: reconciled, MISSING where unknown.

    period: int64 (rows,).  A period begins with what was on the counter before its first reading,
    so that the bound is held against all that this period's readings added.
    """
    known = (hours_s != MISSING) & ~track.is_head
    at_row = track.filled(np.where(track.is_head, track.spread(carried_period), period), known)
    prior = np.empty_like(hours_s)
    prior[1:], prior[:1] = hours_s[:-1], MISSING
    prior = np.where(prior == MISSING, hours_s, prior)
    before_row = np.empty_like(at_row)
    before_row[1:], before_row[:1] = at_row[:-1], MISSING
    first = known & (at_row != before_row)
    begins = track.latest(first)
    from_s = np.where(track.is_head, track.spread(carried_from_s), prior)[begins]
    used_s = np.where(known & (from_s != MISSING), hours_s - from_s, 0)
    bounded = known & (bound_s > 0)
    holds = bounded & (used_s > bound_s)
    return Used(at_row, from_s, Finding(holds, bounded & ~holds, at_ms, used_s, bound_s))


def maintenance(at_ms: I64, hours_s: I64, due_s: I64, is_head: Mask) -> Finding:
    """Service is due: reconciled hours have reached ``due_s``; 0 for none planned."""
    known = (hours_s != MISSING) & (due_s > 0) & ~is_head
    holds = known & (hours_s >= due_s)
    return Finding(holds, known & ~holds, at_ms, hours_s, due_s)
