"""When a run has settled."""

from pathlib import Path

import numpy as np

from sim.run_folder import RunFolder
from sim.warmup import mser, settled_days


def _days(seed: int, n: int) -> np.ndarray:
    return np.random.Generator(np.random.Philox(seed)).normal(100.0, 5.0, n)


def test_a_rise_at_the_start_is_cut_where_it_ends() -> None:
    rising = 100 * (1 - np.exp(-np.arange(40) / 8))
    assert 16 <= mser(np.concatenate([rising, _days(1, 160)])) <= 40


def test_days_that_are_alike_from_the_start_need_no_warm_up() -> None:
    assert np.median([mser(_days(seed, 200)) for seed in range(20)]) <= 10


def test_each_arm_of_a_run_has_its_own(finished: Path, tmp_path: Path) -> None:
    assert settled_days(RunFolder(finished)) == {"new": 0, "old": 0}
    assert settled_days(RunFolder(tmp_path)) == {}
