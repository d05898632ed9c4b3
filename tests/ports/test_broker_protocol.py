"""What every broker makes of the protocol: keep-alive, wills, retained messages, QoS, sessions."""

import asyncio
from pathlib import Path

import pytest

from system.adapters import mqtt_wire as wire
from tests.ports.broker_box import (
    BANK,
    COMMAND,
    DATA,
    KINDS,
    ONE,
    TOPIC,
    TWO,
    BrokerBox,
    run,
    take,
)
from tests.ports.mqtt_client import socket_to


@pytest.fixture(params=KINDS)
def box(request: pytest.FixtureRequest, tmp_path: Path) -> BrokerBox:
    return BrokerBox(request.param, tmp_path)


def test_a_silent_client_is_cut_off_within_its_keep_alive_and_its_will_is_published(
    box: BrokerBox,
) -> None:
    async def scenario() -> None:
        async with box.running():
            bank = await box.link(BANK, ["device/+/ack"])
            silent = await box.client(
                ONE, keep_alive_s=1, will=("device/d-1/ack", b"gone", 1, False)
            )
            await silent.ended()
            assert await take(bank, 1) == [b"gone"]

    run(scenario())


def test_a_client_that_is_heard_stays_beyond_its_keep_alive(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running():
            talking = await box.client(ONE, keep_alive_s=2)
            for _ in range(8):
                await asyncio.sleep(0.5)
                await talking.quiet()

    run(scenario())


@pytest.mark.parametrize("goes", ["goodbye", "drop"])
def test_a_will_is_for_those_who_go_without_a_word(box: BrokerBox, goes: str) -> None:
    async def scenario() -> None:
        async with box.running():
            bank = await box.link(BANK, [*DATA, "device/+/ack"])
            other = await box.client(TWO)
            client = await box.client(ONE, will=("device/d-1/ack", b"gone", 1, False))
            await getattr(client, goes)()
            await asyncio.sleep(0.1)
            await other.publish("device/d-2/data", b"after")
            wanted = [b"after"] if goes == "goodbye" else [b"gone", b"after"]
            assert await take(bank, len(wanted)) == wanted

    run(scenario())


def test_a_retained_message_greets_the_newcomers_who_asked_for_it(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running():
            bank = await box.client(BANK)
            await bank.publish(COMMAND, b"stop", is_retained=True)
            newcomer = await box.client(ONE)
            assert await newcomer.subscribe(COMMAND) == 1
            assert await newcomer.message() == (COMMAND, b"stop", 1, True)
            await bank.publish(COMMAND, b"", is_retained=True)
            await newcomer.drop()
            later = await box.client(ONE)
            await later.subscribe(COMMAND)
            await later.quiet()
            assert later.messages.empty()

    run(scenario())


def test_a_retained_message_outlasts_a_restart(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running():
            await (await box.client(BANK)).publish(COMMAND, b"stop", is_retained=True)
            await box.end()
            await box.again()
            newcomer = await box.client(ONE)
            await newcomer.subscribe(COMMAND)
            assert await newcomer.message() == (COMMAND, b"stop", 1, True)

    run(scenario())


@pytest.mark.parametrize(("sent", "asked", "got"), [(0, 1, 0), (1, 0, 0), (1, 1, 1), (2, 1, 1)])
def test_a_message_comes_at_the_lower_of_both_qos(
    box: BrokerBox, sent: int, asked: int, got: int
) -> None:
    async def scenario() -> None:
        async with box.running():
            bank = await box.client(BANK)
            await bank.subscribe("device/+/data", asked)
            sender = await box.client(ONE)
            await sender.publish(TOPIC, b"x", qos=sent)
            if sent == 2:
                sender.send(wire.answer(wire.PUBREL, 7))
                await sender.heard(wire.PUBCOMP)
            assert await bank.message() == (TOPIC, b"x", got, False)

    run(scenario())


def test_a_repeat_at_qos_2_is_passed_on_once(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running():
            bank = await box.client(BANK)
            await bank.subscribe("device/+/data")
            sender = await box.client(ONE)
            for _ in range(2):
                await sender.publish(TOPIC, b"once", qos=2)
            sender.send(wire.answer(wire.PUBREL, 7))
            await sender.heard(wire.PUBCOMP)
            await sender.publish(TOPIC, b"next")
            assert [(await bank.message())[1] for _ in range(2)] == [b"once", b"next"]

    run(scenario())


def test_who_comes_again_takes_over_and_the_older_connection_ends(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running():
            older = await box.client(ONE, is_clean=False)
            await older.subscribe(COMMAND)
            newer = await box.client(ONE, is_clean=False)
            await older.ended()
            await (await box.client(BANK)).publish(COMMAND, b"stop")
            assert (await newer.message())[1] == b"stop"

    run(scenario())


def test_a_clean_session_forgets_and_a_lasting_one_does_not(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running():
            client = await box.client(ONE, is_clean=False)
            await client.subscribe(COMMAND)
            await client.goodbye()
            bank = await box.client(BANK)
            await bank.publish(COMMAND, b"kept")
            back = await box.client(ONE, is_clean=False)
            assert (await back.message())[1] == b"kept"
            await back.goodbye()
            await (await box.client(ONE, is_clean=True)).goodbye()
            await bank.publish(COMMAND, b"lost")
            last = await box.client(ONE, is_clean=False)
            await last.quiet()
            assert last.messages.empty()

    run(scenario())


def test_an_unsubscribed_filter_brings_nothing(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running():
            client = await box.client(ONE)
            await client.subscribe(COMMAND)
            name = bytes((0, len(COMMAND))) + COMMAND.encode()
            client.send(b"\xa2" + bytes((2 + len(name),)) + b"\0\x09" + name)
            assert await client.heard(wire.UNSUBACK) == b"\0\x09"
            await (await box.client(BANK)).publish(COMMAND, b"x")
            await client.quiet()
            assert client.messages.empty()

    run(scenario())


def test_a_shared_subscription_is_refused_or_works_but_is_never_swallowed(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running():
            bank = await box.client(BANK)
            if await bank.subscribe("$share/group/device/+/data") == wire.NOT_GRANTED:
                return
            await (await box.client(ONE)).publish(TOPIC, b"x")
            assert (await bank.message())[1] == b"x"

    run(scenario())


@pytest.mark.parametrize(
    "rubbish",
    [
        b"GET / HTTP/1.1\r\n\r\n" * 9,
        b"\x00\x00",
        b"\x30\xff\xff\xff\xff\xff",
        wire.publish(b"device/+/data", b"", 0),
        wire.publish(b"device/d-1/#", b"", 1, 5),
        b"\x36\x05\x00\x01ax\x01",
        b"\x82\x02\x00\x01",
    ],
    ids=["http", "reserved", "length", "plus", "hash", "qos 3", "no filters"],
)
def test_rubbish_ends_its_own_connection_and_no_other(box: BrokerBox, rubbish: bytes) -> None:
    async def scenario() -> None:
        async with box.running():
            bank = await box.link(BANK, DATA)
            for is_known in (False, True):
                client = await box.client(TWO) if is_known else await socket_to(box.url)
                client.send(rubbish)
                await client.ended()
                await client.drop()
            await (await box.client(ONE)).publish(TOPIC, b"still there")
            assert await take(bank, 1) == [b"still there"]

    run(scenario())


def test_an_oversize_message_ends_its_connection_before_it_is_read(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running():
            client = await box.client(ONE)
            client.send(b"\x30\xff\xff\xff\x7f" + b"x" * 1_000)
            await client.ended()

    run(scenario())
