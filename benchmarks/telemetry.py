"""Telemetry from devices into twins: through brokers, through gateways, and decoding alone."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from functools import partial
from typing import Any

import orjson

from benchmarks.telemetry_rigs import (
    BANK,
    COMES_IN,
    MOSQUITTO_ABSENT,
    bare_amqtt,
    embedded,
    leasing_of,
    link_of,
    loop,
    mosquitto,
    publish_all,
    reading,
    sender,
)
from benchmarks.workload import CPU, Answer, Contender, Work, Workload
from system.adapters.mqtt_consumer import BATCH_MAX, Consumer
from system.adapters.mqtt_link import MqttLink
from system.bootstrap_leasing import LeasingSystem
from system.leasing import history
from system.leasing.decode import decode
from system.ports.broker import Delivery

Broker = Callable[..., AbstractAsyncContextManager[str]]
Story = list[tuple[int, int]]


def _stored(built: LeasingSystem, devices: int) -> Story:
    """(device, sequence) of every reading in the book."""
    with built.book.transaction() as unit:
        held = [history.since(unit.rows, device, 0) for device in range(devices)]
    return [(device, n) for device in range(devices) for n in held[device].sequence.tolist()]


def _load(devices: int, each: int) -> list[list[tuple[str, bytes]]]:
    return [
        [(f"device/d-{device}/data", reading(device, n)) for n in range(each)]
        for device in range(devices)
    ]


@contextmanager
def _through(broker: Broker, devices: int, each: int) -> Iterator[Work]:
    """Devices with a connection each, the production consumer, and the service on columns."""
    senders = [sender(f"d-{n}") for n in range(devices)]
    with loop() as on:
        yield from _consumed(on, broker, senders, _load(devices, each), devices, devices * each)


@contextmanager
def _through_gateways(devices: int, gateways: int, each: int) -> Iterator[Work]:
    """All devices' readings in messages of a hundred, through a few gateways."""
    senders = [sender(f"g-{n}", "gateway") for n in range(gateways)]
    batches: list[list[tuple[str, bytes]]] = [[] for _ in senders]
    lines = [reading(device, n) for n in range(each) for device in range(devices)]
    for number, start in enumerate(range(0, len(lines), 100)):
        at = number % gateways
        batches[at].append((f"gateway/g-{at}/data", b"\n".join(lines[start : start + 100])))
    with loop() as on:
        yield from _consumed(on, embedded, senders, batches, devices, len(lines), gateways)


def _consumed(
    on: asyncio.AbstractEventLoop,
    broker: Broker,
    senders: Sequence[Any],
    batches: Sequence[Sequence[Any]],
    devices: int,
    count: int,
    gateways: int = 0,
) -> Iterator[Work]:
    built = leasing_of(devices, gateways)
    messages = sum(map(len, batches))
    opening = _open(broker, senders, built)
    consumer, links = on.run_until_complete(anext(opening))

    async def work() -> None:
        sending = asyncio.create_task(publish_all(links, batches))
        while consumer.taken < messages:
            await asyncio.sleep(0.001)
        await sending

    def timed() -> Answer:
        on.run_until_complete(work())
        return Answer(count, partial(_stored, built, devices))

    yield timed
    on.run_until_complete(anext(opening, None))
    built.close()


async def _open(broker: Broker, senders: Sequence[Any], built: LeasingSystem) -> AsyncIterator[Any]:
    """Yields the consumer and the senders' links; closes all when asked for more."""
    async with broker([BANK, *senders]) as url:
        bank = await link_of(url, BANK, COMES_IN)
        links = [await link_of(url, account) for account in senders]
        consumer = Consumer(bank, built.telemetry, poll_s=None, tick_s=None)
        running = asyncio.create_task(consumer.run())
        yield consumer, links
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        for link in (bank, *links):
            await link.close()


@contextmanager
def _bare(devices: int, each: int) -> Iterator[Work]:
    """amqtt as it comes, the same senders, and a subscriber that only counts."""
    batches = _load(devices, each)
    got: list[bytes] = []

    async def opened() -> AsyncIterator[Any]:
        async with bare_amqtt([]) as url:
            bank = await link_of(url, BANK, COMES_IN)
            links = [await link_of(url, sender(f"d-{n}")) for n in range(devices)]
            yield bank, links
            for link in (bank, *links):
                await link.close()

    async def work(bank: MqttLink, links: Sequence[MqttLink]) -> None:
        sending = asyncio.create_task(publish_all(links, batches))
        while len(got) < devices * each:
            received = await bank.receive(BATCH_MAX)
            bank.acknowledge(received)
            got.extend(delivery.payload for delivery in received)
            await asyncio.sleep(0)
        await sending

    def story() -> Story:
        read = [orjson.loads(payload) for payload in got]
        return sorted((int(held["device_id"][2:]), held["sequence"]) for held in read)

    with loop() as on:
        opening = opened()
        bank, links = on.run_until_complete(anext(opening))

        def timed() -> Answer:
            on.run_until_complete(work(bank, links))
            return Answer(devices * each, story)

        yield timed
        on.run_until_complete(anext(opening, None))


@contextmanager
def _desk_alone(devices: int, each: int) -> Iterator[Work]:
    """The consumer's own limit: deliveries that are there already, in its batches."""
    built = leasing_of(devices)
    rounds = [pair for several in zip(*_load(devices, each), strict=True) for pair in several]
    deliveries = [Delivery(topic, payload, 0) for topic, payload in rounds]
    now_ms = 1_767_254_400_000 + 30 * 86_400_000
    deliveries = [Delivery(d.topic, d.payload, now_ms) for d in deliveries]

    def timed() -> Answer:
        for start in range(0, len(deliveries), BATCH_MAX):
            built.telemetry.take(deliveries[start : start + BATCH_MAX])
        return Answer(len(deliveries), partial(_stored, built, devices))

    yield timed
    built.close()


def _brokers(devices: int, each: int, rounds: int) -> list[Contender]:
    return [
        Contender("bare amqtt", partial(_bare, devices, each), rounds),
        Contender(
            "embedded",
            partial(_through, embedded, devices, each),
            rounds,
            peer="bare amqtt",
            ratio_min=0.8,
        ),
        Contender(
            "mosquitto",
            partial(_through, mosquitto, devices, each),
            rounds,
            peer="embedded",
            absent=MOSQUITTO_ABSENT,
        ),
        Contender("consumer alone", partial(_desk_alone, devices, each), rounds, peer="embedded"),
    ]


def _gateways(devices: int, each: int, rounds: int) -> list[Contender]:
    return [Contender("ten gateways", partial(_through_gateways, devices, 10, each), rounds)]


BROKERS = Workload(
    "telemetry",
    "reading",
    {
        "small": partial(_brokers, 10, 20, 1),
        "full": partial(_brokers, 100, 100, 3),
    },
)
GATEWAYS = Workload(
    "telemetry-gateways",
    "reading",
    {"small": partial(_gateways, 100, 2, 1), "full": partial(_gateways, 10_000, 10, 1)},
)


def _brief(n: int) -> bytes:
    place = {"lat": 34.5 + n * 1e-4, "lon": 113.25}
    counters = {"working_hours": 1_000.5 + n, "fuel_consumption": 8_000.25}
    return orjson.dumps(
        {"device_id": f"d-{n}", "timestamp": 1_767_225_600 + n, "location": place, **counters}
    )


@contextmanager
def _decoding(make: Callable[[int], bytes], n: int, *, parser_alone: bool) -> Iterator[Work]:
    texts = [make(at) for at in range(n)]
    deliveries = [Delivery("device/d-0/data", text, 0) for text in texts]

    def parse() -> Answer:
        # By batches that are dropped: a hundred thousand dictionaries alive would cost far more.
        for at in range(0, n, BATCH_MAX):
            [orjson.loads(text) for text in texts[at : at + BATCH_MAX]]
        return Answer(n, lambda: [orjson.loads(text)["device_id"] for text in texts])

    def read() -> Answer:
        decoded = [decode(deliveries[at : at + BATCH_MAX]) for at in range(0, n, BATCH_MAX)]
        return Answer(n, lambda: [name for part in decoded for name in part.device_ids])

    # What else the process holds is not searched for garbage: dictionaries would pay for it.
    gc.collect()
    gc.freeze()
    try:
        yield parse if parser_alone else read
    finally:
        gc.unfreeze()


def _decoders(n: int, rounds: int) -> list[Contender]:
    contenders = []
    for form, make in (("brief", _brief), ("full", partial(reading, 0))):
        for name, alone in ((f"orjson, {form} form", True), (f"columns, {form} form", False)):
            contenders.append(
                Contender(
                    name,
                    partial(_decoding, make, n, parser_alone=alone),
                    rounds,
                    clock=CPU,
                    peer="" if alone else f"orjson, {form} form",
                    ratio_min=None if alone else 0.5,
                    tale=form,
                )
            )
    return contenders


DECODING = Workload(
    "telemetry-decode",
    "reading",
    {"small": partial(_decoders, 1_000, 1), "full": partial(_decoders, 100_000, 9)},
)
