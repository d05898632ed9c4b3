"""Verdicts: honest under repeated looks, several claims, skew, zeros and missing values."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sim.looks import ALPHA, alpha_at, looks
from sim.questions import OPERATORS, Judgement, Question
from sim.statistics import judge, mean_interval

NUMBERS = st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=20)
SIZES = looks(10, 60)
TRIALS = 400


def _luck(key: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key))


def _one(question: Question) -> Judgement:
    return judge([question])[0]


def _level(values, operator="<=", threshold=0.0) -> Judgement:
    return _one(Question("q", "level", operator, threshold, values))


def _stopped(claims) -> list[Judgement]:
    """What a study reports: it looks at the planned sizes and stops when all is decided."""
    for n in SIZES:
        questions = [
            Question(str(i), compare, "<=", threshold, x[:n].tolist(), y[:n].tolist())
            for i, (compare, threshold, x, y) in enumerate(claims)
        ]
        found = judge(questions, alpha_at(n, SIZES, ()))
        if all(judgement.verdict != "undecided" for judgement in found):
            break
    return found


def test_looks_go_from_min_to_max_and_never_beyond() -> None:
    assert looks(10, 60) == [10, 15, 23, 35, 53, 60]
    assert looks(1, 3) == [1, 2, 3]
    assert looks(5, 5) == [5]


def test_all_looks_of_all_plans_together_spend_no_more_than_alpha() -> None:
    sizes, extended_from = [4, 6, 9, 20, 30, 60, 90], (9, 30)
    spent = [alpha_at(n, sizes, extended_from) for n in sizes]
    assert spent[:3] == pytest.approx([ALPHA * 0.8 / 3] * 3)
    assert spent[3:5] == pytest.approx([ALPHA * 0.1 / 2] * 2)
    assert spent[5:] == pytest.approx([ALPHA * 0.05 / 2] * 2)
    assert sum(spent) < ALPHA
    assert alpha_at(7, sizes, extended_from) == spent[0]  # between two looks, as at the next one


def test_a_true_null_with_four_claims_is_decided_by_chance_in_less_than_alpha_of_studies() -> None:
    g = _luck(1)
    wrong = 0
    for _ in range(TRIALS):
        shared = g.normal(size=60)  # claims of one scenario share their luck
        null = [("difference", 0.0, shared + g.normal(size=60), shared) for _ in range(4)]
        wrong += any(judgement.verdict != "undecided" for judgement in _stopped(null))
    assert wrong / TRIALS <= ALPHA


@pytest.mark.parametrize(
    ("compare", "draw"),
    [
        ("level", lambda g: (g.normal(size=60), g.normal(size=60), 0.0)),
        ("ratio", lambda g: (g.lognormal(size=60), g.lognormal(size=60), 1.0)),
        ("ratio", lambda g: (g.poisson(2, 60) * 1.0, g.poisson(2, 60) * 1.0, 1.0)),
    ],
)
def test_the_interval_at_which_a_study_stops_covers_the_truth(compare, draw) -> None:
    g = _luck(2)
    covered = 0
    for _ in range(TRIALS):
        x, y, truth = draw(g)
        found = _stopped([(compare, truth, x, y)])[0]
        covered += found.ci_low <= truth <= found.ci_high
    assert covered / TRIALS >= 1 - ALPHA


def test_skewed_levels_stay_near_their_coverage() -> None:
    g = _luck(3)
    covered = 0
    for _ in range(TRIALS):
        found = _stopped([("level", 1.0, g.exponential(size=60), g.exponential(size=60))])[0]
        covered += found.ci_low <= 1.0 <= found.ci_high
    assert covered / TRIALS >= 1 - ALPHA - 0.03


def test_a_clear_effect_is_supported_and_its_opposite_refuted() -> None:
    values = (1.0 + 0.1 * _luck(4).normal(size=10)).tolist()
    assert _level(values, "<=", 2.0).verdict == "supported"
    assert _level(values, ">=", 2.0).verdict == "refuted"
    assert _level(values, "<", 1.0).verdict == "undecided"


def test_pairing_finds_a_difference_that_the_shared_shock_would_hide() -> None:
    g = _luck(5)
    shock = 10 * g.normal(size=10)
    arm, baseline = shock + 1 + 0.1 * g.normal(size=10), shock
    found = _one(Question("q", "difference", ">", 0.5, arm.tolist(), baseline.tolist()))
    assert found.verdict == "supported"
    assert found.method == "paired_difference_t"


def test_what_pairing_is_worth_is_told_as_correlation_factor_and_replications_saved() -> None:
    g = _luck(11)
    shock = 3 * g.normal(size=400)
    arm, baseline = shock + 1 + g.normal(size=400), shock + g.normal(size=400)
    found = _one(Question("q", "difference", ">", 0.5, arm.tolist(), baseline.tolist())).pairing
    # Var(shock) is 9 of 10 in each arm, so independent arms differ with variance 20 instead of 2.
    assert found.correlation == pytest.approx(0.9, abs=0.02)
    assert found.factor == pytest.approx(10, rel=0.15)
    assert found.saved == round(400 * (found.factor - 1))
    assert _level([1.0, 2.0, 3.0]).pairing is None


def test_pairs_that_do_not_vary_have_no_factor() -> None:
    found = _one(Question("q", "difference", ">", 0.5, [1.0, 2.0, 3.0], [0.0, 1.0, 2.0])).pairing
    assert (found.correlation, found.factor, found.saved) == (pytest.approx(1.0), None, None)


def test_holm_decides_all_claims_together_and_keeps_intervals_and_verdicts_in_step() -> None:
    g = _luck(6)
    strong, weak = (3 + g.normal(size=12)).tolist(), (1.05 + g.normal(size=12)).tolist()
    alone = _level(weak, ">", 0.0)
    among = judge([Question(str(i), "level", ">", 0.0, v) for i, v in enumerate([weak] * 9)])[0]
    with_strong = judge(
        [Question("weak", "level", ">", 0.0, weak), Question("s", "level", ">", 0.0, strong)]
    )[0]
    assert alone.verdict == with_strong.verdict == "supported"
    assert among.verdict == "undecided"


@given(NUMBERS, st.floats(-1e6, 1e6), st.sampled_from(sorted(OPERATORS)))
def test_a_verdict_always_agrees_with_its_printed_interval(values, threshold, operator) -> None:
    found = _level(values, operator, threshold)
    holds = OPERATORS[operator]
    ends = holds(found.ci_low, threshold), holds(found.ci_high, threshold)
    expected = "supported" if all(ends) else "undecided" if any(ends) else "refuted"
    is_thin = found.ci_low == found.ci_high and len(values) < 6
    assert found.verdict == ("undecided" if is_thin else expected)
    assert found.ci_low <= found.ci_high


@given(NUMBERS, st.permutations(range(20)))
def test_the_order_of_replications_changes_nothing(values, order) -> None:
    shuffled = [values[i] for i in order if i < len(values)]
    here, there = _level(values), _level(shuffled)
    assert math.isclose(here.ci_low, there.ci_low, rel_tol=1e-9, abs_tol=1e-9)
    assert here.verdict == there.verdict


@given(NUMBERS, st.sampled_from([2.0, -1.0]))
def test_a_replication_without_a_value_is_counted_and_left_out(values, threshold) -> None:
    assume(len(values) >= 8)
    full, holed = _level(values, "<=", threshold), _level([*values, None], "<=", threshold)
    assert (holed.n, holed.missing) == (len(values), 1)
    assert holed.verdict == full.verdict
    assert "1 of" in holed.reason


def test_too_many_missing_values_leave_a_claim_undecided() -> None:
    found = _level([1.0, 1.1, 0.9, 1.0, None, math.nan], "<=", 5.0)
    assert found.verdict == "undecided"
    assert found.missing == 2


@pytest.mark.parametrize("values", [[], [1.0], [None, None, None]])
def test_fewer_than_two_values_have_no_interval_and_no_verdict(values) -> None:
    found = _level(values)
    assert (found.verdict, found.ci_low) == ("undecided", None)
    assert "needs two" in found.reason


@pytest.mark.parametrize(("compare", "estimate"), [("level", 3), ("difference", 1), ("ratio", 1.5)])
def test_a_single_replication_shows_its_value_without_a_verdict(compare, estimate) -> None:
    found = _one(Question("q", compare, "<=", 9.0, [3.0], [2.0]))
    assert (found.estimate, found.verdict) == (estimate, "undecided")


def test_equal_values_are_judged_and_say_what_they_cannot_exclude() -> None:
    found = _level([0.0] * 10, "<=", 0.0)
    assert found.verdict == "supported"
    assert "26% of replications cannot be excluded" in found.reason


def test_a_few_equal_values_decide_nothing() -> None:
    assert _level([0.01] * 3, ">", 0.0).verdict == "undecided"
    assert _level([0.01] * 12, ">", 0.0).verdict == "supported"


def test_the_last_bits_of_equal_shares_are_no_spread() -> None:
    jitter = [0.007692307692307665, 0.007692307692307776]
    found = _level(jitter, ">", 0.0)
    assert (found.verdict, found.ci_low == found.ci_high) == ("undecided", True)
    # No spread is not perfect power.
    assert found.mde is None


def test_a_ratio_with_zeros_uses_means_and_says_so() -> None:
    found = _one(Question("q", "ratio", "<=", 0.9, [0, 1, 2, 1, 0, 1] * 5, [4, 5, 6, 5, 4, 5] * 5))
    assert found.method == "ratio_of_means_fieller"
    assert found.estimate == pytest.approx(5 / 29)
    assert found.verdict == "supported"


def test_a_ratio_to_nothing_says_nothing() -> None:
    zero = _one(Question("q", "ratio", "<=", 0.9, [1.0, 2.0, 3.0], [0.0, 0.0, 0.0]))
    vague = _one(Question("q", "ratio", "<=", 0.9, [1.0, 2.0, 3.0], [-5.0, 0.0, 9.0]))
    assert (zero.verdict, vague.verdict) == ("undecided", "undecided")
    assert (vague.ci_low, vague.ci_high) == (None, None)
    assert "baseline" in zero.reason
    assert "baseline" in vague.reason


def test_the_detectable_effect_shrinks_with_more_replications() -> None:
    values = _luck(8).normal(size=40).tolist()
    assert _level(values).mde < _level(values[:10]).mde


def test_a_mean_of_one_value_has_no_interval() -> None:
    assert mean_interval([3.0, None]) == mean_interval([3.0])
    assert mean_interval([3.0]).ci_low is None
    assert mean_interval([]).mean is None


def test_two_wild_replications_of_a_ratio_say_nothing_and_break_nothing() -> None:
    found = _one(Question("q", "ratio", "<=", 1.4, [1e-30, 1.0], [1.0, 1e-30]))
    assert found.verdict == "undecided"
    assert found.mde is None
