"""Five-category asset classification, non-performing balances, cross-default.

Source: 商业银行金融资产风险分类办法 (CBIRC and PBoC, Order 2023 No. 1, in force 2023-07-01).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from system.kernels.columns import I64, Mask
from system.limits import PPM

NORMAL: Final = 1
SPECIAL_MENTION: Final = 2
SUBSTANDARD: Final = 3
DOUBTFUL: Final = 4
LOSS: Final = 5


@dataclass(frozen=True, slots=True)
class ClassPolicy:
    """Bounds of the rule; days past due above each bound fall into the worse category.

    cure_days: payment in time that a non-performing asset must show, once all arrears are paid,
    before it may be better than substandard (two repayment periods or six months, the longer).
    observation_days: that restructured assets stay at least special mention (two repayment periods
    and not less than a year); arrears in between make it start again.
    cross_default_ppm: share of a borrower's balance above which all of it is non-performing.
    """

    special_mention_dpd_days: int = 0
    substandard_dpd_days: int = 90
    doubtful_dpd_days: int = 270
    loss_dpd_days: int = 360
    cure_days: int = 182
    observation_days: int = 365
    cross_default_ppm: int = 100_000

    def __post_init__(self) -> None:
        assert 0 <= self.special_mention_dpd_days < self.substandard_dpd_days
        assert self.substandard_dpd_days < self.doubtful_dpd_days < self.loss_dpd_days
        assert min(self.cure_days, self.observation_days) > 0
        assert 0 <= self.cross_default_ppm < PPM


@dataclass(frozen=True, slots=True)
class Standing:
    """One row per line. asset_class: of the day before, 0 for none.  clean_days: since something
    was last past due.  restructured_days: since restructuring, -1 for never."""

    dpd_days: I64
    asset_class: I64
    clean_days: I64
    restructured_days: I64


def category_by_age(dpd_days: I64, policy: ClassPolicy) -> I64:
    """Category that the days past due alone give. Returns int64 (n,), NORMAL..LOSS."""
    bounds = (
        policy.special_mention_dpd_days,
        policy.substandard_dpd_days,
        policy.doubtful_dpd_days,
        policy.loss_dpd_days,
    )
    category = np.full_like(dpd_days, NORMAL)
    for bound in bounds:
        category += dpd_days > bound
    return category


def in_observation(restructured_days: I64, clean_days: I64, policy: ClassPolicy) -> Mask:
    """True while a restructured line has not yet paid in time for long enough."""
    since = np.minimum(restructured_days, clean_days)
    return (restructured_days >= 0) & (since < policy.observation_days)


def classify(standing: Standing, policy: ClassPolicy) -> I64:
    """Category of each line by itself.

    A non-performing line stays at least substandard until it has been clean for cure_days, or,
    when it was restructured, until its observation is over.
    """
    category = category_by_age(standing.dpd_days, policy)
    observed = in_observation(standing.restructured_days, standing.clean_days, policy)
    was_bad = standing.asset_class >= SUBSTANDARD
    uncured = was_bad & ((standing.clean_days < policy.cure_days) | observed)
    least = np.where(uncured, SUBSTANDARD, np.where(observed, SPECIAL_MENTION, NORMAL))
    return np.maximum(category, least)


def with_cross_default(
    asset_class: I64, balance_fen: I64, borrower: I64, policy: ClassPolicy
) -> I64:
    """Categories once each borrower's lines are seen together.

    Where more than cross_default_ppm of a borrower's balance is non-performing, all of it is.
    borrower: int64 (n,), equal for lines of one owner.  balance_fen: int64 (n,), 0..LINE_FEN_MAX.
    Returns int64 (n,).
    """
    names, group = np.unique(borrower, return_inverse=True)
    total = np.zeros(names.size, np.int64)
    bad = np.zeros(names.size, np.int64)
    np.add.at(total, group, balance_fen)
    np.add.at(bad, group, np.where(asset_class >= SUBSTANDARD, balance_fen, 0))
    spread = bad * PPM > total * policy.cross_default_ppm
    return np.where(spread[group], np.maximum(asset_class, SUBSTANDARD), asset_class)
