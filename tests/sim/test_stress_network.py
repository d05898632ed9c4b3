"""A slow or broken network: what a relay does to a line, and that no way to the bank is spared."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from sim.__main__ import call
from sim.stress import faults as striking
from sim.stress.faults import Faults
from sim.stress.proxy import Proxy
from sim.stress.server import LOOPBACK, Server, free_port
from system.errors import InputError


class Line:
    """A client that speaks through a relay to somebody who repeats every word."""

    def __init__(self, relay: Proxy) -> None:
        self.relay = relay

    async def connect(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(LOOPBACK, self.relay.port)

    async def took_s(self) -> float:
        """How long a word takes there and back. Raises ConnectionResetError on a broken line."""
        clock = asyncio.get_running_loop().time
        said_s = clock()
        self._writer.write(b"word")
        try:
            assert await asyncio.wait_for(self._reader.readexactly(4), 5) == b"word"
        except asyncio.IncompleteReadError as cut:
            raise ConnectionResetError from cut
        return clock() - said_s

    async def took_s_min(self) -> float:
        """The least of twenty: a busy machine holds some words up, but not all."""
        return min([await self.took_s() for _ in range(20)])

    def close(self) -> None:
        self._writer.transport.abort()


async def repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(100):
        writer.write(data)
    writer.close()


@asynccontextmanager
async def line() -> AsyncIterator[Line]:
    server = await asyncio.start_server(repeat, LOOPBACK, 0)
    relay = Proxy(LOOPBACK, server.sockets[0].getsockname()[1])
    await relay.start()
    made = Line(relay)
    await made.connect()
    try:
        yield made
    finally:
        made.close()
        await relay.stop()
        server.close()


def test_a_relay_delays_what_is_said_each_way() -> None:
    async def told() -> tuple[float, float, float]:
        async with line() as one:
            before_s = await one.took_s_min()
            one.relay.delay_s = 0.15
            slow_s = await one.took_s()
            one.relay.delay_s = 0.0
            return before_s, slow_s, await one.took_s_min()

    before_s, slow_s, after_s = asyncio.run(told())
    assert slow_s >= 0.3
    assert max(before_s, after_s) < 0.3


def test_a_relay_cuts_what_is_open_and_takes_whoever_comes_again() -> None:
    async def told() -> float:
        async with line() as one:
            await one.took_s()
            one.relay.cut()
            with pytest.raises(ConnectionResetError):
                await one.took_s()
            await one.connect()
            return await one.took_s()

    assert asyncio.run(told()) < 5


def test_a_relay_hangs_up_where_nobody_listens_behind_it() -> None:
    async def told() -> None:
        relay = Proxy(LOOPBACK, free_port())
        await relay.start()
        one = Line(relay)
        await one.connect()
        with pytest.raises(ConnectionResetError):
            await one.took_s()
        await relay.stop()

    asyncio.run(told())


def test_network_faults_strike_every_way_to_the_bank(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(striking, "_FOR_S", 0.6)

    async def told() -> None:
        async with AsyncExitStack() as stack:
            lines = [await stack.enter_async_context(line()) for _ in range(2)]
            faults = Faults(cast(Server, None), [one.relay for one in lines])
            struck = asyncio.create_task(faults.slow_network())
            await asyncio.sleep(0)
            assert min(await asyncio.gather(*(one.took_s() for one in lines))) >= 0.5
            await struck
            assert max([await one.took_s_min() for one in lines]) < 0.25
            struck = asyncio.create_task(faults.cut_network())
            await asyncio.sleep(0)
            for one in lines:
                with pytest.raises(ConnectionResetError):
                    await one.took_s()
            await struck

    asyncio.run(told())


@pytest.mark.parametrize(
    ("url", "place"),
    [("mqtt://broker:1884", ("broker", 1884)), ("mqtt://10.0.0.1", ("10.0.0.1", 1883))],
)
def test_a_relay_may_stand_before_any_broker(url: str, place: tuple[str, int]) -> None:
    assert Server(Path(), b"", {"SHAPAN_BROKER": url}, 1, 2).broker_place() == place
    assert Server(Path(), b"", {}, 1, 2).broker_place() == (LOOPBACK, 2)


def test_a_broker_that_would_notice_the_relay_is_refused_where_faults_are_planned(
    capsys: pytest.CaptureFixture[str],
) -> None:
    server = Server(Path(), b"", {"SHAPAN_BROKER": "mqtts://broker:8883"}, 1, 2)
    striking.admit([], server)
    with pytest.raises(InputError, match="a relay stands before it"):
        striking.admit([(1.0, "slow_network")], server)
    assert call(["stress", "recovery", "--broker", "mqtts://broker:8883"]) == 2
    assert "write mqtt://HOST:PORT" in capsys.readouterr().err
