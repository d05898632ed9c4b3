"""The pilot: every scenario in one folder, one document, one exit code, one resume."""

import json
import shutil
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from sim import pilot
from sim.__main__ import call
from sim.run_folder import RunFolder
from system.errors import IntegrityError
from tests.sim.toy import SCENARIO, register, write_scenario
from tests.sim.toy_runs import environment_of

FAST = ("--replications", "2", "--workers", "1")
BOTH = ("./toy.toml", "./second.toml")


def second(text: str = SCENARIO) -> str:
    """A scenario with arms of its own; one of its two claims has a name of its own."""
    for old, new in (
        ('name = "toy"', 'name = "second"'),
        ("[arms.old]", "[arms.plain]"),
        ("[arms.new]", "[arms.clever]"),
        ('arm = "new"', 'arm = "clever"'),
        ('baseline = "old"', 'baseline = "plain"'),
        ('id = "halved"', 'id = "clever_halved"'),
    ):
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with two scenarios that are the pilot."""
    register()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setattr(pilot, "PILOT", BOTH)
    write_scenario(tmp_path)
    (tmp_path / "second.toml").write_text(second(), encoding="utf-8")
    return tmp_path


def change(desk: Path, old: str, new: str) -> None:
    path = desk / "second.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def piloted(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    assert call(["pilot", *FAST, "--json", *arguments]) == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_one_document_holds_all_scenarios_in_the_shape_of_a_run(desk: Path, capsys) -> None:
    found = piloted(capsys)
    assert call(["run", "toy.toml", *FAST, "--json"]) == 0
    alone = json.loads(capsys.readouterr().out)
    assert list(found) == list(alone)
    assert list(found["claims"][0]) == list(alone["claims"][0])
    assert found["status"] == "ok"
    assert set(found["metrics"]) == {"old", "new", "plain", "clever"}
    assert found["metrics"]["new"] == alone["metrics"]["new"]
    assert found["invariants"] == alone["invariants"]
    assert found["events"] == 2 * alone["events"]
    assert found["run"].startswith("runs/pilot-7-")
    runs = {name: RunFolder(Path(found["run"], name)).read_run() for name in ("second", "toy")}
    assert runs["toy"]["digest"] == alone["digest"]
    lines = "\n".join(f"{name} {run['digest']}" for name, run in runs.items())
    assert found["digest"] == sha256(lines.encode()).hexdigest()


def test_claims_of_one_name_bear_their_scenarios(desk: Path, capsys) -> None:
    found = piloted(capsys, "--require", "second.instant", code=3)
    ids = [claim["id"] for claim in found["claims"]]
    assert ids == ["halved", "toy.instant", "clever_halved", "second.instant"]
    assert [claim["arm"] for claim in found["claims"]] == ["new", "new", "clever", "clever"]
    assert call(["pilot", *FAST, "--require", "instant"]) == 2
    assert "did you mean toy.instant?" in capsys.readouterr().err


def test_scenarios_that_share_an_arm_are_no_pilot(desk: Path) -> None:
    change(desk, "clever]", "new]")
    change(desk, 'arm = "clever"', 'arm = "new"')
    with pytest.raises(IntegrityError, match="new"):
        pilot.prepare_pilot(BOTH, (), None)


def test_an_invariant_is_held_only_where_every_scenario_holds_it(desk: Path, capsys) -> None:
    change(desk, 'trouble = "none"', 'trouble = "invariant"')
    change(desk, "trouble_at_count = 2", "trouble_at_count = 1")
    found = piloted(capsys, code=1)
    assert found["status"] == "failed"
    assert found["invariants"]["money_is_conserved"].startswith("second: replication 1, arm")
    assert found["invariants"]["wirings_agree"] == "held"


def test_a_refused_scenario_leaves_no_folder(desk: Path, capsys) -> None:
    change(desk, 'trouble = "none"', 'trouble = "refuse"')
    assert call(["pilot", *FAST]) == 2
    out, err = capsys.readouterr()
    assert (out, "write none" in err) == ("", True)
    assert not (desk / "runs").exists()


@pytest.mark.slow
def test_an_existing_folder_is_refused(desk: Path, capsys) -> None:
    piloted(capsys, "--out", "p")
    assert call(["pilot", *FAST, "--out", "p"]) == 2
    assert "--resume" in capsys.readouterr().err
    assert piloted(capsys)["run"] != piloted(capsys)["run"]


def test_the_terminal_shows_a_table_of_claims_for_each_scenario(desk: Path, capsys) -> None:
    assert call(["pilot", *FAST, "--out", "p"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("Claims") == 2
    assert all(arm in shown for arm in ("old", "new", "plain", "clever"))
    assert shown.count("shapan verify p --rerun") == 1


def test_a_pilot_verifies_and_reruns_bit_for_bit(desk: Path, capsys) -> None:
    piloted(capsys, "--out", "p")
    assert call(["verify", "p", "--rerun", "--workers", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    names = [check["name"] for check in found["checks"]]
    assert {"toy.seal", "second.seal", "toy.rerun", "second.rerun"} < set(names)
    assert (found["status"], names[-1]) == ("ok", "pilot")


@pytest.mark.parametrize(
    ("damage", "broken"),
    [
        (lambda path: (path / "toy" / "claims.json").unlink(), "toy.seal"),
        (
            lambda path: (path / "pilot.json").write_text(
                (path / "pilot.json").read_text().replace('"digest": "', '"digest": "0')
            ),
            "pilot",
        ),
    ],
)
def test_a_damaged_pilot_exits_1_and_names_what_is_wrong(
    desk: Path, capsys, damage: Any, broken: str
) -> None:
    piloted(capsys, "--out", "p")
    damage(desk / "p")
    assert call(["verify", "p", "--json"]) == 1
    checks = json.loads(capsys.readouterr().out)["checks"]
    assert broken in [check["name"] for check in checks if not check["held"]]


def test_a_pilot_without_one_of_its_runs_is_unusable(desk: Path, capsys) -> None:
    piloted(capsys, "--out", "p")
    shutil.rmtree(desk / "p" / "second")
    assert call(["verify", "p"]) == 2
    assert "p/second" in capsys.readouterr().err
    (desk / "p" / "pilot.json").write_text('{"scenarios": []}')
    assert call(["verify", "p"]) == 2
    assert "p/pilot.json: scenarios" in capsys.readouterr().err


def test_pilots_are_compared_scenario_by_scenario(desk: Path, capsys) -> None:
    piloted(capsys, "--out", "p")
    piloted(capsys, "--out", "q")
    assert call(["run", "second.toml", *FAST, "--out", "s"]) == 0
    capsys.readouterr()
    assert call(["compare", "p", "q", "s", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["scenarios"]
    runs = {name: [run["run"] for run in entry["runs"]] for name, entry in found.items()}
    assert runs == {"toy": ["p/toy", "q/toy"], "second": ["p/second", "q/second", "s"]}
    assert call(["compare", "p", "s"]) == 0
    assert "no parameter differs" in capsys.readouterr().out
    change(desk, 'name = "second"', 'name = "third"')
    assert call(["run", "./second.toml", *FAST, "--out", "t"]) == 0
    assert call(["compare", "t", "p"]) == 2
    assert "that the pilot ran" in capsys.readouterr().err


def test_a_pilot_is_resumed_as_it_was_begun(desk: Path, capsys) -> None:
    before = piloted(capsys, "--out", "p")
    for name in ("000001.json", "000001.wall.json"):
        (desk / "p" / "second" / "replications" / name).unlink()
    assert call(["run", "--resume", "p", "--seed", "5"]) == 2
    assert "seed = 5: p/toy was begun with 7" in capsys.readouterr().err
    assert call(["run", "--resume", "p", "--workers", "1", "--json"]) == 0
    after = json.loads(capsys.readouterr().out)
    assert {**after, "wall_s": 0} == {**before, "wall_s": 0}


MAIN = f"""
import sys
from sim import pilot
from sim.__main__ import call
from tests.sim.toy import register
register()
pilot.PILOT = {BOTH}
sys.exit(call(sys.argv[1:]))
"""


def started(desk: Path, *arguments: str) -> subprocess.Popen[str]:
    """The command line in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", MAIN, *arguments, "--workers", "1", "--json"],
        cwd=desk,
        env=environment_of(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("stop", "code"),
    [(signal.SIGINT, 130), pytest.param(signal.SIGKILL, -9, marks=pytest.mark.slow)],
)
def test_an_interrupted_pilot_can_be_read_and_finished(
    desk: Path, capsys, stop: signal.Signals, code: int
) -> None:
    write_scenario(desk, SCENARIO.replace("pause_s = 0", "pause_s = 1"))
    child = started(desk, "pilot", "--replications", "2", "--out", "p")
    assert child.stderr is not None
    while "toy: 1 of" not in child.stderr.readline():
        assert child.poll() is None
    child.send_signal(stop)
    out, _ = child.communicate(timeout=60)
    assert child.returncode == code
    if stop == signal.SIGINT:
        partial = json.loads(out)
        assert partial["status"] == "partial"
        assert partial["claims"][-1]["verdict"] == "undecided"
    assert call(["run", "--resume", "p", "--workers", "1", "--json"]) == 0
    finished = json.loads(capsys.readouterr().out)
    assert {claim["n"] for claim in finished["claims"]} == {2}
    assert call(["verify", "p"]) == 0
