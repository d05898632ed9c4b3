"""How much of a result's variance each assumption explains: Sobol' indices of a fitted polynomial.

A sparse polynomial chaos (Blatman and Sudret 2011): Legendre polynomials to the third degree along
each axis, and products of first degrees between the strongest axes; the lasso chooses among them.
On independent uniform axes its terms share no variance, so the indices are sums of squares. They
are shares of what the polynomial explains, and that is what ``r2`` says: one minus the error of
points that neither the choice of terms nor the fit has seen, over the variance.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
DEGREES: Final = 3
PAIRED_AXES: Final = 8
FOLDS: Final = 5
ALPHAS: Final = 40
# Below this part of the penalty that leaves no term, the lasso fits noise, slowly.
PENALTY_RATIO_MIN: Final = 0.02
STEPS_MAX: Final = 20_000
RESAMPLES: Final = 100
TAIL_PERCENT: Final = 2.5
Term = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Surrogate:
    """first, total: float64 (d,), shares of the polynomial's variance; zeros if it has no term.

    low, high: percentile bootstrap bounds of ``total`` at the strength of penalty that was chosen.
    """

    r2: float
    first: F64
    total: F64
    low: F64
    high: F64


def fit_surrogate(units: F64, results: F64, luck: np.random.Generator) -> Surrogate | None:
    """units: float64 (n, d), in 0..1.  results: float64 (n,), finite.  None if all are equal."""
    scale = float(results.std())
    if scale == 0.0:
        return None
    results = (results - results.mean()) / scale
    basis, terms = _basis(units, results)
    penalty = _penalty(basis, results)
    first, total = _indices(_coefficients(basis, results, penalty), terms, units.shape[1])
    draws = []
    for _ in range(RESAMPLES):
        rows = luck.integers(0, len(results), len(results))
        found = _coefficients(basis[rows], results[rows], penalty)
        draws.append(_indices(found, terms, units.shape[1])[1])
    low, high = np.percentile(draws, (TAIL_PERCENT, 100 - TAIL_PERCENT), axis=0)
    return Surrogate(_r2(units, results), first, total, low, high)


def _basis(units: F64, results: F64) -> tuple[F64, list[Term]]:
    """Orthonormal terms as columns, float64 (n, terms), and the axes of each."""
    x = 2 * units - 1
    legendre = (x, (3 * x**2 - 1) / 2, (5 * x**3 - 3 * x) / 2)
    columns = [p * np.sqrt(2 * degree + 1) for degree, p in enumerate(legendre, 1)]
    axes = range(units.shape[1])
    terms: list[Term] = [(axis,) for _ in range(DEGREES) for axis in axes]
    strength = np.abs(columns[0].T @ results)
    strongest = sorted(np.argsort(-strength, kind="stable")[:PAIRED_AXES].tolist())
    pairs = list(combinations(strongest, 2))
    products = [(columns[0][:, i] * columns[0][:, j])[:, None] for i, j in pairs]
    return np.hstack([*columns, *products]), terms + pairs


def _penalty(basis: F64, results: F64) -> float:
    """The strength of the lasso that foretells left-out points best."""
    from sklearn.linear_model import LassoCV

    fit = LassoCV(cv=FOLDS, alphas=ALPHAS, eps=PENALTY_RATIO_MIN, max_iter=STEPS_MAX)
    fit.fit(basis, results)
    return float(fit.alpha_)


def _coefficients(basis: F64, results: F64, penalty: float) -> F64:
    from sklearn.linear_model import Lasso

    fit = Lasso(alpha=penalty, max_iter=STEPS_MAX).fit(basis, results)
    found: F64 = fit.coef_
    return found


def _indices(coefficients: F64, terms: list[Term], d: int) -> tuple[F64, F64]:
    first, total = np.zeros(d), np.zeros(d)
    for square, axes in zip(coefficients**2, terms, strict=True):
        for axis in axes:
            total[axis] += square
        if len(axes) == 1:
            first[axes[0]] += square
    variance = float((coefficients**2).sum())
    return (first / variance, total / variance) if variance else (first, total)


def _r2(units: F64, results: F64) -> float:
    """Choice and fit are repeated without each fold."""
    fold = np.arange(results.size) % FOLDS
    errors = np.zeros(results.size)
    for out in range(FOLDS):
        seen = fold != out
        basis, _ = _basis(units, np.where(seen, results, 0.0))
        mean = results[seen].mean()
        found = _coefficients(
            basis[seen], results[seen] - mean, _penalty(basis[seen], results[seen])
        )
        errors[~seen] = results[~seen] - mean - basis[~seen] @ found
    return 1.0 - float((errors**2).mean() / results.var())
