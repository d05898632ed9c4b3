"""What a bank offers for a lot: yearly rate, discount, holdback and advance.

The holdback is kept until the debtor has paid; the discount is interest on the rest, taken in
advance, so the yearly cost of the cash in hand (the effective APR) is above the quoted rate.
"""

from dataclasses import dataclass

import numpy as np

from system.kernels.columns import I64, Mask, is_column
from system.kernels.interest import ACT_365, effective_apr_ppm_half_even, interest_half_even
from system.kernels.rounding import mul_div_ceil, mul_div_half_even
from system.limits import AMOUNT_FEN_MAX, PPM, TERM_DAYS_MAX, TIER_MAX

# With these, the discount of a full term stays below the financed part, so some cash is left.
RATE_PPM_QUOTED_MAX = 500_000
HOLDBACK_PPM_MAX = 500_000
# Below one yuan, rounding would rule the price.
VALUE_FEN_PRICED_MIN = 100


@dataclass(frozen=True, slots=True)
class PricingPolicy:
    """One bank's price list. All rates per year in ppm."""

    funding_rate_ppm: int
    operating_margin_ppm: int
    lgd_ppm: int  # share of the exposure that is lost when the debtor fails
    recourse_relief_ppm: int  # share of the risk margin that recourse to the supplier takes away
    tenor_margin_ppm_per_30_days: int  # for each started 30 days beyond tenor_free_days
    tenor_free_days: int
    tier_margin_ppm: int  # for each tier below the first
    rate_floor_ppm: int
    rate_cap_ppm: int
    holdback_ppm: int  # share of the lot's value

    def __post_init__(self) -> None:
        assert 0 <= self.rate_floor_ppm <= self.rate_cap_ppm <= RATE_PPM_QUOTED_MAX
        assert 0 <= self.holdback_ppm <= HOLDBACK_PPM_MAX
        assert 0 <= self.lgd_ppm <= PPM
        assert 0 <= self.recourse_relief_ppm <= PPM


@dataclass(frozen=True, slots=True)
class Prices:
    """One row per lot, int64 (n,). advance + discount + holdback == value."""

    rate_ppm: I64
    advance_fen: I64
    discount_fen: I64
    holdback_fen: I64
    apr_ppm: I64


def price(
    policy: PricingPolicy, value_fen: I64, pd_ppm: I64, days: I64, recourse: Mask, tier: I64
) -> Prices:
    """Price each lot.

    value_fen: int64 (n,), VALUE_FEN_PRICED_MIN..AMOUNT_FEN_MAX.  pd_ppm: int64 (n,), the
    debtor's yearly default probability, 0..PPM.  days: int64 (n,), from payout to due date,
    1..TERM_DAYS_MAX.  recourse: bool (n,).  tier: int64 (n,), 1..TIER_MAX.
    Holdback rounds up, discount half to even, the advance is what remains. Bad input asserts.
    """
    assert is_column(value_fen, VALUE_FEN_PRICED_MIN, AMOUNT_FEN_MAX)
    rate_ppm = yearly_rate_ppm(policy, pd_ppm, days, recourse, tier)
    holdback_fen = mul_div_ceil(value_fen, policy.holdback_ppm, PPM)
    financed_fen = value_fen - holdback_fen
    discount_fen = interest_half_even(financed_fen, rate_ppm, days, ACT_365)
    advance_fen = financed_fen - discount_fen
    apr_ppm = effective_apr_ppm_half_even(advance_fen, discount_fen, days)
    return Prices(rate_ppm, advance_fen, discount_fen, holdback_fen, apr_ppm)


def yearly_rate_ppm(
    policy: PricingPolicy, pd_ppm: I64, days: I64, recourse: Mask, tier: I64
) -> I64:
    """The quoted yearly rate, within the policy's floor and cap. Input as in price."""
    assert is_column(pd_ppm, 0, PPM)
    assert is_column(days, 1, TERM_DAYS_MAX)
    assert is_column(tier, 1, TIER_MAX)
    risk_ppm = mul_div_half_even(pd_ppm, policy.lgd_ppm, PPM)
    borne_ppm = mul_div_half_even(risk_ppm, PPM - policy.recourse_relief_ppm, PPM)
    periods = np.maximum(days - policy.tenor_free_days + 29, 0) // 30
    rate_ppm: I64 = (
        policy.funding_rate_ppm
        + policy.operating_margin_ppm
        + np.where(recourse, borne_ppm, risk_ppm)
        + policy.tenor_margin_ppm_per_30_days * periods
        + policy.tier_margin_ppm * (tier - 1)
    )
    return rate_ppm.clip(policy.rate_floor_ppm, policy.rate_cap_ppm)
