"""The full wiring: every reading crosses a real MQTT broker to the production consumer.

Broker, gateways and consumer run on a virtual-time loop in this process, over real sockets. A poll
is a drain barrier: it returns once the consumer has committed every message.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Final, TypeVar

from sim.leaked_clocks import virtual_clocks
from sim.leasing.messages import GATEWAYS, device_id, gateway_id, messages_of
from sim.leasing.network import Arrived
from sim.virtual_loop import VirtualLoop
from system.adapters.mqtt_access import Access
from system.adapters.mqtt_consumer import Consumer, OutLetter
from system.adapters.mqtt_embedded import EmbeddedBroker
from system.adapters.mqtt_link import MqttLink
from system.bootstrap_leasing import LeasingSystem
from system.leasing.devices import (
    Device,
    Fleet,
    Gateway,
    enrol_devices,
    enrol_fleets,
    enrol_gateways,
)
from system.ports.broker import Account, Delivery

T = TypeVar("T")
Message = tuple[str, bytes]

_SECRET: Final = "of-the-simulator-"
_COMES_IN: Final = ("gateway/+/data",)
_BANK: Final = Account("bank", f"{_SECRET}bank", (), _COMES_IN)


def _gateway(number: int) -> Account:
    name = gateway_id(number)
    return Account(name, f"{_SECRET}{name}", (f"gateway/{name}/data",), ())


class _Watched:
    """The service's desk, which knows what has yet to be committed.

    Alerts stay in the outbox: the lessor's people of this run look at the service itself.
    """

    def __init__(self, system: LeasingSystem) -> None:
        self._desk = system.telemetry
        self.awaited: set[Message] = set()
        self.moved = asyncio.Event()

    def take(self, deliveries: Sequence[Delivery]) -> object:
        taken = self._desk.take(deliveries)
        assert taken.quarantined == 0, "a reading of ours was put aside"
        self.awaited -= {(delivery.topic, delivery.payload) for delivery in deliveries}
        self.moved.set()
        return taken

    def set_aside(self, delivery: Delivery, error: Exception) -> None:
        raise error

    def due(self) -> Sequence[OutLetter]:
        return ()

    def tick(self) -> int:
        return 0


class BrokerChannel:
    """Gateways publish at QoS 1 what the platform has collected."""

    def __init__(self, system: LeasingSystem, machines: int, start_s: int) -> None:
        self._system = system
        self._loop = VirtualLoop(start_s)
        self._watched = _Watched(system)
        with system.book.transaction() as unit:
            enrol_fleets(unit.rows, [Fleet("leased", True, "WGS-84")])
            devices = [
                Device(device_id(row), row, "", "leased", "none", b"") for row in range(machines)
            ]
            enrol_devices(unit.rows, devices, system.keys)
            gateways = [Gateway(gateway_id(number), "leased") for number in range(GATEWAYS)]
            enrol_gateways(unit.rows, gateways)
        self._run(self._open())

    def deliver(self, arrived: Arrived) -> None:
        """Publish all, and wait until all of it is committed."""
        self._loop.advance(max(arrived.at_s, self._loop.clock.now_s()))
        self._run(self.send(messages_of(arrived)))

    def close(self) -> None:
        self._run(self._shut())
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        with virtual_clocks(lambda: self._loop.now_us):
            return self._loop.run_until_complete(work)

    async def _open(self) -> None:
        accounts = (_BANK, *(_gateway(number) for number in range(GATEWAYS)))
        self.broker = EmbeddedBroker(Access(accounts))
        await self.broker.start()
        self._links = [
            MqttLink(self.broker.url, account, filters, self._loop.clock, keep_alive_s=0)
            for account, filters in ((_BANK, _COMES_IN), *((one, ()) for one in accounts[1:]))
        ]
        for link in self._links:
            await link.open()
        consumer = Consumer(self._links[0], self._watched, poll_s=None, tick_s=None)
        self._running = asyncio.create_task(consumer.run())

    async def send(self, messages: Sequence[Message]) -> None:
        """Each message by its gateway; done once the consumer has committed them."""
        await asyncio.gather(*(self.publish(message) for message in messages))
        await self.drained()

    async def publish(self, message: Message) -> None:
        """By the gateway that the topic names; done once the broker has it."""
        topic, payload = message
        number = int(topic.split("/")[1].removeprefix("g-"))
        self._watched.awaited.add(message)
        await self._links[1 + number].publish(topic, payload)

    async def drained(self) -> None:
        """Until the consumer has committed every message that was published."""
        while self._watched.awaited:
            assert not self._running.done(), "the consumer ended"
            self._watched.moved.clear()
            await self._watched.moved.wait()

    async def _shut(self) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        for link in self._links:
            await link.close()
        await self.broker.stop()
