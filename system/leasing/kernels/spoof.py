"""Positions that no machine can have: leaps faster than a road, work and travel at once, and
fixes that never stir while the engine runs for hours.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from system.kernels.columns import I64, MISSING, Mask
from system.leasing.kernels.distance import F64, metres
from system.leasing.kernels.latch import Finding
from system.leasing.kernels.track import Track, before

BACK: Final = -1
_COARSE_E7: Final = 1_000


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
class Fixes:
    """The newest valid fix at each row, int64 (rows,) each, on heads as carried; MISSING before
    the first.  is_new: bool (rows,), where this row has one.
    """

    is_new: Mask
    at_ms: I64
    lat_e7: I64
    lon_e7: I64


@dataclass(frozen=True, slots=True)
class Spoofed:
    """What is carried on: int64 (rows,) each.

    frozen_s: engine seconds on the same fix, since from_ms.  leap_ms: the newest fix is a leap
    that waits for the next to confirm it, and left then; BACK where it was the way back, 0 for
    neither.  earlier: at, lat and lon of the fix before the newest.
    """

    frozen_s: I64
    from_ms: I64
    leap_ms: I64
    earlier: tuple[I64, I64, I64]
    finding: Finding


def spoof(
    track: Track,
    at_ms: I64,
    fixes: Fixes,
    engine_step_s: I64,
    frozen_s: I64,
    frozen_from_ms: I64,
    leap_ms: I64,
    carried_earlier: tuple[I64, I64, I64],
    bounds: SpoofBounds,
) -> Spoofed:
    """Leaps that the next fix confirms, and frozen fixes.

    A leap to and fro is multipath, and nothing, however often it happens.
    """
    fixed = fixes.is_new & ~track.is_head
    had = fixed & (before(fixes.at_ms) != MISSING)
    newest = track.latest(fixed)
    one_back = [before(column) for column in (fixes.at_ms, fixes.lat_e7, fixes.lon_e7)]
    earlier = [
        np.where(track.is_head, track.spread(carried), column)[newest]
        for carried, column in zip(carried_earlier, one_back, strict=True)
    ]
    two_back = [before(column) for column in earlier]
    works = (engine_step_s != MISSING) & (engine_step_s * 1_250 >= at_ms - before(at_ms))
    kmh_max = np.where(works, bounds.work_kmh_max, bounds.speed_kmh_max)
    moved_m, raw = _is_beyond(fixes, one_back, had, kmh_max, bounds.leap_m_min)
    knows_two = had & (two_back[0] != MISSING)
    leapt_m, far = _is_beyond(fixes, two_back, knows_two, kmh_max, bounds.leap_m_min)
    is_raw = np.where(track.is_head, track.spread(leap_ms), raw.astype(np.int64))[newest]
    is_back = raw & knows_two & (before(is_raw) != 0) & ~far
    waits_ms = np.where(raw, np.where(is_back, BACK, one_back[0]), 0)
    waits_ms = np.where(track.is_head, track.spread(leap_ms), waits_ms)[newest]
    left_ms = before(waits_ms)
    confirmed = fixed & ~raw & (left_ms != 0) & (left_ms != BACK)
    stirs = had & (moved_m > 0)
    frozen = _frozen(track, at_ms, had, stirs, engine_step_s, frozen_s, frozen_from_ms)
    # Coordinates rounded to eleven metres hide the noise of a receiver at rest.
    is_fine = (fixes.lat_e7 % _COARSE_E7 != 0) | (fixes.lon_e7 % _COARSE_E7 != 0)
    stuck = had & is_fine & (frozen[0] >= bounds.frozen_s_max)
    measure = np.where(confirmed, np.rint(leapt_m).astype(np.int64), frozen[0])
    bound = np.where(confirmed, bounds.leap_m_min, bounds.frozen_s_max)
    start_ms = np.where(confirmed, left_ms, frozen[1])
    finding = Finding(confirmed | stuck, stirs & ~raw & ~confirmed, start_ms, measure, bound)
    return Spoofed(frozen[0], frozen[1], waits_ms, (earlier[0], earlier[1], earlier[2]), finding)


def _is_beyond(
    fixes: Fixes, other: list[I64], known: Mask, kmh_max: I64, noise_m: int
) -> tuple[F64, Mask]:
    """Metres from another fix (at, lat, lon) to the newest, and whether no machine gets so far."""
    at_ms, lat_e7, lon_e7 = other
    metres_m = np.where(known, metres(lat_e7, lon_e7, fixes.lat_e7, fixes.lon_e7), 0.0)
    elapsed_ms = np.where(known, fixes.at_ms - at_ms, 0)
    reach_m = kmh_max * np.maximum(elapsed_ms, 1_000) / 3_600.0
    return metres_m, known & (metres_m > noise_m) & (metres_m > reach_m)


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
