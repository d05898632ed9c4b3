"""Claims on quantiles: intervals from order statistics over replications, whatever the tails.

A replication's quantile is one value. Far quantiles are skewed and heavy-tailed over replications,
where a t interval of a few dozen values leans. So a claim on one speaks of its median over
replications, and the interval runs from the k-th smallest to the k-th largest value: its coverage
is a binomial probability, exact for every continuous distribution (David and Nagaraja, Order
Statistics, 2003, section 7.1). p-values are those of the sign test, so both always agree.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final

from scipy.special import bdtr, betaincinv, ndtri

_QUANTILE: Final = re.compile(r".*_p\d+(\..+)?")


def is_quantile(metric: str) -> bool:
    """Whether the metric is a quantile: ``…_p95``, or one of its family."""
    return _QUANTILE.fullmatch(metric) is not None


def replications_needed(alpha: float) -> int:
    """Below this many replications, no order-statistic interval has this level."""
    return math.ceil(1 - math.log2(alpha))


def median(values: Sequence[float]) -> float:
    """The middle value, or the mean of the two middle ones."""
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2.0


def median_interval(values: Sequence[float], alpha: float) -> tuple[float, float]:
    """Two-sided, of level 1 - alpha at least; without bounds where n is too small."""
    rank = _rank(len(values), alpha)
    if rank == 0:
        return -math.inf, math.inf
    ordered = sorted(values)
    return ordered[rank - 1], ordered[-rank]


def sign_p_value(values: Sequence[float], threshold: float) -> float:
    """Two-sided, for a true median at the threshold; a tie counts for both sides."""
    n = len(values)
    below, above = sum(v <= threshold for v in values), sum(v >= threshold for v in values)
    if min(below, above) == n:
        return 1.0
    return min(1.0, 2.0 * float(bdtr(min(n - below, n - above), n, 0.5)))


def detectable(values: Sequence[float], sd: float, alpha: float, power: float) -> float:
    """The distance that the sign test finds with ``power``, were the values normal with ``sd``."""
    n, rank = len(values), _rank(len(values), alpha)
    if rank == 0:
        return math.inf
    # So many of n values must lie beyond the threshold, and this is the chance that each needs.
    chance = float(betaincinv(n - rank + 1, rank, power))
    return sd * float(ndtri(chance))


def _rank(n: int, alpha: float) -> int:
    """The largest k such that the k-th smallest and largest values enclose the median."""
    rank = 0
    while 2 * (rank + 1) <= n and 2.0 * float(bdtr(rank, n, 0.5)) <= alpha:
        rank += 1
    return rank
