"""What breaks under load: planned from the seed, done to real processes and lines."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest

from sim.__main__ import call
from sim.streams import Luck
from sim.stress.faults import (
    KILLED,
    STATE_KILLED,
    Faults,
    follow,
    killable,
    schedule,
    silent_count,
)
from sim.stress.load import Loaded
from sim.stress.profile import profile
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


def test_random_kills_strike_each_process_of_the_bank() -> None:
    server = Server(Path(), b"", {"SHAPAN_EVM": "revm"}, 1, 2)
    both = killable(server, {"money", "financing"})
    kills = [kind for _, kind in schedule(profile("recovery", 900.0), Luck(1, 0), 50, (), both)]
    assert Counter(kills) == {KILLED: 25, STATE_KILLED: 25}
    # At random, not one after the other.
    assert len({tuple(kills[at : at + 4]) for at in range(46)}) > 8
    for seed in range(20):
        few = schedule(profile("recovery", 900.0), Luck(seed, 0), 2, (), both)
        assert {kind for _, kind in few} == {KILLED, STATE_KILLED}
        [(_, alone)] = schedule(profile("recovery", 900.0), Luck(seed, 0), 1, (), both)
        assert alone == KILLED


def test_what_serves_no_state_is_not_killed() -> None:
    node = Server(Path(), b"", {"SHAPAN_EVM": "http://127.0.0.1:8545"}, 1, 2)
    assert killable(node, {"financing"}) == (KILLED,)
    # Nobody asks the chain, so that nobody would notice, or start it again.
    assert killable(Server(Path(), b"", {}, 1, 2), {"money"}) == (KILLED,)


@contextmanager
def parent(folder: Path, program: str) -> Iterator[Server]:
    """A server whose process runs this program, which starts a child."""
    server = Server(folder, b"", {}, 1, 2)
    with subprocess.Popen([sys.executable, "-c", program], stdin=-1, stdout=-1) as server.process:
        yield server
        server.process.communicate(b"\n")


def test_what_serves_the_state_is_killed_once_it_is_there(tmp_path: Path) -> None:
    late = "import subprocess as s, time; time.sleep(0.4); s.Popen(['cat'], stdin=-1); input()"
    with parent(tmp_path, late) as server:
        faults = Faults(server, ())
        asyncio.run(followed(faults, [(0.0, STATE_KILLED)], end_s=30.0))
        [struck] = faults.struck
        assert (struck.kind, struck.at_s > 0.2) == (STATE_KILLED, True)
        while server.started():
            time.sleep(0.01)
        assert server.process is not None
        assert server.process.poll() is None


def test_what_never_comes_is_not_said_to_be_killed(tmp_path: Path) -> None:
    with parent(tmp_path, "input()") as server:
        faults = Faults(server, ())
        asyncio.run(followed(faults, [(0.0, STATE_KILLED)], end_s=0.3))
        assert faults.struck == []


async def followed(faults: Faults, planned: list[tuple[float, str]], end_s: float) -> None:
    """As beside a load that begins now."""
    loaded = Loaded({}, started_s=asyncio.get_running_loop().time())
    await follow(faults, planned, loaded, end_s)


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
    monkeypatch.setattr("sim.stress.faults.open_many_files", lambda: 1_024)
    assert call(["stress", "faults"]) == 2
    assert "raise the hard limit" in capsys.readouterr().err


def test_a_part_behind_the_bank_is_restarted_by_its_own_command(tmp_path: Path) -> None:
    up = tmp_path / "up"
    commands = {"broker": f"touch {up}", "node": "exit 3"}
    faults = Faults(cast(Server, None), (), commands)
    loaded = Loaded({}, wall_s=0.0)
    asyncio.run(faults.strike("broker_restarted", loaded))
    assert up.exists()
    assert [one.kind for one in faults.struck] == ["broker_restarted"]
    with pytest.raises(InputError, match="once node is up again: exit 3"):
        asyncio.run(faults.strike("node_restarted", loaded))


def test_a_restart_without_a_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["stress", "faults", "--restart", "broker"]) == 2
    assert "PART=COMMAND" in capsys.readouterr().err
