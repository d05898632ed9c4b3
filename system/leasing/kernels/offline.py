"""Offline: nothing heard for too long. What happened meanwhile is not known."""

import numpy as np

from system.kernels.columns import I64, MISSING, Mask
from system.leasing.kernels.latch import Turns
from system.leasing.kernels.track import Track, before


def gaps(track: Track, at_ms: I64, silence_ms_max: int) -> Turns:
    """Silences that a later reading ended: each begins and ends at that reading's row.

    The measure is the bound: it was told when the silence had lasted so long, however long it grew.
    """
    previous_ms = before(at_ms)
    silent: Mask = ~track.is_head & (previous_ms != MISSING)
    silent &= at_ms - np.where(silent, previous_ms, at_ms) > silence_ms_max
    rows = np.flatnonzero(silent)
    twice = np.repeat(rows, 2)
    start_ms = previous_ms[twice]
    ended = np.tile(np.array((0, 1), np.int64), rows.size)
    bound_ms = np.full(twice.size, silence_ms_max)
    return Turns(twice, start_ms, ended, bound_ms, bound_ms)


def is_silent(at_ms: I64, now_ms: int, silence_ms_max: int) -> Mask:
    """Machines not heard of for too long by now; a machine never heard of is not counted."""
    silent: Mask = (at_ms != MISSING) & (now_ms - np.maximum(at_ms, 0) > silence_ms_max)
    return silent
