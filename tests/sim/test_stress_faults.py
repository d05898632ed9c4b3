"""What breaks under load: planned from the seed, done to real processes and lines."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import cast

import pytest

from sim.__main__ import call
from sim.streams import Luck
from sim.stress.faults import KILLED, Faults, schedule, silent_count
from sim.stress.load import Loaded
from sim.stress.profile import profile
from sim.stress.proxy import Proxy
from sim.stress.server import Server
from system.__main__ import bounds_within
from system.errors import InputError


def test_the_memory_of_a_server_is_its_own_and_that_of_what_it_started(tmp_path: Path) -> None:
    server = Server(tmp_path, b"", {}, 1, 2)
    assert (server.rss_bytes(), server.started()) == (0, [])
    # The child speaks once it holds something: the kernel's count of a new process lags behind.
    waiting = f"[{sys.executable!r}, '-c', 'print(1, flush=True); input()']"
    program = f"import subprocess; subprocess.Popen({waiting}, stdin=-1); input()"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=-1, stdout=-1) as server.process:
        assert server.process.stdout is not None
        server.process.stdout.readline()
        [child] = server.started()
        both = server.rss_bytes()
        os.kill(child, signal.SIGKILL)
        while Path(f"/proc/{child}/cmdline").read_bytes():
            time.sleep(0.01)
        alone = server.rss_bytes()
        server.process.communicate(b"\n")
    assert both > alone > 0
    assert server.rss_bytes() == 0


def test_faults_are_planned_from_the_seed() -> None:
    planned = schedule(profile("faults", 900.0), Luck(1, 0), None)
    assert Counter(kind for _, kind in planned)[KILLED] == 50
    assert planned == sorted(planned) == schedule(profile("faults", 900.0), Luck(1, 0), None)
    assert planned != schedule(profile("faults", 900.0), Luck(2, 0), None)
    restarts = schedule(profile("faults", 900.0), Luck(1, 0), None, ("broker", "database"))
    assert {kind for _, kind in restarts} - {kind for _, kind in planned} == {
        "broker_restarted",
        "database_restarted",
    }


@pytest.mark.parametrize("files", [3_800, 9_000, 20_000, 65_536])
def test_more_connections_are_silent_than_the_gateway_holds(files: int) -> None:
    assert bounds_within(files).connections_max < silent_count(files) <= files - 1_000


def test_too_few_files_for_silent_connections_are_refused_with_a_remedy() -> None:
    with pytest.raises(InputError, match="3798: raise the hard limit to 3800 or more"):
        silent_count(3_798)


def test_a_run_that_cannot_be_silent_enough_is_refused_before_it_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sim.stress.run.open_many_files", lambda: 1_024)
    assert call(["stress", "faults"]) == 2
    assert "raise the hard limit" in capsys.readouterr().err


def test_a_part_behind_the_bank_is_restarted_by_its_own_command(tmp_path: Path) -> None:
    up = tmp_path / "up"
    commands = {"broker": f"touch {up}", "node": "exit 3"}
    faults = Faults(cast(Server, None), cast(Proxy, None), commands)
    loaded = Loaded({}, wall_s=0.0)
    asyncio.run(faults.strike("broker_restarted", loaded))
    assert up.exists()
    assert [one.kind for one in faults.struck] == ["broker_restarted"]
    with pytest.raises(InputError, match="once node is up again: exit 3"):
        asyncio.run(faults.strike("node_restarted", loaded))


def test_a_restart_without_a_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["stress", "faults", "--restart", "broker"]) == 2
    assert "PART=COMMAND" in capsys.readouterr().err
