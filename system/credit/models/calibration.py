"""Risk to probability, by rows that the model was not fitted on (Venn-Abers, isotonic inside).

Source: Vovk, Petej and Fedorova, Large-scale probabilistic predictors with and without guarantees
of validity, NeurIPS 2015.
"""

import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np

from system.credit.models.contract import F64, Prediction
from system.credit.models.folds import splits
from system.kernels.columns import I64, Mask

# Knots of a map over a continuous risk: each holds a thousandth of the calibration rows.
KNOTS_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class PdCurve:
    """Never falls with risk: linear between knots, constant beyond them. All float64 (k,)."""

    risk: F64
    pd: F64
    low: F64
    high: F64

    def predict(self, risk: F64) -> Prediction:
        """PD and its interval of each row. risk: float64 (n,)."""
        pd, low, high = (np.interp(risk, self.risk, y) for y in (self.pd, self.low, self.high))
        return Prediction(risk, pd, low, high)


def fit_curve(risk: F64, bad: Mask, at: F64 | None = None) -> PdCurve:
    """The curve from out-of-fold risks.

    risk: float64 (n,), of rows that the model that ranked them was not fitted on.  bad: bool (n,).
    at: knots, ascending; by default quantiles of the risks.
    """
    from venn_abers import VennAbers

    knots = _quantiles(risk) if at is None else at
    # The library wants probabilities; any rising map of the risk leaves the result as it is.
    lowest, span = float(risk.min()), max(float(np.ptp(risk)), 1e-12)
    shares = np.clip((knots - lowest) / span, 0, 1)
    calibrator = VennAbers()
    with warnings.catch_warnings():
        # It looks for the smallest slope also where there is none.
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        calibrator.fit(_two_columns((risk - lowest) / span), bad.astype(np.int64))
        merged, pair = calibrator.predict_proba(_two_columns(shares))
    low, pd, high = (np.maximum.accumulate(x) for x in (pair[:, 0], merged[:, 1], pair[:, 1]))
    return PdCurve(knots, np.clip(pd, low, high), low, high)


def cross_fitted(risk: F64, bad: Mask, folds: I64) -> Prediction:
    """Each row's PD by a curve from the other folds. risk: float64 (n,), out of fold itself."""
    columns = np.empty((3, risk.size))
    for rest, held_out in splits(folds):
        found = fit_curve(risk[rest], bad[rest]).predict(risk[held_out])
        columns[:, held_out] = found.pd, found.low, found.high
    return Prediction(risk, *columns)


def _quantiles(risk: F64) -> F64:
    distinct = np.unique(risk)
    if distinct.size <= KNOTS_MAX:
        return distinct
    found: F64 = np.unique(np.quantile(risk, np.linspace(0, 1, KNOTS_MAX)))
    return found


def _two_columns(share: F64) -> F64:
    return np.column_stack([1 - share, share])
