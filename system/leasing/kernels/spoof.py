"""Positions that no machine can have: leaps faster than a road, work and travel at once, and
fixes that never stir while the engine runs for hours.
"""

from dataclasses import dataclass

import numpy as np

from system.kernels.columns import I64, MISSING, Mask
from system.leasing.kernels.distance import metres
from system.leasing.kernels.latch import Finding
from system.leasing.kernels.track import Track, before


@dataclass(frozen=True, slots=True)
class SpoofBounds:
    """Speeds that are not exceeded, on a lorry and at work; below ``leap_m_min`` noise explains it.

    frozen_s_max: engine seconds during which a fix may stay the same to its last digit.
    """

    speed_kmh_max: int
    work_kmh_max: int
    leap_m_min: int
    frozen_s_max: int


@dataclass(frozen=True, slots=True)
class Spoofed:
    """What is carried on: int64 (rows,) each.

    frozen_s: engine seconds on the same fix, since from_ms.  leap_ms: a leap that waits for the
    next fix to confirm it began then, 0 for none.
    """

    frozen_s: I64
    from_ms: I64
    leap_ms: I64
    finding: Finding


def spoof(
    track: Track,
    at_ms: I64,
    fixed: Mask,
    fix_at_ms: I64,
    lat_e7: I64,
    lon_e7: I64,
    engine_step_s: I64,
    frozen_s: I64,
    frozen_from_ms: I64,
    leap_ms: I64,
    bounds: SpoofBounds,
) -> Spoofed:
    """Leaps that the next fix confirms, and frozen fixes.

    fixed: the row has a valid fix.  fix_at_ms, lat_e7, lon_e7: int64 (rows,), of the newest valid
    fix at each row, the carried one on heads, MISSING before the first.  A leap to and fro within
    one fix is multipath, and nothing.
    """
    had = fixed & ~track.is_head & (before(fix_at_ms) != MISSING)
    had[track.heads] = False
    moved_m = np.where(had, metres(before(lat_e7), before(lon_e7), lat_e7, lon_e7), 0.0)
    elapsed_ms = np.where(had, fix_at_ms - before(fix_at_ms), 0)
    works = (engine_step_s != MISSING) & (engine_step_s * 1_250 >= elapsed_ms)
    kmh_max = np.where(works, bounds.work_kmh_max, bounds.speed_kmh_max)
    reach_m = kmh_max * np.maximum(elapsed_ms, 1_000) / 3_600.0
    leaps = had & (moved_m > bounds.leap_m_min) & (moved_m > reach_m)
    waits_ms = np.where(leaps, before(fix_at_ms), 0)
    waits_ms[track.heads] = leap_ms
    newest = track.latest(fixed)
    earlier = before(waits_ms[newest])
    confirmed = fixed & ~track.is_head & ~leaps & (earlier != 0)
    stirs = had & (moved_m > 0)
    frozen = _frozen(track, at_ms, had, stirs, engine_step_s, frozen_s, frozen_from_ms)
    stuck = had & (frozen[0] >= bounds.frozen_s_max)
    holds = confirmed | stuck
    start_ms = np.where(confirmed, earlier, frozen[1])
    measure = np.where(confirmed, np.rint(moved_m).astype(np.int64), frozen[0])
    bound = np.where(confirmed, bounds.leap_m_min, bounds.frozen_s_max)
    finding = Finding(holds, stirs & ~leaps & ~confirmed, start_ms, measure, bound)
    return Spoofed(frozen[0], frozen[1], waits_ms[newest], finding)


def _frozen(
    track: Track, at_ms: I64, had: Mask, stirs: Mask, step_s: I64, carried_s: I64, carried_ms: I64
) -> tuple[I64, I64]:
    """Engine seconds since the fix last stirred, and when that was."""
    first = had & (before(at_ms) == MISSING)
    last = track.latest(stirs | first)
    worked_s = np.where(track.is_head | (step_s == MISSING), 0, step_s)
    since_s = track.sum_since(worked_s, last)
    since_s += np.where(track.is_head[last], track.spread(carried_s), 0)
    from_ms = np.where(track.is_head, track.spread(carried_ms), at_ms)[last]
    first_ms = at_ms[np.minimum(track.head_of + 1, len(track) - 1)]
    return since_s, np.where(from_ms == 0, first_ms, from_ms)
