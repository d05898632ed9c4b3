"""Is the model still looking at the population, and at the risk, that it was made for?

Everything is counted first (``DriftCounts`` add up over chunks and days) and judged afterwards, so
that a report can be drawn up from stored counts without a single merchant's row.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from system.credit.card_facts import PD_BANDS_PPM, bands_of_sums
from system.credit.cards import CalibrationBand
from system.credit.kernels.drift import band_sums, count_bins, psi_by_chance_ppm, psi_ppm
from system.credit.kernels.scorecard import bins_of
from system.credit.scorer import ScorecardModel, feature_columns
from system.errors import InputError
from system.kernels.columns import I64, Mask, i64

# The field's convention: below 0.1 stable, above 0.25 another population. Source: Siddiqi, Credit
# Risk Scorecards (2006), chapter 9.
PSI_WATCH_PPM: Final = 100_000
PSI_ACT_PPM: Final = 250_000
# A PSI that small samples reach by chance in more than one case of a thousand raises no alert.
CHANCE_Z: Final = 3.09
# Two-sided 99.9 %: twelve bands together cry wolf in about one report of a hundred.
CALIBRATION_Z: Final = 3.29
# Bins of the score: a tenth of the training rows each.
SCORE_BINS: Final = 10

Level = Literal["stable", "watch", "act"]


@dataclass(frozen=True, slots=True)
class DriftCounts:
    """How many rows fell into each bin. ``features`` in the model's order, missing bin first.

    score_edges: ascending points; bin j of ``score`` holds edges[j-1] <= score < edges[j]. PD
    bands are PD_BANDS_PPM, over matured rows only; matured_pd_sum_ppm adds up their PD.
    """

    model_id: str
    names: tuple[str, ...]
    features: tuple[tuple[int, ...], ...]
    score_edges: tuple[int, ...]
    score: tuple[int, ...]
    matured: tuple[int, ...]
    matured_bads: tuple[int, ...]
    matured_pd_sum_ppm: tuple[int, ...]

    @property
    def rows(self) -> int:
        """Rows counted."""
        return sum(self.score)


@dataclass(frozen=True, slots=True)
class Shift:
    """PSI of one feature, or of ``score``. by_chance_ppm: what two equal populations of these
    sizes exceed once in a thousand. reference and current: the counts behind it.
    """

    name: str
    psi_ppm: int
    by_chance_ppm: int
    level: Level
    reference: tuple[int, ...]
    current: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DriftAlert:
    """kind: psi or calibration. level: watch or act. evidence: the figures, in one line."""

    kind: str
    subject: str
    level: Level
    evidence: str


@dataclass(frozen=True, slots=True)
class DriftReport:
    """calibration: current matured rows by PD band, and under "all" as one band."""

    model_id: str
    reference_rows: int
    current_rows: int
    shifts: tuple[Shift, ...]
    calibration: tuple[CalibrationBand, ...]
    calibration_all: CalibrationBand | None
    alerts: tuple[DriftAlert, ...]


def score_edges(model: ScorecardModel, features: Mapping[str, I64]) -> tuple[int, ...]:
    """Points that cut the training rows into SCORE_BINS about equal parts; ties merge bins."""
    points = np.sort(model.score(features).score)
    if not points.size:
        raise InputError("features", 0, "give at least one row")
    cuts = points[[points.size * part // SCORE_BINS for part in range(1, SCORE_BINS)]]
    return tuple(cut for cut in np.unique(cuts).tolist() if cut > points[0])


def count_rows(
    model: ScorecardModel, features: Mapping[str, I64], edges: tuple[int, ...]
) -> DriftCounts:
    """Counts of scored rows whose outcome is not known yet.

    features: int64 (n,) per feature of the model.  edges: of ``score_edges`` on the training rows.
    """
    unknown = np.zeros(0, dtype=np.int64)
    return _count(model, features, edges, unknown, unknown.astype(np.bool_))


def count_matured(
    model: ScorecardModel, features: Mapping[str, I64], edges: tuple[int, ...], bad: Mask
) -> DriftCounts:
    """Counts of rows whose performance window is over.

    bad: bool (n,), the target.  Otherwise as ``count_rows``.
    """
    pd_ppm = model.score(features).pd_ppm
    if bad.dtype != np.bool_ or bad.shape != pd_ppm.shape:
        raise InputError("bad", f"{bad.dtype}{bad.shape}", "give one true or false per row")
    return _count(model, features, edges, pd_ppm, bad)


def _count(
    model: ScorecardModel,
    features: Mapping[str, I64],
    edges: tuple[int, ...],
    pd_ppm: I64,
    bad: Mask,
) -> DriftCounts:
    columns = feature_columns(features, model.features)
    by_feature = tuple(
        tuple(count_bins(bins_of(column, cuts), cuts.size + 1).tolist())
        for column, cuts in zip(columns, model.table.edges, strict=True)
    )
    score = np.searchsorted(i64(edges), model.score(features).score, side="right")
    n, bads, sums = band_sums(pd_ppm, bad, i64(PD_BANDS_PPM))
    return DriftCounts(
        model.model_id,
        model.features,
        by_feature,
        edges,
        tuple(count_bins(score, len(edges) + 1).tolist()),
        tuple(n.tolist()),
        tuple(bads.tolist()),
        tuple(sums.tolist()),
    )


def add_counts(one: DriftCounts, other: DriftCounts) -> DriftCounts:
    """Counts of both. Raises InputError for counts of other bins."""
    _check_same_bins(one, other)
    return DriftCounts(
        one.model_id,
        one.names,
        tuple(_sum(mine, yours) for mine, yours in zip(one.features, other.features, strict=True)),
        one.score_edges,
        _sum(one.score, other.score),
        _sum(one.matured, other.matured),
        _sum(one.matured_bads, other.matured_bads),
        _sum(one.matured_pd_sum_ppm, other.matured_pd_sum_ppm),
    )


def _sum(one: Sequence[int], other: Sequence[int]) -> tuple[int, ...]:
    return tuple(mine + yours for mine, yours in zip(one, other, strict=True))


def _check_same_bins(one: DriftCounts, other: DriftCounts) -> None:
    if (one.model_id, one.score_edges) != (other.model_id, other.score_edges):
        remedy = f"count with model {one.model_id} and its score edges"
        raise InputError("counts", other.model_id, remedy)


def drift_report(reference: DriftCounts, current: DriftCounts) -> DriftReport:
    """Shifts of every feature and the score, calibration of matured rows, and alerts.

    Raises InputError for counts of different bins, or without a row.
    """
    _check_same_bins(reference, current)
    for name, counts in (("reference", reference), ("current", current)):
        if not counts.rows:
            raise InputError(name, 0, "count at least one row")
    shifts = tuple(_shifts(reference, current))
    calibration = bands_of_sums(*_matured(current), CALIBRATION_Z)
    whole = _as_one_band(current)
    return DriftReport(
        current.model_id,
        reference.rows,
        current.rows,
        shifts,
        calibration,
        whole,
        (*_shift_alerts(shifts), *_calibration_alerts(calibration, whole)),
    )


def _matured(counts: DriftCounts) -> tuple[I64, I64, I64]:
    return i64(counts.matured), i64(counts.matured_bads), i64(counts.matured_pd_sum_ppm)


def _as_one_band(counts: DriftCounts) -> CalibrationBand | None:
    n, bads, sums = (i64((int(column.sum()),)) for column in _matured(counts))
    bands = bands_of_sums(n, bads, sums, CALIBRATION_Z, edges_ppm=())
    return bands[0] if bands else None


def _shifts(reference: DriftCounts, current: DriftCounts) -> Iterator[Shift]:
    then = (*reference.features, reference.score)
    now = (*current.features, current.score)
    for name, before, after in zip((*reference.names, "score"), then, now, strict=True):
        psi = psi_ppm(i64(before), i64(after))
        # Bins that neither sample visits give chance no room.
        visited = sum(1 for pair in zip(before, after, strict=True) if any(pair))
        chance = psi_by_chance_ppm(visited, sum(before), sum(after), CHANCE_Z)
        yield Shift(name, psi, chance, _level(psi, chance), before, after)


def _level(psi: int, by_chance: int) -> Level:
    if psi < PSI_WATCH_PPM or psi <= by_chance:
        return "stable"
    return "watch" if psi < PSI_ACT_PPM else "act"


def _shift_alerts(shifts: Sequence[Shift]) -> Iterator[DriftAlert]:
    for shift in shifts:
        if shift.level != "stable":
            bound = PSI_ACT_PPM if shift.level == "act" else PSI_WATCH_PPM
            evidence = (
                f"PSI {shift.psi_ppm} ppm, bound {bound}, by chance {shift.by_chance_ppm}; "
                f"counts {list(shift.reference)} then, {list(shift.current)} now"
            )
            yield DriftAlert("psi", shift.name, shift.level, evidence)


def _calibration_alerts(
    bands: Sequence[CalibrationBand], whole: CalibrationBand | None
) -> Iterator[DriftAlert]:
    """Promised PD outside the interval of what came: too low is for action, too high for a look."""
    named = [(f"{band.from_ppm}..{band.to_ppm}", band) for band in bands]
    for subject, band in [*named, *([("all", whole)] if whole else [])]:
        if not band.low_ppm <= band.expected_ppm <= band.high_ppm:
            level: Level = "act" if band.expected_ppm < band.low_ppm else "watch"
            evidence = (
                f"expected {band.expected_ppm} ppm, observed {band.observed_ppm} "
                f"({band.bads} of {band.n}), interval {band.low_ppm}..{band.high_ppm}"
            )
            yield DriftAlert("calibration", subject, level, evidence)
