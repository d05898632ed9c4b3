"""The full wiring: every reading crosses a real MQTT broker to the production consumer.

Broker, gateways and consumer run on a virtual-time loop in this process, over real sockets. A poll
is a drain barrier: it returns once the consumer has committed every message.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, TypeVar

from sim.leaked_clocks import virtual_clocks
from sim.leasing.line import CALM, Message, Trouble
from sim.leasing.messages import GATEWAYS, device_id, gateway_id, messages_of
from sim.leasing.network import Arrived
from sim.twins.faulty_transactions import Killed
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
from system.leasing.service_telemetry import TelemetryDesk
from system.ports.broker import Account, Delivery

T = TypeVar("T")

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

    def __init__(self, start: Callable[[], TelemetryDesk]) -> None:
        self._start = start
        self._desk = start()
        self.awaited: set[Message] = set()
        self.strangers: set[Message] = set()
        self.moved = asyncio.Event()

    def restart(self) -> None:
        """The service was killed; nothing in its memory is left."""
        self._desk = self._start()

    def take(self, deliveries: Sequence[Delivery]) -> object:
        messages = {(delivery.topic, delivery.payload) for delivery in deliveries}
        taken = self._desk.take(deliveries)
        known = not messages & self.strangers
        assert not (known and taken.quarantined), "a reading of ours was put aside"
        self.awaited -= messages
        self.moved.set()
        return taken

    def set_aside(self, delivery: Delivery, error: Exception) -> None:
        raise error

    def due(self) -> Sequence[OutLetter]:
        return ()

    def tick(self) -> int:
        return 0


class _Slow:
    """The link as a consumer sees it that has other things to do until ``free`` is set."""

    def __init__(self, link: MqttLink, free: asyncio.Event) -> None:
        self._link, self._free = link, free
        self.acknowledge, self.publish, self.close = link.acknowledge, link.publish, link.close

    async def receive(self, count_max: int) -> Sequence[Delivery]:
        deliveries = await self._link.receive(count_max)
        await self._free.wait()
        return deliveries


class BrokerChannel:
    """Gateways publish at QoS 1 what the platform has collected."""

    def __init__(
        self,
        system: LeasingSystem,
        desk: Callable[[], TelemetryDesk],
        machines: int,
        start_s: int,
    ) -> None:
        self._loop = VirtualLoop(start_s)
        self._is_down = False
        self._watched, self._free = _Watched(desk), asyncio.Event()
        # A book that refuses on plan is nobody's news.
        logging.getLogger(Consumer.__module__).setLevel(logging.ERROR)
        with system.book.transaction() as unit:
            enrol_fleets(unit.rows, [Fleet("leased", True, "WGS-84")])
            devices = [
                Device(device_id(row), row, "", "leased", "none", b"") for row in range(machines)
            ]
            enrol_devices(unit.rows, devices, system.keys)
            gateways = [Gateway(gateway_id(number), "leased") for number in range(GATEWAYS)]
            enrol_gateways(unit.rows, gateways)
        self._run(self._open())

    def deliver(self, arrived: Arrived, trouble: Trouble = CALM) -> None:
        """Publish all, and wait until all of it is committed, unless the consumer stalls."""
        if not trouble.stalled:
            self._free.set()
        else:
            self._free.clear()
        self._advance(arrived.at_s)
        messages = messages_of(arrived, trouble.last)
        order = [messages[one] for one in trouble.order(list(messages))]
        self._watched.strangers.update(trouble.strangers)
        self._run(self._send([*trouble.strangers, *order], trouble))

    def broker_ends(self, at_s: int) -> None:
        """Until it returns the loop's time stands: nothing but refused attempts would happen."""
        self._advance(at_s)
        self._run(self._broker.kill())
        self._is_down = True

    def broker_returns(self, at_s: int) -> None:
        self._run(self._broker.start())
        self._is_down = False
        self._advance(at_s)

    def _advance(self, at_s: int) -> None:
        if not self._is_down:
            self._loop.advance(max(at_s, self._loop.clock.now_s()))

    def close(self) -> None:
        self._run(self._shut())
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        with virtual_clocks(lambda: self._loop.now_us):
            return self._loop.run_until_complete(work)

    async def _open(self) -> None:
        accounts = (_BANK, *(_gateway(number) for number in range(GATEWAYS)))
        self._broker = EmbeddedBroker(Access(accounts))
        await self._broker.start()
        self._bank = await self._linked(_BANK, _COMES_IN)
        self._gateways = [await self._linked(account, ()) for account in accounts[1:]]
        self._running = asyncio.create_task(self._consume())

    async def _linked(self, account: Account, filters: Sequence[str]) -> MqttLink:
        link = MqttLink(self._broker.url, account, filters, self._loop.clock, keep_alive_s=0)
        await link.open()
        return link

    async def _consume(self) -> None:
        """The service, started again whenever it was killed; what it had not answered comes."""
        while True:
            try:
                await Consumer(
                    _Slow(self._bank, self._free), self._watched, poll_s=None, tick_s=None
                ).run()
            except* Killed:
                self._watched.restart()
                await self._bank.close()
                self._bank = await self._linked(_BANK, _COMES_IN)

    async def _send(self, messages: Sequence[Message], trouble: Trouble) -> None:
        """Each message by its gateway; done once the consumer has committed them."""
        sending = asyncio.gather(*(self._publish(message) for message in messages))
        if trouble.killed:
            # Some bytes are on their way: what was not answered is lost, and sent again.
            await asyncio.sleep(0)
            await self._broker.kill()
            await self._broker.start()
        await sending
        if not trouble.stalled:
            await self._drained()

    async def _publish(self, message: Message) -> None:
        """By the gateway that the topic names; done once the broker has it."""
        topic, payload = message
        number = int(topic.split("/")[1].removeprefix("g-"))
        self._watched.awaited.add(message)
        await self._gateways[number].publish(topic, payload)

    async def _drained(self) -> None:
        """Until the consumer has committed every message that was published."""
        while self._watched.awaited:
            assert not self._running.done(), "the consumer ended"
            self._watched.moved.clear()
            await self._watched.moved.wait()

    async def _shut(self) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        for link in (self._bank, *self._gateways):
            await link.close()
        await self._broker.stop()
