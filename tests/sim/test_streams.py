"""Luck: keyed, uniform, independent, and nobody's business but the one who draws."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim.streams import Luck

KEYS = st.lists(st.integers() | st.text(), max_size=3)


@given(st.text(), KEYS)
def test_a_draw_depends_on_its_key_alone_and_not_on_earlier_draws(purpose: str, key: list) -> None:
    fresh, used = Luck(1, 2), Luck(1, 2)
    for day in range(5):
        used.unit("somebody else", day)
        used.generator("a new actor", day).random(10)
    assert used.unit(purpose, *key) == fresh.unit(purpose, *key)
    assert used.generator(purpose, *key).random() == fresh.generator(purpose, *key).random()


@given(st.text(), KEYS, st.text(), KEYS)
def test_two_different_keys_are_two_different_draws(
    purpose: str, key: list, other: str, other_key: list
) -> None:
    luck = Luck(1, 2)
    same = (purpose, key) == (other, other_key)
    assert (luck.unit(purpose, *key) == luck.unit(other, *other_key)) == same


def test_words_that_look_alike_are_different_keys() -> None:
    luck = Luck(1, 2)
    draws = [
        luck.unit("ab", "c"),
        luck.unit("a", "bc"),
        luck.unit("abc"),
        luck.unit("ab", "c", ""),
        luck.unit("a", 1, 2),
        luck.unit("a", 12),
        luck.unit("a", "1", 2),
        luck.unit("a", "i1;", 2),
    ]
    assert len(set(draws)) == len(draws)


def test_numpy_integers_are_the_same_keys_as_pythons() -> None:
    luck = Luck(1, 2)
    assert luck.unit("late", np.int64(7)) == luck.unit("late", 7)
    with pytest.raises(TypeError):
        luck.unit("late", 7.0)  # type: ignore[arg-type]


def test_seed_and_replication_change_every_draw() -> None:
    draws = {Luck(seed, n).unit("late", 1) for seed in range(20) for n in range(20)}
    assert len(draws) == 400


def test_draws_are_equal_in_every_process_and_for_every_hash_seed() -> None:
    program = (
        "from sim.streams import Luck; luck = Luck(5, 1);"
        "print(luck.unit('x', 'a', 1), luck.uniform_ppm('y'), luck.cohort('z', 3, 4).tolist())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
        ).stdout
        for hash_seed in ("0", "1", "2")
    }
    assert len(outputs) == 1


def test_known_draws_never_change_between_versions() -> None:
    luck = Luck(20260101, 0)
    assert luck.uniform_ppm("late", "supplier-1", 12) == 764_750
    assert luck.integer("term", 1, low=30, high=180) == 146
    assert luck.generator("demand", 3).integers(0, 1000, 3).tolist() == [861, 838, 903]


def test_draws_are_uniform() -> None:
    luck = Luck(3, 0)
    units = np.array([luck.unit("u", i) for i in range(20_000)])
    assert units.min() >= 0 and units.max() < 1  # noqa: PT018
    assert stats.kstest(units, "uniform").pvalue > 0.01
    for share in (0.0, 0.02, 0.5, 1.0):
        hits = sum(luck.chance("c", i, share=share) for i in range(20_000))
        assert abs(hits / 20_000 - share) <= 4 * (share * (1 - share) / 20_000) ** 0.5
    counts = np.bincount([luck.choice_index("d", i, n=7) for i in range(20_000)], minlength=7)
    assert stats.chisquare(counts).pvalue > 0.01


def test_neighbouring_keys_purposes_and_replications_are_independent() -> None:
    first = np.array([Luck(3, 0).unit("a", i) for i in range(10_000)])
    neighbours = [
        first[1:],
        np.array([Luck(3, 0).unit("b", i) for i in range(10_000)]),
        np.array([Luck(3, 1).unit("a", i) for i in range(10_000)]),
        np.array([Luck(4, 0).unit("a", i) for i in range(10_000)]),
    ]
    for other in neighbours:
        assert stats.pearsonr(first[: len(other)], other).pvalue > 0.001


def test_a_longer_cohort_keeps_the_luck_of_its_first_rows() -> None:
    luck = Luck(3, 0)
    short, long = luck.cohort("spend", 5, 100), luck.cohort("spend", 5, 130)
    assert (long[:100] == short).all()
    assert (luck.cohort("spend", 6, 100) != short).all()


@given(st.integers(0, 500), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_keeps_what_a_smaller_one_has_hit(key: int, one: float, two: float) -> None:
    luck = Luck(3, 0)
    low, high = sorted((one, two))
    assert luck.chance("late", key, share=high) >= luck.chance("late", key, share=low)


@given(st.integers(-(10**12), 10**12), st.integers(0, 10**12), st.integers())
def test_an_integer_stays_inside_its_interval(low: int, width: int, key: int) -> None:
    assert low <= Luck(3, 0).integer("amount", key, low=low, high=low + width) <= low + width


def test_shares_in_ppm_are_not_taken_for_ratios() -> None:
    luck = Luck(3, 0)
    with pytest.raises(AssertionError, match="ratio"):
        luck.chance("late", 1, share=20_000)
    hits = sum(luck.chance_ppm("late", i, share_ppm=250_000) for i in range(4_000))
    assert 900 < hits < 1100


def test_luck_travels_to_a_worker_process() -> None:
    luck = Luck(3, 4)
    assert pickle.loads(pickle.dumps(luck)).unit("a") == luck.unit("a")
