import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from sim.__main__ import call
from sim.failure import CRASHED, Failure, attempt, breach, read
from sim.scenario import Scenario, load, packaged, scenario_of
from sim.shrink import Shrinker
from sim.toml_text import toml_text
from sim.trace import EventLog
from sim.world import Outcome, Task, register
from system.errors import InputError
from tests.sim.faulty import fault, with_faults

# Final at once: a reorganisation drops what the books stand on, and the auditor sees it.
SHALLOW = (
    fault("rail_down", 0.2, every=5, **{"for": 0.5}),
    fault("reorg", 0.5, every=3, **{"for": 0.1}),
    fault("store_locked", 0.1, every=2, **{"for": 0.5}),
)


def shallow() -> Scenario:
    data = with_faults(*SHALLOW).as_data()
    return scenario_of(data | {"horizon_days": 16}, "test")


def task_of(scenario: Scenario, arm: str = "chain") -> Task:
    return Task(scenario, arm, 0, "columns", "revm", "memory")


def shrunk(failure: Failure) -> tuple[Failure, list[str]]:
    steps: list[str] = []
    smallest = Shrinker(failure, 400, lambda _, words: steps.append(words)).run()
    return smallest.failure, steps


def simulate_toy(task: Task) -> Outcome:
    """Breaks when a bridge and a flood are planned, with four letters or more, in 12 days."""
    scenario = task.scenario
    kinds = {fault.kind for fault in scenario.faults}
    letters = scenario.populations["letter"].whole("count")
    if kinds >= {"bridge", "flood"} and letters >= 4 and scenario.horizon_days >= 12:
        raise RuntimeError("the post is lost")
    state = "held" if "flood" not in kinds else "another letter is wet"
    return Outcome({}, EventLog(), {"money_is_conserved": state}, {})


@pytest.fixture
def toy() -> dict[str, Any]:
    register("post", "tests.sim.test_shrink:simulate_toy")
    data = load("tests/sim/example.toml").as_data()
    kinds = ("rain", "bridge", "snow", "flood", "wind")
    data["faults"] = [
        {"kind": kind, "at": day, "for": 4, "severity": 1} for day, kind in enumerate(kinds)
    ]
    data["products"] = {"post": {}}
    data["populations"] = {"letter": {"count": 61}}
    data["horizon_days"] = 90
    return data


def test_what_does_not_matter_is_taken_away_and_the_kind_of_failure_stays(
    toy: dict[str, Any],
) -> None:
    arm = next(iter(toy["arms"]))
    _, failure = attempt(task_of(scenario_of(toy, "toy"), arm))
    assert failure is not None
    assert failure.what == CRASHED
    smallest, steps = shrunk(failure)
    scenario = smallest.task.scenario
    assert {fault.kind for fault in scenario.faults} == {"bridge", "flood"}
    assert scenario.populations["letter"].whole("count") == 4
    assert (scenario.horizon_days, scenario.warmup_days) == (12, 0)
    assert max(fault.for_days for fault in scenario.faults) < 0.02
    assert steps[0] == "the failure as recorded"
    assert shrunk(failure)[0].task.scenario.digest() == scenario.digest()


def test_what_does_not_fail_again_is_said_so(toy: dict[str, Any]) -> None:
    toy["faults"] = []
    arm = next(iter(toy["arms"]))
    failure = Failure(task_of(scenario_of(toy, "toy"), arm), CRASHED, "RuntimeError: lost")
    with pytest.raises(InputError, match="does not fail again"):
        shrunk(failure)


def test_a_failure_is_read_back_from_its_record(tmp_path: Path) -> None:
    failure = breach(task_of(shallow()), {"limits_hold": "held", "nothing_paid_twice": "twice"})
    assert failure is not None
    path = tmp_path / "failure.json"
    record = failure.record("invariants of chain", "shapan run x")
    assert {"seed", "fault_plan", "stage", "traceback", "replay"} <= record.keys()
    assert all("at" in entry for entry in record["fault_plan"])
    path.write_text(json.dumps(record), encoding="utf-8")
    again = read(path)
    assert again.what == "nothing_paid_twice"
    assert again.task.scenario.digest() == failure.task.scenario.digest()
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="failures/"):
        read(path)


def test_every_packaged_scenario_is_the_same_after_writing_and_reading_its_text() -> None:
    for scenario in packaged():
        data = tomllib.loads(toml_text(scenario.as_data()))
        assert scenario_of(data, "text").digest() == scenario.digest()


@pytest.mark.slow
def test_a_broken_invariant_is_recorded_replayed_and_shrunk_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, run = tmp_path / "shallow.toml", tmp_path / "run"
    file.write_text(toml_text(shallow().as_data()), encoding="utf-8")
    # On one wiring only: its first replication would also run on the other.
    only = ["--arms", "chain", "--replication", "2", "--json"]
    assert call(["run", str(file), "--out", str(run), *only]) == 1
    assert json.loads(capsys.readouterr().out)["status"] == "failed"
    record = run / "failures" / "000002.json"
    failure = json.loads(record.read_text(encoding="utf-8"))
    assert failure["stage"] == "invariants of chain"
    assert call(["shrink", str(record), "--trials", "35", "--json"]) == 0
    small = json.loads(capsys.readouterr().out)
    assert small["what"] == failure["what"]
    assert {entry["kind"] for entry in small["faults"]} == {"reorg"}
    assert len(small["faults"]) == 1
    assert small["horizon_days"] + small["warmup_days"] <= 5
    assert call(["run", small["scenario"], "--out", str(tmp_path / "again"), *only]) == 1
