"""What every broker guarantees to our links."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from system.adapters.mqtt_link import MqttLink
from system.adapters.os_clock import OsClock
from system.errors import BrokerUnavailable, InputError
from tests.ports.broker_box import (
    ACCOUNTS,
    BANK,
    DATA,
    KINDS,
    ONE,
    TOPIC,
    TWO,
    BrokerBox,
    run,
    take,
)


@pytest.fixture(params=KINDS)
def box(request: pytest.FixtureRequest, tmp_path: Path) -> BrokerBox:
    return BrokerBox(request.param, tmp_path)


def test_a_message_reaches_those_who_asked_and_nobody_else(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running():
            bank = await box.link(BANK, DATA)
            other = await box.link(TWO, ["device/d-2/cmd"])
            sender = await box.link(ONE, [])
            await sender.publish(TOPIC, b"one")
            [delivery] = await bank.receive(10)
            assert (delivery.topic, delivery.payload) == (TOPIC, b"one")
            assert other.held == 0

    run(scenario())


def test_messages_of_one_publisher_come_in_order(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running():
            bank = await box.link(BANK, DATA)
            sender = await box.link(ONE, [])
            sent = [b"%d" % n for n in range(3_000)]
            await asyncio.gather(*(sender.publish(TOPIC, payload) for payload in sent))
            assert await take(bank, 3_000) == sent

    run(scenario())


def test_what_was_not_acknowledged_comes_again_and_nothing_else_does(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running():
            bank = await box.link(BANK, DATA)
            sender = await box.link(ONE, [])
            for n in range(6):
                await sender.publish(TOPIC, b"%d" % n)
            received: list[Any] = []
            while len(received) < 6:
                received += await bank.receive(6)
            bank.acknowledge(received[:2] + received[4:5])
            await sender.publish(TOPIC, b"6")
            await bank.receive(1)
            await bank.close()
            again = await box.link(BANK, DATA)
            assert await take(again, 4) == [b"2", b"3", b"5", b"6"]

    run(scenario())


def test_a_broker_that_is_killed_loses_nothing_that_it_acknowledged(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running(is_durable=True):
            bank = await box.link(BANK, DATA)
            sender = await box.link(ONE, [])
            await sender.publish(TOPIC, b"before")
            assert await take(bank, 1) == [b"before"]
            await bank.close()
            answered = [b"%d" % n for n in range(150)]
            for payload in answered:
                await sender.publish(TOPIC, payload)
            await box.kill()
            await box.again()
            bank = await box.link(BANK, DATA)
            got = await take(bank, len(answered))
            assert got == answered

    run(scenario())


def test_a_broker_killed_among_messages_loses_none_that_was_answered(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running():
            bank = await box.link(BANK, DATA)
            sender = await box.link(ONE, [])
            answered: set[bytes] = set()

            async def send(n: int) -> None:
                await sender.publish(TOPIC, b"%d" % n)
                answered.add(b"%d" % n)

            sending = [asyncio.create_task(send(n)) for n in range(600)]
            got = set(await take(bank, 100))
            # Mosquitto answers before it stores: see BrokerBox.kill.
            await (box.end() if box.kind == "mosquitto" else box.kill())
            await box.again()
            await asyncio.gather(*sending)
            while not answered <= got:
                got |= set(await take(bank, 1))
            assert len(answered) == 600

    run(scenario())


def test_what_is_published_while_the_broker_is_down_arrives_once_it_is_back(
    box: BrokerBox,
) -> None:
    async def scenario() -> None:
        async with box.running():
            bank = await box.link(BANK, DATA)
            sender = await box.link(ONE, [])
            await box.end()
            while sender.is_connected:
                await asyncio.sleep(0.01)
            sending = asyncio.create_task(sender.publish(TOPIC, b"patient"))
            await asyncio.sleep(0.05)
            await box.again()
            await sending
            assert await take(bank, 1) == [b"patient"]

    run(scenario())


def test_an_acknowledgement_is_for_its_own_connection_and_never_for_another_message(
    box: BrokerBox,
) -> None:
    async def scenario() -> None:
        async with box.running():
            bank = await box.link(BANK, DATA)
            sender = await box.link(ONE, [])
            for n in range(3):
                await sender.publish(TOPIC, b"%d" % n)
            received: list[Any] = []
            while len(received) < 3:
                received += await bank.receive(3)
            await box.end()
            while bank.is_connected:
                await asyncio.sleep(0.01)
            await box.again()
            while bank.held < 3:
                await asyncio.sleep(0.01)
            bank.acknowledge(received)
            await bank.close()
            assert await take(await box.link(BANK, DATA), 3) == [b"0", b"1", b"2"]

    run(scenario())


def test_messages_wait_for_a_consumer_that_is_away(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running():
            await (await box.link(BANK, DATA)).close()
            sender = await box.link(ONE, [])
            await asyncio.gather(*(sender.publish(TOPIC, b"%d" % n) for n in range(300)))
            bank = await box.link(BANK, DATA)
            assert len(await take(bank, 300)) == 300

    run(scenario())


def test_a_slow_consumer_holds_a_bounded_number_and_gets_all(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running():
            bank = await box.link(BANK, DATA, held_max=50)
            sender = await box.link(ONE, [])
            large = b"x" * 20_000
            sending = asyncio.gather(*(sender.publish(TOPIC, large) for _ in range(2_500)))
            while not bank.held:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)
            # What was already read from the socket when it stopped may come on top.
            assert bank.held <= 50 + 65_536 // 20_000 + 14
            assert len(await take(bank, 2_500)) == 2_500
            await sending

    run(scenario())


def test_a_link_survives_its_own_close_and_says_so(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running():
            link = await box.link(ONE, [])
            waiting = asyncio.create_task(link.receive(1))
            await asyncio.sleep(0)
            await link.close()
            with pytest.raises(BrokerUnavailable, match="closed"):
                await waiting
            with pytest.raises(BrokerUnavailable, match="closed"):
                await link.publish(TOPIC, b"x")

    run(scenario())


@pytest.mark.parametrize(
    "url", ["http://h:1", "mqtt://", "mqtt://user:secret@h:1", "mqtt://h:port", "h:1", "mqtt://h/x"]
)
def test_an_unusable_url_is_an_input_error_that_tells_no_secret(url: str) -> None:
    async def scenario() -> None:
        with pytest.raises(InputError, match="broker") as refused:
            MqttLink(url, ACCOUNTS[0], [], OsClock())
        assert "secret" not in str(refused.value)

    run(scenario())
