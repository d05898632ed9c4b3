"""One price list for both arms: what differs is whose risk the bank takes, and the handling."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sim.receivables.parameters import Parameters
from system.chain.kernels.pricing import (
    RATE_PPM_QUOTED_MAX,
    VALUE_FEN_PRICED_MIN,
    PricingPolicy,
    price,
)
from system.limits import AMOUNT_FEN_MAX, TERM_DAYS_MAX

# A treasurer asks for a rate, not for an amount: on this sum, rounding does not show.
_NOTIONAL_FEN = 100_000_000


def pricing_policy(p: Parameters) -> PricingPolicy:
    """The banks' price list, from the scenario's parameters."""
    return PricingPolicy(
        funding_rate_ppm=p.funding_rate_ppm,
        operating_margin_ppm=p.operating_margin_ppm,
        lgd_ppm=p.lgd_ppm,
        recourse_relief_ppm=p.recourse_relief_ppm,
        tenor_margin_ppm_per_30_days=p.tenor_margin_ppm,
        tenor_free_days=p.tenor_free_days,
        tier_margin_ppm=p.tier_margin_ppm,
        rate_floor_ppm=0,
        rate_cap_ppm=RATE_PPM_QUOTED_MAX,
        holdback_ppm=p.holdback_ppm,
    )


@dataclass(frozen=True, slots=True)
class Offered:
    """What one ticket brings and costs. apr_ppm: discount over advance per year."""

    advance_fen: int
    discount_fen: int
    holdback_fen: int
    apr_ppm: int


def offered(
    policy: PricingPolicy, value_fen: int, pd_ppm: int, days: int, recourse: bool, tier: int
) -> Offered:
    """The bank's price for one claim. value_fen and days are brought within the kernel's bounds."""
    prices = price(
        policy,
        np.array([max(VALUE_FEN_PRICED_MIN, min(value_fen, AMOUNT_FEN_MAX))], np.int64),
        np.array([pd_ppm], np.int64),
        np.array([max(1, min(days, TERM_DAYS_MAX))], np.int64),
        np.array([recourse]),
        np.array([tier], np.int64),
    )
    columns = (prices.advance_fen, prices.discount_fen, prices.holdback_fen, prices.apr_ppm)
    return Offered(*(int(column[0]) for column in columns))


@lru_cache(maxsize=4096)
def expected_apr_ppm(
    policy: PricingPolicy, pd_ppm: int, days: int, recourse: bool, tier: int
) -> int:
    """The yearly cost that a supplier may expect, before fees."""
    return offered(policy, _NOTIONAL_FEN, pd_ppm, days, recourse, tier).apr_ppm
