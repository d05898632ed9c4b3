"""What breaks under load: planned from the seed, and done to real processes."""

import asyncio
import json
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
from sim.checks.auditor import HELD
from sim.streams import Luck
from sim.stress import faults as striking
from sim.stress.faults import (
    KILLED,
    KINDS,
    STATE_KILLED,
    Faults,
    follow,
    killable,
    schedule,
    silent_count,
)
from sim.stress.load import Loaded
from sim.stress.profile import STREAMS, profile
from sim.stress.server import LOOPBACK, Server
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
    late = "import subprocess as s, time; input(); time.sleep(0.4); s.Popen(['cat'], stdin=-1)"

    async def told(server: Server) -> None:
        following = asyncio.create_task(followed(faults, [(0.0, STATE_KILLED)], end_s=30.0))
        await asyncio.sleep(0)
        # Its time begins after that of the load, however long each of them took to start.
        assert server.process is not None
        assert server.process.stdin is not None
        server.process.stdin.write(b"\n")
        server.process.stdin.flush()
        await following

    with parent(tmp_path, f"{late}; input()") as server:
        faults = Faults(server, ())
        asyncio.run(told(server))
        [struck] = faults.struck
        assert (struck.kind, struck.at_s > 0.2) == (STATE_KILLED, True)
        assert server.started() == []
        assert server.process is not None
        assert server.process.poll() is None


class Lingering:
    """Shows a process for a while after it was killed, as a busy machine does."""

    def __init__(self, pid: int) -> None:
        self.shown = [[pid], [pid], [pid], []]

    def started(self) -> list[int]:
        return self.shown.pop(0)


def test_a_kill_is_over_once_the_process_is_gone() -> None:
    with subprocess.Popen(["cat"], stdin=-1) as process:
        server = Lingering(process.pid)
        asyncio.run(Faults(cast(Server, server), ()).chain_state_killed())
        assert process.wait() == -signal.SIGKILL
    assert server.shown == []


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


def asked(process: "subprocess.Popen[bytes]") -> str:
    """Its answer to a line."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"\n")
    process.stdin.flush()
    return process.stdout.readline().decode().strip()


WRITES = """
import sys
for line in sys.stdin:
    try:
        with open(sys.argv[1], "ab") as file:
            file.write(bytes(8_192))
        print("kept", flush=True)
    except OSError as error:
        print(error.strerror, flush=True)
"""


def test_a_full_disk_refuses_every_write_and_has_room_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(striking, "_FOR_S", 0.3)
    server = Server(tmp_path, b"", {}, 1, 2)

    async def struck(process: "subprocess.Popen[bytes]") -> str:
        fault = asyncio.create_task(Faults(server, ()).disk_full())
        await asyncio.sleep(0)
        told = asked(process)
        await fault
        return told

    command = [sys.executable, "-c", WRITES, str(tmp_path / "file")]
    with subprocess.Popen(command, stdin=-1, stdout=-1) as server.process:
        assert asked(server.process) == "kept"
        assert asyncio.run(struck(server.process)) == "File too large"
        assert asked(server.process) == "kept"
        server.process.communicate()


def test_silent_connections_are_all_open_at_once_and_then_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(striking, "_FOR_S", 0.3)
    monkeypatch.setattr(striking, "silent_count", lambda files: 40)
    counts = [0]

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        counts.append(counts[-1] + 1)
        assert await reader.read() == b""
        counts.append(counts[-1] - 1)
        writer.close()

    async def struck() -> None:
        holder = await asyncio.start_server(hold, LOOPBACK, 0)
        port = holder.sockets[0].getsockname()[1]
        await Faults(Server(Path(), b"", {}, port, 2), ()).silent_connections()
        while counts[-1]:
            await asyncio.sleep(0.01)
        holder.close()

    asyncio.run(asyncio.wait_for(struck(), 10))
    assert max(counts) == 40


@pytest.mark.slow
def test_a_bank_that_is_struck_by_each_fault_loses_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own.toml"
    lenient = [f"{name}_p99_ms_max = 60000" for name in STREAMS]
    own.write_text("\n".join(["[thresholds]", *lenient]))
    options = ["--duration", "40", "--rate", "0.33", "--merchants", "40", "--kills", "2"]
    call(["stress", "faults", "--json", "--thresholds", str(own), *options])
    told = json.loads(capsys.readouterr().out)
    struck = {fault["kind"]: fault for fault in told["faults"]}
    assert set(struck) == set(KINDS)
    assert len(told["faults"]) == len(KINDS)
    assert set(told["invariants"].values()) == {HELD}
    assert not any(one["errors"] for one in told["streams"].values())
    missed = [check for check in told["checks"] if not check["holds"]]
    # An alert comes every twenty seconds: none may come away from all faults. On busy cores nothing
    # may be in time again before the end.
    assert all(check["value"] is None for check in missed), missed
    # No write succeeds on a full disk.
    assert struck["disk_full"]["in_time_again_after_s"]["money"] > 1
    # Terminals speak through a relay too: a quarter of a second there, and one back.
    slow = range(int(struck["slow_network"]["at_s"]) + 1, int(struck["slow_network"]["at_s"]) + 3)
    seconds = told["streams"]["telemetry"]["seconds"]
    assert all(one["p50"] >= 480 for one in seconds if one["second"] in slow)
