"""Every implementation of the broker port, for the shared suite."""

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from system.adapters.mqtt_access import Access
from system.adapters.mqtt_embedded import EmbeddedBroker
from system.adapters.mqtt_link import MqttLink
from system.adapters.mqtt_mosquitto import Listener, configure
from system.adapters.os_clock import OsClock
from system.ports.broker import Account
from tests.mosquitto import Mosquitto, free_port
from tests.ports.mqtt_client import Client, client

SECRET = "0123456789abcdef-"


def device(name: str) -> Account:
    return Account(
        name, SECRET + name, (f"device/{name}/data", f"device/{name}/ack"), (f"device/{name}/cmd",)
    )


BANK = Account("bank", SECRET + "bank", ("device/+/cmd",), ("device/+/data", "device/+/ack"))
ONE, TWO = device("d-1"), device("d-2")
ACCOUNTS = (BANK, ONE, TWO)
DATA = ["device/+/data"]
TOPIC, COMMAND = "device/d-1/data", "device/d-1/cmd"
KINDS = ["embedded", "embedded on disk", "mosquitto"]


def run(scenario: Coroutine[Any, Any, None]) -> None:
    """A test's story on a loop of its own, within bounds."""

    async def bounded() -> None:
        async with asyncio.timeout(90):
            await scenario

    asyncio.run(bounded())


class BrokerBox:
    """A broker of one kind that is started, killed and started again, and its clients."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind, self._folder = kind, folder
        self._opened: list[Client] = []
        self._links: list[MqttLink] = []
        self.url = ""

    @asynccontextmanager
    async def running(
        self, *, accounts: Sequence[Account] = ACCOUNTS, **options: Any
    ) -> AsyncIterator["BrokerBox"]:
        await self.start(accounts, **options)
        try:
            yield self
        finally:
            await asyncio.gather(*(link.close() for link in self._links))
            await asyncio.gather(*(opened.drop() for opened in self._opened))
            await self.end()

    async def start(
        self,
        accounts: Sequence[Account],
        *,
        tls: Path | None = None,
        connections_max: int = 20_000,
        is_durable: bool = False,
    ) -> None:
        """Start it. tls: PEM file, its key beside it.  is_durable: Mosquitto may be killed."""
        key = None if tls is None else tls.with_suffix(".key")
        if self.kind == "mosquitto":
            port = free_port()
            listener = Listener("127.0.0.1", port, tls, key, connections_max)
            config = configure(self._folder, accounts, listener, is_durable=is_durable)
            self._server = Mosquitto(config, port)
            self._server.start()
            self.url = f"{'mqtt' if tls is None else 'mqtts'}://127.0.0.1:{port}"
            return
        spool = self._folder / "spool.db" if self.kind == "embedded on disk" else None
        self.broker = EmbeddedBroker(
            Access(accounts), spool=spool, certificate=tls, key=key, connections_max=connections_max
        )
        await self.broker.start()
        self.url = self.broker.url

    async def end(self) -> None:
        if self.kind == "mosquitto":
            self._server.end()
        else:
            await self.broker.stop()

    async def kill(self) -> None:
        """Without a warning.

        Mosquitto stores a change after it has acknowledged it, if at once: the last ones are lost
        to a kill whatever its settings (docs/OPERATIONS.md), so here it gets the time to store.
        """
        if self.kind == "mosquitto":
            await asyncio.sleep(2.0)
            self._server.end(signal.SIGKILL)
        else:
            await self.broker.kill()

    async def again(self) -> None:
        """Start anew, at the same place."""
        if self.kind == "mosquitto":
            self._server.start()
        else:
            await self.broker.start()

    async def client(self, account: Account, **options: Any) -> Client:
        opened = await client(self.url, account, **options)
        self._opened.append(opened)
        return opened

    async def link(self, account: Account, filters: Sequence[str], **options: Any) -> MqttLink:
        link = MqttLink(self.url, account, filters, OsClock(), **options)
        self._links.append(link)
        await link.open()
        return link


async def take(link: MqttLink, count: int) -> list[bytes]:
    """The payloads of the next messages, each acknowledged at once."""
    payloads: list[bytes] = []
    async with asyncio.timeout(60):
        while len(payloads) < count:
            received = await link.receive(count - len(payloads))
            link.acknowledge(received)
            payloads += [delivery.payload for delivery in received]
    return payloads
