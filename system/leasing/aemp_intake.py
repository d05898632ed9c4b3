"""Snapshots become readings: one per machine and time, with what was said for that time.

A reading is known by its time and by which elements share it: a stale element that comes again with
the next snapshot is a repeat, whatever else has moved on meanwhile.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

import numpy as np

from system.errors import InputError
from system.kernels.columns import I64, MISSING
from system.leasing import history
from system.leasing.aemp import Equipment, Page
from system.leasing.decode_fields import GALLON_ML, HOUR_S
from system.leasing.decode_values import moment_ms
from system.leasing.devices import BOOT_FEED, DEVICES, FLEETS, Device
from system.leasing.kernels.datum import wgs84_from_gcj02
from system.leasing.kernels.plausible import CHECKS, implausible
from system.leasing.quarantine import STRANGER, Fault, Rejected, reject
from system.leasing.readings import Readings
from system.leasing.words import code_of, numbers_of
from system.limits import FAULTS_MAX
from system.ports.store import Unit

_CODES: Final = tuple(int(Fault[name]) for name in CHECKS)
# Elements that fill columns, in the order of their bits in a reading's sequence.
_ELEMENTS: Final = (
    "location",
    "cumulativeoperatinghours",
    "cumulativeidlehours",
    "fuelused",
    "fuelremaining",
    "enginestatus",
)
_FAULT_BIT: Final = 1 << len(_ELEMENTS)
_BITS: Final = _FAULT_BIT << 1
_TRUTHS: Final = {"true": 1, "1": 1, "false": 0, "0": 0}


@dataclass(slots=True)
class _Row:
    machine: int
    source: str
    at_ms: int
    elements: int
    values: dict[str, int]
    codes: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """readings: those stored now.  repeated: known before.  quarantined: by reason."""

    readings: Readings
    repeated: int
    quarantined: tuple[Rejected, ...]


def take_page(unit: Unit, fleet: str, page: Page, received_ms: int) -> Snapshot:
    """Store what is new of a page, in the transaction that acts on it.

    fleet: whose feed it is; only its machines are looked at.  Raises InputError for an unknown one.
    """
    [held] = unit.get(FLEETS, [(fleet,)])
    if held is None:
        raise InputError("fleet", fleet, "enrol the fleet first")
    rows: list[_Row] = []
    rejected: list[Rejected] = []
    for equipment in page.equipment:
        device = _device_of(unit, fleet, equipment)
        if isinstance(device, Fault):
            rejected.append(_rejected(device, STRANGER, equipment, received_ms))
            continue
        for row in _rows_of(device, equipment):
            if isinstance(row, Fault):
                rejected.append(_rejected(row, device.device_id, equipment, received_ms))
            else:
                rows.append(row)
    readings, repeated = _stored(unit, rows, held.datum == "GCJ-02", received_ms, rejected)
    reject(unit, rejected)
    return Snapshot(readings, repeated, tuple(rejected))


def _rejected(fault: Fault, source: str, equipment: Equipment, received_ms: int) -> Rejected:
    text = repr(
        (equipment.pin, equipment.equipment_id, equipment.elements, equipment.faults)
    ).encode()
    return Rejected(fault, source, "aemp", text, received_ms)


def machines_of(unit: Unit, equipment: Equipment) -> set[int]:
    """The machines that a snapshot could mean; none where nobody knows it."""
    return {device.machine for device in _known(unit, equipment)}


def _known(unit: Unit, equipment: Equipment) -> list[Device]:
    found: list[Device] = []
    if equipment.pin:
        found = unit.find(DEVICES, {"pin": equipment.pin})
    elif equipment.equipment_id:
        [held] = unit.get(DEVICES, [(equipment.equipment_id,)])
        found = [] if held is None else [held]
    return [device for device in found if not device.is_revoked]


def _device_of(unit: Unit, fleet: str, equipment: Equipment) -> Device | Fault:
    """The machine by its PIN, or else by the feed's own id for it; of two of one PIN, neither."""
    usable = _known(unit, equipment)
    if len({device.machine for device in usable}) != 1:
        return Fault.DEVICE_UNKNOWN
    return usable[0] if usable[0].fleet == fleet else Fault.DEVICE_FOREIGN


def _rows_of(device: Device, equipment: Equipment) -> list[_Row | Fault]:
    """A row for each time that its elements have; a fault for each element that cannot be used."""
    rows: dict[int, _Row] = {}
    found: list[_Row | Fault] = []
    for bit, name in enumerate(_ELEMENTS):
        element = equipment.elements.get(name)
        if element is None:
            continue
        at_ms = moment_ms(element.get("datetime"))
        if at_ms is None:
            found.append(Fault.FIELD_WRONG if "datetime" in element else Fault.FIELD_MISSING)
            continue
        try:
            values = _values(name, element)
        except _Wrong:
            found.append(Fault.FIELD_WRONG)
            continue
        if values:
            row = rows.setdefault(at_ms, _Row(device.machine, device.device_id, at_ms, 0, {}))
            row.elements |= 1 << bit
            row.values |= values
    for code in equipment.faults:
        wrong = _note_code(rows, device, code)
        if wrong:
            found.append(wrong)
    return [*found, *rows.values()]


def _note_code(rows: dict[int, _Row], device: Device, element: Mapping[str, Any]) -> Fault:
    """A FaultCode joins the reading of its time; Fault.NONE where it could."""
    at_ms, code = moment_ms(element.get("datetime")), element.get("codeidentifier")
    if at_ms is None or code is None:
        given = "datetime" in element and code is not None
        return Fault.FIELD_WRONG if given else Fault.FIELD_MISSING
    word = code_of(code) if isinstance(code, str) else code_of(str(code))
    if isinstance(code, bool | dict | list) or word is None:
        return Fault.FIELD_WRONG
    row = rows.setdefault(at_ms, _Row(device.machine, device.device_id, at_ms, 0, {}))
    row.elements |= _FAULT_BIT
    row.codes.add(word)
    return Fault.NONE


class _Wrong(Exception):
    """A value that is none, a unit that nobody knows."""


def _values(name: str, element: dict[str, Any]) -> dict[str, int]:
    if name == "location":
        lat, lon = (_number(element, member, 1e7) for member in ("latitude", "longitude"))
        # A receiver without a fix says 0, 0: a place at sea.
        placed = lat is not None and lon is not None and (lat, lon) != (0, 0)
        return {"lat_e7": lat or 0, "lon_e7": lon or 0, "fix_valid": 1} if placed else {}
    if name == "enginestatus":
        running = element.get("running")
        if running is None:
            return {}
        truth = _TRUTHS.get(str(running).strip().lower())
        if truth is None:
            raise _Wrong
        return {"running": truth}
    column, member, scale = _PLAIN[name]
    if name == "fuelused":
        scale = _UNITS.get(str(element.get("fuelunits", "")).strip().lower(), 0.0)
        if not scale:
            raise _Wrong
    value = _number(element, member, scale)
    return {} if value is None else {column: value}


_PLAIN: Final = {
    "cumulativeoperatinghours": ("engine_s", "hour", float(HOUR_S)),
    "cumulativeidlehours": ("idle_s", "hour", float(HOUR_S)),
    "fuelused": ("fuel_ml", "fuelconsumed", 0.0),
    "fuelremaining": ("tank_permille", "percent", 10.0),
}
_UNITS: Final = {"litre": 1_000.0, "liter": 1_000.0, "gallon": GALLON_ML}


def _number(element: dict[str, Any], member: str, scale: float) -> int | None:
    """The member x scale, rounded to even; None where it is empty. Raises _Wrong."""
    value = element.get(member)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _Wrong
    try:
        scaled = float(value) * scale
    except (ValueError, OverflowError):
        raise _Wrong from None
    if not math.isfinite(scaled) or abs(scaled) > 2.0**62:
        raise _Wrong
    return round(scaled)


def _stored(
    unit: Unit, rows: Sequence[_Row], is_gcj02: bool, received_ms: int, rejected: list[Rejected]
) -> tuple[Readings, int]:
    columns = _columns(rows)
    columns["faults"] = numbers_of(unit, [_word(row) for row in rows])
    received = np.full(len(rows), received_ms, np.int64)
    # The feed's own times count: it has no clock of ours to correct, and no sequence but them.
    checked = columns | {"timed": np.ones(len(rows), np.int64)}
    faults = implausible(checked, received, _CODES) if rows else received
    for at in np.flatnonzero(faults).tolist() if rows else []:
        row = rows[at]
        text = repr(row.values).encode()
        rejected.append(Rejected(Fault(int(faults[at])), row.source, "aemp", text, received_ms))
    usable = np.flatnonzero(faults == 0) if rows else np.zeros(0, np.int64)
    if is_gcj02:
        lat, lon = wgs84_from_gcj02(columns["lat_e7"], columns["lon_e7"])
        columns |= {"lat_e7": lat, "lon_e7": lon}
    readings = Readings(**columns, received_ms=received).take(usable)
    kept = history.keep(unit, readings)
    new = readings.take(np.flatnonzero(kept.is_new))
    return new, len(readings) - len(new)


def _word(row: _Row) -> str | None:
    """The row's fault codes; of very many, the first ones."""
    return " ".join(sorted(row.codes)[:FAULTS_MAX]) if row.codes else None


def _columns(rows: Sequence[_Row]) -> dict[str, I64]:
    n = len(rows)
    columns = {
        field.name: np.full(n, MISSING, np.int64)
        for field in fields(Readings)
        if field.name != "received_ms"
    }
    for at, row in enumerate(rows):
        columns["device"][at] = row.machine
        columns["boot"][at] = BOOT_FEED
        columns["sequence"][at] = row.at_ms // 1_000 * _BITS + row.elements
        columns["at_ms"][at] = row.at_ms
        columns["fix_valid"][at] = 0
        for name, value in row.values.items():
            columns[name][at] = value
    return columns
