"""Geofence: outside by more than the buffer, at two fixes in a row."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from system.kernels.columns import I64, Mask
from system.leasing.kernels.latch import Finding
from system.leasing.kernels.track import Track


class Place(IntEnum):
    """Where a fix lies to its machine's fence."""

    INSIDE = 0
    EDGE = 1  # outside by less than the buffer: neither proof
    OUTSIDE = 2
    UNKNOWN = 3  # no fence, or no fix that can be trusted


@dataclass(frozen=True, slots=True)
class Fenced:
    """outside: fixes outside in a row.  from_ms: the first of them, 0 where there is none."""

    outside: I64
    from_ms: I64
    finding: Finding


def fence(
    track: Track, at_ms: I64, place: I64, carried_outside: I64, carried_from_ms: I64, fixes_min: int
) -> Fenced:
    """Outside at ``fixes_min`` fixes in a row. place: int64 (rows,), a Place; UNKNOWN on heads."""
    outside: Mask = place == Place.OUTSIDE
    otherwise = track.latest((place == Place.INSIDE) | (place == Place.EDGE))
    fixes = track.sum_since(outside.astype(np.int64), otherwise)
    fixes += np.where(track.is_head[otherwise], track.spread(carried_outside), 0)
    first = outside & (fixes == 1)
    from_ms = np.where(track.is_head, track.spread(carried_from_ms), at_ms)[track.latest(first)]
    from_ms = np.where(fixes > 0, from_ms, 0)
    holds = outside & (fixes >= fixes_min)
    return Fenced(fixes, from_ms, Finding(holds, place == Place.INSIDE, from_ms, fixes, fixes_min))
