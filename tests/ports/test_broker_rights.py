"""What no broker lets a client do."""

import asyncio
from pathlib import Path

import pytest

from system.adapters.mqtt_link import MqttLink
from system.adapters.os_clock import OsClock
from system.errors import BrokerUnavailable
from system.ports.broker import Account
from tests.ports.broker_box import (
    BANK,
    DATA,
    KINDS,
    ONE,
    SECRET,
    TOPIC,
    TWO,
    BrokerBox,
    run,
    take,
)
from tests.ports.mqtt_client import hello, refusal, socket_to
from tests.privacy.certificates import write_certificate


@pytest.fixture(params=KINDS)
def box(request: pytest.FixtureRequest, tmp_path: Path) -> BrokerBox:
    return BrokerBox(request.param, tmp_path)


def test_a_will_obeys_the_rules_of_its_client(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running():
            bank = await box.link(BANK, [*DATA, "device/+/ack"])
            client = await box.client(ONE, will=("device/d-2/ack", b"not mine", 1, False))
            await client.drop()
            await asyncio.sleep(0.1)
            await (await box.client(TWO)).publish("device/d-2/data", b"after")
            assert await take(bank, 1) == [b"after"]

    run(scenario())


def test_a_retained_message_of_one_tenant_never_reaches_another(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running():
            await box.link(BANK, DATA)
            await (await box.client(ONE)).publish(TOPIC, b"secret", is_retained=True)
            lessee = await box.client(TWO)
            for name in ("device/d-2/cmd", "device/+/data", "#", TOPIC, "+/+/+"):
                await lessee.subscribe(name)
            await (await box.client(BANK)).publish("device/d-2/cmd", b"mine")
            await (await box.client(ONE)).publish(TOPIC, b"secret too")
            assert await lessee.message() == ("device/d-2/cmd", b"mine", 1, False)
            await lessee.quiet()
            assert lessee.messages.empty()

    run(scenario())


def test_nobody_publishes_where_he_may_not_though_he_is_answered(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running():
            bank = await box.link(BANK, DATA)
            two = await box.client(TWO)
            await two.publish(TOPIC, b"forged")
            await two.publish("device/d-2/data", b"own")
            assert await take(bank, 1) == [b"own"]

    run(scenario())


def test_a_stranger_and_a_wrong_secret_are_refused(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running():
            wrong = Account("d-1", "another secret of his", (), ())
            stranger = Account("d-9", SECRET + "d-9", (), ())
            for account in (wrong, stranger):
                assert await refusal(box.url, hello(account)) in (4, 5)
            nobody = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01x"
            assert await refusal(box.url, nobody) in (4, 5)
            with pytest.raises(BrokerUnavailable, match="refused"):
                await box.link(wrong, [])

    run(scenario())


def test_nobody_takes_anothers_session_by_its_client_id(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running():
            bank = await box.link(BANK, DATA)
            thief = await box.client(TWO, client_id="bank", is_clean=False)
            await (await box.client(ONE)).publish(TOPIC, b"for the bank")
            assert await take(bank, 1) == [b"for the bank"]
            await thief.quiet()
            assert thief.messages.empty()

    run(scenario())


def test_who_is_too_many_is_sent_away_rather_than_left_waiting(box: BrokerBox) -> None:
    async def scenario() -> None:
        async with box.running(connections_max=2):
            await box.client(BANK)
            await box.client(ONE)
            # Mosquitto counts one too few after a connection that said nothing.
            third, fourth = await socket_to(box.url), await socket_to(box.url)
            fourth.send(hello(TWO))
            await fourth.ended()
            await fourth.drop()
            await third.drop()

    run(scenario())


def test_tls_keeps_out_who_does_not_know_the_certificate(box: BrokerBox, tmp_path: Path) -> None:
    folder = tmp_path / "tls"
    folder.mkdir()
    write_certificate(folder, "broker")
    write_certificate(folder, "other")

    async def scenario() -> None:
        async with box.running(tls=folder / "broker.pem"):
            known = folder / "broker.pem"
            bank = await box.link(BANK, DATA, authority=known)
            sender = await box.link(ONE, [], authority=known)
            await sender.publish(TOPIC, b"sealed")
            assert await take(bank, 1) == [b"sealed"]
            mistrusting = MqttLink(box.url, TWO, [], OsClock(), authority=folder / "other.pem")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1):
                    await mistrusting.open()
            await mistrusting.close()
            plain = await socket_to(box.url)
            plain.send(hello(TWO))
            await plain.ended()
            await plain.drop()

    run(scenario())


def test_every_account_keeps_to_its_own_over_tls(box: BrokerBox, tmp_path: Path) -> None:
    folder = tmp_path / "tls"
    folder.mkdir()
    write_certificate(folder, "broker")

    async def scenario() -> None:
        async with box.running(tls=folder / "broker.pem"):
            known = folder / "broker.pem"
            bank = await box.link(BANK, DATA, authority=known)
            two = await box.link(TWO, [], authority=known)
            await two.publish(TOPIC, b"forged")
            await two.publish("device/d-2/data", b"own")
            assert await take(bank, 1) == [b"own"]

    run(scenario())
