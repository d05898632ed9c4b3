"""Comparison: what differs, and paired differences where the luck is the same."""

from pathlib import Path

import pytest

from sim.compare import _change, compare
from sim.questions import Interval
from sim.run_folder import RunFolder
from tests.sim.toy_runs import run, study_of


@pytest.fixture(scope="module")
def slower(tmp_path_factory: pytest.TempPathFactory) -> Path:
    study = study_of(tmp_path_factory.mktemp("slower"), "parameters.mean_delay_s=1100")
    run(study)
    return study.folder.path


def test_parameters_that_differ_are_listed_and_no_others(finished: Path, slower: Path) -> None:
    found = compare([RunFolder(finished), RunFolder(slower)])
    assert found["parameters"] == [
        {"path": "parameters.mean_delay_s.value", "values": [1000, 1100]}
    ]


def test_claims_stand_side_by_side(finished: Path, slower: Path) -> None:
    found = compare([RunFolder(finished), RunFolder(slower)])
    by_id = {claim["id"]: [run["verdict"] for run in claim["runs"]] for claim in found["claims"]}
    assert by_id == {"halved": ["supported"] * 2, "instant": ["refuted"] * 2}


def test_equal_seeds_are_paired_and_the_difference_is_tight(finished: Path, slower: Path) -> None:
    found = compare([RunFolder(finished), RunFolder(slower)])
    [old] = [
        row
        for row in found["differences"]
        if (row["arm"], row["metric"]) == ("old", "time_to_cash_s_p50")
    ]
    assert found["paired"]
    assert old["n"] == 4
    assert 95 < old["ci_low"] < old["mean"] < old["ci_high"] < 110


def test_other_seeds_are_not_paired(finished: Path, tmp_path: Path) -> None:
    other = study_of(tmp_path, "seed=8", "replications.min=2", "replications.max=2")
    run(other)
    found = compare([RunFolder(finished), other.folder])
    assert (found["paired"], found["differences"]) == (False, [])


def test_a_change_beyond_luck_is_named_by_the_metrics_direction(
    finished: Path, slower: Path
) -> None:
    there = compare([RunFolder(finished), RunFolder(slower)])["differences"]
    back = compare([RunFolder(slower), RunFolder(finished)])["differences"]
    assert {row["change"] for row in there} == {"worse"}
    assert {row["change"] for row in back} == {"better"}


def test_a_run_beside_itself_is_the_same(finished: Path) -> None:
    found = compare([RunFolder(finished), RunFolder(finished)])
    assert {row["change"] for row in found["differences"]} == {"same"}


def test_what_luck_may_explain_is_inconclusive() -> None:
    assert _change(Interval(1.0, -1.0, 3.0, 9), "time_to_cash_s_p50") == "inconclusive"
    assert _change(Interval(1.0, None, None, 1), "time_to_cash_s_p50") == "inconclusive"
