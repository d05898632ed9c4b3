"""Three fixed rules, each looked at only when a message comes: what detectors are held against.

As the product's commission sketches them: no activity for over 24 hours, outside a box of degrees,
more than 10 litres per working hour. Read in their favour: activity is any gain of the hour meter,
litres and hours are gains since the message before, and what goes on is told once, not per message.
"""

from typing import Final

import numpy as np

from system.kernels.columns import I64, MISSING, Mask
from system.leasing.kernels.latch import Finding
from system.leasing.kernels.track import Track, before

INACTIVE_MS_MAX: Final = 24 * 3_600_000
LAT_E7: Final = (300_000_000, 400_000_000)
LON_E7: Final = (1_100_000_000, 1_200_000_000)
ML_PER_HOUR_MAX: Final = 10_000


def inactive(track: Track, at_ms: I64, engine_s: I64, carried_ms: I64) -> tuple[Finding, I64]:
    """Messages more than 24 h after the last activity; and that moment at each row."""
    gained = ~track.is_head & (engine_s != MISSING) & (engine_s != before(engine_s))
    known = np.where(track.is_head, track.spread(carried_ms), at_ms)
    active_ms = known[track.latest(gained)]
    active_ms = np.where(active_ms == MISSING, at_ms, active_ms)
    silent_ms = at_ms - active_ms
    holds = ~track.is_head & (silent_ms > INACTIVE_MS_MAX)
    return Finding(holds, ~holds & ~track.is_head, active_ms, silent_ms, INACTIVE_MS_MAX), active_ms


def outside_box(track: Track, at_ms: I64, lat_e7: I64, lon_e7: I64) -> Finding:
    """Messages from outside the box of degrees."""
    said: Mask = ~track.is_head & (lat_e7 != MISSING) & (lon_e7 != MISSING)
    within = (lat_e7 >= LAT_E7[0]) & (lat_e7 <= LAT_E7[1])
    within &= (lon_e7 >= LON_E7[0]) & (lon_e7 <= LON_E7[1])
    outside = said & ~within
    return Finding(outside, said & within, at_ms, outside.astype(np.int64), 0)


def thirsty(track: Track, at_ms: I64, engine_s: I64, fuel_ml: I64) -> Finding:
    """Messages since whose predecessor more than 10 litres were burnt per working hour."""
    known = ~track.is_head
    for column in (engine_s, fuel_ml):
        known &= (column != MISSING) & (before(column) != MISSING)
    hours = np.where(known, engine_s - before(engine_s), 0)
    litres = np.where(known, fuel_ml - before(fuel_ml), 0)
    counts = known & (hours > 0) & (litres >= 0)
    rate = np.where(counts, litres * 3_600 // np.maximum(hours, 1), 0)
    holds = counts & (rate > ML_PER_HOUR_MAX)
    return Finding(holds, counts & ~holds, at_ms, rate, ML_PER_HOUR_MAX)
