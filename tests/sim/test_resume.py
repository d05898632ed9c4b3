"""A run is finished as it was begun: other inputs or other code are refused, not ignored."""

import json
from pathlib import Path

import pytest

from sim.__main__ import call
from sim.prepare import Wish
from sim.resume import resume
from system.errors import InputError
from tests.sim.toy import register, write_scenario
from tests.sim.toy_runs import run, study_of

FAST = ("--replications", "2", "--workers", "1")


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with toy.toml and two replications of it in ``run``."""
    register()
    monkeypatch.chdir(tmp_path)
    write_scenario(tmp_path)
    assert call(["run", "toy.toml", *FAST, "--out", "run"]) == 0
    return tmp_path / "run"


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (("--seed", "5"), "seed = 5: run was begun with 7"),
        (("--horizon-days", "20"), "horizon_days = 20: run was begun with 10"),
        (("--set", "parameters.mean_delay_s=5"), "parameters.mean_delay_s.value = 5"),
        (("--arms", "new"), "arms = ['new']: run was begun with ['new', 'old']"),
        (("--wiring", "full"), "wiring = 'full': run was begun with 'columns'"),
        (("--evm", "embedded"), "evm = 'embedded': run was begun with 'revm'"),
        (("--store", "sqlite"), "store = 'sqlite': run was begun with 'memory'"),
        (("--replication", "1"), "looks"),
    ],
)
@pytest.mark.parametrize("folder", [("toy.toml", *FAST, "--out", "run"), ("run",)])
def test_other_inputs_than_the_runs_own_are_refused(
    begun: Path, capsys, folder: tuple[str, ...], other: tuple[str, ...], message: str
) -> None:
    before = {path: path.read_bytes() for path in begun.rglob("*") if path.is_file()}
    capsys.readouterr()
    assert call(["run", *folder, "--resume", *other]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert message in err
    assert before == {path: path.read_bytes() for path in begun.rglob("*") if path.is_file()}


def test_a_named_scenario_is_compared_with_its_defaults(begun: Path) -> None:
    with pytest.raises(InputError, match=r"replications\.max = 12: .* begun with 2"):
        resume(Wish("toy.toml"), begun)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--resume", "run"),
        ("--resume", "--out", "run"),
        ("run", "--resume", "--seed", "7"),
        ("toy.toml", *FAST, "--out", "run", "--resume"),
    ],
)
def test_the_same_inputs_go_on_and_leave_a_whole_run(begun: Path, arguments) -> None:
    before = (begun / "run.json").read_bytes()
    assert call(["run", *arguments, "--workers", "1"]) == 0
    assert (begun / "run.json").read_bytes() == before
    assert call(["verify", "run"]) == 0


def test_a_replay_of_one_replication_is_resumed_as_such(begun: Path) -> None:
    assert call(["run", "run", "--replication", "1", "--out", "one"]) == 0
    assert call(["run", "--resume", "one"]) == 0


def test_a_replay_runs_on_the_parts_of_the_run(tmp_path: Path, monkeypatch) -> None:
    study = study_of(tmp_path, "replications.min=2", wiring="full", arms=("new",))
    run(study)
    monkeypatch.chdir(tmp_path)
    assert call(["run", "run", "--replication", "1", "--out", "one"]) == 0
    again = json.loads((tmp_path / "one" / "run.json").read_text())
    assert (again["wiring"], again["evm"], again["arms"]) == ("full", "embedded", ["new"])


def test_other_versions_are_refused_and_stay_recorded(begun: Path, capsys) -> None:
    path = begun / "run.json"
    document = json.loads(path.read_text())
    document["versions"]["numpy"] = "0.0.1"
    path.write_text(json.dumps(document))
    assert call(["run", "--resume", "run"]) == 2
    line = capsys.readouterr().err
    assert "versions.numpy" in line
    assert "begun with '0.0.1': install that version" in line
    assert json.loads(path.read_text())["versions"]["numpy"] == "0.0.1"


def test_more_replications_reuse_those_that_are_there_and_keep_the_error_rate(begun: Path) -> None:
    before = [path.read_bytes() for path in sorted((begun / "replications").glob("*.json"))]
    assert call(["run", "--resume", "run", "--replications", "5", "--workers", "1"]) == 0
    after = [path.read_bytes() for path in sorted((begun / "replications").glob("*.json"))]
    assert [text for text in after if text in before] == before
    document = json.loads((begun / "run.json").read_text())
    assert document["replications"] == [0, 1, 2, 3, 4]
    assert (document["looks"], document["extended_from"]) == ([[0, 2], [0, 5]], [2])
    assert document["overrides"][-2:] == ["replications.min=5", "replications.max=5"]
    levels = {claim["level"] for claim in json.loads((begun / "claims.json").read_text())["claims"]}
    # An extension spends a tenth of 5 %, Holm shares it between two claims.
    assert min(levels) >= 1 - 0.05 * 0.1
    assert call(["verify", "run", "--rerun"]) == 0
    assert call(["run", "--resume", "run", "--workers", "1"]) == 0


def test_an_extended_run_has_the_replications_of_one_that_was_begun_larger(begun: Path) -> None:
    assert call(["run", "--resume", "run", "--replications", "4", "--workers", "1"]) == 0
    assert call(["run", "toy.toml", "--replications", "4", "--workers", "1", "--out", "large"]) == 0
    small, large = (
        json.loads((begun.parent / n / "run.json").read_text()) for n in ("run", "large")
    )
    assert small["digest"] == large["digest"]


def test_fewer_replications_than_there_are_is_refused(begun: Path, capsys) -> None:
    assert call(["run", "--resume", "run", "--replications", "1"]) == 2
    assert "was begun with 2" in capsys.readouterr().err
