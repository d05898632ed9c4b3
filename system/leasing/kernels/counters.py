"""Counters that only grow, and what it means when one does not."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from system.kernels.columns import I64, MISSING, Mask
from system.leasing.kernels.track import Track, before


class Fall(IntEnum):
    """What became of a counter that shows less than before, or more than time allows."""

    NONE = 0
    RESET = 1  # it began anew: after a boot, near zero
    ROLLBACK = 2  # it was turned back
    LEAP = 3  # it gained more than the time between: another terminal, or a set counter


@dataclass(frozen=True, slots=True)
class Counted:
    """int64 (rows,) each.

    shown: what the counter says, the newest known.  before: what to add so that it never falls.
    step: what it gained since it was last known, MISSING where that is not known.  fall: a Fall.
    lost: how much less it shows than before, 0 elsewhere.
    """

    shown: I64
    before: I64
    step: I64
    fall: I64
    lost: I64


@dataclass(frozen=True, slots=True)
class CounterBounds:
    """tolerance: a fall or a leap of so much is rounding.  reset_max: a new counter shows less.

    per_s: the most it gains in a second; of so many seconds between readings.
    """

    tolerance: int
    reset_max: int
    per_s: int


def counted(
    track: Track, at_ms: I64, boot: I64, value: I64, offset: I64, bounds: CounterBounds
) -> Counted:
    """Follow a counter through resets.

    at_ms, boot, value: int64 (rows,), value MISSING where not reported, on heads as last known.
    offset: int64 (m,), carried: what to add to ``value`` on the head.
    """
    known: Mask = value != MISSING
    latest = track.latest(known)
    shown = value[latest]
    prior = before(latest)
    prior[track.heads] = track.heads
    had: Mask = known & ~track.is_head & (value[prior] != MISSING)
    gained = np.where(had, value - value[prior], 0)
    elapsed_s = (at_ms - at_ms[prior]) // 1_000
    fell = gained < -bounds.tolerance
    fresh = fell & (value <= bounds.reset_max) & (boot != boot[prior])
    leapt = gained > elapsed_s * bounds.per_s + bounds.tolerance
    step = np.where(fresh, np.maximum(value, 0), np.where(leapt, 0, np.maximum(gained, 0)))
    fall = np.where(fresh, Fall.RESET, np.where(fell, Fall.ROLLBACK, 0)) + leapt * int(Fall.LEAP)
    shift = track.sum_since(np.where(had, step - gained, 0), track.head_of)
    return Counted(
        shown,
        track.spread(offset) + shift,
        np.where(had, step, MISSING),
        fall,
        np.where(fall == Fall.ROLLBACK, -gained, 0),
    )
