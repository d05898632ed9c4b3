"""The packaged leasing scenario, and what a bad line does to it: nothing."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sim.leasing import model
from sim.leasing.channel_broker import BrokerChannel
from sim.leasing.line import CALM, Trouble
from sim.leasing.messages import GATEWAYS
from sim.leasing.model import setting_of
from sim.leasing.network import Arrived
from sim.leasing.restarts import Services
from sim.leasing.stage import Setting
from sim.leasing.tuning import SEED
from sim.leasing.watch_policy import WATCH_POLICY
from sim.metrics import catalog
from sim.prepare import Wish, prepare
from sim.scenario import load, packaged
from sim.study import conduct
from system.bootstrap_leasing import LeasingSystem
from tests.sim.leasing_runs import SMALL, small
from tests.sim.toy_runs import SamePool

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


# A yard of machines, large enough for every kind of message to cross the broker.
YARD = (
    "populations.machine.count=16",
    "populations.contractor.count=10",
    "horizon_days=14",
    "warmup_days=6",
    "replications.min=1",
    "replications.max=1",
    "parameters.client_default_share=0.15",
    "parameters.immobilise_days=5",
)


def run_document(folder: Path, wiring: str) -> dict[str, Any]:
    """What ``shapan run`` writes of this yard's usage arm."""
    wish = Wish("leasing", overrides=YARD, arms=("usage",), wiring=wiring)
    study = prepare(wish, lambda plan: folder / wiring)
    return conduct(study, SamePool(), lambda finished: None, fresh=True)


class Shaken(BrokerChannel):
    """A line that sends twice and out of order, and a broker that is killed again and again."""

    polls = kills = 0

    def deliver(self, arrived: Arrived, trouble: Trouble = CALM) -> None:
        self.polls += 1
        killed = self.polls % 5 == 3
        self.kills += killed
        two = (self.polls % GATEWAYS, self.polls * 3 % GATEWAYS)
        super().deliver(arrived, Trouble(twice=two, last=two[::-1], killed=killed))


@pytest.mark.slow
def test_a_run_whose_broker_is_killed_again_and_again_has_the_digest_of_an_undisturbed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[Shaken] = []

    def shaken(system: LeasingSystem, services: Services, setting: Setting) -> Shaken:
        start_s = setting.parameters.world.start_s
        lines.append(Shaken(system, services.desk, setting.machines, start_s))
        return lines[-1]

    calm = run_document(tmp_path / "calm", "columns")
    monkeypatch.setattr(model, "by_broker", shaken)
    found = run_document(tmp_path / "shaken", "full")
    [line] = lines
    assert line.kills > 10
    assert found["digest"] == calm["digest"]
    assert found["status"] == "ok"
    assert set(found["invariants"].values()) == {"held"}
    assert len(line.heard) > 5
