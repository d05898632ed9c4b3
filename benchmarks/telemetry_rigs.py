"""Brokers and services for the telemetry workloads: each on a loop of its own, in this process."""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
from amqtt.broker import Broker

from system.adapters.mqtt_access import Access
from system.adapters.mqtt_embedded import EmbeddedBroker
from system.adapters.mqtt_link import MqttLink
from system.adapters.mqtt_mosquitto import Listener, configure
from system.bootstrap_leasing import LeasingSystem, build_leasing
from system.leasing.commands import EnrolMachines
from system.leasing.devices import (
    NO_KEYS,
    Device,
    Fleet,
    Gateway,
    enrol_devices,
    enrol_fleets,
    enrol_gateways,
)
from system.ports.broker import Account

START_MS: Final = 1_767_254_400_000
EVERY_MS: Final = 300_000
SECRET: Final = "0123456789abcdef"
COMES_IN: Final = ("device/+/data", "gateway/+/data")
BANK: Final = Account("bank", SECRET, (), COMES_IN)
_AMQTT: Final = {
    "listeners": {"default": {"type": "tcp", "bind": "127.0.0.1:0"}},
    "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
}


class HeldClock:
    """A moment after all readings."""

    def now_s(self) -> int:
        return START_MS // 1_000 + 30 * 86_400


def sender(name: str, kind: str = "device") -> Account:
    return Account(name, SECRET, (f"{kind}/{name}/data",), ())


def reading(device: int, sequence: int) -> bytes:
    """The full form, some 450 bytes."""
    at = np.datetime64(START_MS + sequence * EVERY_MS, "ms").astype("M8[s]")
    return orjson.dumps(
        {
            "device_id": f"d-{device}",
            "boot_id": 1,
            "sequence": sequence,
            "datetime": f"{at}Z",
            "Location": {"Latitude": 34.5, "Longitude": 113.25, "fix_valid": True, "hdop": 0.9},
            "CumulativeOperatingHours": {"Hour": 1_000 + sequence / 12},
            "CumulativeIdleHours": {"Hour": 400.0},
            "FuelUsed": {"FuelUnits": "litre", "FuelConsumed": 15_000 + sequence},
            "FuelRemaining": {"Percent": 63.5},
            "EngineLoad": {"Percent": 41.0},
            "EngineStatus": {"Running": True},
            "supply_voltage_v": 27.4,
            "tamper": False,
        }
    )


def leasing_of(devices: int, gateways: int = 0) -> LeasingSystem:
    """A system on columns with machines and their terminals enrolled."""
    built = build_leasing(clock=HeldClock(), store_url="memory")
    names = ("tank_ml", "burn_idle_ml", "burn_full_ml", "period_engine_s_max", "service_every_s")
    zeros = {name: np.zeros(devices, np.int64) for name in names}
    nowhere = np.full(devices, -1, np.int64)
    kind = np.zeros(devices, np.int64)
    built.leasing.enrol_machines(EnrolMachines("enrol", devices, kind=kind, site=nowhere, **zeros))
    with built.book.transaction() as unit:
        enrol_fleets(unit.rows, [Fleet("f", True, "WGS-84")])
        enrol_devices(
            unit.rows, [Device(f"d-{n}", n, "", "f", "none", b"") for n in range(devices)], NO_KEYS
        )
        enrol_gateways(unit.rows, [Gateway(f"g-{n}", "f") for n in range(gateways)])
    return built


@asynccontextmanager
async def embedded(accounts: Sequence[Account]) -> AsyncIterator[str]:
    broker = EmbeddedBroker(Access(accounts))
    await broker.start()
    yield broker.url
    await broker.stop()


@asynccontextmanager
async def bare_amqtt(_: Sequence[Account]) -> AsyncIterator[str]:
    broker = Broker(_AMQTT)
    await broker.start()
    port = broker._servers["default"].instance.sockets[0].getsockname()[1]
    yield f"mqtt://127.0.0.1:{port}"
    await broker.shutdown()


@asynccontextmanager
async def mosquitto(accounts: Sequence[Account]) -> AsyncIterator[str]:
    with tempfile.TemporaryDirectory() as folder, mosquitto_at(Path(folder), accounts) as url:
        yield url


@contextmanager
def mosquitto_at(folder: Path, accounts: Sequence[Account]) -> Iterator[str]:
    """The URL of a Mosquitto of our own, which keeps its files in the folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    config = configure(folder, accounts, Listener(port=port))
    if os.geteuid() == 0:
        config.write_text(config.read_text() + "user root\n")
    command = [_mosquitto() or "mosquitto", "-c", str(config)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        while socket.socket().connect_ex(("127.0.0.1", port)):
            time.sleep(0.01)
        yield f"mqtt://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _mosquitto() -> str | None:
    return shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


MOSQUITTO_ABSENT: Final = "" if _mosquitto() else "mosquitto is not installed"


@contextmanager
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop for one contender."""
    opened = asyncio.new_event_loop()
    try:
        yield opened
    finally:
        opened.close()


async def link_of(url: str, account: Account, filters: Sequence[str] = ()) -> MqttLink:
    link = MqttLink(url, account, filters, HeldClock(), keep_alive_s=0)
    await link.open()
    return link


async def publish_all(links: Sequence[MqttLink], batches: Sequence[Sequence[Any]]) -> None:
    """Each link publishes its (topic, payload) in order, some under way at once."""

    async def one(link: MqttLink, batch: Sequence[Any]) -> None:
        for start in range(0, len(batch), 20):
            some = batch[start : start + 20]
            await asyncio.gather(*(link.publish(topic, payload) for topic, payload in some))

    await asyncio.gather(*(one(*pair) for pair in zip(links, batches, strict=True)))
