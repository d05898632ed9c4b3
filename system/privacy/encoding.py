"""A party's columns as quantile steps, whitened, without any look at the target.

The platform has no target, so it cannot compute weights of evidence; steps at quantiles let a
linear model bend as a scorecard does. Whitening is done on plain local data and makes the joint
problem well conditioned, so that few secret gradient steps are enough (docs/PRIVACY.md).
"""

from dataclasses import dataclass

import numpy as np

from system.errors import InputError
from system.privacy.records import F64

STEPS = 9
# Added to each variance: rare steps are shrunk rather than blown up.
RIDGE = 0.01


@dataclass(frozen=True, slots=True)
class Encoding:
    """How to turn raw values into centred steps; fields as in HalfModel."""

    names: tuple[str, ...]
    knots: tuple[tuple[float, ...], ...]
    missing: tuple[bool, ...]
    means: tuple[float, ...]

    def centred(self, values: F64) -> F64:
        """Steps less their means, float64 (n, s). A missing value has average steps: zeros."""
        centred: F64 = steps(values, self.knots, self.missing) - np.asarray(self.means)
        return np.nan_to_num(centred)


def fit_encoding(names: tuple[str, ...], values: F64) -> Encoding:
    """Knots at the deciles of each column. values: float64 (n, d), NaN = missing.

    Raises InputError when no column varies.
    """
    knots = tuple(_knots(column) for column in values.T)
    missing = tuple(bool(np.isnan(column).any()) for column in values.T)
    table = steps(values, knots, missing)
    if table.shape[1] == 0:
        raise InputError("columns", names, "give at least one column that varies")
    means = tuple(float(mean) for mean in np.nanmean(table, axis=0))
    return Encoding(names, knots, missing, means)


def steps(values: F64, knots: tuple[tuple[float, ...], ...], missing: tuple[bool, ...]) -> F64:
    """1 where the value has reached the knot, 0 where not, NaN where it is missing: (n, s)."""
    columns = [np.empty((len(values), 0))]
    for column, own, has_missing in zip(values.T, knots, missing, strict=True):
        absent = np.isnan(column)
        reached = (column[:, None] >= np.asarray(own)[None, :]).astype(np.float64)
        reached[absent] = np.nan
        columns.append(reached)
        if has_missing:
            columns.append(absent[:, None].astype(np.float64))
    return np.hstack(columns)


def whitener(centred: F64) -> F64:
    """The symmetric (s, s) matrix whose product with the steps has unit covariance or less."""
    covariance = centred.T @ centred / len(centred)
    variances, axes = np.linalg.eigh(covariance)
    whitening: F64 = (axes / np.sqrt(np.maximum(variances, 0.0) + RIDGE)) @ axes.T
    return whitening


def _knots(column: F64) -> tuple[float, ...]:
    present = column[~np.isnan(column)]
    if len(present) == 0:
        return ()
    cuts = np.unique(np.quantile(present, np.arange(1, STEPS + 1) / (STEPS + 1), method="lower"))
    return tuple(float(cut) for cut in cuts if cut > present.min())
