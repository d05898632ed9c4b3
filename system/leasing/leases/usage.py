"""Hours by the machines' own counters, as their twins reconcile them."""

import numpy as np

from system.kernels.columns import I64, MISSING, Mask
from system.leasing.records import TWINS
from system.limits import ENGINE_S_MAX
from system.ports.book import BookUnit

_TWIN = ("engine_s", "engine_before_s", "at_ms")


def no_meter(meter_s: I64) -> Mask:
    """True for readings, other than MISSING, that no hour meter shows."""
    wrong: Mask = (meter_s != MISSING) & ((meter_s < 0) | (meter_s > ENGINE_S_MAX))
    return wrong


def counters(unit: BookUnit, machine: I64, meter_s: I64) -> tuple[I64, I64]:
    """Engine seconds that never fall, and the moment (UTC, ms) of which they are.

    meter_s: int64 (n,), what people read off the hour meter; MISSING where they did not. It counts
    as seen now, for ever: no machine that was read is silent.  Returns MISSING where neither the
    machine nor people said anything.
    """
    twin = unit.read(TWINS, _TWIN, machine)
    read = meter_s != MISSING
    shown_s = np.where(read, meter_s, twin["engine_s"])
    counter_s = np.where(shown_s == MISSING, MISSING, shown_s + twin["engine_before_s"])
    return counter_s, np.where(read, np.iinfo(np.int64).max, twin["at_ms"])
