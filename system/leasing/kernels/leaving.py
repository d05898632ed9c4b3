"""What it costs to give a machine back."""

from dataclasses import dataclass

import numpy as np

from system.kernels.columns import I64, is_column
from system.kernels.rounding import mul_div_floor
from system.limits import LEASE_RENT_FEN_MAX, PERIOD_DAYS, PPM

_DAYS_MAX = 3_660


@dataclass(frozen=True, slots=True)
class LeaveTerms:
    """Days of the tariff's minimum rent that a lessee owes when it gives the machine back.

    early_days_max: at most so many of those that the term still has.  notice_days: at least so
    many, also after the term.
    """

    early_days_max: int
    notice_days: int

    def __post_init__(self) -> None:
        assert 0 <= self.notice_days <= self.early_days_max <= _DAYS_MAX


def leave_fee_floor(rent_fen: I64, least_ppm: I64, days_left: I64, terms: LeaveTerms) -> I64:
    """The fee for leaving, rounded down.

    rent_fen: int64 (n,), list rent of a period, 0..LEASE_RENT_FEN_MAX.  least_ppm: int64 (n,), the
    minimum's share of it.  days_left: int64 (n,), of the term; 0 or less once it is over.
    """
    assert is_column(rent_fen, 0, LEASE_RENT_FEN_MAX)
    days = np.clip(days_left, terms.notice_days, terms.early_days_max)
    return mul_div_floor(rent_fen, least_ppm * days, PPM * PERIOD_DAYS)
