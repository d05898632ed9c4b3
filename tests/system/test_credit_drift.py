"""Drift: counts first, judgement afterwards, alerts with their figures."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from system.credit.card_facts import calibration_bands
from system.credit.drift import (
    DriftCounts,
    DriftReport,
    add_counts,
    count_matured,
    count_rows,
    drift_report,
    score_edges,
)
from system.credit.kernels.drift import psi_by_chance_ppm, psi_ppm, wilson_ppm
from system.credit.scorer import ScorecardModel
from system.errors import InputError
from system.kernels.columns import I64, MISSING, i64
from tests.system.scorecards import random_columns, random_scorecard, scorecard

counts = st.lists(st.integers(0, 10_000), min_size=2, max_size=12)


def luck(seed: int = 11) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def shops(model: ScorecardModel, n: int, seed: int = 11) -> dict[str, I64]:
    return random_columns(luck(seed), model, n)


def outcomes(pd_ppm: I64, factor: float = 1.0, seed: int = 5) -> np.ndarray:
    return luck(seed).random(pd_ppm.size) * 1e6 < pd_ppm * factor


def model() -> ScorecardModel:
    return random_scorecard(luck(1), 6)


def matured(factor: float, n: int = 40_000) -> DriftReport:
    reference = shops(model(), n)
    edges = score_edges(model(), reference)
    bad = outcomes(model().score(reference).pd_ppm, factor)
    counted = count_matured(model(), reference, edges, bad)
    return drift_report(counted, counted)


def test_psi_follows_its_formula() -> None:
    then, now = [100, 300, 600], [200, 300, 500]
    shares = [((a + 0.5) / 1001.5, (b + 0.5) / 1001.5) for a, b in zip(then, now, strict=True)]
    expected = sum((b - a) * math.log(b / a) for a, b in shares)
    assert psi_ppm(i64(then), i64(now)) == round(expected * 1_000_000)


@given(counts, st.data())
def test_psi_is_never_negative_never_infinite_and_has_no_direction(
    then: list[int], data: st.DataObject
) -> None:
    now = data.draw(st.lists(st.integers(0, 10_000), min_size=len(then), max_size=len(then)))
    if sum(then) and sum(now):
        there, back = psi_ppm(i64(then), i64(now)), psi_ppm(i64(now), i64(then))
        assert 0 <= there < 50_000_000
        assert abs(there - back) <= 1
        assert psi_ppm(i64(then), i64(then)) == 0


def test_the_bound_of_chance_is_the_quantile_that_two_equal_populations_reach() -> None:
    draws, n, m = luck(), 2_000, 1_000
    psis = []
    for _ in range(3_000):
        then = np.bincount(draws.integers(0, 10, n), minlength=10)
        now = np.bincount(draws.integers(0, 10, m), minlength=10)
        psis.append(psi_ppm(then, now))
    above = sum(psi > psi_by_chance_ppm(10, n, m, 1.645) for psi in psis) / len(psis)
    assert 0.035 < above < 0.065


@pytest.mark.parametrize(
    ("bads", "n", "low", "high"),
    [(0, 50, 0, 71_348), (50, 50, 928_652, 1_000_000), (10, 100, 55_229, 174_367)],
)
def test_wilsons_interval_is_the_published_one(bads: int, n: int, low: int, high: int) -> None:
    found_low, found_high = wilson_ppm(i64([bads]), i64([n]), 1.959964)
    assert abs(int(found_low[0]) - low) <= 3
    assert abs(int(found_high[0]) - high) <= 3


def test_the_same_population_raises_no_alert() -> None:
    reference, current = shops(model(), 20_000, 1), shops(model(), 5_000, 2)
    edges = score_edges(model(), reference)
    report = drift_report(
        count_rows(model(), reference, edges), count_rows(model(), current, edges)
    )
    assert report.alerts == ()
    assert (report.reference_rows, report.current_rows) == (20_000, 5_000)
    assert [shift.name for shift in report.shifts] == [*model().features, "score"]
    assert report.calibration_all is None


def test_a_moved_feature_is_named_with_its_figures() -> None:
    reference, current = shops(model(), 20_000, 1), shops(model(), 5_000, 2)
    name = model().features[2]
    current[name] = np.where(current[name] == MISSING, MISSING, current[name] + 900)
    edges = score_edges(model(), reference)
    report = drift_report(
        count_rows(model(), reference, edges), count_rows(model(), current, edges)
    )
    (alert,) = [alert for alert in report.alerts if alert.subject == name]
    (shift,) = [shift for shift in report.shifts if shift.name == name]
    assert (alert.kind, alert.level, shift.level) == ("psi", "act", "act")
    assert str(shift.psi_ppm) in alert.evidence
    assert str(list(shift.current)) in alert.evidence
    assert sum(shift.current) == 5_000


def test_a_feature_that_went_missing_is_a_shift() -> None:
    reference = shops(model(), 10_000)
    current = dict(reference)
    current["f0"] = np.full(10_000, MISSING)
    edges = score_edges(model(), reference)
    report = drift_report(
        count_rows(model(), reference, edges), count_rows(model(), current, edges)
    )
    assert ("psi", "f0") in [(alert.kind, alert.subject) for alert in report.alerts]


def test_a_handful_of_rows_raises_no_alert_however_they_fall() -> None:
    reference = shops(model(), 20_000)
    edges = score_edges(model(), reference)
    counted = count_rows(model(), reference, edges)
    for seed in range(40):
        few = count_rows(model(), shops(model(), 8, seed), edges)
        assert [alert for alert in drift_report(counted, few).alerts if alert.level == "act"] == []


def test_pd_that_came_true_raises_no_alert() -> None:
    report = matured(1.0)
    assert report.alerts == ()
    assert report.calibration_all is not None
    assert sum(band.n for band in report.calibration) == report.calibration_all.n == 40_000


@pytest.mark.parametrize(("factor", "level"), [(1.3, "act"), (0.7, "watch")])
def test_pd_that_did_not_come_true_is_told_with_its_direction(factor: float, level: str) -> None:
    report = matured(factor)
    whole = [alert for alert in report.alerts if alert.subject == "all"]
    assert [(alert.kind, alert.level) for alert in whole] == [("calibration", level)]
    assert report.calibration_all is not None
    assert f"{report.calibration_all.bads} of 40000" in whole[0].evidence


@given(st.integers(1, 400), st.integers(0, 400))
def test_counts_add_up_over_chunks(n: int, cut: int) -> None:
    rows = shops(model(), n)
    edges = score_edges(model(), rows)
    bad = outcomes(model().score(rows).pd_ppm)
    whole = count_matured(model(), rows, edges, bad)
    parts = [slice(0, min(cut, n)), slice(min(cut, n), n)]
    first, second = (
        count_matured(model(), {name: c[part] for name, c in rows.items()}, edges, bad[part])
        for part in parts
    )
    assert add_counts(first, second) == whole
    assert whole.rows == n == sum(whole.matured)


def test_calibration_bands_agree_with_a_loop() -> None:
    pd_ppm = luck().integers(0, 500_000, 3_000)
    bad = outcomes(pd_ppm)
    for band in calibration_bands(pd_ppm, bad):
        rows = [n for n, pd in enumerate(pd_ppm.tolist()) if band.from_ppm <= pd < band.to_ppm]
        assert band.n == len(rows)
        assert band.bads == sum(bool(bad[n]) for n in rows)
        assert abs(band.expected_ppm - sum(int(pd_ppm[n]) for n in rows) / band.n) <= 0.5
        assert abs(band.observed_ppm - 1e6 * band.bads / band.n) <= 0.5
        assert band.low_ppm <= band.observed_ppm <= band.high_ppm


def test_every_pd_from_nothing_to_certainty_has_a_band() -> None:
    bands = calibration_bands(i64([0, 1_000_000]), np.array([False, True]))
    assert [(band.n, band.bads) for band in bands] == [(1, 0), (1, 1)]


def test_a_pd_on_an_edge_belongs_to_the_band_above_it() -> None:
    (below, above) = calibration_bands(i64([9_999, 10_000, 10_001]), np.zeros(3, dtype=np.bool_))
    assert (below.n, below.to_ppm, above.n, above.from_ppm) == (1, 10_000, 2, 10_000)


def counted(n: int) -> DriftCounts:
    reference = {name: i64([7] * n) for name in scorecard().features}
    return count_rows(scorecard(), reference, (510,))


def test_counts_of_other_bins_or_of_nothing_are_refused() -> None:
    other = count_rows(model(), shops(model(), 10), (510,))
    for reference, current in ((counted(5), other), (counted(0), counted(5))):
        with pytest.raises(InputError):
            drift_report(reference, current)
    with pytest.raises(InputError):
        add_counts(counted(1), other)
    with pytest.raises(InputError):
        score_edges(model(), shops(model(), 0))


def test_outcomes_of_another_length_are_refused() -> None:
    rows = shops(model(), 10)
    with pytest.raises(InputError):
        count_matured(model(), rows, (0,), np.zeros(9, dtype=np.bool_))


def test_a_score_that_is_always_the_same_has_one_bin() -> None:
    same = {name: i64([7] * 50) for name in scorecard().features}
    assert score_edges(scorecard(), same) == ()
    report = drift_report(count_rows(scorecard(), same, ()), count_rows(scorecard(), same, ()))
    assert report.alerts == ()
