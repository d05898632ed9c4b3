"""The hour meter: turned back, or standing still while fuel is burnt."""

from dataclasses import dataclass

import numpy as np

from system.kernels.columns import I64, MISSING
from system.leasing.kernels.counters import Counted, Fall
from system.leasing.kernels.latch import Finding
from system.leasing.kernels.track import Track


@dataclass(frozen=True, slots=True)
class Metered:
    """stalled_ml: fuel burnt since the meter last moved, which was at from_ms."""

    stalled_ml: I64
    from_ms: I64
    finding: Finding


def meter(
    track: Track,
    at_ms: I64,
    engine: Counted,
    fuel: Counted,
    carried_ml: I64,
    carried_from_ms: I64,
    tolerance_s: int,
    stalled_ml_max: int,
) -> Metered:
    """A fall that no reset explains, or ``stalled_ml_max`` of fuel in no time at all.

    A meter that moves by less than it should is a matter of fuel burn per hour.
    """
    back = engine.fall == Fall.ROLLBACK
    moves = (engine.step > 0) | back
    burnt_ml = np.where(track.is_head | (fuel.step == MISSING), 0, fuel.step)
    burnt_ml = np.where(engine.step == 0, burnt_ml, 0)
    last = track.latest(moves)
    stalled_ml = track.sum_since(burnt_ml, last)
    stalled_ml += np.where(track.is_head[last], track.spread(carried_ml), 0)
    from_ms = np.where(track.is_head, track.spread(carried_from_ms), at_ms)[last]
    first_ms = at_ms[np.minimum(track.head_of + 1, len(track) - 1)]
    from_ms = np.where(from_ms == 0, first_ms, from_ms)
    stalls = (engine.step == 0) & (stalled_ml > stalled_ml_max)
    measure = np.where(back, engine.lost, stalled_ml)
    bound = np.where(back, tolerance_s, stalled_ml_max)
    finding = Finding(
        back | stalls, (engine.step > 0) & ~back, np.where(back, at_ms, from_ms), measure, bound
    )
    return Metered(stalled_ml, from_ms, finding)
