"""What a twin says of its machine now. Who has been silent for too long is unknown, not idle."""

from enum import IntEnum

import numpy as np

from system.kernels.columns import I64, MISSING
from system.leasing.kernels.fence import Place
from system.leasing.kernels.offline import is_silent


class EngineState(IntEnum):
    UNKNOWN = 0  # never heard of, silent, or a machine that does not say
    STANDING = 1
    RUNNING = 2


def engine_state(at_ms: I64, running: I64, now_ms: int, silence_ms_max: int) -> I64:
    """An EngineState per machine. at_ms, running: int64 (m,), of the twin."""
    known = (at_ms != MISSING) & (running != MISSING) & ~is_silent(at_ms, now_ms, silence_ms_max)
    state = np.where(running == 1, EngineState.RUNNING, EngineState.STANDING)
    return np.where(known, state, int(EngineState.UNKNOWN))


def fence_state(
    at_ms: I64, fix_at_ms: I64, outside_since_ms: I64, now_ms: int, silence_ms_max: int
) -> I64:
    """A Place per machine: INSIDE, OUTSIDE while a breach is on, UNKNOWN without a fresh fix.

    The fix is fresh if it is at most ``silence_ms_max`` older than now, as the machine itself.
    """
    known = (fix_at_ms != MISSING) & ~is_silent(fix_at_ms, now_ms, silence_ms_max)
    known &= ~is_silent(at_ms, now_ms, silence_ms_max)
    place = np.where(outside_since_ms > 0, Place.OUTSIDE, Place.INSIDE)
    return np.where(known, place, int(Place.UNKNOWN))
