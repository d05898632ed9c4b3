"""Model cards: every fact with its uncertainty, and what is missing said so."""

from dataclasses import replace

import numpy as np
import pytest

from system.credit.card_facts import FAIRNESS_GROUP_ROWS_MIN, fairness_fact, metric_fact
from system.credit.card_pages import card_page
from system.credit.cards import FairnessFact, ModelCard, RejectBias, feature_facts
from system.credit.reasons import Language
from system.credit.scorer import FeaturePoints
from system.errors import InputError
from system.kernels.columns import i64
from tests.system.scorecards import proposal, scorecard

LANGUAGES: tuple[Language, ...] = ("en", "zh")


def card() -> ModelCard:
    return replace(proposal()[1], reject_bias=RejectBias("auc", 700_000, 720_000, 35))


def test_a_card_comes_back_from_its_text() -> None:
    groups = fairness_fact("region", i64([0, 1]), i64([1, 9]), np.array([True, False]), 5)
    for given in (card(), ModelCard("m", "t"), replace(card(), fairness=(groups,))):
        assert ModelCard.from_json(given.to_json()) == given


@pytest.mark.parametrize("text", ["", "[]", "{}", "3", '{"model_id":1}'])
def test_a_text_that_is_no_card_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        ModelCard.from_json(text)


def test_a_card_names_what_it_misses() -> None:
    assert card().missing() == ()
    assert ModelCard("m", "t").missing() == (
        "data",
        "features",
        "calibration",
        "fairness",
        "limits",
        "reject_bias",
        "metrics.auc",
        "metrics.ks",
        "metrics.brier",
        "metrics.calibration_error",
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_shows_every_missing_part_in_its_place(language: Language) -> None:
    word = {"en": "missing", "zh": "缺失"}[language]
    page = card_page(ModelCard("m", "t"), language)
    assert page.count(f"**{word}**") == 7
    assert f"**{word}: data, features" in page
    assert word not in card_page(replace(card(), fairness=()), language).split("## ")[0][:30]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_shows_the_facts(language: Language) -> None:
    page = card_page(card(), language)
    for fact in ("0.7000", "0.6500 … 0.7500", "1,000", "2024-10-04", "revenue_3p_fen", "4.00 %"):
        assert fact in page
    assert {"en": "Not for people", "zh": "不得用于个人"}[language] in page
    missing = {"en": "missing", "zh": "缺失"}[language]
    assert page.count(missing) == 2  # the two rates that the fairness fact could not show


def test_a_text_cannot_break_a_table() -> None:
    source = "a | b\n| c |"
    data = card().data
    assert data is not None
    page = card_page(replace(card(), data=replace(data, source=source)), "en")
    assert "a \\| b \\| c \\|" in page


def test_direction_is_read_off_the_points() -> None:
    points = {
        "more_is_better": (3, 0, 1, 2),
        "less_is_better": (0, 9, 9, 2),
        "mixed": (0, 1, 3, 2),
        "constant": (5, 1, 1, 1),
    }
    parts = tuple(
        FeaturePoints(name, (1, 2), values, n + 1)
        for n, (name, values) in enumerate(points.items())
    )
    facts = feature_facts(replace(scorecard(), features_points=parts))
    assert [fact.direction for fact in facts] == [fact.name for fact in facts]
    assert [fact.points_span for fact in facts] == [3, 9, 3, 4]


def test_a_metrics_interval_is_students_over_folds() -> None:
    fact = metric_fact("auc", "5 folds", [0.70, 0.72, 0.74, 0.76, 0.78], 1_000)
    half = 2.776445 * 0.0316228 / 5**0.5
    assert fact.value_ppm == 740_000
    assert abs(fact.low_ppm - (0.74 - half) * 1e6) < 5
    assert abs(fact.high_ppm - (0.74 + half) * 1e6) < 5
    for folds in ([0.7], [0.7, float("nan")]):
        with pytest.raises(InputError):
            metric_fact("auc", "5 folds", folds, 10)


def unequal() -> FairnessFact:
    """Two groups of 200: 150 and 100 good ones, of which 120 and 50 are approved."""
    group = i64([0] * 200 + [1] * 200)
    bad = np.array([False] * 150 + [True] * 50 + [False] * 100 + [True] * 100)
    approved = np.zeros(400, dtype=bool)
    for first, count in ((0, 120), (150, 10), (200, 50), (300, 30)):
        approved[first : first + count] = True
    return fairness_fact("region", group, np.where(approved, 10_000, 90_000), bad, 50_000)


def test_fairness_gaps_are_those_counted_by_hand() -> None:
    fact = unequal()
    assert [one.selection_ppm for one in fact.groups] == [650_000, 400_000]
    assert [one.tpr_ppm for one in fact.groups] == [800_000, 500_000]
    assert [one.fpr_ppm for one in fact.groups] == [200_000, 300_000]
    assert (fact.demographic_parity_ppm, fact.tpr_gap_ppm) == (250_000, 300_000)
    assert (fact.fpr_gap_ppm, fact.equalized_odds_ppm) == (100_000, 300_000)


def test_small_groups_are_listed_but_open_no_gap() -> None:
    n = FAIRNESS_GROUP_ROWS_MIN - 1
    group = i64([0] * 200 + [1] * n)
    bad = np.arange(200 + n) % 2 == 0
    fact = fairness_fact("size", group, i64([10] * (200 + n)), bad, 50)
    assert [one.n for one in fact.groups] == [200, n]
    assert fact.demographic_parity_ppm is None
    assert fact.equalized_odds_ppm is None


def test_a_gap_that_a_group_cannot_show_is_missing_not_zero() -> None:
    group = i64([0] * 150 + [1] * 150)
    bad = np.array([True, False] * 75 + [False] * 150)
    fact = fairness_fact("size", group, i64([10] * 300), bad, 50)
    assert fact.groups[1].fpr_ppm is None
    assert (fact.tpr_gap_ppm, fact.fpr_gap_ppm, fact.equalized_odds_ppm) == (0, None, None)
