"""The packaged leasing scenario."""

import os
import subprocess
import sys

import pytest

from sim.leasing.model import setting_of
from sim.leasing.tuning import SEED
from sim.leasing.watch_policy import WATCH_POLICY
from sim.metrics import catalog
from sim.scenario import load, packaged
from tests.sim.leasing_runs import SMALL, small

_DIGEST = f"""
from sim.leasing.model import simulate_leasing
from sim.scenario import apply, load
from sim.world import Task
scenario = apply(load("leasing"), {list(SMALL)!r})
print(simulate_leasing(Task(scenario, "usage", 0, "columns", "revm", "memory")).log.digest())
"""


def digest(hash_seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", _DIGEST]
    return subprocess.run(command, env=environment, capture_output=True, check=True).stdout.decode()


def test_the_promises_of_the_brief_are_claims() -> None:
    claims = {claim.id: claim for claim in load("leasing").claims}
    assert claims["utilisation_up_25"].threshold == 1.25
    assert claims["rent_up_18"].threshold == 1.18
    assert claims["default_at_most_0_8"].threshold == 0.008
    assert {claims[name].compare for name in ("utilisation_up_25", "rent_up_18")} == {"ratio"}


def test_no_outcome_is_a_parameter() -> None:
    outcomes = {metric.partition(".")[0] for metric in catalog.METRICS}
    assert not outcomes & set(load("leasing").parameters)


def test_alerts_were_tuned_on_seeds_that_no_scenario_reports() -> None:
    assert SEED not in {scenario.seed for scenario in packaged()}


def test_the_bounds_of_alerts_know_nothing_of_the_truth() -> None:
    setting = setting_of(small(), "usage", 0)
    assert not hasattr(setting.parameters, "policy")
    assert not set(WATCH_POLICY.__slots__) & set(load("leasing").parameters)


@pytest.mark.slow
def test_fresh_processes_with_other_hash_seeds_tell_the_same_story() -> None:
    assert digest("1") == digest("2")
