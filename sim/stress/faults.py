"""What breaks under load, when, and how long until the bank answers in time again."""

import asyncio
import os
import resource
import signal
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from sim.streams import Luck
from sim.stress.load import Loaded
from sim.stress.profile import Profile
from sim.stress.proxy import Proxy
from sim.stress.server import LOOPBACK, NotUp, Server
from system.__main__ import bounds_within, open_many_files
from system.errors import InputError

KILLED: Final = "gateway_killed"
STATE_KILLED: Final = "chain_state_killed"
RESTARTED: Final = "_restarted"
_FOR_S: Final = 3.0
_LOOK_S: Final = 0.05
_DELAY_S: Final = 0.25
SILENT: Final = "silent_connections"
# So many more silent connections than the gateway holds.
_SILENT_OVER: Final = 900
# What the load itself may have open: the books, and each of its connections at three ends.
_OWN_FILES: Final = 1_000
# No file may grow beyond this: log, journal and database are larger, so every write fails.
_FILE_BYTES_FULL: Final = 4_096


@dataclass(slots=True)
class Struck:
    """at_s: after the load's first instant.  over_s: when the cause was gone; the bank may still
    be catching up."""

    kind: str
    at_s: float
    over_s: float


@dataclass(slots=True)
class Faults:
    """Strikes a server that this process started. ``struck`` tells what came of it.

    relays: every way to the bank, so that none is spared when the network is struck.
    restarts: a part behind the server -> the shell command that takes it down and up again.
    """

    server: Server
    relays: Sequence[Proxy]
    restarts: Mapping[str, str] = field(default_factory=dict)
    struck: list[Struck] = field(default_factory=list)

    async def strike(self, kind: str, loaded: Loaded) -> None:
        """Do it, and wait until its cause is gone. Raises NotUp where nothing comes back."""
        clock = asyncio.get_running_loop().time
        one = Struck(kind, clock() - loaded.started_s, 0.0)
        part = kind.removesuffix(RESTARTED)
        await (self.restarted(part) if part in self.restarts else KINDS[kind](self))
        one.over_s = clock() - loaded.started_s
        self.struck.append(one)

    async def restarted(self, part: str) -> None:
        """A broker, a database or a node goes and comes back, as its command has it."""
        command = self.restarts[part]
        process = await asyncio.create_subprocess_shell(command)
        if await process.wait():
            remedy = f"it must end with 0 once {part} is up again: {command}"
            raise InputError("restart", process.returncode, remedy)

    async def killed(self) -> None:
        """kill -9, and a start on the same files."""
        self.server.kill()
        await asyncio.to_thread(self.server.start)

    async def stopped(self) -> None:
        """As an operator restarts it."""
        await asyncio.to_thread(self.server.stop)
        await asyncio.to_thread(self.server.start)

    async def chain_state_killed(self) -> None:
        """kill -9 of what the gateway started itself."""
        killed = self.server.started()
        for pid in killed:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        # Or the next kill might strike the same process again.
        while set(killed) & set(self.server.started()):
            await asyncio.sleep(_LOOK_S)

    async def disk_full(self) -> None:
        """No file of the process grows."""
        process = self.server.process
        assert process is not None
        before = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (_FILE_BYTES_FULL, before[1]))
        await asyncio.sleep(_FOR_S)
        if process.poll() is None:
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, before)
        else:
            raise NotUp("the gateway after a full disk", self.server.log)

    async def slow_network(self) -> None:
        """Each piece of data takes a quarter of a second longer, each way."""
        for relay in self.relays:
            relay.delay_s = _DELAY_S
        await asyncio.sleep(_FOR_S)
        for relay in self.relays:
            relay.delay_s = 0.0

    async def silent_connections(self) -> None:
        """More connections than the gateway holds, of which none ever says a word."""
        with ExitStack() as lines:
            for _ in range(silent_count(open_many_files())):
                _, writer = await asyncio.open_connection(LOOPBACK, self.server.port)
                lines.callback(writer.close)
            await asyncio.sleep(_FOR_S)

    async def cut_network(self) -> None:
        """Every connection breaks, whatever is under way, several times."""
        for _ in range(6):
            for relay in self.relays:
                relay.cut()
            await asyncio.sleep(_FOR_S / 6)

    async def paused(self) -> None:
        """The process stands still, as on a machine that swaps."""
        process = self.server.process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(_FOR_S)
        process.send_signal(signal.SIGCONT)


KINDS: Final[dict[str, Callable[[Faults], Awaitable[None]]]] = {
    KILLED: Faults.killed,
    "gateway_stopped": Faults.stopped,
    STATE_KILLED: Faults.chain_state_killed,
    "disk_full": Faults.disk_full,
    SILENT: Faults.silent_connections,
    "slow_network": Faults.slow_network,
    "cut_network": Faults.cut_network,
    "gateway_paused": Faults.paused,
}


def silent_count(files: int) -> int:
    """More connections than the gateway holds. files: how many may be open in each process.

    Raises InputError where the load may not open as many.
    """
    count = bounds_within(files).connections_max + _SILENT_OVER
    if count + _OWN_FILES > files:
        needed = 2 * (_SILENT_OVER + _OWN_FILES)
        remedy = f"raise the hard limit to {needed} or more (ulimit -Hn), for {SILENT}"
        raise InputError("open files", files, remedy)
    return count


def killable(server: Server, streams: Collection[str]) -> tuple[str, ...]:
    """How each process of this bank is killed. streams: of the load.

    What serves the chain's state is there where the chain is in process; the gateway starts it
    again when it next asks it, so that without financing it would be killed once.
    """
    has_state = server.parts()["evm"] == "revm" and "financing" in streams
    return (KILLED, STATE_KILLED) if has_state else (KILLED,)


def schedule(
    profile: Profile,
    luck: Luck,
    kills: int | None,
    parts: Iterable[str] = (),
    killed: Sequence[str] = (KILLED,),
) -> list[tuple[float, str]]:
    """(seconds, kind), ascending: kills at random, the others spread over the run, and after them
    one restart of each of these parts. killed: by ``killable``; each has the same share of all
    kills, to one, the first before others."""
    count = profile.kills if kills is None else kills
    span = (0.1 * profile.duration_s, 0.85 * profile.duration_s)
    at = span[0] + luck.generator("faults", "kills").random(count) * (span[1] - span[0])
    dealt = luck.generator("faults", "killed").permutation(np.arange(count) % len(killed))
    kinds = (*profile.faults, *(part + RESTARTED for part in parts))
    others = np.linspace(*span, num=len(kinds) + 2)[1:-1]
    planned = [(float(one), killed[who]) for one, who in zip(at, dealt.tolist(), strict=True)]
    planned += [(float(one), kind) for one, kind in zip(others, kinds, strict=True)]
    return sorted(planned)


def admit(planned: Iterable[tuple[float, str]], server: Server) -> None:
    """Raises InputError where this machine, or the bank's broker, does not admit it."""
    kinds = {kind for _, kind in planned}
    if SILENT in kinds:
        silent_count(open_many_files())
    if kinds:
        server.broker_place()


async def follow(
    faults: Faults, planned: list[tuple[float, str]], loaded: Loaded, end_s: float
) -> None:
    """Strike at the planned times, one after the other: a start may take longer than planned, and
    what was killed just now must be there again.

    What is left at ``end_s`` is left out: without load it would show nothing.
    """
    clock = asyncio.get_running_loop().time
    until_s = loaded.started_s + end_s
    for at_s, kind in planned:
        await asyncio.sleep(max(loaded.started_s + at_s - clock(), 0))
        while kind == STATE_KILLED and not faults.server.started() and clock() < until_s:
            await asyncio.sleep(_LOOK_S)
        if clock() < until_s:
            await faults.strike(kind, loaded)
