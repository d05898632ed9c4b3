"""Whether a reading can be true at all: the first thing that is wrong with each."""

from collections.abc import Mapping, Sequence
from typing import Final

from system.kernels.columns import I64, MISSING, Mask
from system.kernels.precedence import first_code
from system.limits import (
    BOOT_MAX,
    CLOCK_AHEAD_MS_MAX,
    ENGINE_S_MAX,
    FUEL_ML_MAX,
    HDOP_CENTI_MAX,
    HISTORY_MS,
    READING_MS_MIN,
    SEQUENCE_MAX,
    VOLTAGE_MV_MAX,
)

# The names of the checks, in order of precedence.
CHECKS: Final = (
    "FIELD_WRONG",
    "TIME_IMPOSSIBLE",
    "TIME_IN_FUTURE",
    "TIME_TOO_LATE",
    "POSITION_IMPOSSIBLE",
    "COUNTER_NEGATIVE",
    "COUNTER_IMPOSSIBLE",
    "VALUE_OUT_OF_RANGE",
)
_COUNTERS: Final = (("engine_s", ENGINE_S_MAX), ("idle_s", ENGINE_S_MAX), ("fuel_ml", FUEL_ML_MAX))
_RANGES: Final = (
    ("hdop_centi", HDOP_CENTI_MAX),
    ("tank_permille", 1_000),
    ("load_permille", 1_000),
    ("voltage_mv", VOLTAGE_MV_MAX),
)
_LAT_E7_MAX: Final = 90 * 10**7
_LON_E7_MAX: Final = 180 * 10**7


def implausible(columns: Mapping[str, I64], received_ms: I64, codes: Sequence[int]) -> I64:
    """The code of the first failed check of each reading, 0 where none failed.

    columns: int64 (n,), those of a decoded message, MISSING where not said; ``at_ms`` by the
    device's own clock.  received_ms: int64 (n,), UTC.  codes: one per CHECKS.  Returns int64 (n,).
    """
    at_ms = columns["at_ms"]
    # What counts nothing has its time as its sequence, which the times' own checks bound.
    counts = columns["timed"] != 1
    failed = [
        _outside(columns["boot"], 0, BOOT_MAX)
        | (_outside(columns["sequence"], 0, SEQUENCE_MAX) & counts),
        at_ms < READING_MS_MIN,
        at_ms > received_ms + CLOCK_AHEAD_MS_MAX,
        at_ms < received_ms - HISTORY_MS,
        _outside(columns["lat_e7"], -_LAT_E7_MAX, _LAT_E7_MAX)
        | _outside(columns["lon_e7"], -_LON_E7_MAX, _LON_E7_MAX),
        _any([_outside(columns[name], 0, 2**62) for name, _ in _COUNTERS]),
        _any([_outside(columns[name], 0, most) for name, most in _COUNTERS]),
        _any([_outside(columns[name], 0, most) for name, most in _RANGES]),
    ]
    return first_code(failed, codes)


def _outside(values: I64, least: int, most: int) -> Mask:
    outside: Mask = ((values < least) & (values != MISSING)) | (values > most)
    return outside


def _any(masks: Sequence[Mask]) -> Mask:
    total = masks[0].copy()
    for mask in masks[1:]:
        total |= mask
    return total
