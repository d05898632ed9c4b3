"""Messages to columns: JSON of two forms, each value to its unit, each unusable one to its fault.

The brief's form has five members. The full form has the element names and units of ISO/TS 15143-3
where it has them, and ours where it has none (docs/OPERATIONS.md shows both). A gateway sends one
reading per line, byte for byte as its devices signed them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from orjson import JSONDecodeError, loads

from system.kernels.columns import I64, MISSING
from system.leasing.decode_fields import BRIEF, FULL, Column, Form
from system.leasing.decode_typed import FORMS, UNREADABLE, Typed
from system.leasing.decode_values import numbers, texts, times_ms
from system.leasing.quarantine import Fault
from system.leasing.words import WORD_COLUMNS, codes_of, firmware_of
from system.limits import MESSAGE_BYTES_MAX, READING_BRACKETS_MAX, READING_BYTES_MAX
from system.ports.broker import Delivery

F64 = NDArray[np.float64]
Document = dict[str, Any]
# A text of so few bytes cannot nest deeper than the parser follows, nor be wide.
_PLAIN_BYTES: Final = 1_000
# The member by which the brief's form is known.
_BRIEFS_OWN: Final = b'"timestamp"'


@dataclass(frozen=True, slots=True)
class Decoded:
    """Readings as their messages have them, one row each, in order of arrival.

    faults: int64 (n,), a Fault where the row cannot be read; its other columns mean nothing then.
    message: the delivery it came in.  raw: its own bytes.  device_ids, pins: "" where not given.
    words: by name, those of WORD_COLUMNS, each reading's text, None where not said.
    columns: int64 (n,) by name: those of Readings but device and received_ms, with ``at_ms`` as
    the device's clock has it; ``gcj02`` 1, 0 or MISSING; ``buffered`` 1 where the device kept the
    reading for later; ``timed`` 1 where the device counts nothing and its time is the sequence.
    """

    message: I64
    raw: list[bytes]
    faults: I64
    device_ids: list[str]
    pins: list[str]
    words: dict[str, list[str | None]]
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
    typed, rest = _typed(raw, faults)
    parts = [(_Part(rows, found)) for rows, found in typed]
    if rest:
        documents = _documents(raw, rest, faults)
        for form, is_brief in ((BRIEF, True), (FULL, False)):
            own = [n for n, held in enumerate(documents) if ("timestamp" in held) is is_brief]
            if own:
                rows = np.array([rest[n] for n in own], np.int64)
                parts.append(_Part(rows, _Extraction(form, [documents[n] for n in own])))
    return _assembled(message, raw, faults, parts)


class _Found(Protocol):
    faults: I64
    columns: dict[str, I64]
    ids: list[str]
    pins: list[str]
    words: dict[str, list[str | None]]


@dataclass(frozen=True, slots=True)
class _Part:
    rows: I64
    found: _Found


def _typed(raw: Sequence[bytes], faults: I64) -> tuple[list[tuple[I64, Typed]], list[int]]:
    """The messages that fit a form as they are, read into its fields; the rows of the others."""
    alike = _typed_alike(raw)
    if alike is not None:
        return [(np.arange(len(raw)), alike)], []
    messages: tuple[list[Any], list[Any]] = ([], [])
    rows: tuple[list[int], list[int]] = ([], [])
    rest: list[int] = []
    for row, text in enumerate(raw):
        if len(text) > _PLAIN_BYTES:
            rest.append(row)
            continue
        is_full = _BRIEFS_OWN not in text
        try:
            messages[is_full].append(FORMS[is_full][1](text))
            rows[is_full].append(row)
        except UNREADABLE:
            rest.append(row)
    parts = []
    for (form, _), read, at in zip(FORMS, messages, rows, strict=True):
        if read:
            found, own = Typed(form, read), np.array(at, np.int64)
            parts.append((own, found))
            if found.lacking.any():
                rest += own[found.lacking].tolist()
    return parts, sorted(rest)


def _lines(deliveries: Sequence[Delivery]) -> tuple[I64, list[bytes], I64]:
    """One row per reading, of which a gateway's message has one per line.

    An empty message is one row, that cannot be read.
    """
    raw = [delivery.payload for delivery in deliveries]
    if _is_plain(raw):
        return np.arange(len(raw)), raw, np.zeros(len(raw), np.int64)
    message: list[int] = []
    faults: list[int] = []
    raw = []
    for number, delivery in enumerate(deliveries):
        payload = delivery.payload
        if len(payload) > MESSAGE_BYTES_MAX:
            parts, fault = [payload], Fault.TOO_LARGE
        elif delivery.topic.startswith("gateway/"):
            parts = [part for part in payload.split(b"\n") if part] or [payload]
            fault = Fault.NONE
        else:
            parts, fault = [payload], Fault.NONE
        raw += parts
        message += [number] * len(parts)
        faults += [int(fault)] * len(parts)
    return np.array(message, np.int64), raw, np.array(faults, np.int64)


def _typed_alike(raw: Sequence[bytes]) -> Typed | None:
    """All messages at once, where all are of the first one's form, as is usual."""
    if not raw or max(map(len, raw)) > _PLAIN_BYTES:
        return None
    form, read = FORMS[_BRIEFS_OWN not in raw[0]]
    if form is FULL and _BRIEFS_OWN in b"".join(raw):
        return None
    try:
        found = Typed(form, list(map(read, raw)))
    except UNREADABLE:
        return None
    return None if found.lacking.any() else found


def _is_plain(raw: Sequence[bytes]) -> bool:
    """Whether each message is one reading for certain. Their lengths are looked at later."""
    return b"\n" not in b"".join(raw)


def _documents(raw: Sequence[bytes], rows: Sequence[int], faults: I64) -> list[Document]:
    """The JSON object of each row, empty where there is none; notes why in ``faults``."""
    documents: list[Document] = []
    for row in rows:
        text = raw[row]
        document: Document = {}
        if faults[row] or len(text) > READING_BYTES_MAX:
            fault = Fault.TOO_LARGE
        elif len(text) > _PLAIN_BYTES and _brackets(text) > READING_BRACKETS_MAX:
            fault = Fault.TOO_COMPLEX
        else:
            fault, document = _document(text)
        faults[row] = fault
        documents.append(document)
    return documents


def _document(text: bytes) -> tuple[Fault, Document]:
    try:
        document = loads(text)
    except JSONDecodeError:
        return Fault.NOT_JSON, {}
    return (Fault.NONE, document) if type(document) is dict else (Fault.NOT_AN_OBJECT, {})


def _brackets(text: bytes) -> int:
    return text.count(b"{") + text.count(b"[")


def _assembled(message: I64, raw: list[bytes], faults: I64, parts: Sequence[_Part]) -> Decoded:
    """One row per reading; later parts stand for rows that earlier ones could not read."""
    n = len(raw)
    if len(parts) == 1 and parts[0].rows.size == n:
        found = parts[0].found
        whole = {name: found.columns.get(name, _missing(n)) for name in COLUMNS}
        faults = np.where(faults != 0, faults, found.faults)
        texts = {name: found.words.get(name, [None] * n) for name in WORD_COLUMNS}
        return Decoded(message, raw, faults, found.ids, found.pins, texts, whole)
    columns = {name: _missing(n) for name in COLUMNS}
    read = np.zeros(n, np.int64)
    device_ids, pins = [""] * n, [""] * n
    words: dict[str, list[str | None]] = {name: [None] * n for name in WORD_COLUMNS}
    for part in parts:
        found, rows = part.found, part.rows
        read[rows] = found.faults
        for name in COLUMNS:
            columns[name][rows] = found.columns.get(name, MISSING)
        for row, device_id, pin in zip(rows.tolist(), found.ids, found.pins, strict=True):
            device_ids[row], pins[row] = device_id, pin
        for name, said in found.words.items():
            for row, text in zip(rows.tolist(), said, strict=True):
                words[name][row] = text
    faults = np.where(faults != 0, faults, read)
    return Decoded(message, raw, faults, device_ids, pins, words, columns)


def _missing(n: int) -> I64:
    return np.full(n, MISSING, np.int64)


class _Extraction:
    """The columns of documents of one form."""

    def __init__(self, form: Form, documents: list[Document]) -> None:
        self._form, self._documents = form, documents
        self.faults = np.zeros(len(documents), np.int64)
        self._groups: dict[str, list[Document]] = {"": documents}
        self.columns = {column.name: self._column(column) for column in form.columns}
        self.ids = self._texts(("", "device_id"), is_required=True)
        self.pins = self._texts(form.pin, is_required=False) if form.pin else [""] * len(documents)
        self.words = self._words() if form.has_words else {}
        form.finish(self.columns, self._texts_of, self._fault_where)

    def _words(self) -> dict[str, list[str | None]]:
        """Fault codes and firmware, where they are said and usable."""
        listed = self._values("", "faults")
        faults = [None if value is None else codes_of(value) for value in listed]
        wrong = [v is not None and word is None for v, word in zip(listed, faults, strict=True)]
        self._fault_where(np.array(wrong, np.bool_), Fault.FIELD_WRONG)
        firmware, wrong_firmware = firmware_of(self._texts(("", "firmware"), is_required=False))
        self._fault_where(wrong_firmware, Fault.FIELD_WRONG)
        return {"faults": faults, "firmware": firmware}

    def _column(self, column: Column) -> I64:
        values = self._values(column.group, column.member)
        if column.is_required and None in values:
            present = self._present(column.group)
            missing = [value is None and held for value, held in zip(values, present, strict=True)]
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
