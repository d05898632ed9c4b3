"""What only our embedded broker promises, and what stock clients make of it."""

import asyncio
import subprocess
from pathlib import Path

import gmqtt
import paho.mqtt.client as paho
import pytest
from gmqtt.mqtt.constants import MQTTv311

from system.adapters import mqtt_mailbox
from system.adapters import mqtt_wire as wire
from system.adapters.mqtt_access import Access
from system.adapters.mqtt_embedded import EmbeddedBroker
from system.adapters.mqtt_topics import Filters, covers, is_filter, is_topic
from system.errors import BrokerUnavailable, InputError
from system.ports.broker import Account
from tests.mosquitto import program
from tests.ports.broker_box import (
    ACCOUNTS,
    BANK,
    DATA,
    ONE,
    SECRET,
    TOPIC,
    TWO,
    BrokerBox,
    run,
    take,
)
from tests.ports.mqtt_client import hello, socket_to


@pytest.fixture
def box(tmp_path: Path) -> BrokerBox:
    return BrokerBox("embedded", tmp_path)


def test_it_listens_on_loopback_unless_told_otherwise() -> None:
    async def scenario() -> None:
        broker = EmbeddedBroker(Access(ACCOUNTS))
        await broker.start()
        assert broker.url.startswith("mqtt://127.0.0.1:")
        assert broker._server is not None
        sockets = broker._server._servers["default"].instance.sockets
        assert {held.getsockname()[0] for held in sockets} == {"127.0.0.1"}
        await broker.stop()

    run(scenario())


def test_who_does_not_say_who_he_is_is_sent_away() -> None:
    async def scenario() -> None:
        broker = EmbeddedBroker(Access(ACCOUNTS), connect_s_max=0.05)
        await broker.start()
        for begun in (b"", b"\x10", hello(ONE)[:20]):
            silent = await socket_to(broker.url)
            silent.send(begun)
            await silent.ended()
            await silent.drop()
        await broker.stop()

    run(scenario())


def test_an_address_that_is_taken_is_said(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running():
            port = int(box.url.rpartition(":")[2])
            with pytest.raises(BrokerUnavailable, match="listen"):
                await EmbeddedBroker(Access(ACCOUNTS), port=port).start()

    run(scenario())


def test_what_may_not_be_read_is_refused_and_not_only_kept_back(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running():
            lessee = await box.client(TWO)
            for name in (
                "device/+/data",
                "#",
                "device/+/cmd",
                "device/d-2/#",
                "+/d-2/cmd",
                "$SYS/#",
            ):
                assert await lessee.subscribe(name) == wire.NOT_GRANTED, name
            assert await lessee.subscribe("device/d-2/cmd", 2) == 1

    run(scenario())


def test_accounts_come_and_go_while_it_runs(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running(accounts=[BANK]):
            with pytest.raises(AssertionError, match="CONNACK"):
                await box.client(ONE)
            box.broker.access.admit(ONE)
            await box.client(ONE)
            box.broker.access.revoke(ONE.user)
            with pytest.raises(AssertionError, match="CONNACK"):
                await box.client(ONE)

    run(scenario())


def test_a_full_mailbox_makes_publishers_wait_and_loses_nothing(
    box: BrokerBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt_mailbox, "LETTERS_MAX", 50)
    monkeypatch.setattr(mqtt_mailbox, "WINDOW", 10)

    async def scenario() -> None:
        async with box.running():
            await (await box.link(BANK, DATA)).close()
            sender = await box.client(ONE)
            for _ in range(40):
                sender.send(wire.publish(TOPIC.encode(), b"x" * 10_000, 1, 7) * 10)
            await asyncio.sleep(0.2)
            assert sender._heard.qsize() < 100
            bank = await box.link(BANK, DATA)
            assert len(await take(bank, 400)) == 400
            for _ in range(400):
                await sender.heard(wire.PUBACK)

    run(scenario())


def test_what_was_received_before_a_stop_is_kept_though_not_yet_answered(tmp_path: Path) -> None:
    box = BrokerBox("embedded on disk", tmp_path)

    async def scenario() -> None:
        async with box.running():
            await (await box.link(BANK, DATA)).close()
            sender = await box.client(ONE)
            await sender.publish(TOPIC, b"x")
            await box.end()
            await box.again()
            assert await take(await box.link(BANK, DATA), 1) == [b"x"]

    run(scenario())


@pytest.mark.parametrize(
    "account",
    [
        Account("d/1", SECRET, (), ()),
        Account("", SECRET, (), ()),
        Account("d-1", "short", (), ()),
        Account("d-1", SECRET, ("device/+x/data",), ()),
        Account("d-1", SECRET, (), ("#/data",)),
    ],
)
def test_an_account_that_cannot_be_kept_is_an_input_error(account: Account) -> None:
    with pytest.raises(InputError) as refused:
        Access([account])
    assert SECRET not in str(refused.value)


# OASIS MQTT 3.1.1, 4.7: its own examples, and what they leave open.
MATCHES = [
    ("sport/tennis/player1/#", "sport/tennis/player1", True),
    ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", True),
    ("sport/#", "sport", True),
    ("sport/tennis/+", "sport/tennis/player1", True),
    ("sport/tennis/+", "sport/tennis/player1/ranking", False),
    ("sport/+", "sport", False),
    ("sport/+", "sport/", True),
    ("+/+", "/finance", True),
    ("/+", "/finance", True),
    ("+", "/finance", False),
    ("#", "$SYS/monitor/Clients", False),
    ("+/monitor/Clients", "$SYS/monitor/Clients", False),
    ("$SYS/#", "$SYS/monitor/Clients", True),
    ("a/b", "a/b/c", False),
]


@pytest.mark.parametrize(("name", "topic", "expected"), MATCHES)
def test_filters_match_as_the_standard_says(name: str, topic: str, expected: bool) -> None:
    filters: Filters[int] = Filters()
    filters.put(name, "me", 1)
    assert covers(name, topic) is expected
    assert (filters.matching(topic) == {"me": [1]}) is expected
    filters.drop(name, "me")
    assert filters.matching(topic) == {}
    assert not filters._root.below


def test_what_is_no_filter_or_no_topic_is_told() -> None:
    assert not any(map(is_filter, ("", "a/#/b", "a+/b", "a/b#", "$share/g/a", "a\0", "/" * 20)))
    assert all(map(is_filter, ("#", "+", "a/+/b", "a/#", "/", "$SYS/#")))
    assert not any(map(is_topic, ("", "a/+", "#", "$SYS/a", "a\0b", "x" * 600)))


def test_mosquittos_own_clients_get_along_with_it(box: BrokerBox) -> None:
    publish, subscribe = program("mosquitto_pub"), program("mosquitto_sub")

    async def scenario() -> None:
        async with box.running():
            host, port = "127.0.0.1", box.url.rpartition(":")[2]
            place = ["-h", host, "-p", port, "-q", "1"]
            wanted = ["-u", "bank", "-P", BANK.secret, "-t", "device/+/data", "-C", "1"]
            hearing = await asyncio.create_subprocess_exec(
                subscribe, *place, *wanted, stdout=subprocess.PIPE
            )
            while not box.broker._post._filters.matching(TOPIC):
                await asyncio.sleep(0.01)
            saying = await asyncio.create_subprocess_exec(
                publish, *place, "-u", "d-1", "-P", ONE.secret, "-t", TOPIC, "-m", '{"a":1}'
            )
            assert await saying.wait() == 0
            assert (await hearing.communicate())[0] == b'{"a":1}\n'

    run(scenario())


def test_gmqtt_and_paho_get_along_with_it(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running():
            port = int(box.url.rpartition(":")[2])
            heard: asyncio.Queue[bytes] = asyncio.Queue()
            hearing = gmqtt.Client("bank")
            hearing.set_auth_credentials("bank", BANK.secret)
            hearing.on_message = lambda client, topic, payload, qos, properties: (
                heard.put_nowait(payload) or 0
            )
            await hearing.connect("127.0.0.1", port, version=MQTTv311)
            hearing.subscribe("device/+/data", qos=1)
            saying = paho.Client(paho.CallbackAPIVersion.VERSION2, "d-1")
            saying.username_pw_set("d-1", ONE.secret)

            def say() -> None:
                saying.connect("127.0.0.1", port)
                saying.loop_start()
                said = saying.publish(TOPIC, b"from paho", qos=1)
                said.wait_for_publish(60)
                assert said.is_published()
                saying.disconnect()
                saying.loop_stop()

            await asyncio.to_thread(say)
            assert await asyncio.wait_for(heard.get(), 60) == b"from paho"
            await hearing.disconnect()

    run(scenario())
