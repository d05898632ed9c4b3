"""Receipts: a machine's word on an order, and the bank's word that it has heard of an alert.

Both come as JSON at least once, and take effect once: through the inbox, in the transaction of
their effect.
"""

from collections.abc import Sequence
from typing import Any, Final

from orjson import JSONDecodeError, loads

from system.errors import IntegrityError
from system.leasing.desk import Parts
from system.leasing.devices import DEVICES, FLEETS, Device, DeviceKeys
from system.leasing.events import BANK
from system.leasing.intake_identity import signature_fault
from system.leasing.quarantine import STRANGER, Fault, Rejected, reject
from system.leasing.service_alerts import order_of, settle_order
from system.ledger import outbox
from system.ledger.inbox import Incoming, Reception, receive
from system.limits import READING_BYTES_MAX, TEXT_CHARS_MAX
from system.ports.book import BookUnit
from system.ports.broker import Delivery

ACK: Final = "ack"
BANK_ACK: Final = f"{BANK}/{ACK}"


class _Unusable(Exception):
    def __init__(self, fault: Fault, source: str = STRANGER) -> None:
        self.fault, self.source = fault, source
        super().__init__(fault.name)


def is_receipt(topic: str) -> bool:
    """Whether receipts come on this topic."""
    return topic == BANK_ACK or (topic.startswith("device/") and topic.endswith(f"/{ACK}"))


def take_receipts(unit: BookUnit, parts: Parts, messages: Sequence[Delivery]) -> int:
    """Let each take effect once; those that cannot are put aside. How many had an effect."""
    effects = 0
    for message in messages:
        try:
            effects += _take(unit, parts, message)
        except _Unusable as wrong:
            item = (wrong.fault, wrong.source, message.topic, message.payload, message.received_ms)
            reject(unit.rows, [Rejected(*item)])
    return effects


def _take(unit: BookUnit, parts: Parts, message: Delivery) -> bool:
    document = _document(message.payload)
    if message.topic == BANK_ACK:
        return _bank_heard(unit, parts, _text(document, "message_id"), message)
    return _machine_answered(unit, parts, document, message)


def _bank_heard(unit: BookUnit, parts: Parts, message_id: str, message: Delivery) -> bool:
    """The bank's own systems have taken an alert's message over."""
    [sent] = unit.rows.get(outbox.OUTBOX, [(message_id,)])
    if sent is None or sent.target != BANK or sent.state == "new":
        raise _Unusable(Fault.ORDER_UNKNOWN)
    if not _is_new(unit, parts, BANK, message_id, message):
        return False
    outbox.mark_done(unit.rows, [message_id], parts.clock.now_s())
    return True


def _machine_answered(
    unit: BookUnit, parts: Parts, document: dict[str, Any], message: Delivery
) -> bool:
    device = _device(unit, message, parts.keys)
    action_id, done = _text(document, "action_id"), document.get("done")
    note = document.get("note", "")
    if type(done) is not bool or type(note) is not str or len(note) > TEXT_CHARS_MAX:
        raise _Unusable(Fault.FIELD_WRONG, device.device_id)
    action = order_of(unit, action_id)
    if action is None or action.machine != device.machine:
        raise _Unusable(Fault.ORDER_UNKNOWN, device.device_id)
    if not _is_new(unit, parts, device.device_id, action_id, message):
        return False
    return settle_order(unit, parts, action, done=done, note=note)


def _device(unit: BookUnit, message: Delivery, keys: DeviceKeys) -> Device:
    """The device on whose topic it came, if its signature says so too."""
    device_id = message.topic.split("/")[1]
    [device] = unit.rows.get(DEVICES, [(device_id,)])
    if device is None or device.is_revoked or message.topic != f"device/{device_id}/{ACK}":
        raise _Unusable(Fault.DEVICE_UNKNOWN)
    [fleet] = unit.rows.get(FLEETS, [(device.fleet,)])
    if fleet is None:
        raise IntegrityError(f"fleet of {device_id}", device.fleet, None)
    fault = signature_fault(message.payload, device, fleet, keys)
    if fault:
        raise _Unusable(fault, device_id)
    return device


def _is_new(unit: BookUnit, parts: Parts, source: str, message_id: str, message: Delivery) -> bool:
    payload = message.payload.decode()
    [reception] = receive(unit.rows, [Incoming(source, message_id, payload)], parts.clock.now_s())
    return reception is Reception.NEW


def _document(payload: bytes) -> dict[str, Any]:
    if len(payload) > READING_BYTES_MAX:
        raise _Unusable(Fault.TOO_LARGE)
    try:
        document = loads(payload)
    except JSONDecodeError:
        raise _Unusable(Fault.NOT_JSON) from None
    if type(document) is not dict:
        raise _Unusable(Fault.NOT_AN_OBJECT)
    return document


def _text(document: dict[str, Any], member: str) -> str:
    value = document.get(member)
    if value is None:
        raise _Unusable(Fault.FIELD_MISSING)
    if type(value) is not str or not 0 < len(value) <= TEXT_CHARS_MAX:
        raise _Unusable(Fault.FIELD_WRONG)
    return value
