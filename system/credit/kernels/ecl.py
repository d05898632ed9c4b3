"""Expected credit loss by IFRS 9: three stages, PD x LGD x exposure.

Simplified: the PD within its window stands for a constant hazard, cash flows are not discounted
(lines run for months), and no macroeconomic scenarios are weighed. Integers throughout.
"""

from dataclasses import dataclass

import numpy as np

from system.kernels.columns import I64, Mask, is_column
from system.limits import LINE_FEN_MAX, PERIOD_DAYS, PPM, YEAR_DAYS


@dataclass(frozen=True, slots=True)
class LossPolicy:
    """stage2_dpd_days, stage3_dpd_days: the standard's backstops (5.5.11: more than 30 days past
    due; B5.5.37: 90).  sicr_ratio_ppm: a PD of this many times the one at grant is a significant
    increase, if it is above sicr_pd_ppm_min.  ccf_ppm: share of the undrawn limit that is drawn by
    default.  lifetime_periods: over which an amortising line is repaid when nothing new is drawn.
    pd_unscored_ppm: of lines that no model has looked at.
    """

    stage2_dpd_days: int
    stage3_dpd_days: int
    sicr_ratio_ppm: int
    sicr_pd_ppm_min: int
    ccf_ppm: int
    lgd_ppm: int
    pd_window_days: int
    lifetime_periods: int
    pd_unscored_ppm: int

    def __post_init__(self) -> None:
        assert 0 <= self.stage2_dpd_days < self.stage3_dpd_days
        assert self.sicr_ratio_ppm > PPM
        for share in (self.sicr_pd_ppm_min, self.ccf_ppm, self.lgd_ppm, self.pd_unscored_ppm):
            assert 0 <= share <= PPM
        assert 1 <= self.pd_window_days <= YEAR_DAYS
        assert 1 <= self.lifetime_periods <= 120


def stages(
    dpd_days: I64, pd_ppm: I64, pd_granted_ppm: I64, impaired: Mask, watched: Mask, p: LossPolicy
) -> I64:
    """Stage of each line: 3 impaired, 2 risk has risen significantly, 1 otherwise.

    impaired: non-performing by classification.  watched: restructured and under observation.
    Returns int64 (n,).
    """
    risen = (pd_ppm >= p.sicr_pd_ppm_min) & (pd_ppm * PPM >= pd_granted_ppm * p.sicr_ratio_ppm)
    stage = 1 + (risen | watched | (dpd_days > p.stage2_dpd_days)).astype(np.int64)
    return np.where(impaired | (dpd_days >= p.stage3_dpd_days), 3, stage)


def pd_within(pd_ppm: I64, days: int, window_days: int) -> I64:
    """PD of a longer or shorter time under the same hazard: 1 - (1 - pd) ** (days / window).

    Whole windows multiply survival, the rest of a window is taken in proportion: exact at the ends
    of windows, between them low by about pd**2 / 8. Returns int64 (n,) ppm, each product rounded to
    the nearest.
    """
    assert is_column(pd_ppm, 0, PPM)
    survival = np.full_like(pd_ppm, PPM)
    whole, rest = divmod(days, window_days)
    for _ in range(whole):
        survival = _times(survival, PPM - pd_ppm)
    return PPM - _times(survival, PPM - pd_ppm * rest // window_days)


def _times(a_ppm: I64, b_ppm: I64) -> I64:
    return (a_ppm * b_ppm + PPM // 2) // PPM


def expected_loss_ceil(
    stage: I64, pd_ppm: I64, debt_fen: I64, undrawn_fen: I64, policy: LossPolicy
) -> I64:
    """Loss to be expected: within a year in stage 1, over the line's life in stage 2, all in 3.

    stage: int64 (n,), 1..3.  pd_ppm: int64 (n,).  debt_fen, undrawn_fen: int64 (n,),
    0..LINE_FEN_MAX.  A life shorter than a year limits stage 1 as well.
    Returns int64 (n,) fen, rounded up.
    """
    assert is_column(debt_fen, 0, 2 * LINE_FEN_MAX)
    life_days = policy.lifetime_periods * PERIOD_DAYS
    year_ppm = pd_within(pd_ppm, min(YEAR_DAYS, life_days), policy.pd_window_days)
    life_ppm = pd_within(pd_ppm, life_days, policy.pd_window_days)
    chance_ppm = np.choose(stage - 1, (year_ppm, life_ppm, np.full_like(pd_ppm, PPM)))
    exposure_fen = debt_fen + undrawn_fen * policy.ccf_ppm // PPM
    return -(-exposure_fen * (chance_ppm * policy.lgd_ppm // PPM) // PPM)
