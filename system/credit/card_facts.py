"""Facts for a model card, measured on rows that the model had not seen."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from system.credit.cards import CalibrationBand, FairnessFact, FairnessGroup, MetricFact
from system.credit.kernels.drift import band_sums, wilson_ppm
from system.errors import InputError
from system.kernels.columns import I64, Mask, i64
from system.limits import PPM

# PD bands of the calibration table: each about one and a half times the last, as rating scales are.
PD_BANDS_PPM: Final = (
    5_000,
    10_000,
    15_000,
    22_500,
    35_000,
    50_000,
    75_000,
    110_000,
    165_000,
    250_000,
    400_000,
)
# Two-sided 95 %.
INTERVAL_Z: Final = 1.96
# A gap between smaller groups says more about chance than about the model.
FAIRNESS_GROUP_ROWS_MIN: Final = 100


def metric_fact(name: str, split: str, by_fold: list[float], n: int) -> MetricFact:
    """A metric's mean over folds with its 95 % interval (Student's t), in ppm.

    by_fold: two or more values, one per fold that the model had not seen.  n: rows in all folds.
    """
    from scipy.stats import t

    values = np.asarray(by_fold, dtype=np.float64)
    if values.size < 2 or not np.isfinite(values).all():
        raise InputError(name, by_fold, "give two or more folds, each with a number")
    mean = float(values.mean())
    half = float(t.ppf(0.975, values.size - 1) * values.std(ddof=1) / values.size**0.5)
    low, high = mean - half, mean + half
    return MetricFact(name, split, round(mean * PPM), round(low * PPM), round(high * PPM), n)


def calibration_bands(
    pd_ppm: I64, bad: Mask, z: float = INTERVAL_Z, edges_ppm: tuple[int, ...] = PD_BANDS_PPM
) -> tuple[CalibrationBand, ...]:
    """Expected against observed in each PD band that has rows.

    pd_ppm: int64 (n,), 0..PPM.  bad: bool (n,), the matured target.  z: of Wilson's interval.
    edges_ppm: ascending, within 1..PPM.
    """
    n, bads, sums = band_sums(pd_ppm, bad, i64(edges_ppm))
    return bands_of_sums(n, bads, sums, z, edges_ppm)


def bands_of_sums(
    n: I64, bads: I64, sums: I64, z: float, edges_ppm: tuple[int, ...] = PD_BANDS_PPM
) -> tuple[CalibrationBand, ...]:
    """The bands that have rows, from what ``band_sums`` counted. int64 (len(edges_ppm) + 1,)."""
    ends = (0, *edges_ppm, PPM + 1)
    held = np.flatnonzero(n)
    low_ppm, high_ppm = wilson_ppm(bads[held], n[held], z)
    return tuple(
        CalibrationBand(
            ends[band],
            ends[band + 1],
            int(n[band]),
            int(bads[band]),
            int((sums[band] + n[band] // 2) // n[band]),
            int((2 * PPM * bads[band] + n[band]) // (2 * n[band])),
            int(low),
            int(high),
        )
        for band, low, high in zip(held.tolist(), low_ppm, high_ppm, strict=True)
    )


def fairness_fact(
    attribute: str, group: I64, pd_ppm: I64, bad: Mask, cut_off_ppm: int
) -> FairnessFact:
    """Who would be approved at a cut-off, by group; gaps by fairlearn.

    group: int64 (n,).  pd_ppm: int64 (n,); approved at or below cut_off_ppm.  bad: bool (n,), the
    matured target. Groups below FAIRNESS_GROUP_ROWS_MIN rows are listed and left out of the gaps.
    """
    approved = pd_ppm <= cut_off_ppm
    groups = tuple(_groups(group, approved, bad))
    large = [one.group for one in groups if one.n >= FAIRNESS_GROUP_ROWS_MIN]
    rows = np.isin(group, large)
    gaps = _gaps(group[rows], approved[rows], bad[rows]) if len(large) > 1 else {}
    return FairnessFact(
        attribute,
        groups,
        cut_off_ppm,
        gaps.get("selection"),
        gaps.get("tpr"),
        gaps.get("fpr"),
        gaps.get("equalized_odds"),
    )


def _groups(group: I64, approved: Mask, bad: Mask) -> Iterator[FairnessGroup]:
    for number in np.unique(group).tolist():
        rows = group == number
        yield FairnessGroup(
            number,
            int(rows.sum()),
            int(approved[rows].sum()) * PPM // int(rows.sum()),
            _share_ppm(approved[rows & ~bad]),
            _share_ppm(approved[rows & bad]),
        )


def _share_ppm(flags: Mask) -> int | None:
    return int(flags.sum()) * PPM // flags.size if flags.size else None


def _gaps(group: I64, approved: Mask, bad: Mask) -> dict[str, int]:
    """Largest less smallest rate over groups, in ppm. A gap that a group cannot show is left out.

    fairlearn's positive class is the good merchant: being approved is what groups compete for.
    """
    from fairlearn.metrics import (
        demographic_parity_difference,
        equalized_odds_difference,
        false_positive_rate_difference,
        true_positive_rate_difference,
    )

    columns: dict[str, Any] = {
        "y_true": (~bad).astype(int),
        "y_pred": approved.astype(int),
        "sensitive_features": group,
    }
    found = {"selection": demographic_parity_difference(**columns)}
    goods, bads = (_in_every_group(group, mask) for mask in (~bad, bad))
    if goods:
        found["tpr"] = true_positive_rate_difference(**columns)
    if bads:
        found["fpr"] = false_positive_rate_difference(**columns)
    if goods and bads:
        found["equalized_odds"] = equalized_odds_difference(**columns)
    return {name: round(float(value) * PPM) for name, value in found.items()}


def _in_every_group(group: I64, mask: Mask) -> bool:
    return np.unique(group[mask]).size == np.unique(group).size
