"""Simple interest, and the yearly cost of a discounted advance."""

from typing import Final

from system.kernels.columns import I64, is_column
from system.kernels.rounding import mul_div_floor, mul_div_half_even
from system.limits import AMOUNT_FEN_MAX, PPM, RATE_PPM_MAX, TERM_DAYS_MAX

ACT_365: Final = 365
ACT_360: Final = 360


def interest_floor(principal_fen: I64, rate_ppm: I64, days: I64, year_days: int) -> I64:
    """Simple interest on each principal, rounded down.

    principal_fen: int64 (n,), 0..AMOUNT_FEN_MAX.  rate_ppm: int64 (n,), per year,
    0..RATE_PPM_MAX.  days: int64 (n,), 0..TERM_DAYS_MAX.  year_days: ACT_365 or ACT_360.
    Returns int64 (n,) fen. Bad input asserts.
    """
    _check(principal_fen, rate_ppm, days, year_days)
    return mul_div_floor(principal_fen, rate_ppm * days, PPM * year_days)


def interest_half_even(principal_fen: I64, rate_ppm: I64, days: I64, year_days: int) -> I64:
    """Simple interest on each principal, rounded half to even. Input as in interest_floor."""
    _check(principal_fen, rate_ppm, days, year_days)
    return mul_div_half_even(principal_fen, rate_ppm * days, PPM * year_days)


def effective_apr_ppm_half_even(advance_fen: I64, fee_fen: I64, days: I64) -> I64:
    """What the borrower pays per year for the cash in hand: fee / advance x 365 / days.

    advance_fen: int64 (n,), 1..AMOUNT_FEN_MAX.  fee_fen: int64 (n,), 0..AMOUNT_FEN_MAX.
    days: int64 (n,), 1..TERM_DAYS_MAX.  Returns int64 (n,) ppm, rounded half to even.
    Bad input asserts, and so does a fee above 10,000 times its advance.
    """
    assert is_column(advance_fen, 1, AMOUNT_FEN_MAX)
    assert is_column(fee_fen, 0, AMOUNT_FEN_MAX)
    assert is_column(days, 1, TERM_DAYS_MAX)
    return mul_div_half_even(fee_fen, PPM * ACT_365, advance_fen * days)


def _check(principal_fen: I64, rate_ppm: I64, days: I64, year_days: int) -> None:
    assert is_column(principal_fen, 0, AMOUNT_FEN_MAX)
    assert is_column(rate_ppm, 0, RATE_PPM_MAX)
    assert is_column(days, 0, TERM_DAYS_MAX)
    assert year_days in (ACT_365, ACT_360)
