"""Reading a user's resolved loans from CSV: one row per loan, a column that says who failed.

A column of numbers stays numbers; any other becomes categories. What only names a row is left out.
Nothing is repaired or skipped: the first cell that cannot be used is named.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.fit.csv_rows import read_rows
from system.credit.models.contract import Table
from system.credit.models.leaderboard import Loans
from system.errors import InputError

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
# Categories beyond the most frequent ones share one code.
CATEGORIES_MAX: Final = 60
_YES: Final = frozenset(["1", "1.0", "true", "yes", "y", "bad", "default", "是", "违约"])
_NO: Final = frozenset(["0", "0.0", "false", "no", "n", "good", "paid", "否", "正常"])
_UNKNOWN: Final = frozenset(("", "na", "n/a", "nan", "null", "none", "."))
_IDENTIFIER_NAME: Final = re.compile(
    r"(^|[_\W])(id|nr|no|number|key|编号)([_\W]|$)|(?<=[a-z])ID$", re.I
)
# Text that is another one in this share of the rows names the row.
_NAMES_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class LoanFile:
    """left_out: columns that are no features, with why."""

    loans: Loans
    left_out: dict[str, str]


@dataclass(frozen=True, slots=True)
class Roles:
    """Which column is what. time: a number or an ISO date; group: whose loan it is."""

    target: str
    time: str | None = None
    group: str | None = None
    drop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Cells:
    file: str
    lines: tuple[int, ...]
    columns: dict[str, list[str]]

    def error(self, name: str, row: int, remedy: str) -> InputError:
        value = self.columns[name][row]
        return InputError(name, value, remedy, file=self.file, line=self.lines[row])


def read_loans(path: Path, roles: Roles) -> LoanFile:
    """All loans of a CSV file. Raises InputError with file, line, column, value and remedy."""
    cells = _cells(path, roles)
    bad = _target(cells, roles.target)
    used = {role for role in (roles.target, roles.time, roles.group) if role}
    left_out = dict.fromkeys(roles.drop, "named by --drop")
    names, columns, categories = [], [], []
    for name, values in cells.columns.items():
        if name in used or name in left_out:
            continue
        numbers = _numbers(cells, name)
        why = _names_rows(name, values, numbers)
        if why:
            left_out[name] = why
            continue
        column, count = (numbers, 0) if numbers is not None else _categories(values)
        names.append(name)
        columns.append(column)
        categories.append(count)
    if not columns:
        raise InputError("columns", list(cells.columns), "give columns to learn from")
    table = Table(tuple(names), np.column_stack(columns), tuple(categories))
    group = _codes(cells.columns[roles.group]) if roles.group else None
    day = _days(cells, roles.time) if roles.time else None
    return LoanFile(Loans(table, bad, group, day), left_out)


def _cells(path: Path, roles: Roles) -> _Cells:
    header, lines, rows = read_rows(path)
    named = [("--target", roles.target), ("--time", roles.time), ("--group", roles.group)]
    named += [("--drop", name) for name in roles.drop]
    for option, name in named:
        if name is not None and header.count(name) != 1:
            remedy = f"name one of its columns: {', '.join(header)}"
            raise InputError(option, name, remedy, file=str(path), line=1)
    for name, count in Counter(header).items():
        if count > 1 or not name:
            raise InputError("header", name, "give each column a name of its own", file=str(path))
    columns = {
        name: [value.strip() for value in values]
        for name, values in zip(header, zip(*rows, strict=True), strict=True)
    }
    return _Cells(str(path), lines, columns)


def _target(cells: _Cells, name: str) -> NDArray[np.bool_]:
    bad = np.zeros(len(cells.lines), dtype=np.bool_)
    for row, value in enumerate(cells.columns[name]):
        if value.lower() not in _YES | _NO:
            raise cells.error(name, row, "say 1 or 0, true or false, yes or no: bad is 1")
        bad[row] = value.lower() in _YES
    return bad


def _numbers(cells: _Cells, name: str) -> F64 | None:
    """The column as numbers, NaN where not known; None for a column of words.

    Raises InputError for an infinite number.
    """
    found = np.full(len(cells.lines), np.nan)
    for row, value in enumerate(cells.columns[name]):
        if value.lower() in _UNKNOWN:
            continue
        try:
            found[row] = float(value)
        except ValueError:
            return None
        if np.isinf(found[row]):
            raise cells.error(name, row, "give a finite number, or nothing")
    return found


def _names_rows(name: str, values: Sequence[str], numbers: F64 | None) -> str:
    """Why a column only tells rows apart; empty for a column that says something of them."""
    distinct = len(set(values))
    if numbers is None:
        return "text that names its row" if distinct > _NAMES_SHARE * len(values) else ""
    if distinct < len(values) or np.isnan(numbers).any() or (numbers != np.floor(numbers)).any():
        return ""
    counted = np.ptp(numbers) == numbers.size - 1
    return "a number that names its row" if counted or _IDENTIFIER_NAME.search(name) else ""


def _categories(values: Sequence[str]) -> tuple[F64, int]:
    """Codes by frequency, then by name, so that the order of rows changes nothing."""
    counts = Counter(value for value in values if value.lower() not in _UNKNOWN)
    ordered = sorted(counts, key=lambda value: (-counts[value], value))
    code = {value: min(at, CATEGORIES_MAX - 1) for at, value in enumerate(ordered)}
    column = np.array([float(code.get(value, np.nan)) for value in values])
    return column, min(len(ordered), CATEGORIES_MAX)


def _codes(values: Sequence[str]) -> I64:
    _, codes = np.unique(np.array(values), return_inverse=True)
    return codes.astype(np.int64)


def _days(cells: _Cells, name: str) -> I64:
    days = np.zeros(len(cells.lines), dtype=np.int64)
    for row, value in enumerate(cells.columns[name]):
        try:
            days[row] = int(value) if value.isdigit() else date.fromisoformat(value).toordinal()
        except (ValueError, OverflowError):
            raise cells.error(name, row, "give a whole number or a date as 2026-01-31") from None
    return days
