import json
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

import sim.soak
from sim.__main__ import call
from sim.fault_kinds import KINDS
from sim.soak import trial
from sim.trace import EventLog
from sim.world import Outcome, Task


def test_a_trial_follows_from_seed_and_number_alone() -> None:
    assert trial(3, 7) == trial(3, 7)
    assert len({trial(3, number).scenario.digest() for number in range(20)}) == 20
    assert trial(4, 7).scenario.digest() != trial(3, 7).scenario.digest()


def test_the_swarm_reaches_every_kind_and_leaves_most_out_of_each_trial() -> None:
    plans = [{fault.kind for fault in trial(1, n).scenario.faults} for n in range(60)]
    assert set().union(*plans) == set(KINDS)
    assert min(map(len, plans)) >= 1
    assert sorted(map(len, plans))[len(plans) // 2] <= len(KINDS) // 3


def test_a_quiet_soak_covers_and_exits_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["soak", "--seed", "11", "--trials", "2", "--json"]) == 0
    out, err = capsys.readouterr()
    seen = json.loads(out)
    assert seen["trials"] == 2
    assert seen["failed"] == []
    coverage = seen["coverage"]
    assert set(coverage["trials_by_fault"]) == set(coverage["strikes"]) == set(KINDS)
    assert sum(coverage["trials_by_place"].values()) == 2
    places = {place.split("/")[0] for place in coverage["trials_by_place"]}
    assert {name.split("/")[0] for name in coverage["events"]} == places
    assert "seed 11" in err
    assert "trial 1, " in err


def test_a_broken_invariant_is_recorded_with_its_replay_and_exits_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(task: Task) -> Outcome:
        return Outcome({}, EventLog(), {"limits_hold": "over"}, {"fault.reorg": 2.0})

    monkeypatch.setattr("sim.failure.simulate", broken)
    out, junit = tmp_path / "soak", tmp_path / "soak.xml"
    files = ["--out", str(out), "--junit", str(junit)]
    assert call(["soak", "--seed", "5", "--trials", "2", *files, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert [entry["what"] for entry in document["failed"]] == ["limits_hold"] * 2
    strikes = document["coverage"]["strikes"]
    assert {kind: count for kind, count in strikes.items() if count} == {"reorg": 4}
    trials, faults = fromstring(junit.read_text(encoding="utf-8"))
    assert (trials.get("failures"), faults.get("skipped")) == ("2", str(len(KINDS) - 1))
    told = "".join(one.text or "" for one in trials.iter("failure"))
    for entry in document["failed"]:
        assert entry["replay"] in told
        assert entry["shrink"] in told
    record = json.loads(Path(document["failed"][0]["failure"]).read_text(encoding="utf-8"))
    assert record["replay"].startswith(f"shapan run {out / '000000.toml'} --arms ")
    assert (out / "000000.toml").is_file()


def test_time_that_is_up_ends_a_soak_after_the_trial_that_runs() -> None:
    seen = sim.soak.soak(1, 0, None, lambda *_: None)
    assert seen.trials == 1
