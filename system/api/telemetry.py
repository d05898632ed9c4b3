"""The gateway's MQTT side: the broker in the process or elsewhere, and the consumer of what comes.

Devices log in with the secret that their enrolment gave, and may speak for themselves alone. The
consumer commits on the loop's own thread like every other writer, never inside a request's group.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from system.adapters.mqtt_access import Access
from system.adapters.mqtt_consumer import Consumer, GiveWay
from system.adapters.mqtt_embedded import EmbeddedBroker
from system.adapters.mqtt_link import MqttLink
from system.api.clients import ClientDesk
from system.leasing.service_telemetry import TelemetryDesk
from system.ports.broker import Account
from system.ports.clock import Clock
from system.settings import BrokerPlace

EMBEDDED: Final = "embedded"
BANK_USER: Final = "shapan-bank"
ALERTS: Final = "bank/alerts"
_COMES_IN: Final = ("device/+/data", "device/+/ack", "gateway/+/data", f"{ALERTS}/ack")
_GOES_OUT: Final = ("device/+/command", ALERTS)
# What comes in this time is taken into the books together: a commit costs as much as two messages.
_GATHER_S: Final = 0.05
# What has gathered in an outage is taken in parts: a thousand messages held the loop for seconds.
_HOLD_S: Final = 0.1


def account_of_device(device_id: str, secret: str) -> Account:
    """A device publishes its readings and receipts, and hears its own orders; nothing else."""
    mine = f"device/{device_id}"
    return Account(device_id, secret, (f"{mine}/data", f"{mine}/ack"), (f"{mine}/command",))


def account_of_gateway(gateway_id: str, secret: str) -> Account:
    """A gateway of a fleet speaks for the fleet's machines under its own name."""
    return Account(gateway_id, secret, (f"gateway/{gateway_id}/data",), ())


def account_of_bank(clients: ClientDesk) -> Account:
    """The bank hears all devices, sends them orders, and tells of alerts."""
    return Account(BANK_USER, clients.secret_of_device(BANK_USER), _GOES_OUT, _COMES_IN)


class Telemetry:
    """Broker and consumer of one gateway process."""

    def __init__(self, place: BrokerPlace, clock: Clock, clients: ClientDesk) -> None:
        self._place, self._clock = place, clock
        self._bank = account_of_bank(clients)
        self._access = Access([self._bank])
        self._broker: EmbeddedBroker | None = None
        self.consumer: Consumer | None = None

    @property
    def url(self) -> str:
        """Where devices connect to."""
        return self._broker.url if self._broker is not None else self._place.url

    def admit(self, accounts: Iterable[Account]) -> None:
        """Let these connect. A broker elsewhere has accounts of its own to be told."""
        for account in accounts:
            self._access.admit(account)

    @asynccontextmanager
    async def running(self, desk: TelemetryDesk, give_way: GiveWay) -> AsyncIterator[None]:
        """Broker, link and consumer, until the block ends. give_way: to requests."""
        if self._place.url == EMBEDDED:
            self._broker = self._embedded()
            await self._broker.start()
        link = self._link()
        opening = asyncio.create_task(self._consume(link, desk, give_way))
        try:
            yield
        finally:
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)
            await link.close()
            if self._broker is not None:
                await self._broker.stop()

    def _embedded(self) -> EmbeddedBroker:
        place = self._place
        return EmbeddedBroker(
            self._access,
            bind=place.host,
            port=place.port,
            spool=place.spool,
            certificate=_file(place.certificate),
            key=_file(place.key),
        )

    def _link(self) -> MqttLink:
        """Our own broker is known by its certificate: its name is the one that devices call."""
        own, authority = _file(self._place.certificate), _file(self._place.authority)
        return MqttLink(
            self.url, self._bank, _COMES_IN, self._clock, authority=authority, pinned=own
        )

    async def _consume(self, link: MqttLink, desk: TelemetryDesk, give_way: GiveWay) -> None:
        await link.open()
        self.consumer = Consumer(link, desk, gather_s=_GATHER_S, hold_s=_HOLD_S, give_way=give_way)
        await self.consumer.run()


def _file(name: str) -> Path | None:
    return Path(name) if name else None
