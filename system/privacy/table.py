"""A party's own CSV file: an id column, number columns, and at the bank a 0/1 target."""

import csv
import unicodedata
from pathlib import Path

import numpy as np

from system.errors import InputError
from system.limits import TEXT_CHARS_MAX
from system.privacy.records import Bools, OwnData

Row = tuple[int, dict[str, str]]


def read_own_data(
    path: Path, id_column: str, target: str | None = None, names: tuple[str, ...] | None = None
) -> OwnData:
    """Read one side's rows. names: the columns to take; None takes all but id and target.

    Empty cells are missing values. Ids are normalised to NFC, so that both sides mean the same.
    Raises InputError with file and line: missing columns, duplicate or empty ids, bad numbers.
    """
    header, rows = _read(path)
    taken = names or tuple(name for name in header if name not in (id_column, target))
    for field in (id_column, *taken, *((target,) if target else ())):
        if field not in header:
            raise InputError("column", field, f"the file has {', '.join(header)}", file=str(path))
    if not rows:
        raise InputError("rows", 0, "give at least one row", file=str(path))
    values = np.array([[_number(path, row, name) for name in taken] for row in rows])
    return OwnData(
        _ids(path, rows, id_column),
        taken,
        values.reshape(len(rows), len(taken)),
        _target(path, rows, target) if target else None,
    )


def _read(path: Path) -> tuple[list[str], list[Row]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restkey="", restval="", strict=True)
            rows = [(reader.line_num, row) for row in reader]
            return list(reader.fieldnames or ()), rows
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError("file", str(path), f"give a UTF-8 CSV file ({error})") from error


def _ids(path: Path, rows: list[Row], column: str) -> tuple[str, ...]:
    line_by_id: dict[str, int] = {}
    for line, row in rows:
        own = unicodedata.normalize("NFC", row[column].strip())
        if not 0 < len(own) <= TEXT_CHARS_MAX or "\n" in own:
            remedy = f"give each row an id of 1..{TEXT_CHARS_MAX} characters"
            raise InputError(column, own, remedy, file=str(path), line=line)
        first = line_by_id.setdefault(own, line)
        if first != line:
            remedy = f"line {first} has the same id; keep one"
            raise InputError(column, own, remedy, file=str(path), line=line)
    return tuple(line_by_id)


def _number(path: Path, row: Row, name: str) -> float:
    line, cells = row
    cell = cells[name].strip()
    try:
        value = float(cell) if cell else np.nan
    except ValueError:
        value = np.inf
    if np.isinf(value) or (cell and np.isnan(value)):
        remedy = "give a finite number, or nothing if it is missing"
        raise InputError(name, cell, remedy, file=str(path), line=line)
    return value


def _target(path: Path, rows: list[Row], column: str) -> Bools:
    for line, row in rows:
        if row[column].strip() not in ("0", "1"):
            raise InputError(column, row[column], "give 0 or 1", file=str(path), line=line)
    return np.array([row[column].strip() == "1" for _, row in rows])
