"""A small fleet and its messages, for tests of intake."""

from collections.abc import Sequence
from typing import Any

import orjson

from system.adapters.field_cipher import AesGcmCipher
from system.adapters.memory_store import MemoryStore
from system.adapters.sql_book import SqlBook, frame_tables
from system.leasing.devices import (
    Device,
    DeviceKeys,
    Fleet,
    Gateway,
    enrol_devices,
    enrol_fleets,
    enrol_gateways,
)
from system.leasing.intake import INTAKE_FRAMES, INTAKE_TABLES, Intake, intake
from system.leasing.signatures import sign
from system.ports.book import Book
from system.ports.broker import Delivery
from system.ports.store import Store

# 2026-01-01T08:00:00Z
NOW_MS = 1_767_254_400_000
SECRET = bytes(range(32))
CIPHER = AesGcmCipher({1: b"k" * 32}, b"i" * 32)
KEYS = DeviceKeys(CIPHER)
TABLES, FRAMES = INTAKE_TABLES, INTAKE_FRAMES

DEVICES = (
    Device("d-0", 0, "PIN0", "open", "none", b""),
    Device("d-1", 1, "PIN1", "open", "hmac-sha256", SECRET),
    Device("d-2", 2, "PIN2", "strict", "none", b""),
    Device("d-3", 3, "PIN3", "gcj", "none", b""),
    Device("d-4", 4, "PIN4", "open", "none", b""),
)


def open_book(store: Store | None = None) -> Book:
    """A book with the fleet in it."""
    book = SqlBook(store or MemoryStore((*TABLES, *frame_tables(FRAMES))), FRAMES)
    with book.transaction() as unit:
        enrol_fleets(
            unit.rows,
            [
                Fleet("open", True, "WGS-84"),
                Fleet("strict", False, "WGS-84"),
                Fleet("gcj", True, "GCJ-02"),
            ],
        )
        enrol_devices(unit.rows, DEVICES, KEYS)
        enrol_gateways(unit.rows, [Gateway("g-open", "open"), Gateway("g-gcj", "gcj")])
    return book


def brief(device_id: str = "d-0", *, at_ms: int = NOW_MS, **changes: Any) -> dict[str, Any]:
    """A reading in the brief's form."""
    reading: dict[str, Any] = {
        "device_id": device_id,
        "timestamp": at_ms / 1_000,
        "location": {"lat": 34.5, "lon": 113.25},
        "working_hours": 1_234.5,
        "fuel_consumption": 8_123.25,
    }
    return reading | changes


def full(device_id: str = "d-0", *, sequence: int = 1, **changes: Any) -> dict[str, Any]:
    """A reading in the full form."""
    reading: dict[str, Any] = {
        "device_id": device_id,
        "boot_id": 3,
        "sequence": sequence,
        "datetime": "2026-01-01T08:00:00Z",
        "EquipmentHeader": {"PIN": f"PIN{device_id[-1]}"},
        "Location": {"Latitude": 34.5, "Longitude": 113.25, "fix_valid": True, "hdop": 0.9},
        "CumulativeOperatingHours": {"Hour": 1_234.5},
        "CumulativeIdleHours": {"Hour": 401.25},
        "FuelUsed": {"FuelUnits": "litre", "FuelConsumed": 15_234.7},
        "FuelRemaining": {"Percent": 63.5},
        "EngineLoad": {"Percent": 41.0},
        "EngineStatus": {"Running": True},
        "supply_voltage_v": 27.4,
        "tamper": False,
        "firmware": "2.4.1",
        "faults": [{"spn": 100, "fmi": 3}],
    }
    return reading | changes


def payload(reading: dict[str, Any], key: bytes | None = None) -> bytes:
    """The reading as sent, signed where a key is given."""
    text = orjson.dumps(reading)
    return text if key is None else sign("hmac-sha256", key, text)


def message(
    reading: dict[str, Any] | bytes, topic: str = "", *, received_ms: int = NOW_MS
) -> Delivery:
    """A message on its device's own topic, unless another is given."""
    if isinstance(reading, bytes):
        return Delivery(topic or "device/d-0/data", reading, received_ms)
    topic = topic or f"device/{reading.get('device_id', 'd-0')}/data"
    return Delivery(topic, payload(reading), received_ms)


def take(book: Book, *messages: Delivery) -> Intake:
    """One transaction."""
    with book.transaction() as unit:
        return intake(unit, messages, KEYS)


def take_all(book: Book, messages: Sequence[Delivery]) -> list[Intake]:
    """One transaction each."""
    return [take(book, item) for item in messages]
