"""The full wiring: readings, orders, alerts and receipts cross a real MQTT broker.

Broker, gateways and consumer run on a virtual-time loop in this process, over real sockets. A poll
is a drain barrier: it returns once the consumer has committed every message.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, TypeVar

import orjson

from sim.leaked_clocks import virtual_clocks
from sim.leasing.line import CALM, Message, Trouble
from sim.leasing.messages import GATEWAYS, device_id, gateway_id, messages_of
from sim.leasing.network import Arrived
from sim.portable import Mask
from sim.twins.faulty_transactions import Killed
from sim.virtual_loop import VirtualLoop
from system.adapters.mqtt_access import Access
from system.adapters.mqtt_consumer import Consumer
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
from system.leasing.dispatch import Letter
from system.leasing.events import BANK
from system.leasing.intake_receipts import BANK_ACK
from system.leasing.service_telemetry import TelemetryDesk
from system.ports.broker import Account, Delivery

T = TypeVar("T")

_SECRET: Final = "of-the-simulator-"
_COMMANDS: Final = "device/+/command"
_COMES_IN: Final = ("gateway/+/data", "device/+/ack", BANK_ACK)
_BANK: Final = Account("bank", f"{_SECRET}bank", (_COMMANDS, BANK), _COMES_IN)
# All terminals in one: what they hear, and what they answer; and the bank's own systems.
_TERMINALS: Final = Account("terminals", f"{_SECRET}terminals", ("device/+/ack",), (_COMMANDS,))
_OFFICE: Final = Account("office", f"{_SECRET}office", (BANK_ACK,), (BANK,))
# So long without an answer, an order goes again.
_AGAIN_S: Final = 60
_BATCH: Final = 100


def _gateway(number: int) -> Account:
    name = gateway_id(number)
    return Account(name, f"{_SECRET}{name}", (f"gateway/{name}/data",), ())


class _Watched:
    """The service's desk, which knows what has yet to be committed, and who has answered."""

    def __init__(self, start: Callable[[], TelemetryDesk]) -> None:
        self._start = start
        self._desk = start()
        self.awaited: set[Message] = set()
        self.strangers: set[Message] = set()
        self.answered: set[str] = set()
        # Orders to terminals that were sent, by action.
        self.orders: dict[str, Letter] = {}
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
        acks = [one for one in deliveries if one.topic.startswith("device/")]
        self.answered |= {orjson.loads(ack.payload)["action_id"] for ack in acks}
        self.moved.set()
        return taken

    def set_aside(self, delivery: Delivery, error: Exception) -> None:
        raise error

    def due(self) -> Sequence[Letter]:
        letters = self._desk.due()
        for letter in letters:
            if letter.topic != BANK:
                self.orders[letter.message_id] = letter
        return letters

    def tick(self, *, is_linked: bool) -> int:
        return 0


class _Slow:
    """The link as a consumer sees it that has other things to do until ``free`` is set."""

    def __init__(self, link: MqttLink, free: asyncio.Event) -> None:
        self._link, self._free = link, free
        self.acknowledge, self.publish, self.close = link.acknowledge, link.publish, link.close

    @property
    def is_connected(self) -> bool:
        return self._link.is_connected

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
        self._reach: set[int] = set()
        # Events of alerts that the bank's own systems have heard, once or more.
        self.heard: set[str] = set()
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

    def carry(self, at_s: int, orders: Sequence[tuple[str, int]], hears: Mask) -> set[str]:
        """Orders cross the broker to terminals; those in reach answer, until all of these have."""
        self._free.set()
        self._advance(at_s)
        done = {name for name, machine in orders if hears[machine]}
        self._reach = {machine for _, machine in orders if hears[machine]}
        self._run(self._until_answered(done))
        return done

    async def _until_answered(self, names: set[str]) -> None:
        watched = self._watched
        self._consumer.nudge()
        while not names <= watched.answered:
            watched.moved.clear()
            try:
                async with asyncio.timeout(_AGAIN_S):
                    await watched.moved.wait()
            except TimeoutError:
                # A broker that died has forgotten what it held, a service what it had sent.
                self._consumer.nudge()
                for name in sorted((names - watched.answered) & watched.orders.keys()):
                    letter = watched.orders[name]
                    await self._bank.publish(letter.topic, letter.payload)

    async def _terminals(self, link: MqttLink) -> None:
        """Every terminal in reach does what it is told, and says so."""
        while True:
            heard = await link.receive(_BATCH)
            for order in heard:
                device = order.topic.split("/")[1]
                if int(device.removeprefix("m-")) in self._reach:
                    action_id = orjson.loads(order.payload)["action_id"]
                    answer = orjson.dumps({"action_id": action_id, "done": True})
                    await link.publish(f"device/{device}/ack", answer)
            link.acknowledge(heard)

    async def _office(self, link: MqttLink) -> None:
        """The bank's own systems take each event of an alert over."""
        while True:
            heard = await link.receive(_BATCH)
            for event in heard:
                message_id = orjson.loads(event.payload)["message_id"]
                self.heard.add(message_id)
                await link.publish(BANK_ACK, orjson.dumps({"message_id": message_id}))
            link.acknowledge(heard)

    def close(self) -> None:
        self._run(self._shut())
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        with virtual_clocks(lambda: self._loop.now_us):
            return self._loop.run_until_complete(work)

    async def _open(self) -> None:
        gateways = tuple(_gateway(number) for number in range(GATEWAYS))
        self._broker = EmbeddedBroker(Access((_BANK, *gateways, _TERMINALS, _OFFICE)))
        await self._broker.start()
        self._bank = await self._linked(_BANK, _COMES_IN)
        self._gateways = [await self._linked(account, ()) for account in gateways]
        self._others = [
            await self._linked(_TERMINALS, (_COMMANDS,)),
            await self._linked(_OFFICE, (BANK,)),
        ]
        terminals, office = self._others
        self._running = [
            asyncio.create_task(self._consume()),
            asyncio.create_task(self._terminals(terminals)),
            asyncio.create_task(self._office(office)),
        ]

    async def _linked(self, account: Account, filters: Sequence[str]) -> MqttLink:
        link = MqttLink(self._broker.url, account, filters, self._loop.clock, keep_alive_s=0)
        await link.open()
        return link

    async def _consume(self) -> None:
        """The service, started again whenever it was killed; what it had not answered comes."""
        while True:
            link = _Slow(self._bank, self._free)
            self._consumer = Consumer(link, self._watched, poll_s=None, tick_s=None)
            try:
                await self._consumer.run()
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
            assert not any(task.done() for task in self._running), "a part ended"
            self._watched.moved.clear()
            await self._watched.moved.wait()

    async def _shut(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        for link in (self._bank, *self._gateways, *self._others):
            await link.close()
        await self._broker.stop()
