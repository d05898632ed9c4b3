"""What the verdicts promise, checked on thousands of studies whose truth is known. Seeds fixed."""

import math

import numpy as np
import pytest
from scipy.stats import binom, ttest_1samp

from sim.looks import ALPHA, alpha_at, looks
from sim.quantiles import median_interval
from sim.questions import Judgement, Question
from sim.statistics import judge

pytestmark = pytest.mark.slow
SIZES = looks(10, 60)
STUDIES = 1_000
# Of the model of waits below, from 500,000 replications.
QUANTILE_MEDIAN = 6.49
# A rate of 5 % shows more than this in one of a thousand such tests.
AT_MOST = float(binom.ppf(0.999, STUDIES, ALPHA)) / STUDIES


def _luck(key: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key))


def _looks_at(n: int, data, sizes, extended_from=()) -> list[Judgement]:
    questions = [
        Question(str(i), compare, "<=", truth, x[:n].tolist(), y[:n].tolist())
        for i, (compare, truth, x, y) in enumerate(data)
    ]
    return judge(questions, alpha_at(n, sizes, extended_from))


def _is_decided(found: list[Judgement]) -> bool:
    return any(judgement.verdict != "undecided" for judgement in found)


def _nulls(g: np.random.Generator, claims: int, n: int) -> list:
    """Claims exactly at their thresholds, of arms that share luck."""
    shock = g.normal(size=n)
    return [("difference", 0.0, shock + g.normal(size=n), shock) for _ in range(claims)]


def test_false_verdicts_on_six_claims_over_all_looks_stay_below_five_per_cent() -> None:
    g, wrong = _luck(101), 0
    for _ in range(STUDIES):
        data = _nulls(g, 6, 60)
        wrong += any(_is_decided(_looks_at(n, data, SIZES)) for n in SIZES)
    assert wrong / STUDIES <= ALPHA


def test_they_stay_there_when_a_displeased_user_extends_the_study_three_times() -> None:
    plans = (SIZES, [90, 120], [180], [270])
    sizes, ends = [n for plan in plans for n in plan], [60, 120, 180]
    g, wrong = _luck(102), 0
    for _ in range(STUDIES):
        data = _nulls(g, 2, 270)
        wrong += any(
            _is_decided(_looks_at(n, data, sizes, [end for end in ends if end < n])) for n in sizes
        )
    assert wrong / STUDIES <= ALPHA


def test_looking_after_every_replication_at_five_per_cent_would_not() -> None:
    g, wrong = _luck(103), 0
    for _ in range(200):
        x = g.normal(size=60)
        wrong += any(ttest_1samp(x[:n], 0.0).pvalue < ALPHA for n in range(10, 61))
    assert wrong / 200 > 3 * ALPHA


@pytest.mark.parametrize(
    ("compare", "truth", "draw"),
    [
        ("level", 5.0, lambda g: (5 + g.normal(size=60), np.zeros(60))),
        ("difference", 1.0, lambda g: (1 + g.normal(size=60), g.normal(size=60))),
        ("ratio", 0.7, lambda g: (0.7 * g.lognormal(0, 0.3, 60), g.lognormal(0, 0.3, 60))),
        # Counts with zeros: Fieller, ratio of means.
        ("ratio", 0.5, lambda g: (g.poisson(3, 60) * 1.0, g.poisson(6, 60) * 1.0)),
    ],
)
def test_the_last_interval_of_a_study_that_stops_when_decided_covers_the_truth(
    compare, truth, draw
) -> None:
    g, missed = _luck(104), 0
    for _ in range(STUDIES):
        x, y = draw(g)
        for n in SIZES:
            threshold = truth * 1.1
            question = Question("q", compare, "<=", threshold, x[:n].tolist(), y[:n].tolist())
            found = judge([question], alpha_at(n, SIZES, ()))[0]
            if found.verdict != "undecided":
                break
        assert found.ci_low is not None
        missed += not found.ci_low <= truth <= found.ci_high
    assert missed / STUDIES <= AT_MOST


def test_an_effect_of_the_size_called_detectable_is_found_in_about_four_of_five_studies() -> None:
    g, n, alpha = _luck(105), 30, 0.01
    mde = float(np.mean([_level(g.normal(size=n), alpha).mde for _ in range(200)]))
    found = sum(
        _level(mde + g.normal(size=n), alpha).verdict == "supported" for _ in range(STUDIES)
    )
    # The correction for skewness costs up to 5 points of power that the noncentral t promises.
    assert found / STUDIES == pytest.approx(0.8, abs=0.06)


def _level(values, alpha: float) -> Judgement:
    return judge([Question("q", "level", ">", 0.0, values.tolist())], alpha)[0]


def test_skewed_values_keep_the_level_that_a_plain_t_interval_loses() -> None:
    """Exponential values, at the level of one of six looks and two claims."""
    g, n, alpha = _luck(106), 12, 0.04 / 12
    missed = plain = 0
    studies = 4 * STUDIES
    for _ in range(studies):
        x = g.exponential(size=n)
        found = _level(x, alpha)
        missed += not found.ci_low <= 1.0 <= found.ci_high
        plain += ttest_1samp(x, 1.0).pvalue < alpha
    assert plain / studies > 6 * alpha
    assert missed / studies < plain / studies / 2


def test_actors_under_one_shock_are_no_replications() -> None:
    """Pooled actors miss the truth in every third study; replications keep to 5 %."""
    g, pooled, by_replication = _luck(107), 0, 0
    for _ in range(400):
        actors = g.normal(size=(20, 1)) * 0.5 + g.normal(size=(20, 50))
        pooled += ttest_1samp(actors.ravel(), 0.0).pvalue < ALPHA
        by_replication += ttest_1samp(actors.mean(axis=1), 0.0).pvalue < ALPHA
    assert pooled / 400 > 0.3
    assert by_replication / 400 < 2 * ALPHA


def test_pairing_needs_twenty_times_fewer_replications_where_luck_is_keyed_by_actor() -> None:
    """A policy that changes 3 % of borrowers' outcomes, with common or with own luck: 500
    borrowers, a common shock of each replication, a threshold for each borrower's own luck."""

    def rate(luck: np.random.Generator, shift: float) -> float:
        shock = luck.normal() * 0.3
        return float((luck.normal(size=500) + shock < -2.0 + shift).mean())

    rows = range(2_000)
    paired = [(rate(_luck(r), 0.06), rate(_luck(r), 0.0)) for r in rows]
    alone = [(rate(_luck(10_000 + r), 0.06), rate(_luck(20_000 + r), 0.0)) for r in rows]
    sd = [np.std([x - y for x, y in pairs], ddof=1) for pairs in (paired, alone)]
    assert (sd[1] / sd[0]) ** 2 >= 20
    question = Question("q", "difference", ">", 0.0, *map(list, zip(*paired, strict=True)))
    told = judge([question])[0].pairing
    assert told.factor == pytest.approx((sd[1] / sd[0]) ** 2, rel=0.2)
    assert math.isclose(told.saved, 2_000 * (told.factor - 1), rel_tol=1e-2)


@pytest.mark.parametrize("compare", ["level", "difference", "ratio"])
def test_intervals_on_far_quantiles_cover_what_they_promise_whatever_the_tails(
    compare: str,
) -> None:
    g, n, missed = _luck(117), 30, 0
    for _ in range(STUDIES):
        # Each replication's 95th percentile of heavy-tailed waits; both arms share its shock.
        shock = np.exp(g.normal(size=n))
        arm, baseline = (
            shock * np.quantile(g.pareto(1.5, (n, 40)) + 1.0, 0.95, axis=1) for _ in range(2)
        )
        # The median over replications: of a level known from a long run, else none or one.
        truth = {"level": QUANTILE_MEDIAN, "difference": 0.0, "ratio": 1.0}[compare]
        question = Question("q", compare, "<=", truth, list(arm), list(baseline), quantile=True)
        found = judge([question], ALPHA)[0]
        assert "median" in found.method
        missed += not found.ci_low <= truth <= found.ci_high
    assert missed / STUDIES <= AT_MOST
    assert missed


def test_a_median_of_few_replications_stays_with_the_t_interval() -> None:
    values = [float(v) for v in range(1, 6)]
    found = judge([Question("q", "level", "<=", 9.0, values, quantile=True)], ALPHA)[0]
    assert found.method == "mean_t"


def test_the_order_statistics_are_those_of_the_tables() -> None:
    # n = 30 at 95 %: the 10th smallest and largest value (binomial 0.0428).
    low, high = median_interval([float(v) for v in range(1, 31)], 0.05)
    assert (low, high) == (10.0, 21.0)
