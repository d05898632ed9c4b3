"""How late a late invoice is: whole days from 1 on, by one of three families.

The simulation draws the gamma family, so that is the one whose figures are fitted for it; the
others are there to be compared with.

The continuous families are rounded to the nearest day, and up to one day, exactly as the
simulation draws them. All are written by mean and coefficient of variation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betainc, gammainc, gammaincc, ndtr

from sim.receivables.bounds import BOUNDS

F64 = NDArray[np.float64]
_PROBABILITY_MIN = 1e-12
_CV_BOUNDS = BOUNDS["late_days_cv"]
_MEAN_BOUNDS = BOUNDS["late_days_mean_days"]


@dataclass(frozen=True, slots=True)
class LateDays:
    """A fitted family. mean_days and cv are those of the family before rounding."""

    family: str
    mean_days: float
    cv: float

    def cdf(self, days_max: int) -> F64:
        """Probability of at most 1, 2, ..., days_max days: float64 (days_max,)."""
        return _CDF[self.family](np.arange(1, days_max + 1), self.mean_days, self.cv)

    def log_score(self, counts: F64) -> float:
        """Mean log probability of the observed days; counts[i] invoices were i + 1 days late."""
        return _log_likelihood(self, counts) / float(counts.sum())


def _gamma_cdf(days: NDArray[np.int64], mean: float, cv: float) -> F64:
    shape = cv**-2
    return np.asarray(gammainc(shape, (days + 0.5) * shape / mean))


def _lognormal_cdf(days: NDArray[np.int64], mean: float, cv: float) -> F64:
    variance = np.log1p(cv**2)
    above = np.log((days + 0.5) / mean) + variance / 2
    return np.asarray(ndtr(above / np.sqrt(variance)))


def _negative_binomial_cdf(days: NDArray[np.int64], mean: float, cv: float) -> F64:
    # Counted from the first late day. A variance at or below the mean has no such law: Poisson.
    rest, variance = max(mean - 1, 1e-6), (mean * cv) ** 2
    if variance <= rest * (1 + 1e-6):
        return np.asarray(gammaincc(days, rest))
    return np.asarray(betainc(rest**2 / (variance - rest), days, rest / variance))


_CDF: Final[dict[str, Callable[[NDArray[np.int64], float, float], F64]]] = {
    "gamma": _gamma_cdf,
    "lognormal": _lognormal_cdf,
    "negative_binomial": _negative_binomial_cdf,
}
FAMILIES: Final = tuple(_CDF)
SIMULATED: Final = "gamma"


def fit_late_days(family: str, counts: F64) -> LateDays:
    """Maximum likelihood. counts: float64 (d,), invoices that were 1, 2, ..., d days late."""
    days = np.arange(1, counts.size + 1)
    mean = float(counts @ days / counts.sum())
    spread = float(np.sqrt(counts @ (days - mean) ** 2 / counts.sum())) / mean

    def law(point: F64) -> LateDays:
        mean_days = float(np.clip(np.exp(point[0]), *_MEAN_BOUNDS))
        return LateDays(family, mean_days, float(np.clip(np.exp(point[1]), *_CV_BOUNDS)))

    first = np.log([mean, np.clip(spread, 0.1, 5.0)])
    found = minimize(
        lambda point: -_log_likelihood(law(point), counts),
        first,
        method="Nelder-Mead",
        options={"xatol": 1e-3, "fatol": 1e-4, "maxiter": 200},
    )
    return law(found.x)


def _log_likelihood(law: LateDays, counts: F64) -> float:
    probability = np.diff(law.cdf(counts.size), prepend=0.0)
    return float(counts @ np.log(np.maximum(probability, _PROBABILITY_MIN)))
