"""Intake of telemetry: messages in, readings out, each once, what cannot be used put aside.

Call it in the transaction that acts on the readings, and acknowledge the messages after its commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from system.kernels.columns import I64, Mask
from system.leasing import history
from system.leasing.decode import Decoded, decode
from system.leasing.devices import DEVICE_TABLES, NO_KEYS, DeviceKeys
from system.leasing.history import HISTORY_TABLES
from system.leasing.intake_identity import identify
from system.leasing.kernels.datum import wgs84_from_gcj02
from system.leasing.kernels.plausible import CHECKS, implausible
from system.leasing.quarantine import QUARANTINE_TABLES, STRANGER, Fault, Rejected, reject
from system.leasing.readings import Readings
from system.leasing.skew import CLOCKS, corrected_ms
from system.leasing.words import WORD_TABLES, numbers_of
from system.ports.book import BookUnit
from system.ports.broker import Delivery

# What a book must be opened with to take telemetry in.
INTAKE_TABLES: Final = (*DEVICE_TABLES, *HISTORY_TABLES, *QUARANTINE_TABLES, *WORD_TABLES)
INTAKE_FRAMES: Final = (CLOCKS,)
_CODES: Final = tuple(int(Fault[name]) for name in CHECKS)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one message's readings."""

    stored: int
    repeated: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class Intake:
    """readings: those stored now, in order of arrival.  receipts: one per message, in order."""

    readings: Readings
    quarantined: tuple[Rejected, ...]
    receipts: tuple[Receipt, ...]


def intake(unit: BookUnit, messages: Sequence[Delivery], keys: DeviceKeys = NO_KEYS) -> Intake:
    """Take messages in: decode, authenticate, check, correct the clock, store what is new."""
    decoded = decode(messages)
    owners = identify(unit.rows, messages, decoded, keys)
    faults = owners.faults
    received_ms = _received(messages, decoded)
    usable = np.flatnonzero(faults == 0)
    columns = {name: values[usable] for name, values in decoded.columns.items()}
    faults[usable] = implausible(columns, received_ms[usable], _CODES)
    usable = usable[faults[usable] == 0]
    readings, clock_ms = _readings(unit, decoded, owners.machine, owners.gcj02, received_ms, usable)
    kept = history.keep(unit.rows, readings, clock_ms)
    faults[usable[kept.is_other]] = Fault.KEY_REUSED
    faults[usable[kept.is_forgotten]] = Fault.TIME_TOO_LATE
    rejected = _rejected(messages, decoded, owners.is_known, faults)
    reject(unit.rows, rejected)
    stored = np.zeros(len(decoded), np.bool_)
    stored[usable[kept.is_new]] = True
    receipts = _receipts(len(messages), decoded.message, stored, faults != 0)
    return Intake(readings.take(np.flatnonzero(kept.is_new)), rejected, receipts)


def _received(messages: Sequence[Delivery], decoded: Decoded) -> I64:
    return np.array([message.received_ms for message in messages], np.int64)[decoded.message]


def _readings(
    unit: BookUnit, decoded: Decoded, machine: I64, gcj02: Mask, received_ms: I64, rows: I64
) -> tuple[Readings, I64]:
    """The readings of these rows, and what each device's own clock said."""
    column = {name: values[rows] for name, values in decoded.columns.items()}
    device, received = machine[rows], received_ms[rows]
    clock_ms = at_ms = column["at_ms"]
    if rows.size:
        is_live = column["buffered"] != 1
        at_ms, _ = corrected_ms(unit, device, clock_ms, received, is_live)
    words = {
        name: numbers_of(unit.rows, [said[row] for row in rows.tolist()])
        for name, said in decoded.words.items()
    }
    lat_e7, lon_e7 = _on_wgs84(column["lat_e7"], column["lon_e7"], gcj02[rows])
    readings = Readings(
        device=device,
        boot=column["boot"],
        sequence=column["sequence"],
        at_ms=at_ms,
        received_ms=received,
        lat_e7=lat_e7,
        lon_e7=lon_e7,
        **{
            name: column[name]
            for name in (
                "fix_valid",
                "hdop_centi",
                "engine_s",
                "idle_s",
                "fuel_ml",
                "tank_permille",
                "load_permille",
                "voltage_mv",
                "running",
                "tamper",
            )
        },
        **words,
    )
    return readings, clock_ms


def _on_wgs84(lat_e7: I64, lon_e7: I64, is_gcj02: Mask) -> tuple[I64, I64]:
    rows = np.flatnonzero(is_gcj02)
    if rows.size:
        lat_e7, lon_e7 = lat_e7.copy(), lon_e7.copy()
        lat_e7[rows], lon_e7[rows] = wgs84_from_gcj02(lat_e7[rows], lon_e7[rows])
    return lat_e7, lon_e7


def _rejected(
    messages: Sequence[Delivery], decoded: Decoded, is_known: Mask, faults: I64
) -> tuple[Rejected, ...]:
    rejected = []
    for row in np.flatnonzero(faults).tolist():
        message = messages[int(decoded.message[row])]
        source = decoded.device_ids[row] if is_known[row] else STRANGER
        fault = Fault(int(faults[row]))
        rejected.append(
            Rejected(fault, source, message.topic, decoded.raw[row], message.received_ms)
        )
    return tuple(rejected)


def _receipts(n: int, message: I64, stored: Mask, faulty: Mask) -> tuple[Receipt, ...]:
    total, new, bad = (
        np.bincount(message[mask], minlength=n).tolist()
        for mask in (np.ones(message.size, np.bool_), stored, faulty)
    )
    return tuple(Receipt(new[at], total[at] - new[at] - bad[at], bad[at]) for at in range(n))
