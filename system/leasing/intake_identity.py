"""Whose reading it is: the topic, the device's own word and its signature must agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from system.kernels.columns import I64, MISSING, Mask
from system.leasing.decode import Decoded
from system.leasing.devices import (
    BOOT_FIRST,
    DEVICES,
    FLEETS,
    GATEWAYS,
    Device,
    DeviceKeys,
    Fleet,
    Gateway,
)
from system.leasing.quarantine import Fault
from system.leasing.signatures import is_genuine, split_signed
from system.ports.broker import Delivery
from system.ports.store import Unit

DATA: Final = "data"


@dataclass(frozen=True, slots=True)
class Owners:
    """One row per reading. faults: int64 (n,), those of decoding included.

    is_known: bool (n,), a device of ours.  machine: int64 (n,), its row, 0 where none.
    gcj02: bool (n,), the datum that it said or that is usual in its fleet.
    """

    faults: I64
    is_known: Mask
    machine: I64
    gcj02: Mask


class _Registry:
    """Devices, fleets and gateways that a batch speaks of, each read once."""

    def __init__(
        self, unit: Unit, device_ids: set[str], gateway_ids: set[str], keys: DeviceKeys
    ) -> None:
        self.keys_of_devices = keys
        ids = sorted(device_ids)
        devices = unit.get(DEVICES, [(device_id,) for device_id in ids])
        self.devices: dict[str, Device] = {d.device_id: d for d in devices if d is not None}
        names = sorted({device.fleet for device in self.devices.values()})
        fleets = unit.get(FLEETS, [(name,) for name in names])
        self.fleets: dict[str, Fleet] = {f.fleet: f for f in fleets if f is not None}
        names_of = [(gateway_id,) for gateway_id in sorted(gateway_ids)]
        gateways = unit.get(GATEWAYS, names_of)
        self.gateways: dict[str, Gateway] = {g.gateway_id: g for g in gateways if g is not None}


def topic_of(topic: str) -> tuple[str, str] | None:
    """("device" or "gateway", its id) of a data topic; None for any other."""
    parts = topic.split("/")
    if len(parts) == 3 and parts[0] in ("device", "gateway") and parts[1] and parts[2] == DATA:
        return parts[0], parts[1]
    return None


def identify(
    unit: Unit, messages: Sequence[Delivery], decoded: Decoded, keys: DeviceKeys
) -> Owners:
    """Whose each reading is. Also sets ``boot`` apart for devices that count boots."""
    senders = [topic_of(message.topic) for message in messages]
    gateway_ids = {sender[1] for sender in senders if sender and sender[0] == "gateway"}
    registry = _Registry(unit, set(decoded.device_ids), gateway_ids, keys)
    n = len(decoded)
    owners = Owners(decoded.faults.copy(), np.zeros(n, np.bool_), np.zeros(n, np.int64), _no(n))
    boot_base = np.zeros(n, np.int64)
    fleet_gcj02 = np.zeros(n, np.bool_)
    for row, (message, device_id) in enumerate(
        zip(decoded.message.tolist(), decoded.device_ids, strict=True)
    ):
        device = registry.devices.get(device_id)
        fault = _fault(decoded, row, senders[message], device, registry)
        if fault and not 0 < owners.faults[row] < fault:
            owners.faults[row] = fault
        if device is not None:
            owners.is_known[row] = True
            owners.machine[row] = device.machine
            boot_base[row] = device.boot_base + BOOT_FIRST
            fleet_gcj02[row] = registry.fleets[device.fleet].datum == "GCJ-02"
    said = decoded.columns["gcj02"]
    owners.gcj02[:] = np.where(said == MISSING, fleet_gcj02, said == 1)
    _set_boots_apart(decoded, boot_base)
    return owners


def _no(n: int) -> Mask:
    return np.zeros(n, np.bool_)


def _set_boots_apart(decoded: Decoded, boot_base: I64) -> None:
    boot, timed = decoded.columns["boot"], decoded.columns["timed"]
    counted = (timed == 0) & (boot >= 0)
    boot[counted] += boot_base[counted]


def _fault(
    decoded: Decoded,
    row: int,
    sender: tuple[str, str] | None,
    device: Device | None,
    registry: _Registry,
) -> Fault:
    if sender is None:
        return Fault.TOPIC_UNKNOWN
    if decoded.faults[row]:
        return Fault.NONE
    if device is None or device.is_revoked:
        return Fault.DEVICE_UNKNOWN
    if _is_foreign(sender, device, registry):
        return Fault.DEVICE_FOREIGN
    pin = decoded.pins[row]
    if pin and device.pin and pin != device.pin:
        return Fault.PIN_WRONG
    fleet = registry.fleets[device.fleet]
    return signature_fault(decoded.raw[row], device, fleet, registry.keys_of_devices)


def _is_foreign(sender: tuple[str, str], device: Device, registry: _Registry) -> bool:
    kind, name = sender
    if kind == "device":
        return name != device.device_id
    gateway = registry.gateways.get(name)
    return gateway is None or gateway.fleet != device.fleet


def signature_fault(raw: bytes, device: Device, fleet: Fleet, keys: DeviceKeys) -> Fault:
    """A device that has a key must use it; one without is believed only where its fleet says so."""
    if device.key_kind == "none":
        return Fault.NONE if fleet.unsigned_allowed else Fault.UNSIGNED
    parts = split_signed(raw)
    if parts is None:
        return Fault.UNSIGNED
    genuine = is_genuine(device.key_kind, keys.key_of(device), *parts)
    return Fault.NONE if genuine else Fault.SIGNATURE_WRONG
