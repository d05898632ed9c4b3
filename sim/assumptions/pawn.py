"""Which assumptions move a result: PAWN, an index by distributions, from any space-filling sample.

For each axis the points are cut into slices of equal size along it; the index is the mean over
slices of the Kolmogorov-Smirnov distance between the result's distribution within the slice and
over all points (Pianosi and Wagener 2018, docs/decisions/0020). 0: the axis moves nothing.
Distances of small slices are never 0, so the index comes with the value that the largest of all
axes reaches by chance alone, from permutations of the results.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
SLICE_SIZE: Final = 16
SLICES_MAX: Final = 10
SLICES_MIN: Final = 2
POINTS_MIN: Final = 8
RESAMPLES: Final = 200
LEVEL: Final = 0.95


@dataclass(frozen=True, slots=True)
class Pawn:
    """Indices of each axis, float64 (d,), with percentile bootstrap bounds over the points.

    noise: what the largest index reaches by chance in 5 % of cases.
    """

    index: F64
    low: F64
    high: F64
    noise: float
    slices: int


def pawn(units: F64, results: F64, luck: np.random.Generator) -> Pawn:
    """units: float64 (n, d), positions on the axes.  results: float64 (n,), finite.

    luck: for the resamples.  n: at least POINTS_MIN; below 100 only the strongest rise above noise.
    """
    n = results.size
    assert n >= POINTS_MIN, f"{n} points are too few"
    slices = min(max(n // SLICE_SIZE, SLICES_MIN), SLICES_MAX)
    labels = _labels(units, slices)
    chance = [_index(labels, luck.permutation(results), slices).max() for _ in range(RESAMPLES)]
    draws = []
    for _ in range(RESAMPLES):
        rows = luck.integers(0, n, n)
        draws.append(_index(labels[rows], results[rows], slices))
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(draws, (tail, 100 - tail), axis=0)
    return Pawn(
        index=_index(labels, results, slices),
        low=low,
        high=high,
        noise=float(np.percentile(chance, 100 * LEVEL)),
        slices=slices,
    )


def _labels(units: F64, slices: int) -> I64:
    """The slice of each point along each axis: int64 (n, d)."""
    ranks = units.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    return (ranks * slices // len(units)).astype(np.int64)


def _index(labels: I64, results: F64, slices: int) -> F64:
    """Mean distance over the slices of each axis: float64 (d,)."""
    order = results.argsort(kind="stable")
    labels, sorted_results = labels[order], results[order]
    # Between equal results a distribution function has no value.
    is_last = np.append(sorted_results[1:] > sorted_results[:-1], True)
    everyone = np.arange(1, results.size + 1) / results.size
    total = np.zeros(labels.shape[1])
    found = np.zeros(labels.shape[1])
    for label in range(slices):
        inside = (labels == label).cumsum(axis=0)
        size = inside[-1]
        here = inside[is_last] / np.maximum(size, 1)
        total += np.where(size > 0, np.abs(here - everyone[is_last, None]).max(axis=0), 0.0)
        found += size > 0
    return total / np.maximum(found, 1)
