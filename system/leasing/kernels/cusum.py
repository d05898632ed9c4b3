"""A sum that never falls below zero, row by row, for many machines at once.

Source: Page, Continuous inspection schemes, Biometrika 41 (1954).
"""

import numpy as np

from system.kernels.columns import I64
from system.leasing.kernels.track import Track


def cusum(track: Track, at_ms: I64, step: I64, carried: I64, carried_ms: I64) -> tuple[I64, I64]:
    """max(0, sum + step) row by row, and since when it is above 0, in closed form.

    step: int64 (rows,).  carried, carried_ms: int64 (m,), the sum before, and since when.
    The sum is what was added since its lowest point, or since the head.
    """
    added = step.copy()
    added[track.heads] = carried
    total = np.cumsum(added)
    # Each machine works on a storey of its own, above all before it: one running minimum serves.
    base = total - added
    height = int(np.abs(added).sum()) + 1
    storey = np.cumsum(track.is_head) * (2 * height)
    local = total - base[track.head_of]
    lowest = np.minimum(np.minimum.accumulate(local - storey) + storey, 0)
    sums = local - lowest
    zero = track.latest(sums == 0)
    origin = track.is_head[zero] & (sums[zero] > 0)
    nexts = np.minimum(zero + 1, len(track) - 1)
    from_ms = np.where(origin, track.spread(carried_ms), at_ms[nexts])
    return sums, np.where(sums > 0, from_ms, 0)
