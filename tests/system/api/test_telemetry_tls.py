"""The gateway's MQTT side over TLS by its settings, on real sockets."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from system.adapters import mqtt_wire as wire
from system.adapters.mqtt_access import Access
from system.adapters.mqtt_embedded import EmbeddedBroker
from system.api.start import Process
from system.api.telemetry import account_of_bank
from system.ports.broker import Account
from tests.mosquitto import free_port
from tests.ports.mqtt_client import hello, socket_to
from tests.privacy.certificates import write_certificate
from tests.system.api.test_opening import opened

DEVICE = Account("d-1", "d-1-0123456789abcdef", ("device/d-1/data",), ())
PATIENCE_S = 20.0


@pytest.fixture(autouse=True)
def certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an authority, and of two brokers under the names by which devices call them."""
    monkeypatch.chdir(tmp_path)
    write_certificate(tmp_path, "authority")
    write_certificate(tmp_path, "far", address="192.0.2.1", issuer="authority")
    write_certificate(tmp_path, "near", issuer="authority")
    for key in tmp_path.glob("*.key"):
        key.chmod(0o600)


def files(folder: Path, name: str) -> dict[str, str]:
    return {
        "SHAPAN_MQTT_CERTIFICATE": str(folder / f"{name}.pem"),
        "SHAPAN_MQTT_KEY": str(folder / f"{name}.key"),
        "SHAPAN_MQTT_PORT": str(free_port()),
    }


async def at_once() -> None:
    """Nobody else is here."""


@asynccontextmanager
async def running(process: Process) -> AsyncIterator[None]:
    desk = process.gateway.services.leasing.telemetry
    async with asyncio.timeout(60), process.telemetry.running(desk, at_once):
        yield


async def bank_hears(process: Process, patience_s: float = PATIENCE_S) -> bool:
    """Whether the bank itself got through to the broker."""
    for _ in range(int(patience_s * 100)):
        if process.telemetry.consumer is not None:
            return True
        await asyncio.sleep(0.01)
    return False


@pytest.mark.parametrize("name", ["near", "far"])
def test_devices_of_the_embedded_broker_speak_tls_alone(tmp_path: Path, name: str) -> None:
    trusting = ssl.create_default_context(cafile=str(tmp_path / "authority.pem"))
    trusting.check_hostname = name == "near"

    async def story(process: Process) -> None:
        async with running(process):
            assert process.telemetry.url.startswith("mqtts://127.0.0.1:")
            process.telemetry.admit([DEVICE])
            sealed = await socket_to(process.telemetry.url, trusting)
            sealed.send(hello(DEVICE))
            assert (await sealed.heard(wire.CONNACK))[1] == wire.ACCEPTED
            await sealed.goodbye()
            plain = await socket_to(process.telemetry.url)
            plain.send(hello(DEVICE))
            await plain.ended()
            await plain.drop()
            assert await bank_hears(process)

    with opened(tmp_path, **files(tmp_path, name)) as process:
        asyncio.run(story(process))


@pytest.mark.parametrize("knows", [True, False])
def test_a_broker_elsewhere_is_trusted_by_its_authority(tmp_path: Path, knows: bool) -> None:
    port = free_port()
    variables = {"SHAPAN_BROKER": f"mqtts://127.0.0.1:{port}"}
    if knows:
        variables["SHAPAN_BROKER_CA"] = str(tmp_path / "authority.pem")
    places = {"certificate": tmp_path / "near.pem", "key": tmp_path / "near.key"}

    async def story(process: Process) -> None:
        bank = account_of_bank(process.gateway.services.clients)
        elsewhere = EmbeddedBroker(Access([bank]), port=port, **places)
        await elsewhere.start()
        async with running(process):
            assert await bank_hears(process, PATIENCE_S if knows else 1.0) is knows
        await elsewhere.stop()

    with opened(tmp_path, **variables) as process:
        asyncio.run(story(process))
