"""Daily simple interest without a fen of drift: days add up exactly, bills round the sum.

A line's interest runs in units of fen x ppm x days. A bill turns what has run up into whole fen,
half to even, and leaves the rounding difference in place: over any number of bills a line pays the
exact interest to within half a fen.
"""

from typing import Final

from system.kernels.columns import I64
from system.limits import LINE_FEN_MAX, PPM, RATE_PPM_MAX

ACT_365: Final = 365
ACT_360: Final = 360


def fen_unit_raw(year_days: int) -> int:
    """How many fen x ppm x days make one fen.

    year_days: ACT_365 (by the day of a 365-day year, the default of the policy) or ACT_360, as
    Chinese bank contracts often say; the divisor stays the same in leap years.
    """
    assert year_days in (ACT_365, ACT_360)
    return PPM * year_days


def one_day_raw(balance_fen: I64, rate_ppm: I64) -> I64:
    """One day's interest on each balance, exact.

    balance_fen: int64 (n,), 0..LINE_FEN_MAX, as it stands at the end of the day: the day of a
    drawdown counts, the day of its repayment does not.  rate_ppm: int64 (n,), per year,
    0..RATE_PPM_MAX.  Returns int64 (n,) in fen x ppm x days. Bad input asserts.
    """
    assert not balance_fen.size or int(balance_fen.max()) <= LINE_FEN_MAX
    assert not rate_ppm.size or int(rate_ppm.max()) <= RATE_PPM_MAX
    return balance_fen * rate_ppm


def whole_fen_half_even(raw: I64, year_days: int) -> I64:
    """What has run up, in whole fen.

    raw: int64 (n,), from half a fen below zero (the remainder of an earlier bill) upwards.
    year_days: as in fen_unit_raw.  Returns int64 (n,) fen >= 0, rounded half to even.
    """
    unit = fen_unit_raw(year_days)
    assert not raw.size or int(raw.min()) * 2 >= -unit, "more was billed than ran up"
    # NumPy divides by one number four times as fast as it finds quotient and remainder together.
    quotient = raw // unit
    twice = 2 * (raw - quotient * unit)
    fen: I64 = quotient + ((twice > unit) | ((twice == unit) & (quotient & 1 == 1)))
    return fen
