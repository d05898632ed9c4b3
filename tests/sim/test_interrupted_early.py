"""Whoever interrupts a run before its first replication has a folder that can be finished."""

import json
from pathlib import Path
from typing import Any

import pytest

from sim import pilot
from sim.__main__ import UNUSABLE, call
from sim.commands.options import INTERRUPTED
from sim.run_folder import RunFolder
from tests.sim.toy import register, write_scenario

FAST = ("--replications", "2", "--workers", "1", "--json")
RUN = ("run", "./toy.toml", *FAST, "--out", "out")
PILOT = ("pilot", *FAST, "--out", "out")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    register()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pilot, "PILOT", ("./toy.toml",))
    write_scenario(tmp_path)
    return tmp_path


def interrupt(patch: pytest.MonkeyPatch, where: str, *, after: bool) -> None:
    """The first call of this method of a folder is interrupted, before or after it is done."""
    method = getattr(RunFolder, where)

    def interrupted(folder: RunFolder, *arguments: Any) -> Any:
        patch.setattr(RunFolder, where, method)
        if after:
            method(folder, *arguments)
        raise KeyboardInterrupt

    patch.setattr(RunFolder, where, interrupted)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("command", "where"),
    [(RUN, "complete"), (RUN, "write_run"), (PILOT, "complete"), (PILOT, "close")],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_it_is_partial_and_can_be_finished(
    desk: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
    where: str,
    after: bool,
) -> None:
    with monkeypatch.context() as patch:
        interrupt(patch, where, after=after)
        assert call(list(command)) == INTERRUPTED
    assert json.loads(capsys.readouterr().out)["status"] == "partial"
    assert call(["run", "--resume", "out", "--workers", "1", "--json"]) == 0
    assert call(["verify", "out"]) == 0


def test_where_nothing_was_begun_there_is_nothing_to_show(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(monkeypatch, "check_free", after=True)
    assert call(list(RUN)) == INTERRUPTED
    assert not (desk / "out").exists()


@pytest.mark.parametrize("command", [RUN, PILOT], ids=["run", "pilot"])
def test_what_lies_in_another_folder_stays_as_it_is(
    desk: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """However it is interrupted while it is seen that the folder is not free."""
    (desk / "out").mkdir()
    (desk / "out" / "run.json").write_text("another's")
    with monkeypatch.context() as patch:
        interrupt(patch, "check_free", after=False)
        assert call(list(command)) in (INTERRUPTED, UNUSABLE)
    assert [path.name for path in (desk / "out").iterdir()] == ["run.json"]
    assert (desk / "out" / "run.json").read_text() == "another's"
