"""One digest, wherever and however a study runs; and what would break that is caught."""

import json
from functools import cache
from pathlib import Path

import pytest

from sim.leasing.audit import journal_of
from sim.leasing.model import setting_of
from sim.leasing.stage import Stage
from sim.metrics.leasing import measure
from sim.streams import Luck
from sim.study import conduct
from tests.sim.faulty_leasing import leasing_with
from tests.sim.toy_runs import SamePool, command, document, study_of

TWO = ("--replications", "3", "--workers", "1", "--json")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    study_of(tmp_path)  # writes toy.toml
    return tmp_path


def _nobody(finished: int) -> None:
    """Nobody watches the progress."""


def _digest(here: Path, out: str, *more: str, hash_seed: str) -> str:
    done = command("run", "toy.toml", *TWO, *more, "--out", out, cwd=here, PYTHONHASHSEED=hash_seed)
    assert done.returncode in (0, 1), done.stderr
    return document(done)["digest"]


@pytest.mark.slow
def test_processes_hash_seeds_and_wirings_give_one_digest(here: Path) -> None:
    digests = {
        _digest(here, "a", hash_seed="1"),
        _digest(here, "b", hash_seed="2"),
        _digest(here, "c", "--wiring", "full", hash_seed="3"),
    }
    assert len(digests) == 1


@pytest.mark.slow
@pytest.mark.parametrize("planted", ["clock", "set"])
def test_a_planted_wall_clock_or_set_order_is_caught_by_a_rerun(here: Path, planted: str) -> None:
    """The clock by any rerun, the order of a set by a process with another hash seed."""
    trouble = ("--set", f"products.toy.trouble={planted}", "--arms", "new")
    _digest(here, "run", *trouble, hash_seed="1")
    verified = command("verify", "run", "--rerun", "--json", cwd=here, PYTHONHASHSEED="2")
    assert verified.returncode == 1
    checks = {check["name"]: check for check in document(verified)["checks"]}
    assert "event" in checks["rerun"]["detail"]
    assert not checks["rerun"]["held"]
    assert all(check["held"] for name, check in checks.items() if name not in ("rerun", "status"))


@pytest.mark.slow
def test_an_honest_run_passes_the_same_rerun(here: Path) -> None:
    _digest(here, "run", "--arms", "new", hash_seed="1")
    verified = command("verify", "run", "--rerun", "--json", cwd=here, PYTHONHASHSEED="2")
    assert verified.returncode == 0, verified.stdout


def test_order_of_replications_and_who_runs_them_change_nothing(tmp_path: Path) -> None:
    class Backwards(SamePool):
        def run(self, function, jobs, at_most=None):
            return super().run(function, list(reversed(jobs)), at_most)

    first = conduct(study_of(tmp_path, out="a"), SamePool(), _nobody, fresh=True)
    last = conduct(study_of(tmp_path, out="b"), Backwards(), _nobody, fresh=True)
    assert first["digest"] == last["digest"]
    records = [(tmp_path / name / "replications").glob("*0.json") for name in "ab"]
    one, two = (json.loads(next(found).read_text()) for found in records)
    assert one == two


def test_an_agent_and_a_metric_more_disturb_no_stream() -> None:
    """Draws of somebody new, in between, before or after: everybody else's stay."""

    def draws(newcomer: bool) -> list[float]:
        luck = Luck(7, 3)
        found = []
        for day in range(20):
            if newcomer:
                luck.cohort("newcomer", day, 100)
                luck.unit("metric", day)
            found += luck.cohort("merchants", day, 10).tolist()
            found.append(luck.unit("delay", day, "case"))
        return found

    assert draws(True) == draws(False)


def test_an_agent_and_a_metric_more_disturb_no_event_of_a_product() -> None:
    """The same in a run of leased machines: somebody draws every hour, and measures twice."""
    scenario = leasing_with()
    stage = Stage(setting_of(scenario, "usage", 0), "memory")
    luck, seen = Luck(scenario.seed, 0), []

    def draw() -> None:
        seen.append(luck.cohort("newcomer", stage.engine.now_s // 86_400, 50).sum())
        stage.engine.at(stage.engine.now_s + 3_600, draw)

    stage.engine.at(stage.engine.now_s, draw)
    stage.run()
    for _ in range(2):
        measure(stage, journal_of(stage))
    assert len(seen) > 500
    assert stage.alerts() == calm_stage().alerts()
    assert stage.log.digest() == calm_stage().log.digest()
    for one in (stage, calm_stage()):
        one.close()


@cache
def calm_stage() -> Stage:
    stage = Stage(setting_of(leasing_with(), "usage", 0), "memory")
    stage.run()
    return stage
