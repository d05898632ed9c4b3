"""From a device to the book and back, over a real broker, through its faults."""

import asyncio
import subprocess
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import orjson
import pytest

from sim.virtual_loop import VirtualLoop, run_virtual
from system.adapters.os_clock import OsClock
from system.errors import StoreUnavailable
from system.leasing.quarantine import Fault, counts
from system.leasing.records import AlertKind
from system.ports.broker import Delivery
from tests.mosquitto import program
from tests.simulation.telemetry_run import (
    HOURS,
    MACHINES,
    OFFICE,
    START_S,
    Stage,
    after_hours,
    alert_facts,
    report,
    settled,
    stage,
    stored_rows,
    terminal,
)
from tests.system.telemetry_desk import AWAY, reading, stopped
from tests.system.telemetry_world import payload

Outcome = tuple[list[tuple[int, ...]], list[tuple[str, int, int, str]], dict[Any, int]]
Trouble = Callable[[VirtualLoop, Stage], Any]


class Through:
    """A desk that does as the real one, but for what a test makes of it."""

    def __init__(self, desk: Any) -> None:
        self._desk = desk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desk, name)


def fleet_run(trouble: Trouble | None = None, desk: Any = None) -> Outcome:
    """Two days of a small fleet; readings, alerts and what was put aside at their end."""

    async def main(loop: VirtualLoop) -> Outcome:
        async with stage(loop.clock, desk) as played:
            acting = asyncio.create_task(trouble(loop, played)) if trouble is not None else None
            sent = await asyncio.gather(*(report(played, n) for n in range(MACHINES)))
            if acting is not None:
                await acting
            await settled(played, sum(sent))
            await asyncio.sleep(60)
            with played.built.book.transaction() as unit:
                aside = counts(unit.rows)
            return stored_rows(played.built), alert_facts(played.built), aside

    return run_virtual(main, START_S)


@cache
def undisturbed() -> Outcome:
    return fleet_run()


def test_a_fleet_is_known_by_its_readings_and_runs_the_same_twice() -> None:
    rows, alerts, aside = fleet_run()
    assert len(rows) == MACHINES * HOURS
    assert [alert[0].split("/")[0] for alert in alerts]
    assert aside == {}
    assert fleet_run() == (rows, alerts, aside)


def test_a_broker_killed_among_them_loses_and_doubles_nothing() -> None:
    async def kill_thrice(loop: VirtualLoop, played: Stage) -> None:
        for hours in (5.01, 20.5, 33.0003):
            await after_hours(loop, hours)
            await played.broker.kill()
            await asyncio.sleep(7_000)
            await played.broker.start()

    assert fleet_run(kill_thrice) == undisturbed()


def test_a_store_that_fails_for_an_hour_is_waited_for_and_nothing_is_lost() -> None:
    class Failing(Through):
        def take(self, deliveries: Sequence[Delivery]) -> Any:
            at_s = asyncio.get_running_loop().clock.now_s()  # type: ignore[attr-defined]
            if START_S + 10 * 3_600 <= at_s < START_S + 11 * 3_600:
                raise StoreUnavailable("commit", "the disk is full")
            return self._desk.take(deliveries)

    assert fleet_run(desk=Failing) == undisturbed()


def test_a_consumer_that_dies_before_its_commit_has_acknowledged_nothing_of_it() -> None:
    class Stuck(Through):
        def take(self, deliveries: Sequence[Delivery]) -> Any:
            raise StoreUnavailable("commit", "nobody is there")

    async def replace(loop: VirtualLoop, played: Stage) -> None:
        await after_hours(loop, 11)
        await played.consume_anew()

    assert fleet_run(replace, Stuck) == undisturbed()


def test_a_delivery_on_which_our_own_code_fails_is_set_aside_alone() -> None:
    class Fragile(Through):
        def take(self, deliveries: Sequence[Delivery]) -> Any:
            assert not any(b'"poison"' in delivery.payload for delivery in deliveries), "fragile"
            return self._desk.take(deliveries)

    async def poison(loop: VirtualLoop, played: Stage) -> None:
        await after_hours(loop, 9)
        link = await played.link(OFFICE)
        await link.publish("bank/alerts/ack", b'{"message_id":"poison"}')

    rows, alerts, aside = fleet_run(poison, Fragile)
    assert {fault: count for (_, fault), count in aside.items()} == {Fault.UNPROCESSABLE: 1}
    assert (rows, alerts) == undisturbed()[:2]


def test_an_order_reaches_its_machine_over_a_broker_that_dies_and_is_answered() -> None:
    async def main(loop: VirtualLoop) -> tuple[list[bytes], bool]:
        async with stage(loop.clock) as played:
            await report(played, 0)
            await settled(played, HOURS)
            [alert] = played.built.leasing.alerts(machine=0, kind=AlertKind.GEOFENCE)
            stopped(played.built, alert.alert_id)
            await played.broker.kill()
            played.consumer.nudge()
            await asyncio.sleep(100)
            await played.broker.start()
            machine = await played.link(terminal(0), ["device/d-0/command"])
            [order] = await machine.receive(1)
            machine.acknowledge([order])
            told = {"action_id": orjson.loads(order.payload)["action_id"], "done": True}
            for _ in range(2):
                await machine.publish("device/d-0/ack", orjson.dumps(told))
            await asyncio.sleep(1)
            stopped_now = played.built.leasing.machines(["immobilised"])["immobilised"][0]
            return [order.payload], bool(stopped_now)

    orders, is_stopped = run_virtual(main, START_S)
    assert [orjson.loads(order)["order"] for order in orders] == ["IMMOBILISE"]
    assert is_stopped


def test_a_stock_client_publishes_the_briefs_json_and_the_alert_comes_out() -> None:
    publish, subscribe = program("mosquitto_pub"), program("mosquitto_sub")

    async def main() -> dict[str, Any]:
        async with stage(OsClock()) as played:
            place = ["-h", "127.0.0.1", "-p", played.broker.url.rpartition(":")[2], "-q", "1"]
            office = ["-u", OFFICE.user, "-P", OFFICE.secret, "-t", "bank/alerts", "-C", "1"]
            hearing = await asyncio.create_subprocess_exec(
                subscribe, *place, *office, stdout=subprocess.PIPE
            )
            machine = terminal(0)
            now_s = OsClock().now_s()
            for n in range(4):
                at_s = now_s - 3_600 * (4 - n)
                text = payload(reading(n, location=AWAY) | {"timestamp": at_s})
                who = ["-u", machine.user, "-P", machine.secret]
                said = ["-t", "device/d-0/data", "-m", text]
                saying = await asyncio.create_subprocess_exec(publish, *place, *who, *said)
                assert await saying.wait() == 0
            async with asyncio.timeout(120):
                out, _ = await hearing.communicate()
                # The third reading raises the alert; the fourth may still be on its way.
                while len(stored_rows(played.built)) < 4:
                    await asyncio.sleep(0.05)
            return dict(orjson.loads(out))

    told = asyncio.run(main())
    assert (told["event"], told["kind"], told["machine"]) == ("raised", "GEOFENCE", 0)


@pytest.mark.parametrize(
    "garbage",
    [b"\x00" * 100, b"{" + b"x" * 1_048_576],
    ids=["zeros", "a mebibyte"],
)
def test_rubbish_on_its_way_harms_nobody_else(garbage: bytes) -> None:
    async def rubbish(loop: VirtualLoop, played: Stage) -> None:
        await after_hours(loop, 49)
        link = await played.link(terminal(2))
        await link.publish("device/d-2/data", garbage)

    rows, alerts, aside = fleet_run(rubbish)
    assert sum(aside.values()) == 1
    assert (rows, alerts) == undisturbed()[:2]
