"""The whole way of a reading on the virtual loop: device, broker, consumer, book; and faults on it.

Real broker, real sockets, the production consumer. Times are the loop's.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from typing import Any

from sim.virtual_loop import VirtualLoop
from system.adapters.mqtt_access import Access
from system.adapters.mqtt_consumer import Consumer
from system.adapters.mqtt_embedded import EmbeddedBroker
from system.adapters.mqtt_link import MqttLink
from system.bootstrap_leasing import LeasingSystem
from system.leasing import history
from system.ports.broker import Account
from system.ports.clock import Clock
from tests.system.leasing_world import MONDAY_MS, facts
from tests.system.telemetry_desk import AWAY, desk_of, reading
from tests.system.telemetry_world import payload

START_S = MONDAY_MS // 1_000
MACHINES, HOURS = 3, 48
_SECRET = "0123456789abcdef-"
BANK = Account(
    "bank", _SECRET + "bank", ("device/+/command", "bank/alerts"),
    ("device/+/data", "device/+/ack", "gateway/+/data", "bank/alerts/ack"),
)  # fmt: skip
OFFICE = Account("office", _SECRET + "office", ("bank/alerts/ack",), ("bank/alerts",))
COMES_IN = ("device/+/data", "device/+/ack", "gateway/+/data", "bank/alerts/ack")


def terminal(number: int) -> Account:
    name = f"d-{number}"
    publish = (f"device/{name}/data", f"device/{name}/ack")
    return Account(name, _SECRET + name, publish, (f"device/{name}/command",))


ACCOUNTS = (BANK, OFFICE, *(terminal(n) for n in range(MACHINES)))


@dataclass(slots=True)
class Stage:
    """What a test's story plays on."""

    clock: Clock
    built: LeasingSystem
    broker: EmbeddedBroker
    consumer: Consumer
    running: asyncio.Task[None]
    links: list[MqttLink]

    async def consume_anew(self) -> None:
        """The consumer's process dies, and another takes its place."""
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        await self.links[0].close()
        self.links[0] = MqttLink(self.broker.url, BANK, COMES_IN, self.clock, keep_alive_s=0)
        await self.links[0].open()
        self.consumer = Consumer(self.links[0], self.built.telemetry, poll_s=60.0, tick_s=None)
        self.running = asyncio.create_task(self.consumer.run())

    async def link(self, account: Account, filters: Sequence[str] = ()) -> MqttLink:
        link = MqttLink(self.broker.url, account, filters, self.clock, keep_alive_s=0)
        self.links.append(link)
        await link.open()
        return link


@asynccontextmanager
async def stage(
    clock: Clock, desk: Any = None, *, store_url: str = "memory", **options: Any
) -> AsyncIterator[Stage]:
    """Broker, system and consumer, running."""
    built = desk_of(clock, store_url, MACHINES)
    broker = EmbeddedBroker(Access(ACCOUNTS), **options)
    await broker.start()
    link = MqttLink(broker.url, BANK, COMES_IN, clock, keep_alive_s=0)
    await link.open()
    desk = built.telemetry if desk is None else desk(built.telemetry)
    consumer = Consumer(link, desk, poll_s=60.0, tick_s=None)
    running = asyncio.create_task(consumer.run())
    played = Stage(clock, built, broker, consumer, running, [link])
    try:
        yield played
    finally:
        played.running.cancel()
        await asyncio.gather(played.running, return_exceptions=True)
        for opened in played.links:
            await opened.close()
        await broker.stop()
        built.close()


async def report(played: Stage, number: int) -> int:
    """A machine's life: a reading every hour, each sent until it is answered. How many."""
    link = await played.link(terminal(number))
    for hour in range(HOURS):
        await _until(played.clock, START_S + hour * 3_600 + 60 * number + 1)
        changes = {"location": AWAY} if number == 0 and 20 < hour < 30 else {}
        text = payload(reading(hour, f"d-{number}", **changes), _key(number))
        await link.publish(f"device/d-{number}/data", text)
    return HOURS


def _key(number: int) -> bytes | None:
    return bytes(range(32)) if number == 1 else None


async def _until(clock: Clock, at_s: int) -> None:
    wait_s = at_s - clock.now_s()
    if wait_s > 0:
        await asyncio.sleep(wait_s)


async def settled(played: Stage, stored: int) -> None:
    """The consumer has stored so many readings."""
    while len(stored_rows(played.built)) < stored:
        await asyncio.sleep(1)


def stored_rows(built: LeasingSystem) -> list[tuple[int, ...]]:
    """All readings in the book, without when they arrived."""
    rows: list[tuple[int, ...]] = []
    with built.book.transaction() as unit:
        for machine in range(MACHINES):
            held = history.since(unit.rows, machine, 0)
            names = [field.name for field in fields(held) if field.name != "received_ms"]
            rows += zip(*(getattr(held, name).tolist() for name in names), strict=True)
    return rows


def alert_facts(built: LeasingSystem) -> list[tuple[str, int, int, str]]:
    return facts(built.leasing.alerts())


def after_hours(loop: VirtualLoop, hours: float) -> Any:
    return asyncio.sleep(START_S + hours * 3_600 - loop.clock.now_s())
