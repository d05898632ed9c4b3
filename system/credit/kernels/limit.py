"""How large a line may be, and how it moves."""

from dataclasses import dataclass

import numpy as np

from system.credit.kernels.affordability import (
    AffordabilityPolicy,
    net_revenue_floor,
    serviceable_fen_floor,
    stock_fen_floor,
)
from system.kernels.columns import I64, is_column
from system.limits import LINE_FEN_MAX, PPM


@dataclass(frozen=True, slots=True)
class LimitPolicy:
    """fen_max: the policy's cap of one line, sandbox_fen_max: what the regulator's sandbox admits.

    fen_min: a smaller line is not worth granting.  step_fen: limits are multiples of it.
    pd_ppm_max: approval needs the PD's upper bound at or below it; the cap falls in proportion on
    the way there.  band_ppm: reviews leave a limit alone that is this close to its target.
    up_days_min: between two rises, and between grant and the first.  explored_fen_max: of a line
    that is given in spite of its PD.
    """

    fen_max: int
    sandbox_fen_max: int
    fen_min: int
    step_fen: int
    pd_ppm_max: int
    band_ppm: int
    up_days_min: int
    explored_fen_max: int

    def __post_init__(self) -> None:
        assert 0 < self.step_fen <= self.fen_min <= self.fen_max
        assert self.fen_min <= self.sandbox_fen_max
        # Capitalised interest may come on top of a full line.
        assert max(self.fen_max, self.sandbox_fen_max) <= LINE_FEN_MAX // 4
        assert self.fen_min <= self.explored_fen_max <= self.fen_max
        assert 0 < self.pd_ppm_max <= PPM
        assert 0 <= self.band_ppm < PPM
        assert self.up_days_min >= 0


@dataclass(frozen=True, slots=True)
class CashFlow:
    """Features of each shop, int64 (n,), MISSING where not known."""

    revenue_fen: I64  # per period
    refund_rate_ppm: I64
    stock_cover_days: I64


def limit_floor(
    pd_ppm: I64,
    rate_ppm: I64,
    flow: CashFlow,
    principal_share_ppm: int,
    policy: LimitPolicy,
    affordability: AffordabilityPolicy,
) -> I64:
    """The least of all caps, as a multiple of the step: sales, stock, debt service, PD, policy.

    pd_ppm: int64 (n,), 0..PPM.  rate_ppm: int64 (n,).  principal_share_ppm: called by one bill.
    Returns int64 (n,) fen, rounded down; 0 where it would be below fen_min.
    """
    assert is_column(pd_ppm, 0, PPM)
    net_fen = net_revenue_floor(flow.revenue_fen, flow.refund_rate_ppm)
    caps = (
        net_fen * affordability.revenue_share_ppm // PPM,
        stock_fen_floor(net_fen, flow.stock_cover_days, affordability),
        serviceable_fen_floor(net_fen, rate_ppm, principal_share_ppm, affordability),
        policy.fen_max * np.maximum(policy.pd_ppm_max - pd_ppm, 0) // policy.pd_ppm_max,
    )
    limit_fen = np.minimum.reduce(caps)
    limit_fen = np.minimum(limit_fen, min(policy.fen_max, policy.sandbox_fen_max))
    return worth_granting(limit_fen, policy)


def worth_granting(limit_fen: I64, policy: LimitPolicy) -> I64:
    """The limit as a multiple of the step, 0 where it is too small. Returns int64 (n,)."""
    stepped = limit_fen // policy.step_fen * policy.step_fen
    return np.where(stepped >= policy.fen_min, stepped, 0)


def reviewed(limit_fen: I64, target_fen: I64, up_age_days: I64, policy: LimitPolicy) -> I64:
    """Each limit after a review: down at once, up only after a while, neither within the band.

    limit_fen, target_fen: int64 (n,), 0..LINE_FEN_MAX.  up_age_days: int64 (n,), since the last
    rise or the grant.  Returns int64 (n,) fen.
    """
    band_fen = limit_fen * policy.band_ppm // PPM
    down = (target_fen < limit_fen - band_fen) | (target_fen == 0)
    up = (target_fen > limit_fen + band_fen) & (up_age_days >= policy.up_days_min)
    return np.where(down | up, target_fen, limit_fen)
