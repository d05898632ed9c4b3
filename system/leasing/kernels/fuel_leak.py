"""Slow leaks: the tank of a machine that stands still empties, night after night.

What a counter burnt and what a gauge shows never quite agree, so a machine at work proves nothing.
Between two readings at rest, with the engine off all the while, the gauge should stay. A CUSUM adds
what it lost beyond a slack for temperature and drift; steps down (a theft) and up (a filling) are
other rules' business and count for nothing.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from system.kernels.columns import I64, MISSING
from system.leasing.kernels.cusum import cusum
from system.leasing.kernels.latch import Finding
from system.leasing.kernels.track import Track, before

_DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class LeakBounds:
    """lost_permille_min, lost_ml_min: of the tank, in sum; less is noise of the gauge.

    slack_permille: of the tank that a gauge may drift in a day.  step_permille: a change between
    two readings beyond it is a filling or a theft.
    """

    lost_permille_min: int
    lost_ml_min: int
    slack_permille: int
    step_permille: int


@dataclass(frozen=True, slots=True)
class Leaking:
    """parked_ml: in the tank at each row's rest, MISSING at work.  sums, from_ms: of the CUSUM."""

    parked_ml: I64
    sums: I64
    from_ms: I64
    finding: Finding


def lost_ml_max(tank_ml: I64, bounds: LeakBounds) -> I64:
    """How much may be missing in sum: int64, like tank_ml."""
    return np.maximum(tank_ml * bounds.lost_permille_min // 1_000, bounds.lost_ml_min)


def fuel_leak(
    track: Track,
    at_ms: I64,
    tank_permille: I64,
    tank_ml: I64,
    at_rest: I64,
    carried: tuple[I64, I64, I64],
    bounds: LeakBounds,
) -> Leaking:
    """Losses at rest.

    tank_permille: int64 (rows,), MISSING where not said and on heads.  tank_ml: int64 (rows,),
    capacity, 0 where not known.  at_rest: int64 (rows,), 1 where the engine is off and has not run
    since the row before.  carried: parked_ml, sums, from_ms of each machine, int64 (m,).
    """
    known = (tank_permille != MISSING) & (tank_ml > 0) & (at_rest == 1) & ~track.is_head
    parked_ml = np.where(known, tank_permille * tank_ml // 1_000, MISSING)
    parked_ml[track.heads] = carried[0]
    earlier_ml = before(parked_ml)
    paired = known & (earlier_ml != MISSING)
    lost_ml = np.where(paired, earlier_ml - parked_ml, 0)
    is_step = np.abs(lost_ml) > tank_ml * bounds.step_permille // 1_000
    slack_ml = tank_ml * bounds.slack_permille * np.maximum(at_ms - before(at_ms), 0)
    slack_ml = slack_ml // (1_000 * _DAY_MS)
    step_ml = np.where(paired & ~is_step, lost_ml - slack_ml, 0)
    sums, from_ms = cusum(track, at_ms, step_ml, carried[1], carried[2])
    bound_ml = lost_ml_max(tank_ml, bounds)
    holds, fails = paired & (sums >= bound_ml), paired & (sums < bound_ml // 2)
    return Leaking(parked_ml, sums, from_ms, Finding(holds, fails, from_ms, sums, bound_ml))
