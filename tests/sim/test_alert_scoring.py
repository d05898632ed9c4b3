"""Scores of alerts against the definitions that were published for them."""

import csv
import json
import math
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from sim.metrics.alert_scoring import (
    MONTH_MS,
    Bias,
    Cardinality,
    NabWeights,
    Range,
    Spans,
    nab_position_score,
    nab_score,
    range_precision,
    range_recall,
    score_events,
)

NAB = Path(__file__).resolve().parents[3] / "shared/data/telematics/nab"
REAL: list[Range] = [(2, 9), (14, 20), (27, 36)]
PREDICTED: list[Range] = [(4, 6), (8, 11), (16, 17), (22, 24), (30, 39)]
EVEN = NabWeights(1.0, 1.0, 1.0)


def spans(*rows: tuple[int, int, int, int, int]) -> Spans:
    columns = np.array(rows, np.int64).reshape(-1, 5).T
    return Spans(*(np.ascontiguousarray(column) for column in columns))


# Numbers by the package prts 1.0.0.3, which implements the paper.
@pytest.mark.parametrize(
    ("bias", "precision", "recall", "half", "shared"),
    [
        ("flat", 0.6, 0.420635, 0.710317, 0.349206),
        ("front", 0.673333, 0.338095, 0.669048, 0.278571),
        ("middle", 0.602, 0.503333, 0.751667, 0.42),
        ("back", 0.526667, 0.503175, 0.751587, 0.419841),
    ],
)
def test_ranges_score_as_the_reference_implementation_of_the_paper(
    bias: Bias, precision: float, recall: float, half: float, shared: float
) -> None:
    reciprocal: Cardinality = "reciprocal"
    found = (
        range_precision(REAL, PREDICTED, bias=bias),
        range_recall(REAL, PREDICTED, bias=bias),
        range_recall(REAL, PREDICTED, bias=bias, alpha=0.5),
        range_recall(REAL, PREDICTED, bias=bias, cardinality=reciprocal),
    )
    assert found == pytest.approx((precision, recall, half, shared), abs=1e-6)


def test_ranges_of_one_step_score_as_points_do() -> None:
    """The paper's section 4: the classical measures are a special case."""
    real = [(n, n + 1) for n in (1, 4, 6, 9)]
    predicted = [(n, n + 1) for n in (4, 5, 9, 12, 15)]
    assert range_precision(real, predicted) == pytest.approx(2 / 5)
    assert range_recall(real, predicted) == pytest.approx(2 / 4)


def test_a_fragmented_prediction_is_worth_less_where_cardinality_counts() -> None:
    whole, pieces = [(0, 8)], [(0, 4), (4, 8)]
    assert range_recall(whole, whole, cardinality="reciprocal") == 1.0
    assert range_recall(whole, pieces, cardinality="reciprocal") == 0.5
    assert range_recall(whole, pieces) == 1.0


# The values that NAB's own documentation gives.
@pytest.mark.parametrize(
    ("position", "score"), [(-1.0, 0.98661), (-0.5, 0.84828), (0.0, 0.0), (1.0, -0.98661), (3, -1)]
)
def test_nabs_sigmoid_has_its_documented_values(position: float, score: float) -> None:
    assert nab_position_score(position) == pytest.approx(score, abs=5e-6)


def test_nab_gives_a_hundred_for_the_first_row_of_each_window_and_nothing_for_silence() -> None:
    windows = [(30, 39), (75, 95)]
    assert nab_score(100, [30, 75], windows) == pytest.approx(100)
    assert nab_score(100, [], windows) == 0
    assert nab_score(100, [30, 31, 39, 75], windows) == pytest.approx(100)


def test_nab_counts_a_hit_at_the_right_edge_and_a_miss_just_behind_it_as_about_nothing() -> None:
    """NAB's true_positive_test: the two, less one for the window that was missed, cancel out."""
    windows = [(450, 549)]
    edge, past = (nab_score(1_000, [row], windows, EVEN, 0.0) / 50 - 1 for row in (549, 550))
    assert edge + past + 1 == pytest.approx(0, abs=1e-3)


def test_nab_ignores_what_is_told_while_it_learns() -> None:
    assert nab_score(100, [3, 60], [(60, 70)]) == nab_score(100, [60], [(60, 70)])


def test_an_alert_is_right_only_while_its_cause_lasts() -> None:
    causes = spans((1, 4, 100, 200, 0), (1, 4, 500, 600, 0), (2, 4, 100, 200, 0))
    alerts = spans((1, 4, 90, 0, 110), (1, 4, 150, 0, 190), (1, 4, 300, 0, 300), (2, 5, 1, 0, 150))
    score = score_events(causes, alerts, {})
    assert (score.causes, score.found, score.alerts, score.right) == (3, 1, 4, 2)
    assert score.delays_ms.tolist() == [10]
    assert score.false_per_month(2 * MONTH_MS) == 1.0


def test_a_cause_that_is_only_seen_afterwards_has_its_grace() -> None:
    causes, alerts = spans((1, 4, 100, 200, 0)), spans((1, 4, 100, 0, 230))
    assert score_events(causes, alerts, {}).recall == 0
    assert score_events(causes, alerts, {4: 30}).recall == 1


def test_an_alert_told_too_early_is_wrong_however_long_it_stays_open() -> None:
    score = score_events(spans((1, 4, 100, 200, 0)), spans((1, 4, 50, 300, 99)), {})
    assert (score.found, score.right, score.f1) == (0, 0, 0.0)


def test_without_causes_or_alerts_there_is_no_share_to_tell() -> None:
    score = score_events(spans(), spans(), {})
    assert math.isnan(score.precision)
    assert math.isnan(score.recall)
    assert math.isnan(score.delay_s(0.5))


def test_delays_are_told_by_share() -> None:
    causes = spans(*((n, 1, 0, 10_000, 0) for n in range(20)))
    alerts = spans(*((n, 1, 0, 0, 1_000 * (n + 1)) for n in range(10)))
    score = score_events(causes, alerts, {})
    assert (score.delay_s(0.5), score.delay_s(0.95), score.delay_s(1.0)) == (5.0, 10.0, 10.0)


@pytest.mark.skipif(not NAB.is_dir(), reason="the NAB samples are not beside the repository")
def test_alarms_at_random_on_a_real_machine_score_badly() -> None:
    """Of 2 % of rows at random, point-adjust makes an F1 of 0.9; events, ranges and NAB do not."""
    times, windows = _machine_temperature()
    luck = np.random.Generator(np.random.Philox(7))
    told = np.flatnonzero(luck.random(len(times)) < 0.02).tolist()
    real = [(first, last + 1) for first, last in windows]
    predicted = [(row, row + 1) for row in told]
    adjusted = _point_adjusted_f1(len(times), told, windows)
    assert adjusted > 0.85
    assert range_precision(real, predicted) < 0.15
    assert range_recall(real, predicted) < 0.05
    causes = spans(*((0, 0, first, last, 0) for first, last in windows))
    alerts = spans(*((0, 0, row, row, row) for row in told))
    assert score_events(causes, alerts, {}).precision < 0.15
    assert nab_score(len(times), told, windows) < 0
    assert nab_score(len(times), [first for first, _ in windows], windows) == pytest.approx(100)


def _machine_temperature() -> tuple[list[datetime], list[Range]]:
    name = "machine_temperature_system_failure.csv"
    with (NAB / name).open(encoding="utf-8") as lines:
        times = [datetime.fromisoformat(row["timestamp"]) for row in csv.DictReader(lines)]
    labels = json.loads((NAB / "windows.json").read_text(encoding="utf-8"))[name]
    rows = {time: row for row, time in enumerate(times)}
    return times, [
        (rows[datetime.fromisoformat(first)], rows[datetime.fromisoformat(last)])
        for first, last in labels
    ]


def _point_adjusted_f1(rows: int, told: list[int], windows: list[Range]) -> float:
    """The score that flatters: one alarm makes its whole window right."""
    truth, said = np.zeros(rows, np.bool_), np.zeros(rows, np.bool_)
    said[told] = True
    for first, last in windows:
        truth[first : last + 1] = True
        said[first : last + 1] |= bool(said[first : last + 1].any())
    right = int((truth & said).sum())
    return 2 * right / int(truth.sum() + said.sum())
