"""A leasing system with terminals enrolled, for tests of what crosses the broker."""

from typing import Any

import orjson

from system.bootstrap_leasing import LeasingSystem
from system.leasing.commands import ActOnAlert
from system.leasing.devices import Device, Fleet, enrol_devices, enrol_fleets
from system.leasing.records import ActionKind, AlertKind
from system.leasing.rules import Refusal
from system.ports.broker import Delivery
from tests.system.leasing_world import MONDAY_MS, HeldClock, system_of
from tests.system.telemetry_world import SECRET, brief, payload

HOUR_MS = 3_600_000
# Eleven kilometres from the site.
AWAY = {"lat": 34.6, "lon": 113.25}


def desk_of(clock: Any, store_url: str = "memory", machines: int = 3) -> LeasingSystem:
    """Machines on a site, each with terminal d-N; d-1 signs."""
    built = system_of(store_url, machines=machines, clock=clock)
    with built.book.transaction() as unit:
        enrol_fleets(unit.rows, [Fleet("open", True, "WGS-84")])
        keys = {1: ("hmac-sha256", SECRET)}
        devices = [
            Device(f"d-{n}", n, "", "open", *keys.get(n, ("none", b"")))  # type: ignore[arg-type]
            for n in range(machines)
        ]
        enrol_devices(unit.rows, devices, built.keys)
    return built


def reading(n: int, device: str = "d-0", **changes: Any) -> dict[str, Any]:
    """The brief's JSON, n hours after Monday's start."""
    at_ms = MONDAY_MS + n * HOUR_MS
    return brief(device, at_ms=at_ms, working_hours=100 + n, **changes)


def delivery(topic: str, document: object, key: bytes | None = None) -> Delivery:
    """As it would have come by the broker."""
    text = document if isinstance(document, bytes) else orjson.dumps(document)
    if isinstance(document, dict) and key is not None:
        text = payload(document, key)
    return Delivery(topic, text, MONDAY_MS + 12 * HOUR_MS)


def straying(built: LeasingSystem, device: str = "d-0", key: bytes | None = None) -> str:
    """Let a machine leave its site; the alert's id."""
    hours = [(n, {"location": AWAY} if n > 2 else {}) for n in range(8)]
    topic = f"device/{device}/data"
    built.telemetry.take(
        [delivery(topic, reading(n, device, **changes), key) for n, changes in hours]
    )
    machine = int(device[2:])
    [alert] = built.leasing.alerts(machine=machine, kind=AlertKind.GEOFENCE)
    return alert.alert_id


def stopped(built: LeasingSystem, alert_id: str, action_id: str = "stop-1") -> None:
    """Order the alert's machine to be immobilised."""
    order = ActOnAlert(action_id, alert_id, ActionKind.IMMOBILISE, "li", "wu")
    assert built.leasing.act(order) == Refusal.NONE


def clock_at(hours: int) -> HeldClock:
    return HeldClock((MONDAY_MS + hours * HOUR_MS) // 1_000)
