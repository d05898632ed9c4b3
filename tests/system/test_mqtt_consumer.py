"""What gathers in an outage is taken in parts, each as long as the loop may be held."""

import asyncio
from collections.abc import Sequence

import pytest

from system.adapters import mqtt_consumer
from system.adapters.mqtt_consumer import Consumer
from system.ports.broker import Delivery

WAITING = 1_000


@pytest.fixture(autouse=True)
def without_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long others get between two parts is not asked here."""
    monkeypatch.setattr(mqtt_consumer, "_PAUSE_S_MAX", 0.0)


class Backlog:
    """A link with a thousand deliveries, and a desk that takes some time for each by ``clock``."""

    is_connected = True

    def __init__(self, fixed_s: float, each_s: float) -> None:
        self.fixed_s, self.each_s, self.now_s = fixed_s, each_s, 0.0
        self.waiting = [Delivery(n, "device/1/data", b"%d" % n, 0) for n in range(WAITING)]
        self.parts: list[int] = []
        self.acknowledged: list[Delivery] = []
        self.empty = asyncio.Event()

    async def receive(self, most: int) -> list[Delivery]:
        if not self.waiting:
            self.empty.set()
            await asyncio.Event().wait()
        found, self.waiting = self.waiting[:most], self.waiting[most:]
        return found

    def take(self, deliveries: Sequence[Delivery]) -> None:
        self.parts.append(len(deliveries))
        self.now_s += self.fixed_s + self.each_s * len(deliveries)

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        self.acknowledged += deliveries

    def due(self) -> list[object]:
        return []


def parts_of(fixed_s: float, each_s: float, hold_s: float | None) -> list[int]:
    async def run() -> list[int]:
        loop, backlog = asyncio.get_running_loop(), Backlog(fixed_s, each_s)
        everything = list(backlog.waiting)
        started_s = loop.time()
        real = loop.time
        loop.time = lambda: real() - started_s + backlog.now_s  # type: ignore[method-assign]
        consumer = Consumer(backlog, backlog, poll_s=None, tick_s=None, hold_s=hold_s)  # type: ignore[arg-type]
        running = asyncio.create_task(consumer.run())
        await backlog.empty.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert backlog.acknowledged == everything
        return backlog.parts

    return asyncio.run(run())


def test_a_backlog_is_taken_in_parts_of_the_time_that_the_loop_may_be_held() -> None:
    fixed_s, each_s, hold_s = 0.5, 0.1, 4.0
    parts = parts_of(fixed_s, each_s, hold_s)
    # 35 deliveries take 4 s; a part may be longer by what it grew at once.
    assert 20 < max(parts) <= 35 + 1 + 35 // 8
    assert sum(parts) == WAITING


def test_parts_stay_small_but_never_empty_where_one_delivery_takes_longer_than_the_hold() -> None:
    parts = parts_of(5.0, 1.0, 0.5)
    assert parts[-100:] == [1] * 100


def test_without_a_bound_all_is_taken_at_once() -> None:
    assert parts_of(5.0, 1.0, None) == [WAITING]
