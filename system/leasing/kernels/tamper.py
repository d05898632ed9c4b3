"""Tamper: the terminal says so, or it has been cut from the machine's supply."""

from dataclasses import dataclass

import numpy as np

from system.kernels.columns import I64, MISSING
from system.leasing.kernels.latch import Finding
from system.leasing.kernels.track import Track


@dataclass(frozen=True, slots=True)
class Tampered:
    """dark: readings without supply in a row.  from_ms: the first of them."""

    dark: I64
    from_ms: I64
    finding: Finding


def tamper(
    track: Track,
    at_ms: I64,
    flag: I64,
    voltage_mv: I64,
    carried_dark: I64,
    carried_from_ms: I64,
    voltage_mv_min: int,
    readings_min: int,
) -> Tampered:
    """The flag once, or supply below ``voltage_mv_min`` at ``readings_min`` readings in a row.

    flag, voltage_mv: int64 (rows,), MISSING where not said and on heads.
    """
    said = voltage_mv != MISSING
    is_dark = said & (voltage_mv < voltage_mv_min)
    lit = track.latest(said & ~is_dark)
    dark = track.sum_since(is_dark.astype(np.int64), lit)
    dark += np.where(track.is_head[lit], track.spread(carried_dark), 0)
    first = is_dark & (dark == 1)
    from_ms = np.where(track.is_head, track.spread(carried_from_ms), at_ms)[track.latest(first)]
    from_ms = np.where(dark > 0, from_ms, 0)
    cut = is_dark & (dark >= readings_min)
    flagged = flag == 1
    holds = flagged | cut
    fails = ~holds & ~is_dark & (said | (flag == 0))
    start_ms = np.where(cut, from_ms, at_ms)
    measure = np.where(cut, voltage_mv, flag)
    return Tampered(
        dark, from_ms, Finding(holds, fails, start_ms, measure, np.where(cut, voltage_mv_min, 1))
    )
