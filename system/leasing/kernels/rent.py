"""What machine hours cost: rent that follows use, between a minimum and a cap, and over-use.

Rent is counted in shares of the month's list rent (a month: a period of 30 days). An hour's norm
is that rent over 160 hours, the trade's single-shift month; tiers price hours in parts of the norm,
each tier cheaper than the one before. So a month with more hours never costs less, no further hour
is dearer than the one before it, and the price per hour falls with use. Fixed rent is the tariff
whose minimum and cap are the same.

Source of the norm (8/40/160 h) and of minimum, overage and season: leasing terms of Sennebogen and
Euroleasing; the tiers of a scenario are its own.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from system.kernels.columns import I64, is_column
from system.kernels.rounding import mul_div_floor, mul_div_half_even
from system.limits import DAY_S, LEASE_RENT_FEN_MAX, LEASE_RENTS_A_BILL_MAX, PERIOD_DAYS, PPM

NORM_S: Final = 160 * 3_600
PERIOD_S: Final = PERIOD_DAYS * DAY_S
MONTHS: Final = 12
TIERS_MAX: Final = 8
# One list rent, in the units in which shares are counted.
_WHOLE: Final = PERIOD_DAYS * NORM_S * PPM


@dataclass(frozen=True, slots=True)
class Tariff:
    """How a lease counts; shares in ppm.

    edges_s: engine seconds of a full period at which each tier begins, the first at 0.
    prices_ppm: of the hour's norm, by tier, never rising.  least_ppm, most_ppm: of the list rent,
    the month's minimum and cap.  seasons_ppm: of the list rent, by calendar month, January first.
    renewal_ppm: of the list rent, once the first term is over.  overuse_ppm: of the hour's norm,
    for each hour above what the contract gives.
    """

    edges_s: tuple[int, ...]
    prices_ppm: tuple[int, ...]
    least_ppm: int
    most_ppm: int
    seasons_ppm: tuple[int, ...] = (PPM,) * MONTHS
    renewal_ppm: int = PPM
    overuse_ppm: int = 0

    def __post_init__(self) -> None:
        assert 1 <= len(self.edges_s) == len(self.prices_ppm) <= TIERS_MAX
        assert self.edges_s[0] == 0, "the first tier begins at no hours"
        assert self.edges_s == tuple(sorted({*self.edges_s})), "edges must rise"
        assert self.edges_s[-1] <= PERIOD_S
        falling = tuple(sorted(self.prices_ppm, reverse=True))
        assert self.prices_ppm == falling, "a tier is dearer than the one before"
        assert 0 <= falling[-1] <= falling[0] <= 2 * PPM
        assert 0 <= self.least_ppm <= self.most_ppm
        assert len(self.seasons_ppm) == MONTHS
        assert min(self.seasons_ppm) >= 0
        assert 0 <= self.renewal_ppm <= PPM
        assert self.overuse_ppm >= 0
        most = self.most_ppm * max(self.seasons_ppm) // PPM
        most += self.overuse_ppm * PERIOD_S // NORM_S
        assert most <= LEASE_RENTS_A_BILL_MAX * PPM, "one bill may cost too many rents"


FIXED: Final = Tariff((0,), (0,), PPM, PPM)


@dataclass(frozen=True, slots=True)
class Month:
    """One bill's terms and use, int64 (n,) each.

    rent_fen: list rent of a full period, 0..LEASE_RENT_FEN_MAX.  engine_s: billed,
    0..PERIOD_S.  days: of the period that the lease ran, 1..PERIOD_DAYS.  month: calendar month,
    0..11.  renewed: 1 once the first term is over.  engine_s_max: that a full period gives, 0 for
    no bound.
    """

    rent_fen: I64
    engine_s: I64
    days: I64
    month: I64
    renewed: I64
    engine_s_max: I64

    def __post_init__(self) -> None:
        assert is_column(self.rent_fen, 0, LEASE_RENT_FEN_MAX)
        assert is_column(self.engine_s, 0, PERIOD_S)
        assert is_column(self.days, 1, PERIOD_DAYS)
        assert is_column(self.month, 0, MONTHS - 1)
        assert is_column(self.engine_s_max, 0, PERIOD_S)


def metered_raw(tariff: Tariff, engine_s: I64, days: I64) -> I64:
    """The tiers' price of the hours, before minimum and cap, exact.

    In a part of a period every tier is as much shorter.  Returns int64 (n,), in 1 / (PERIOD_DAYS
    x NORM_S x PPM) list rents.
    """
    scaled_s = engine_s * PERIOD_DAYS
    raw = np.zeros_like(engine_s)
    ends = (*tariff.edges_s[1:], PERIOD_S * PERIOD_DAYS)
    for start_s, end_s, price_ppm in zip(tariff.edges_s, ends, tariff.prices_ppm, strict=True):
        in_tier = np.clip(scaled_s - start_s * days, 0, (end_s - start_s) * days)
        raw += in_tier * price_ppm
    return raw


def rent_half_even(tariff: Tariff, month: Month) -> I64:
    """Rent of each bill: the metered hours, at least the minimum, at most the cap; in fen."""
    raw = metered_raw(tariff, month.engine_s, month.days)
    a_day = month.days * NORM_S
    share = np.clip(raw, a_day * tariff.least_ppm, a_day * tariff.most_ppm)
    seasons_ppm = np.array(tariff.seasons_ppm, np.int64)[month.month]
    factor_ppm = np.where(month.renewed > 0, tariff.renewal_ppm, PPM)
    list_fen = mul_div_half_even(month.rent_fen, seasons_ppm * factor_ppm, PPM * PPM)
    return mul_div_half_even(list_fen, share, _WHOLE)


def overuse_floor(tariff: Tariff, month: Month) -> I64:
    """What hours above the contract's cost beside the rent: wear, not use. Fen, rounded down."""
    given_s = month.engine_s_max * month.days // PERIOD_DAYS
    over_s = np.where(month.engine_s_max > 0, np.maximum(month.engine_s - given_s, 0), 0)
    return mul_div_floor(month.rent_fen, over_s * tariff.overuse_ppm, NORM_S * PPM)


def bill_fen(tariff: Tariff, month: Month) -> I64:
    """Rent and over-use together: one invoice. Returns int64 (n,) fen."""
    return rent_half_even(tariff, month) + overuse_floor(tariff, month)
