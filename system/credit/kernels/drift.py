"""How far a population has moved, and whether what was promised came true. From counts alone.

Counts are whole numbers and add up over days and chunks; only the last step is in floating point,
and its result is rounded to ppm.
"""

import numpy as np
from numpy.typing import NDArray

from system.kernels.columns import I64, Mask
from system.limits import PPM

# Added to each bin's count, so that an empty bin has a finite logarithm. Half a row (Jeffreys)
# moves a thousand rows in ten bins by less than 0.001.
SMOOTHING_ROWS = 0.5


def count_bins(bins: I64 | NDArray[np.uint8], bins_count: int) -> I64:
    """Rows in each bin. bins: int64 or uint8 (n,), 0..bins_count - 1. Returns (bins_count,)."""
    counts: I64 = np.bincount(bins, minlength=bins_count).astype(np.int64)
    assert counts.size == bins_count, "a bin beyond the last"
    return counts


def psi_ppm(reference: I64, current: I64) -> int:
    """Population stability index of two histograms over the same bins, in ppm (100,000 is 0.1).

    reference, current: int64 (bins,), counts of 0 or more, at least one row each. Each bin gets
    SMOOTHING_ROWS more. Source: Siddiqi, Credit Risk Scorecards (2006), chapter 9.
    """
    assert reference.shape == current.shape
    assert min(reference.min(), current.min()) >= 0
    assert min(reference.sum(), current.sum()) > 0
    then, now = _shares(reference), _shares(current)
    return round(float(((now - then) * np.log(now / then)).sum()) * PPM)


def _shares(counts: I64) -> NDArray[np.float64]:
    smooth = counts + SMOOTHING_ROWS
    shares: NDArray[np.float64] = smooth / smooth.sum()
    return shares


def psi_by_chance_ppm(bins_count: int, reference_n: int, current_n: int, z: float) -> int:
    """The PSI that two samples of one population reach by chance alone, in ppm.

    z: standard normal quantile, 3.09 for one case in a thousand. PSI / (1/n + 1/m) is about
    chi-squared with bins - 1 degrees of freedom (Yurdakul and Naranjo, J. Risk Model Validation
    14(4), 2020); its quantile by Wilson and Hilferty, within 1 % from 3 degrees on.
    """
    assert min(bins_count, reference_n, current_n) > 0
    degrees = max(bins_count - 1, 1)
    spread = 2 / (9 * degrees)
    quantile = degrees * float(1 - spread + z * np.sqrt(spread)) ** 3
    return round(quantile * (1 / reference_n + 1 / current_n) * PPM)


def wilson_ppm(bads: I64, n: I64, z: float) -> tuple[I64, I64]:
    """Wilson's interval of a rate, in ppm: lower ends rounded down, upper ends up.

    bads: int64 (k,), 0..n.  n: int64 (k,), 1 or more.  z: standard normal quantile.
    Source: Wilson, J. Am. Stat. Assoc. 22 (1927).
    """
    assert bool(np.all((bads >= 0) & (bads <= n) & (n >= 1)))
    centre = (bads + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * np.sqrt(bads * (n - bads) / n + z * z / 4)
    low = np.floor(np.clip(centre - half, 0, 1) * PPM).astype(np.int64)
    high = np.ceil(np.clip(centre + half, 0, 1) * PPM).astype(np.int64)
    # Where nothing, or everything, was bad, the end is exact; rounding must not move it.
    return np.where(bads == 0, 0, low), np.where(bads == n, PPM, high)


def band_sums(pd_ppm: I64, bad: Mask, edges_ppm: I64) -> tuple[I64, I64, I64]:
    """Rows, bads and the sum of PD in each PD band.

    pd_ppm: int64 (n,), 0..PPM.  bad: bool (n,).  edges_ppm: int64 (k,), ascending; band j holds
    edges[j-1] <= PD < edges[j].  Returns three int64 (k + 1,).
    """
    band = np.searchsorted(edges_ppm, pd_ppm, side="right")
    count = edges_ppm.size + 1
    sums = np.zeros(count, dtype=np.int64)
    np.add.at(sums, band, pd_ppm)
    return count_bins(band, count), count_bins(band[bad], count), sums
