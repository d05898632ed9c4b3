"""What a machine is worth at an age: a second-order polynomial of its new value.

Form: Lucko, G. (2003), A statistical analysis and model of the residual value of different types of
heavy construction equipment, Virginia Tech (35,542 auction records). Coefficients are a scenario's.
"""

from dataclasses import dataclass

import numpy as np

from system.kernels.columns import I64, is_column
from system.kernels.rounding import mul_div_floor
from system.limits import AMOUNT_FEN_MAX, PPM, YEAR_DAYS

_AGE_DAYS_MAX = 40 * YEAR_DAYS


@dataclass(frozen=True, slots=True)
class ResidualCurve:
    """Share of the new value in ppm: start - fall x years + bend x years^2, never below floor.

    Assumed values: a used machine at once sells for 85 %, after five years for 46 %, after ten for
    27 %; range of the start 0.75 to 0.95, of the fall per year 0.06 to 0.14.
    """

    start_ppm: int = 850_000
    fall_ppm: int = 98_000
    bend_ppm: int = 4_000
    floor_ppm: int = 100_000

    def __post_init__(self) -> None:
        assert 0 <= self.floor_ppm <= self.start_ppm <= PPM
        assert 0 <= self.bend_ppm <= self.fall_ppm <= PPM


def residual_floor(value_fen: I64, age_days: I64, curve: ResidualCurve) -> I64:
    """Value of each machine at its age; it never rises again where the polynomial would.

    value_fen: int64 (n,), new, 0..AMOUNT_FEN_MAX.  age_days: int64 (n,), 0 or more; from forty
    years on as at forty.  Returns int64 (n,) fen, rounded down.
    """
    assert is_column(value_fen, 0, AMOUNT_FEN_MAX)
    days = np.minimum(age_days, _AGE_DAYS_MAX)
    if curve.bend_ppm:
        days = np.minimum(days, curve.fall_ppm * YEAR_DAYS // (2 * curve.bend_ppm))
    fallen = curve.fall_ppm * days // YEAR_DAYS
    bent = curve.bend_ppm * days * days // (YEAR_DAYS * YEAR_DAYS)
    share_ppm = np.maximum(curve.start_ppm - fallen + bent, curve.floor_ppm)
    return mul_div_floor(value_fen, share_ppm, PPM)
