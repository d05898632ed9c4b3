"""Races at await points: found from a seed, replayed from it, and none in our own edges."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from sim.interleavings import explore, interleaved
from sim.qa.bank import RunningBank
from sim.virtual_loop import VirtualLoop, run_virtual
from system.adapters.mqtt_access import Access
from system.adapters.mqtt_consumer import Consumer
from system.adapters.mqtt_embedded import EmbeddedBroker
from system.adapters.mqtt_link import MqttLink
from system.errors import StoreUnavailable
from system.ports.broker import Account, Delivery
from tests.simulation.planted import Defect, planted

START_S = 1_767_225_600
DEVICE = Account("device", "a secret of the device", ("device/data",), ())
BANK = Account("bank", "a secret of the bank", (), ("device/data",))
LETTERS = 12
LOCKED_EVERY = 4


class Ledger:
    """A desk whose book is locked now and then. Effects by message, each once."""

    def __init__(self) -> None:
        self.attempts = self.commits = 0
        self.effects: dict[bytes, int] = {}

    def take(self, deliveries: Sequence[Delivery]) -> None:
        self.attempts += 1
        if self.attempts % LOCKED_EVERY == 0:
            raise StoreUnavailable("begin", "database is locked")
        for delivery in deliveries:
            self.effects.setdefault(delivery.payload, self.commits)
            self.commits += 1

    def set_aside(self, delivery: Delivery, error: Exception) -> None:
        raise error

    def due(self) -> Sequence[Any]:
        return ()

    def tick(self, *, is_linked: bool) -> None:
        return None


async def telemetry(loop: VirtualLoop) -> None:
    """A device publishes; the broker is killed on the way; the service dies once and comes back."""
    broker = EmbeddedBroker(Access([DEVICE, BANK]))
    await broker.start()
    ledger, device = Ledger(), MqttLink(broker.url, DEVICE, (), loop.clock, keep_alive_s=0)
    await device.open()
    bank, running = await served_by(ledger, broker, loop)
    sent = [asyncio.create_task(said(device, n)) for n in range(LETTERS)]
    await asyncio.sleep(0.5)
    await broker.kill()
    await broker.start()
    await asyncio.sleep(0.5)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await bank.close()
    bank, running = await served_by(ledger, broker, loop)
    await asyncio.gather(*sent)
    await asyncio.sleep(600)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    for link in (bank, device):
        await link.close()
    await broker.stop()
    assert sorted(ledger.effects) == sorted(b"%d" % n for n in range(LETTERS)), "a message is lost"


def test_what_comes_while_the_consumer_gathers_is_one_commit() -> None:
    ways: list[int] = []

    class Unlocked(Ledger):
        def take(self, deliveries: Sequence[Delivery]) -> None:
            self.attempts += 1
            self.effects |= {one.payload: self.attempts for one in deliveries}

    async def gathered(loop: VirtualLoop, gather_s: float) -> int:
        broker = EmbeddedBroker(Access([DEVICE, BANK]))
        await broker.start()
        device = MqttLink(broker.url, DEVICE, (), loop.clock, keep_alive_s=0)
        bank = MqttLink(broker.url, BANK, ("device/data",), loop.clock, keep_alive_s=0)
        for link in (device, bank):
            await link.open()
        ledger = Unlocked()

        async def give_way() -> None:
            ways.append(ledger.attempts)

        consumer = Consumer(
            bank, ledger, poll_s=None, tick_s=None, gather_s=gather_s, give_way=give_way
        )
        running = asyncio.create_task(consumer.run())
        await asyncio.gather(*(said(device, n) for n in range(LETTERS)))
        await asyncio.sleep(10)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        for link in (bank, device):
            await link.close()
        await broker.stop()
        assert len(ledger.effects) == LETTERS
        return ledger.attempts

    # A letter every tenth of a second.
    assert run_virtual(lambda loop: gathered(loop, 0.0), START_S) == LETTERS
    assert ways == list(range(LETTERS))
    assert run_virtual(lambda loop: gathered(loop, 0.35), START_S) <= LETTERS // 2


async def said(device: MqttLink, number: int) -> None:
    await asyncio.sleep(0.1 * number)
    await device.publish("device/data", b"%d" % number)


async def served_by(
    ledger: Ledger, broker: EmbeddedBroker, loop: VirtualLoop
) -> tuple[MqttLink, asyncio.Task[None]]:
    link = MqttLink(broker.url, BANK, ("device/data",), loop.clock, keep_alive_s=0)
    await link.open()
    return link, asyncio.create_task(Consumer(link, ledger, poll_s=None, tick_s=None).run())


EARLY_ACK = Defect(
    "a message is acknowledged before its commit",
    "system.adapters.mqtt_consumer:Consumer._take_in",
    "await self._commit",
    "self._link.acknowledge(deliveries); await self._commit",
    "race",
)
TWICE = Defect(
    "a command that was answered is handled again",
    "system.api.endpoint:_once",
    "if known is None:",
    "if True:",
    "race",
)


def test_a_seed_is_an_order_of_turns_and_gives_the_same_one_again() -> None:
    async def turns(_: VirtualLoop) -> str:
        said: list[str] = []

        async def speak(name: str) -> None:
            for _ in range(3):
                said.append(name)
                await asyncio.sleep(0)

        await asyncio.gather(*(speak(name) for name in "abc"))
        return "".join(said)

    assert run_virtual(turns, START_S) == "abcabcabc"
    found = [interleaved(turns, START_S, seed) for seed in range(20)]
    assert len(set(found)) > 10
    assert {"".join(sorted(one)) for one in found} == {"aaabbbccc"}
    assert found == [interleaved(turns, START_S, seed) for seed in range(20)]


def test_a_lost_update_is_found_by_some_seed_and_replays_from_it() -> None:
    async def purse(_: VirtualLoop) -> None:
        held = {"fen": 0}

        async def pay_in(delay_s: float) -> None:
            await asyncio.sleep(delay_s)
            before = held["fen"]
            await asyncio.sleep(0)
            held["fen"] = before + 1

        await asyncio.gather(pay_in(1), pay_in(2))
        assert held["fen"] == 2

    run_virtual(purse, START_S)
    race = explore(purse, START_S, range(500))
    assert race is not None
    for _ in range(2):
        with pytest.raises(AssertionError):
            interleaved(purse, START_S, race.seed)


def test_the_consumer_loses_no_message_in_any_order_and_a_planted_race_is_found() -> None:
    assert explore(telemetry, START_S, range(15)) is None
    with planted(EARLY_ACK):
        run_virtual(telemetry, START_S)
        race = explore(telemetry, START_S, range(60))
        assert race is not None
        assert "a message is lost" in str(race.error)
        with pytest.raises(AssertionError, match="a message is lost"):
            interleaved(telemetry, START_S, race.seed)
    interleaved(telemetry, START_S, race.seed)


def registering(bank: RunningBank, number: str) -> Any:
    """A supplier's software registers an invoice over HTTP, and asks again when no answer comes."""
    body = {
        "seller_id": "supplier-1",
        "debtor_id": "core-1",
        "invoice_number": number,
        "amount": "100000.00",
        "currency": "CNY",
        "issued_on": "2025-12-31",
        "due_on": "2026-04-30",
    }
    headers = bank.headers("supplier-erp", f"key-of-{number}")

    async def program(_: VirtualLoop) -> None:
        config = uvicorn.Config(bank.process.app, port=0, log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        listening = config.bind_socket()
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/receivables"
        answer = await patiently(url, body, headers)
        server.should_exit = True
        await serving
        assert answer.status_code < 300, f"registered, and told: {answer.text}"

    return program


async def patiently(url: str, body: Any, headers: dict[str, str]) -> httpx.Response:
    for _ in range(20):
        try:
            async with httpx.AsyncClient(timeout=2.0) as client:
                return await client.post(url, json=body, headers=headers)
        except httpx.TransportError:
            await asyncio.sleep(0.1)
    raise AssertionError("no answer")


@pytest.fixture
def bank(tmp_path: Path) -> Any:
    running = RunningBank(tmp_path)
    running.admit("supplier-erp", "supplier-1", ["supplier"])
    running.enrol("supplier-1", 2)
    running.enrol("core-1", 1)
    running.step()
    yield running
    running.close()


def gateway_race(bank: RunningBank, seeds: range, name: str) -> int | None:
    """The first seed under which a client that asks again is told something else."""
    for seed in seeds:
        program: Any = registering(bank, f"{name}-{seed}")
        if explore(program, START_S, [seed], 0.04) is not None:
            return seed
    return None


def test_the_gateway_answers_a_client_that_asks_again_and_a_planted_race_is_found(
    bank: RunningBank,
) -> None:
    assert gateway_race(bank, range(10), "sound") is None
    with planted(TWICE):
        run_virtual(registering(bank, "in-order"), START_S)
        seed = gateway_race(bank, range(60), "planted")
        assert seed is not None
        assert gateway_race(bank, range(seed, seed + 1), "replayed") == seed
    assert gateway_race(bank, range(seed, seed + 1), "healed") is None
