"""What a merchant can carry, from what its shop earns."""

from dataclasses import dataclass

import numpy as np

from system.kernels.columns import I64, MISSING
from system.limits import PERIOD_DAYS, PPM, YEAR_DAYS


@dataclass(frozen=True, slots=True)
class AffordabilityPolicy:
    """margin_ppm: what a fen of net sales leaves after goods and running costs; assumed, since no
    feed tells costs.  service_share_ppm: of that, the most that bills may take.
    revenue_share_ppm: of a period's net sales, the most to lend.  stock_cycle_days: sales that a
    line may finance beyond the stock in hand.
    """

    margin_ppm: int
    service_share_ppm: int
    revenue_share_ppm: int
    stock_cycle_days: int

    def __post_init__(self) -> None:
        assert 0 < self.margin_ppm <= PPM
        assert 0 < self.service_share_ppm <= PPM
        assert 0 < self.revenue_share_ppm <= 12 * PPM
        assert 0 < self.stock_cycle_days <= YEAR_DAYS


def net_revenue_floor(revenue_fen: I64, refund_rate_ppm: I64) -> I64:
    """Sales of one period less refunds; nothing known counts as no sales and no refunds.

    revenue_fen: int64 (n,), MISSING or 0..10**15.  refund_rate_ppm: int64 (n,), MISSING or 0..PPM.
    Returns int64 (n,) fen, rounded down.
    """
    sales = np.where(revenue_fen == MISSING, 0, np.clip(revenue_fen, 0, 10**12))
    refunds = np.where(refund_rate_ppm == MISSING, 0, np.clip(refund_rate_ppm, 0, PPM))
    net_fen: I64 = sales * (PPM - refunds) // PPM
    return net_fen


def serviceable_fen_floor(
    net_fen: I64, rate_ppm: I64, principal_share_ppm: int, policy: AffordabilityPolicy
) -> I64:
    """The debt whose first bill the shop's margin covers.

    net_fen: int64 (n,), a period's net sales.  rate_ppm: int64 (n,), per year.
    principal_share_ppm: of the debt, called by one bill.  Returns int64 (n,) fen, rounded down.
    """
    budget_fen = net_fen * policy.margin_ppm // PPM * policy.service_share_ppm // PPM
    burden_ppm = principal_share_ppm + -(-rate_ppm * PERIOD_DAYS // YEAR_DAYS)
    return budget_fen * PPM // burden_ppm


def stock_fen_floor(net_fen: I64, stock_cover_days: I64, policy: AffordabilityPolicy) -> I64:
    """Sales of the days that the stock covers and of one purchasing cycle more.

    stock_cover_days: int64 (n,), MISSING where the shop reports no stock: one cycle then.
    Returns int64 (n,) fen, rounded down.
    """
    cover = np.where(stock_cover_days == MISSING, 0, np.clip(stock_cover_days, 0, YEAR_DAYS))
    worth_fen: I64 = net_fen * (cover + policy.stock_cycle_days) // PERIOD_DAYS
    return worth_fen
