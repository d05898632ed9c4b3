"""How good a model is. Accuracy is not among them: "nobody fails" has 97 % of it.

All on rows that the model has not seen.
"""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from system.credit.models.contract import F64, Prediction
from system.kernels.columns import I64, Mask

CALIBRATION_BINS: Final = 10
# Of one unit lent: what a good loan earns, and what a bad one loses. Margin: assumed, the middle of
# Amazon's 6 to 17 % a year. Loss: charge-offs over disbursements in the SBA case file.
MARGIN_SHARE: Final = 0.10
LOSS_SHARE: Final = 0.55
_PD_EDGE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Measures:
    """auc, ks: of the risk order.  brier, log_loss, calibration_error: of the PD.

    profit: per applicant and unit lent, when all with a PD at or below break-even get one unit.
    """

    auc: float
    ks: float
    brier: float
    log_loss: float
    calibration_error: float
    profit: float


MEASURES: Final = tuple(field.name for field in fields(Measures))


def measured(prediction: Prediction, bad: Mask) -> Measures:
    """All measures of some rows. bad: bool (n,), both classes present."""
    pd = prediction.pd
    sure = np.clip(pd, _PD_EDGE, 1 - _PD_EDGE)
    return Measures(
        auc(prediction.risk, bad),
        ks(prediction.risk, bad),
        float(np.mean((pd - bad) ** 2)),
        float(-np.mean(np.where(bad, np.log(sure), np.log1p(-sure)))),
        calibration_error(pd, bad),
        profit(pd, bad),
    )


def auc(risk: F64, bad: Mask, weight: F64 | None = None) -> float:
    """The chance that a bad row has more risk than a good one, ties counting half.

    weight: float64 (n,), above 0; all alike where None.
    """
    goods, bads = _weights_by_risk(risk, bad, weight)
    below = goods.cumsum() - goods
    return float(bads @ (below + goods / 2) / (bads.sum() * goods.sum()))


def ks(risk: F64, bad: Mask) -> float:
    """Kolmogorov and Smirnov: the greatest gap between the shares of bads and goods passed."""
    goods, bads = _weights_by_risk(risk, bad, None)
    gap = goods.cumsum() / goods.sum() - bads.cumsum() / bads.sum()
    return float(np.abs(gap).max())


def _weights_by_risk(risk: F64, bad: Mask, weight: F64 | None) -> tuple[F64, F64]:
    """Weight of good and of bad rows at each distinct risk, ascending."""
    assert bad.any(), "no bad row to tell from good ones"
    assert not bad.all(), "no good row to tell from bad ones"
    each: F64 = np.ones(risk.size) if weight is None else weight
    _, level = np.unique(risk, return_inverse=True)
    goods = np.bincount(level, each * ~bad).astype(np.float64)
    return goods, np.bincount(level, each * bad).astype(np.float64)


def calibration_error(pd: F64, bad: Mask) -> float:
    """Mean gap between the mean PD and the bad share over ten bins of about equal rows (ECE10).

    Rows are sorted by PD; rows of equal PD always share a bin, so bins may differ in size. Weighted
    by rows.
    """
    bins = _bins(pd)
    foretold = np.bincount(bins, pd, CALIBRATION_BINS)
    found = np.bincount(bins, bad, CALIBRATION_BINS)
    return float(np.abs(foretold - found).sum() / pd.size)


def calibration_by_chance(pd: F64) -> float:
    """What calibration_error is on average where every PD is right: each bin's normal noise."""
    variance = np.bincount(_bins(pd), pd * (1 - pd), CALIBRATION_BINS)
    return float(np.sqrt(2 / np.pi * variance).sum() / pd.size)


def _bins(pd: F64) -> I64:
    cuts = np.quantile(pd, np.arange(1, CALIBRATION_BINS) / CALIBRATION_BINS, method="lower")
    return np.searchsorted(cuts, pd, side="left")


def profit(pd: F64, bad: Mask) -> float:
    """Per applicant, when one unit is lent to all whose PD is at or below break-even."""
    approved = pd <= MARGIN_SHARE / (MARGIN_SHARE + LOSS_SHARE)
    return float(np.where(bad, -LOSS_SHARE, MARGIN_SHARE)[approved].sum() / pd.size)
