"""Fuel theft: what should be in the tank, had nothing been burnt, falls by a step.

Tank plus fuel burnt stays level but for filling (up) and theft (down). One reading of a gauge in a
tilting machine proves nothing, so two before the step are held against two after it, whatever one
in between says.
"""

from dataclasses import dataclass

import numpy as np

from system.kernels.columns import I64, MISSING
from system.kernels.rounding import mul_div_floor
from system.leasing.kernels.latch import Finding
from system.leasing.kernels.track import Track, before

CARRIED = 4


@dataclass(frozen=True, slots=True)
class TheftBounds:
    """fuel_ml_min, tank_permille_min: a smaller step is slosh.  burn_permille: of what was burnt
    over the step, for gauges and counters that do not agree."""

    fuel_ml_min: int
    tank_permille_min: int
    burn_permille: int


@dataclass(frozen=True, slots=True)
class Levels:
    """levels: the newest CARRIED levels at each row, newest first, int64 (rows,) each."""

    levels: tuple[I64, ...]
    burnt: I64
    finding: Finding


def fuel_theft(
    track: Track,
    at_ms: I64,
    tank_permille: I64,
    tank_ml: I64,
    burnt_ml: I64,
    carried: tuple[I64, ...],
    bounds: TheftBounds,
) -> Levels:
    """Steps down. tank_permille: int64 (rows,), MISSING where not said and on heads.

    tank_ml: capacity, 0 where not known.  burnt_ml: reconciled counter, MISSING where not known.
    carried: CARRIED columns int64 (m,), newest first, MISSING where there is none yet.
    """
    known = (tank_permille != MISSING) & (tank_ml > 0) & (burnt_ml != MISSING) & ~track.is_head
    gauge_ml = np.where(known, tank_permille * tank_ml // 1_000, 0)
    now = np.where(known, gauge_ml + burnt_ml, MISSING)
    newest = track.latest(known)
    held, earlier = [], []
    for column in carried:
        whole = np.where(track.is_head, track.spread(column), now)
        filled = whole[newest]
        held.append(filled)
        now = before(filled)
        earlier.append(now)
    back = np.minimum(earlier[2], earlier[3])
    front = np.maximum(held[0], earlier[0])
    sure = known & (back != MISSING) & (earlier[0] != MISSING)
    drop_ml = np.where(sure, back - front, 0)
    noise_ml = np.maximum(tank_ml * bounds.tank_permille_min // 1_000, bounds.fuel_ml_min)
    burnt_since = np.where(sure, burnt_ml - before(burnt_ml), 0)
    bound_ml = noise_ml + mul_div_floor(np.maximum(burnt_since, 0), bounds.burn_permille, 1_000)
    holds = sure & (drop_ml > bound_ml)
    return Levels(tuple(held), burnt_ml, Finding(holds, sure & ~holds, at_ms, drop_ml, bound_ml))
