"""How well a ranking and its probabilities fit what happened: counts in integers, divided once.

risk: int64 (n,), higher is riskier.  bad: bool (n,).  pd_ppm: int64 (n,), 0..1,000,000.
Every measure is None where it is not defined (nobody, or only one kind).
"""

import math

import numpy as np
from numpy.typing import NDArray

from sim.metrics.base import ratio
from system.limits import PPM

I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]

CALIBRATION_GROUPS = 10
# Machines differ in the last bit of a logarithm; a PSI is read to two digits.
_PSI_DIGITS = 9


def _counts(risk: I64, bad: Mask) -> tuple[I64, I64]:
    """Bad and good merchants at each distinct risk, from low to high."""
    _, place = np.unique(risk, return_inverse=True)
    groups = int(place.max()) + 1 if place.size else 0
    bads = np.bincount(place[bad], minlength=groups).astype(np.int64)
    goods = np.bincount(place[~bad], minlength=groups).astype(np.int64)
    return bads, goods


def auc(risk: I64, bad: Mask) -> float | None:
    """Chance that a bad merchant ranks as riskier than a good one; ties count half."""
    bads, goods = _counts(risk, bad)
    below = np.cumsum(goods) - goods
    doubled = int((bads * (2 * below + goods)).sum())
    return ratio(doubled, 2 * int(bads.sum()) * int(goods.sum()))


def ks(risk: I64, bad: Mask) -> float | None:
    """Largest distance between the two cumulative distributions."""
    bads, goods = _counts(risk, bad)
    bad_n, good_n = int(bads.sum()), int(goods.sum())
    if not bad_n or not good_n:
        return None
    apart = np.abs(np.cumsum(bads) * good_n - np.cumsum(goods) * bad_n)
    return ratio(int(apart.max()), bad_n * good_n)


def brier(pd_ppm: I64, bad: Mask) -> float | None:
    """Mean squared difference of probability and outcome."""
    apart = pd_ppm - PPM * bad.astype(np.int64)
    return ratio(int((apart * apart).sum()), bad.size * PPM * PPM)


def calibration_error(pd_ppm: I64, bad: Mask) -> float | None:
    """Mean over merchants of |mean PD - bad rate| of their tenth, by PD (ECE10)."""
    apart_ppm = sum(abs(int(pd_ppm[p].sum()) - PPM * int(bad[p].sum())) for p in tenths(pd_ppm))
    return ratio(apart_ppm, bad.size * PPM)


def tenths(pd_ppm: I64) -> list[I64]:
    """Rows in ten groups of equal size, give or take one, from the lowest PD to the highest."""
    order = np.argsort(pd_ppm, kind="stable")
    return np.array_split(order, CALIBRATION_GROUPS)


def psi(reference: I64, current: I64) -> float | None:
    """Stability of a score over the tenths of its reference; empty tenths count half a merchant."""
    if not reference.size or not current.size:
        return None
    ordered = np.sort(reference)
    cuts = np.unique(ordered[[ordered.size * k // 10 for k in range(1, 10)]])
    shares = [_tenths(values, cuts) for values in (reference, current)]
    total = sum((b - a) * math.log(b / a) for a, b in zip(*shares, strict=True))
    return float(round(total, _PSI_DIGITS))


def _tenths(values: I64, cuts: I64) -> list[float]:
    counts = np.bincount(np.searchsorted(cuts, values, side="right"), minlength=cuts.size + 1)
    return [max(float(count), 0.5) / values.size for count in counts]


def approved_at_bad_rate(risk: I64, bad: Mask, bad_part: int, bad_whole: int) -> int:
    """Merchants below the loosest cut-off whose bad share is at most bad_part / bad_whole.

    Equal risks are let in together. 0 where even the best ranked are too many.
    """
    bads, goods = _counts(risk, bad)
    bad_sum, all_sum = np.cumsum(bads), np.cumsum(bads + goods)
    fitting = np.flatnonzero(bad_sum * bad_whole <= all_sum * bad_part)
    return int(all_sum[fitting[-1]]) if fitting.size else 0
