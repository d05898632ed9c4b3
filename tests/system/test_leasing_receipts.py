"""Orders leave until they are answered, and each answer takes effect once."""

from dataclasses import replace

import orjson
import pytest

from system.bootstrap_leasing import LeasingSystem
from system.leasing import dispatch
from system.leasing.desk import Parts
from system.leasing.devices import DEVICES, NO_KEYS, Device, enrol_devices
from system.leasing.dispatch import RESEND_S, Letter
from system.leasing.policy import DEFAULT_POLICY
from system.leasing.quarantine import Fault, counts
from system.leasing.service_telemetry import TelemetryDesk
from system.leasing.signatures import is_genuine, split_signed
from tests.system.leasing_world import HeldClock
from tests.system.telemetry_desk import clock_at, delivery, desk_of, stopped, straying
from tests.system.telemetry_world import SECRET


@pytest.fixture
def clock() -> HeldClock:
    return clock_at(12)


@pytest.fixture
def built(clock: HeldClock) -> LeasingSystem:
    return desk_of(clock)


def orders(built: LeasingSystem) -> list[Letter]:
    return [letter for letter in built.telemetry.due() if letter.topic.startswith("device/")]


def answer(action_id: str = "stop-1", *, done: bool = True, **more: object) -> dict[str, object]:
    return {"action_id": action_id, "done": done, **more}


def is_immobilised(built: LeasingSystem, machine: int = 0) -> bool:
    return bool(built.leasing.machines(["immobilised"])["immobilised"][machine])


def aside(built: LeasingSystem) -> dict[Fault, int]:
    with built.book.transaction() as unit:
        return {fault: count for (_, fault), count in counts(unit.rows).items()}


def test_an_order_leaves_once_and_again_until_the_machine_has_answered(
    built: LeasingSystem, clock: HeldClock
) -> None:
    stopped(built, straying(built))
    [order] = orders(built)
    assert order.topic == "device/d-0/command"
    assert orjson.loads(order.payload) == {"action_id": "stop-1", "order": "IMMOBILISE"}
    assert orders(built) == []
    clock.at_s += RESEND_S
    assert orders(built) == [order]
    assert built.telemetry.take([delivery("device/d-0/ack", answer())]).receipts == 1
    clock.at_s += RESEND_S
    assert orders(built) == []
    assert is_immobilised(built)


def test_an_answer_that_comes_again_changes_nothing(built: LeasingSystem) -> None:
    stopped(built, straying(built))
    built.telemetry.due()
    both = [delivery("device/d-0/ack", answer())] * 2
    assert built.telemetry.take(both).receipts == 1
    assert built.telemetry.take(both).receipts == 0
    assert aside(built) == {}


def test_a_machine_that_cannot_says_so_and_is_not_taken_for_stopped(built: LeasingSystem) -> None:
    alert = straying(built)
    stopped(built, alert)
    built.telemetry.due()
    refused = answer(done=False, note="at work")
    assert built.telemetry.take([delivery("device/d-0/ack", refused)]).receipts == 1
    assert not is_immobilised(built)
    [action] = built.leasing.actions(alert)
    assert action.note == "at work"
    stopped(built, alert, "stop-2")
    assert [letter.message_id for letter in orders(built)] == ["stop-2"]


def test_an_order_to_a_terminal_with_a_shared_secret_is_signed(built: LeasingSystem) -> None:
    stopped(built, straying(built, "d-1", SECRET))
    [order] = orders(built)
    parts = split_signed(order.payload)
    assert parts is not None
    assert is_genuine("hmac-sha256", SECRET, *parts)
    unsigned = built.telemetry.take([delivery("device/d-1/ack", answer())])
    assert (unsigned.receipts, aside(built)) == (0, {Fault.UNSIGNED: 1})
    built.telemetry.take([delivery("device/d-1/ack", answer(), SECRET)])
    assert is_immobilised(built, 1)


def test_every_terminal_of_a_machine_gets_its_order_but_those_revoked(built: LeasingSystem) -> None:
    with built.book.transaction() as unit:
        second = Device("d-8", 0, "", "open", "none", b"", boot_base=100)
        lost = Device("d-9", 0, "", "open", "none", b"", boot_base=200, is_revoked=True)
        enrol_devices(unit.rows, [second, lost], NO_KEYS)
    stopped(built, straying(built))
    assert [letter.topic[:10] for letter in orders(built)] == ["device/d-0", "device/d-8"]


@pytest.mark.parametrize(
    ("topic", "document", "fault"),
    [
        ("device/d-2/ack", answer(), Fault.ORDER_UNKNOWN),
        ("device/d-0/ack", answer("never-sent"), Fault.ORDER_UNKNOWN),
        ("device/d-9/ack", answer(), Fault.DEVICE_UNKNOWN),
        ("device/d-0/x/ack", answer(), Fault.DEVICE_UNKNOWN),
        ("device/d-0/ack", b"done", Fault.NOT_JSON),
        ("device/d-0/ack", b"[]", Fault.NOT_AN_OBJECT),
        ("device/d-0/ack", {"done": True}, Fault.FIELD_MISSING),
        ("device/d-0/ack", {"action_id": "stop-1", "done": 1}, Fault.FIELD_WRONG),
        ("device/d-0/ack", answer(note=7), Fault.FIELD_WRONG),
        ("device/d-0/ack", answer(note="x" * 9_000), Fault.TOO_LARGE),
        ("bank/alerts/ack", {"message_id": "stop-1"}, Fault.ORDER_UNKNOWN),
        ("bank/alerts/ack", {"message_id": 7}, Fault.FIELD_WRONG),
    ],
)
def test_an_answer_that_cannot_be_one_is_put_aside(
    built: LeasingSystem, topic: str, document: object, fault: Fault
) -> None:
    stopped(built, straying(built))
    built.telemetry.due()
    assert built.telemetry.take([delivery(topic, document)]).receipts == 0
    assert aside(built) == {fault: 1}
    assert not is_immobilised(built)


def test_an_alert_goes_to_the_bank_until_the_bank_has_heard_it(
    built: LeasingSystem, clock: HeldClock
) -> None:
    straying(built)
    [told] = built.telemetry.due()
    content = orjson.loads(told.payload)
    assert (told.topic, content["kind"], content["event"]) == ("bank/alerts", "GEOFENCE", "raised")
    clock.at_s += RESEND_S
    assert built.telemetry.due() == [told]
    heard = delivery("bank/alerts/ack", {"message_id": content["message_id"]})
    assert built.telemetry.take([heard, heard]).receipts == 1
    clock.at_s += RESEND_S
    assert built.telemetry.due() == []


def test_after_a_restart_what_has_no_receipt_goes_again(
    built: LeasingSystem, clock: HeldClock
) -> None:
    stopped(built, straying(built))
    [order] = orders(built)
    restarted = TelemetryDesk(Parts(clock, built.book, DEFAULT_POLICY))
    assert order in restarted.due()


def test_what_another_process_sent_goes_again_within_seconds(
    built: LeasingSystem, clock: HeldClock
) -> None:
    # That process may be on a broker which nobody is on.
    named = TelemetryDesk(Parts(clock, built.book, DEFAULT_POLICY))
    assert named.due() == []
    stopped(built, straying(built))
    sent = built.telemetry.due()
    assert len(sent) == 2
    clock.at_s += 5
    assert named.due() == sent
    assert named.due() == []


def test_an_order_that_nobody_can_hear_any_more_makes_no_look_dear(
    built: LeasingSystem, clock: HeldClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped(built, straying(built))
    assert len(orders(built)) == 1
    with built.book.transaction() as unit:
        [device] = unit.rows.get(DEVICES, [("d-0",)])
        assert device is not None
        unit.rows.replace(DEVICES, [replace(device, is_revoked=True)])
    clock.at_s += RESEND_S
    assert orders(built) == []
    looks: list[str] = []
    monkeypatch.setattr(dispatch, "unconfirmed", lambda unit, target: looks.append(target) or [])
    for _ in range(3):
        built.telemetry.due()
    assert looks == []
    clock.at_s += 5
    built.telemetry.due()
    assert looks


def test_an_alert_that_waits_for_its_receipt_holds_up_no_younger_one(
    built: LeasingSystem, clock: HeldClock
) -> None:
    straying(built)
    [first] = built.telemetry.due()
    clock.at_s += RESEND_S - 1
    straying(built, "d-1", SECRET)
    [second] = built.telemetry.due()
    clock.at_s += 1
    assert built.telemetry.due() == [first]
    clock.at_s += RESEND_S - 1
    assert built.telemetry.due() == [second]
    clock.at_s += 1
    assert built.telemetry.due() == [first]
