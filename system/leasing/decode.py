"""Messages to columns: JSON of two forms, each value to its unit, each unusable one to its fault.

The brief's form has five members. The full form has the element names and units of ISO/TS 15143-3
where it has them, and ours where it has none (docs/OPERATIONS.md shows both). A gateway sends one
reading per line, byte for byte as its devices signed them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from orjson import JSONDecodeError, loads

from system.kernels.columns import I64, MISSING
from system.leasing.decode_fields import BRIEF, FULL, Column, Form
from system.leasing.decode_values import numbers, texts, times_ms
from system.leasing.quarantine import Fault
from system.limits import MESSAGE_BYTES_MAX, READING_BRACKETS_MAX, READING_BYTES_MAX
from system.ports.broker import Delivery

F64 = NDArray[np.float64]
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Decoded:
    """Readings as their messages have them, one row each, in order of arrival.

    faults: int64 (n,), a Fault where the row cannot be read; its other columns mean nothing then.
    message: the delivery it came in.  raw: its own bytes.  device_ids, pins: "" where not given.
    columns: int64 (n,) by name: those of Readings but device and received_ms, with ``at_ms`` as
    the device's clock has it; ``gcj02`` 1, 0 or MISSING; ``buffered`` 1 where the device kept the
    reading for later; ``timed`` 1 where the device counts nothing and its time is the sequence.
    """

    message: I64
    raw: list[bytes]
    faults: I64
    device_ids: list[str]
    pins: list[str]
    columns: dict[str, I64]

    def __len__(self) -> int:
        return len(self.raw)


COLUMNS: Final = (
    "boot",
    "sequence",
    "at_ms",
    "lat_e7",
    "lon_e7",
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
    "gcj02",
    "buffered",
    "timed",
)


def decode(deliveries: Sequence[Delivery]) -> Decoded:
    """Each reading of each message. Nothing is trusted, and nothing raises."""
    message, raw, faults = _lines(deliveries)
    documents = _documents(raw, faults)
    brief = [row for row, document in enumerate(documents) if "timestamp" in document]
    if len(brief) == len(raw):
        forms = [(BRIEF, np.arange(len(raw)), documents)]
    else:
        is_brief = np.zeros(len(raw), np.bool_)
        is_brief[brief] = True
        forms = [
            (form, rows, [documents[row] for row in rows.tolist()])
            for form, rows in ((BRIEF, np.flatnonzero(is_brief)), (FULL, np.flatnonzero(~is_brief)))
        ]
    return _assembled(message, raw, faults, forms)


def _lines(deliveries: Sequence[Delivery]) -> tuple[I64, list[bytes], I64]:
    """One row per reading; an empty message is one row, that cannot be read."""
    message: list[int] = []
    raw: list[bytes] = []
    faults: list[int] = []
    for number, delivery in enumerate(deliveries):
        payload = delivery.payload
        if len(payload) > MESSAGE_BYTES_MAX:
            parts, fault = [payload], Fault.TOO_LARGE
        else:
            parts = [part for part in payload.split(b"\n") if part] or [payload]
            fault = Fault.NONE
        raw += parts
        message += [number] * len(parts)
        faults += [int(fault)] * len(parts)
    return np.array(message, np.int64), raw, np.array(faults, np.int64)


def _documents(raw: Sequence[bytes], faults: I64) -> list[Document]:
    """The JSON object of each row, empty where there is none; notes why in ``faults``."""
    documents: list[Document] = []
    add = documents.append
    for row, text in enumerate(raw):
        try:
            if len(text) > READING_BYTES_MAX:
                faults[row] = Fault.TOO_LARGE
            elif text.count(b"{") + text.count(b"[") > READING_BRACKETS_MAX:
                faults[row] = Fault.TOO_COMPLEX
            else:
                document = loads(text)
                if type(document) is dict:
                    add(document)
                    continue
                faults[row] = Fault.NOT_AN_OBJECT
        except JSONDecodeError:
            faults[row] = Fault.NOT_JSON
        add({})
    return documents


def _assembled(
    message: I64,
    raw: list[bytes],
    faults: I64,
    forms: Sequence[tuple[Form, I64, list[Document]]],
) -> Decoded:
    n = len(raw)
    columns = {name: np.full(n, MISSING, np.int64) for name in COLUMNS}
    device_ids, pins = [""] * n, [""] * n
    for form, rows, documents in forms:
        if not documents:
            continue
        found = _Extraction(form, documents)
        faults[rows] = np.where(faults[rows] != 0, faults[rows], found.faults)
        for name, values in found.columns.items():
            columns[name][rows] = values
        for row, device_id, pin in zip(rows.tolist(), found.ids, found.pins, strict=True):
            device_ids[row], pins[row] = device_id, pin
    return Decoded(message, raw, faults, device_ids, pins, columns)


class _Extraction:
    """The columns of documents of one form."""

    def __init__(self, form: Form, documents: list[Document]) -> None:
        self._form, self._documents = form, documents
        self.faults = np.zeros(len(documents), np.int64)
        self._groups: dict[str, list[Document]] = {"": documents}
        self.columns = {column.name: self._column(column) for column in form.columns}
        self.ids = self._texts(("", "device_id"), is_required=True)
        self.pins = self._texts(form.pin, is_required=False) if form.pin else [""] * len(documents)
        form.finish(self.columns, self._texts_of, self._fault_where)

    def _column(self, column: Column) -> I64:
        values = self._values(column.group, column.member)
        if column.is_required:
            present = self._present(column.group)
            missing = [value is None and held for value, held in zip(values, present, strict=True)]
            if any(missing):
                self._fault_where(np.array(missing, np.bool_), Fault.FIELD_MISSING)
        convert = times_ms if column.is_time else numbers
        result, wrong = convert(values, column)
        if wrong is not None:
            self._fault_where(wrong, Fault.FIELD_WRONG)
        return result

    def _present(self, group: str) -> list[bool]:
        """Where the group itself is there, or must be, so that its required members must be too."""
        if not group:
            return [True] * len(self._documents)
        kinds = {dict, type(None)} if group in self._form.groups_required else {dict}
        return [type(document.get(group)) in kinds for document in self._documents]

    def _values(self, group: str, member: str) -> list[Any]:
        return [held.get(member) for held in self._group(group)]

    def _group(self, name: str) -> list[Document]:
        """The sub-object of each document, empty where it has none."""
        held = self._groups.get(name)
        if held is None:
            found: list[Any] = [document.get(name) for document in self._documents]
            if set(map(type, found)) != {dict}:
                wrong = [value is not None and type(value) is not dict for value in found]
                self._fault_where(np.array(wrong, np.bool_), Fault.FIELD_WRONG)
                found = [value if type(value) is dict else {} for value in found]
            held = self._groups[name] = found
        return held

    def _texts(self, path: tuple[str, str], *, is_required: bool) -> list[str]:
        values = self._values(*path)
        found, wrong = texts(values)
        if is_required and "" in found:
            self._fault_where(np.array([v is None for v in values]), Fault.FIELD_MISSING)
        if wrong is not None:
            self._fault_where(wrong, Fault.FIELD_WRONG)
        return found

    def _texts_of(self, group: str, member: str) -> list[str]:
        return self._texts((group, member), is_required=False)

    def _fault_where(self, mask: NDArray[np.bool_], fault: Fault) -> None:
        """The first fault in order of precedence stays."""
        worse = mask & ((self.faults == 0) | (self.faults > int(fault)))
        self.faults[worse] = int(fault)
