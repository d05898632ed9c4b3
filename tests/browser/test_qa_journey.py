"""QA's journey of docs/JOURNEYS.md, walked whole: what the pages say to type is typed, as it is."""

import json
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from playwright.sync_api import expect

from sim.__main__ import call
from sim.run_folder import RunFolder
from tests.sim.toy import register, write_scenario
from tests.sim.toy_runs import environment_of, line_of

BROKEN = 1


@dataclass
class Shell:
    """Does what a shell does with a line of ours, in this process: starting one takes seconds."""

    capsys: pytest.CaptureFixture[str]

    def type(self, line: str, *more: str) -> tuple[int, str, str]:
        """Exit code, output, and what was said beside it."""
        program, *arguments = shlex.split(line)
        assert program == "shapan"
        code = call([*arguments, *more])
        return code, *self.capsys.readouterr()


@pytest.fixture
def shell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Shell:
    """In an empty folder; the toy product is known."""
    register()
    monkeypatch.chdir(tmp_path)
    return Shell(capsys)


def test_a_planted_failure_goes_from_the_list_to_junit_a_replay_and_its_smallest_case(
    page: Any, address: str, runs: Path, shell: Shell
) -> None:
    page.goto(address + "/")
    row = page.locator("#runs tbody tr", has_text="broken")
    expect(row).to_contain_text("1 failed")
    row.get_by_role("link").click()
    failure = page.locator(".failure")
    expect(failure).to_contain_text("the toy broke")
    replay, shrink = failure.locator("code").all_inner_texts()

    code, out, err = shell.type(replay)
    assert code == BROKEN
    assert "the toy broke" in out + err

    assert shell.type(f"shapan report {runs / 'broken'} --format junit --out junit.xml")[0] == 0
    [error] = fromstring(Path("junit.xml").read_text(encoding="utf-8")).iter("error")
    assert replay in (error.text or "")
    assert shrink in (error.text or "")

    code, out, _ = shell.type(shrink, "--out", "small.toml", "--json")
    assert code == 0
    found = json.loads(out)
    assert "the toy broke" in found["error"]
    assert found["horizon_days"] == 1
    assert shell.type(found["replay"])[0] == BROKEN


@pytest.fixture
def interrupted(runs: Path, tmp_path: Path) -> Iterator[Path]:
    """A run that somebody stopped with Ctrl-C after its first replication."""
    path, scenario = runs / "interrupted", write_scenario(tmp_path)
    asked = ["--replications", "2", "--workers", "1", "--arms", "new", "--out", path]
    line = line_of("run", scenario, "--set", "products.toy.pause_s=3", *asked)
    with subprocess.Popen(line, env=environment_of(), stderr=subprocess.DEVNULL) as process:
        while not RunFolder(path).finished():
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
    yield path
    shutil.rmtree(path)


def test_an_interrupted_run_says_how_to_finish_it_and_then_is_finished(
    page: Any, address: str, interrupted: Path, shell: Shell
) -> None:
    page.goto(f"{address}/runs/{interrupted.name}")
    expect(page.locator(".status.partial")).to_be_visible()
    line = page.locator("code", has_text="--resume").inner_text()
    assert shell.type(line)[0] == 0
    page.reload()
    expect(page.locator(".status.ok")).to_be_visible()
    expect(page.locator("code", has_text="--resume")).to_have_count(0)
