"""A recorded log of machines from a CSV file: one reading a row, columns named by the user.

Fields and their units: ``at`` (ISO 8601, seconds or milliseconds since 1970, or M/D/Y H:M:S;
several columns joined by ``+``), ``lat`` and ``lon`` (degrees, WGS-84), ``device``, ``engine_h``,
``idle_h``, ``fuel_l`` (counters), ``tank_pct``, ``load_pct``, ``voltage_v``, ``hdop``, ``running``,
``tamper`` (0 or 1). A column that has a field's name, or the name that the five fields of the
commission's JSON have, needs no mapping. An empty cell is not known. A row that cannot be used is
reported, the others go in.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Final

import numpy as np

from sim.replay.merchants import Problem
from system.errors import InputError
from system.kernels.columns import MISSING
from system.leasing.readings import Readings
from system.limits import COLUMN_ROWS_MAX, ENGINE_S_MAX, FUEL_ML_MAX, TEXT_CHARS_MAX

_ONE_MACHINE: Final = "machine"
# 1990 and 2100, in milliseconds: what a log can be of. Smaller numbers are seconds.
_MS_MIN, _MS_MAX = 631_152_000_000, 4_102_444_800_000
# Field: column of Readings, factor to its unit, lowest and highest value there.
_NUMBERS: Final[Mapping[str, tuple[str, float, int, int]]] = {
    "lat": ("lat_e7", 1e7, -900_000_000, 900_000_000),
    "lon": ("lon_e7", 1e7, -1_800_000_000, 1_800_000_000),
    "engine_h": ("engine_s", 3_600, 0, ENGINE_S_MAX),
    "idle_h": ("idle_s", 3_600, 0, ENGINE_S_MAX),
    "fuel_l": ("fuel_ml", 1_000, 0, FUEL_ML_MAX),
    "tank_pct": ("tank_permille", 10, 0, 1_000),
    "load_pct": ("load_permille", 10, 0, 1_000),
    "voltage_v": ("voltage_mv", 1_000, 0, 100_000),
    "hdop": ("hdop_centi", 100, 0, 100_000),
    "running": ("running", 1, 0, 1),
    "tamper": ("tamper", 1, 0, 1),
}
FIELDS: Final = ("at", "device", *_NUMBERS)
# Names that the commission's JSON has for them, and those of the Twizy logs.
_ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    "at": ("timestamp", "Date+Time"),
    "device": ("device_id",),
    "engine_h": ("working_hours",),
    "fuel_l": ("fuel_consumption",),
    "lat": ("LAT",),
    "lon": ("LON",),
}
_FORMATS: Final = ("%m/%d/%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S")


@dataclass(frozen=True, slots=True)
class MachineLog:
    """readings: in order of time; ``device`` counts ``machines``.  columns: field to column."""

    file: str
    machines: tuple[str, ...]
    columns: dict[str, str]
    readings: Readings
    problems: tuple[Problem, ...]


class _Unusable(Exception):
    """A cell that cannot be used: column, value, remedy."""


def mapping_of(wishes: Sequence[str]) -> dict[str, str]:
    """``field=column`` texts, several joined by commas or given apart. Raises InputError."""
    chosen: dict[str, str] = {}
    for wish in ",".join(wishes).split(",") if wishes else ():
        field, equals, column = (part.strip() for part in wish.partition("="))
        if not equals or not column or field not in FIELDS:
            raise InputError("--map", wish, f"write FIELD=COLUMN, FIELD one of {', '.join(FIELDS)}")
        chosen[field] = column
    return chosen


def read_machine_log(path: Path, chosen: Mapping[str, str]) -> MachineLog:
    """Every reading of a file. chosen: field to column, before what names suggest.

    Raises InputError for a file that cannot be read, a column that is not there, or no reading.
    """
    good: list[dict[str, int | str]] = []
    problems: list[Problem] = []
    columns: dict[str, str] = {}
    for row, cells in _rows(path):
        if not columns:
            columns = _columns(path, tuple(cells), chosen)
        try:
            good.append(_checked(cells, columns))
        except _Unusable as found:
            column, value, remedy = found.args
            problems.append(Problem(str(path), row, column, repr(value), remedy))
    if not good:
        remedy = "there is no reading in it that can be used"
        if problems:
            first = problems[0]
            remedy += f"; row {first.row}: {first.column} = {first.value}: {first.remedy}"
        raise InputError("FILE", str(path), remedy, file=str(path))
    names = tuple(dict.fromkeys(str(one["device"]) for one in good))
    return MachineLog(str(path), names, columns, _readings(good, names), tuple(problems))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as source:
            reader = csv.DictReader(source)
            for count, cells in enumerate(reader):
                if count >= COLUMN_ROWS_MAX:
                    remedy = f"give at most {COLUMN_ROWS_MAX} readings at a time"
                    raise InputError("FILE", str(path), remedy, file=str(path))
                cells.pop(None, None)
                yield reader.line_num, cells
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError("FILE", str(path), f"cannot be read: {error}") from None


def _columns(path: Path, held: tuple[str, ...], chosen: Mapping[str, str]) -> dict[str, str]:
    """The column of each field that the file has."""
    found = {}
    for field in FIELDS:
        wanted = [chosen[field]] if field in chosen else [field, *_ALSO.get(field, ())]
        column = next((c for c in wanted if all(part in held for part in c.split("+"))), None)
        if column is not None:
            found[field] = column
        elif field in chosen:
            remedy = f"name a column of the file: {', '.join(held)}"
            raise InputError("--map", f"{field}={chosen[field]}", remedy, file=str(path))
    if "at" not in found:
        remedy = f"say which column holds the time, by --map at=COLUMN: {', '.join(held)}"
        raise InputError("at", None, remedy, file=str(path))
    return found


def _checked(cells: Mapping[str, str], columns: Mapping[str, str]) -> dict[str, int | str]:
    said = {
        field: " ".join((cells[part] or "").strip() for part in column.split("+")).strip()
        for field, column in columns.items()
    }
    values: dict[str, int | str] = {"at_ms": _time_ms(columns["at"], said["at"])}
    name = said.get("device", _ONE_MACHINE)
    if not 1 <= len(name) <= TEXT_CHARS_MAX:
        raise _Unusable(columns["device"], name, "name the machine")
    values["device"] = name
    for field, (column, factor, low, high) in _NUMBERS.items():
        if field in said:
            values[column] = _whole(columns[field], said[field], factor, low, high)
    return values


def _time_ms(column: str, text: str) -> int:
    for read in (_epoch_ms, _iso_ms, *(_formatted(form) for form in _FORMATS)):
        at_ms = read(text)
        if at_ms is not None:
            if _MS_MIN <= at_ms < _MS_MAX:
                return at_ms
            raise _Unusable(column, text, "give a time from 1990 to 2100")
    raise _Unusable(column, text, "give ISO 8601, seconds since 1970, or M/D/Y H:M:S")


def _epoch_ms(text: str) -> int | None:
    try:
        number = float(text)
    except ValueError:
        return None
    if not isfinite(number):
        return None
    return round(number if number >= _MS_MIN else number * 1_000)


def _iso_ms(text: str) -> int | None:
    try:
        return _utc_ms(datetime.fromisoformat(text))
    except ValueError:
        return None


def _formatted(form: str) -> Callable[[str], int | None]:
    def read(text: str) -> int | None:
        try:
            return _utc_ms(datetime.strptime(text, form).replace(tzinfo=UTC))
        except ValueError:
            return None

    return read


def _utc_ms(at: datetime) -> int:
    """A time without a zone counts as UTC."""
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1_000)


def _whole(column: str, text: str, factor: float, low: int, high: int) -> int:
    if not text:
        return MISSING
    try:
        number = float(text)
    except ValueError:
        raise _Unusable(column, text, "give a number, or leave it empty") from None
    if not isfinite(number) or not low <= number * factor <= high:
        raise _Unusable(column, text, f"give {low / factor:g} to {high / factor:g}")
    return round(number * factor)


def _readings(good: Sequence[Mapping[str, int | str]], names: Sequence[str]) -> Readings:
    """Rows as columns. A reading's sequence is its row: a log counts nothing else."""
    number = {name: place for place, name in enumerate(names)}
    n = len(good)
    columns = {field.name: np.full(n, MISSING) for field in fields(Readings)}
    columns["device"] = np.array([number[str(one["device"])] for one in good], np.int64)
    for name in ("at_ms", *(column for column, *_ in _NUMBERS.values())):
        if name in good[0]:
            columns[name] = np.array([one[name] for one in good], np.int64)
    columns["boot"], columns["sequence"] = np.zeros(n, np.int64), np.arange(n)
    columns["received_ms"] = columns["at_ms"]
    columns["fix_valid"] = (columns["lat_e7"] != MISSING).astype(np.int64)
    order = np.argsort(columns["at_ms"], kind="stable")
    return Readings(**columns).take(order)
