"""Price by risk: what the money, the work and the expected loss cost, and a margin."""

from dataclasses import dataclass

import numpy as np

from system.kernels.columns import I64, is_column
from system.limits import PPM, YEAR_DAYS


@dataclass(frozen=True, slots=True)
class PricePolicy:
    """Rates per year in ppm. pd_window_days: what the PD is a probability within.

    cap_ppm: the contract rate's own cap. With the penalty on overdue amounts the whole cost stays
    within ``BillingPolicy.cost_cap_ppm``, 24 %: above that, courts cut the claims of financial
    institutions (Supreme People's Court, 法发〔2017〕22号, item 2). The cap of four times the
    one-year LPR binds private lending only, not licensed institutions (法释〔2020〕27号).
    """

    funding_ppm: int
    operating_ppm: int
    margin_ppm: int
    lgd_ppm: int
    pd_window_days: int
    floor_ppm: int
    cap_ppm: int

    def __post_init__(self) -> None:
        parts = (self.funding_ppm, self.operating_ppm, self.margin_ppm)
        assert all(0 <= part <= PPM for part in parts)
        assert 0 <= self.lgd_ppm <= PPM
        assert 1 <= self.pd_window_days <= YEAR_DAYS
        assert 0 < self.floor_ppm <= self.cap_ppm <= PPM


def risk_price_ceil(pd_ppm: I64, policy: PricePolicy) -> I64:
    """Yearly rate that covers funding, operation, expected loss and margin, at least the floor.

    pd_ppm: int64 (n,), 0..PPM, within the policy's window; a year's loss is taken in proportion.
    Returns int64 (n,) ppm, rounded up; it may lie above the cap, and then no line should be given.
    Bad input asserts.
    """
    assert is_column(pd_ppm, 0, PPM)
    loss_ppm = -(-pd_ppm * policy.lgd_ppm * YEAR_DAYS // (PPM * policy.pd_window_days))
    cost_ppm = loss_ppm + (policy.funding_ppm + policy.operating_ppm + policy.margin_ppm)
    return np.maximum(cost_ppm, policy.floor_ppm)
