"""Feeds from files: Parquet, CSV and JSON Lines, one merchant's day a row.

A row that cannot be used is left out and reported, with file, row, column, value and remedy; the
others go in. Rows of merchants without consent are set aside by their account number alone.
Columns: ``merchant`` (account number), ``day`` (2026-01-31), FEED_FIELDS, and ``revision`` where
the platform has one (else 0).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson

from system.credit.access import widest_consents
from system.credit.feed_intake import count_dropped
from system.credit.feed_records import FEED_FIELDS, FEEDS, FeedBatch, FeedRefusal
from system.credit.feeds import receive_feed
from system.errors import InputError
from system.kernels.account_sets import each_once
from system.kernels.business_day import business_day
from system.kernels.columns import I64
from system.limits import (
    COLUMN_ROWS_MAX,
    FEED_DAY_COUNT_MAX,
    FEED_DAY_FEN_MAX,
    FEED_LATE_DAYS_MAX,
    FEED_RATING_MILLI_MAX,
    FEED_REVISION_MAX,
)
from system.ports.book import BookUnit

if TYPE_CHECKING:
    import pandas as pd

_REVISION: Final = "revision"
_KEYS: Final = ("merchant", "day", _REVISION)
_VALUE_CHARS_MAX: Final = 80
_MISSING: Final = "not_nullable"
_WHOLE: Final = "give a whole number"
_DATE: Final = "give a date such as 2026-01-31"
_NO_CONSENT: Final = "the merchant has not consented: its row was set aside unread"
# What intake may still find in a row that reads well: which column, and what to do.
_REMEDIES: Final[dict[FeedRefusal, tuple[str, str]]] = {
    FeedRefusal.DAY_BEFORE_START: ("day", "it lies before the merchant's first day"),
    FeedRefusal.DAY_TOO_LATE: ("day", f"rows count for {FEED_LATE_DAYS_MAX} days"),
    FeedRefusal.RATING_IMPOSSIBLE: (
        "rating_sum_milli",
        f"at most {FEED_RATING_MILLI_MAX} per rating",
    ),
    FeedRefusal.ALREADY_KNOWN: (_REVISION, "taken in before; to correct it give a higher one"),
    FeedRefusal.SUPERSEDED: (_REVISION, "a higher one was taken in before"),
    FeedRefusal.REFUNDS_ABOVE_SALES: ("refund_fen", "above all known sales: send those first"),
}


@dataclass(frozen=True, slots=True)
class FeedProblem:
    """Why one row did not go in. row: its line in a text file, its number from 1 in Parquet."""

    file: str
    row: int
    column: str
    value: str
    remedy: str


@dataclass(frozen=True, slots=True)
class FeedFileReport:
    """rows: all of the file.  taken: those that went in.  problems: of the others, by row."""

    rows: int
    taken: int
    problems: tuple[FeedProblem, ...]


def receive_feed_file(unit: BookUnit, path: Path, now_s: int) -> FeedFileReport:
    """Take in a file; each row goes in or is reported.

    Raises InputError, with nothing taken in, for a file that cannot be read, lacks a column or has
    more than COLUMN_ROWS_MAX rows.
    """
    table, problems = _read(path)
    rows = len(table) + len(problems)
    if rows > COLUMN_ROWS_MAX:
        raise InputError("rows", rows, f"give at most {COLUMN_ROWS_MAX} a file", file=str(path))
    report = _Report(str(path), table, problems)
    table = _with_consent(unit, table, report, now_s)
    if len(table):
        table = _usable(table, report, business_day(now_s))
        batch = _batch(str(path), table)
        report.refused(table, receive_feed(unit, batch, now_s).codes)
    found = sorted(report.problems, key=lambda problem: problem.row)
    return FeedFileReport(rows, rows - len({problem.row for problem in found}), tuple(found))


class _Report:
    """Problems as they are found. table: as the file has it, by row number."""

    def __init__(self, file: str, table: "pd.DataFrame", problems: list[FeedProblem]) -> None:
        self._file, self._table, self.problems = file, table, problems

    def add(self, row: int, column: str, remedy: str) -> None:
        value = str(self._table.at[row, column])[:_VALUE_CHARS_MAX]
        self.problems.append(FeedProblem(self._file, row, column, value, remedy))

    def refused(self, table: "pd.DataFrame", codes: I64) -> None:
        for at in np.flatnonzero(codes):
            column, remedy = _REMEDIES[FeedRefusal(int(codes[at]))]
            self.add(int(table.index[at]), column, remedy)


def _read(path: Path) -> tuple["pd.DataFrame", list[FeedProblem]]:
    """The file's rows by row number, and those that are none. Text stays text."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError("file", str(path), f"give one of {', '.join(_READERS)}")
    try:
        table, problems = reader(path)
    except OSError as error:
        raise InputError("file", str(path), f"cannot be read: {error.strerror}") from None
    except ValueError as error:  # parsers' own errors, and bytes that are no UTF-8
        raise InputError("file", str(path), f"cannot be read: {error}") from None
    if _REVISION not in table:
        table[_REVISION] = 0
    for column in (*_KEYS, *FEED_FIELDS):
        if column not in table:
            raise InputError(column, None, "the file needs this column", file=str(path))
    return table, problems


def _read_parquet(path: Path) -> tuple["pd.DataFrame", list[FeedProblem]]:
    import pandas as pd

    table = pd.read_parquet(path)
    table.index = pd.RangeIndex(1, len(table) + 1)
    return table, []


def _read_csv(path: Path) -> tuple["pd.DataFrame", list[FeedProblem]]:
    import pandas as pd

    table = pd.read_csv(path, dtype=str, keep_default_na=False, skip_blank_lines=False)
    table.index = pd.RangeIndex(2, len(table) + 2)
    return table[(table != "").any(axis=1)].copy(), []


def _read_json_lines(path: Path) -> tuple["pd.DataFrame", list[FeedProblem]]:
    import pandas as pd

    rows: dict[int, dict[str, str]] = {}
    problems = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        found = _json_row(line)
        if found is None:
            text, remedy = line[:_VALUE_CHARS_MAX], "give one JSON object a line"
            problems.append(FeedProblem(str(path), number, "", text, remedy))
        else:
            rows[number] = found
    return pd.DataFrame.from_dict(rows, orient="index").fillna(""), problems


def _json_row(line: str) -> dict[str, str] | None:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(found, dict):
        return None
    return {name: "" if value is None else str(value) for name, value in found.items()}


_READERS: Final = {
    ".parquet": _read_parquet,
    ".csv": _read_csv,
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
    ".json": _read_json_lines,
}


def _with_consent(
    unit: BookUnit, table: "pd.DataFrame", report: _Report, now_s: int
) -> "pd.DataFrame":
    """Rows of known merchants that have consented; of the others no more than that is looked at."""
    count = unit.count(FEEDS)
    merchants = _numbers(table["merchant"])
    is_known = (merchants >= 0) & (merchants < count) & (merchants % 1 == 0)
    for row in table.index[~is_known]:
        report.add(int(row), "merchant", f"give an account number, 0 to {count - 1}")
    table = table[is_known]
    accounts, spread = each_once(merchants[is_known].to_numpy(np.int64))
    is_open = (widest_consents(unit, accounts, now_s) > 0)[spread]
    count_dropped(unit, merchants[is_known].to_numpy(np.int64)[~is_open])
    for row in table.index[~is_open]:
        report.add(int(row), "merchant", _NO_CONSENT)
    return table[is_open]


def _usable(table: "pd.DataFrame", report: _Report, today: int) -> "pd.DataFrame":
    """Rows that read well, as whole numbers."""
    from pandera.errors import SchemaErrors

    numbers = table.copy()
    numbers["day"] = _days(table["day"])
    for column in ("merchant", _REVISION, *FEED_FIELDS):
        numbers[column] = _numbers(table[column])
    try:
        _schema(today).validate(numbers, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
        for row, column, check in zip(cases["index"], cases["column"], cases["check"], strict=True):
            missing = _DATE if column == "day" else _WHOLE
            report.add(int(row), str(column), missing if check == _MISSING else str(check))
        numbers = numbers.drop(index=cases["index"].unique())
    return numbers[[*_KEYS, *FEED_FIELDS]].astype(np.int64)


def _schema(today: int) -> Any:
    """What every row must be. A check's error text is the remedy that the report gives."""
    from pandera.pandas import Check, Column, DataFrameSchema

    whole = Check(lambda values: values % 1 == 0, error=_WHOLE)

    def number(high: int) -> Column:
        below = Check.ge(0, error="give 0 or more")
        return Column(float, [whole, below, Check.le(high, error=f"give at most {high}")])

    fields = {name: number(FEED_DAY_FEN_MAX) for name in FEED_FIELDS if name.endswith("_fen")}
    counts = {name: number(FEED_DAY_COUNT_MAX) for name in FEED_FIELDS if name not in fields}
    stars = number(FEED_RATING_MILLI_MAX * FEED_DAY_COUNT_MAX)
    ahead = Check.le(today, error="it lies ahead: give today or a day before")
    keys = {"day": Column(float, [ahead]), _REVISION: number(FEED_REVISION_MAX)}
    return DataFrameSchema({**keys, **fields, **counts, "rating_sum_milli": stars})


def _numbers(column: "pd.Series") -> "pd.Series":
    """As floats; NaN where there is none. Every number that a feed may hold is exact in one."""
    import pandas as pd

    return pd.to_numeric(column, errors="coerce").astype(np.float64)


def _days(column: "pd.Series") -> "pd.Series":
    """Business day numbers of dates, as floats; NaN where there is no date."""
    import pandas as pd

    if not pd.api.types.is_datetime64_any_dtype(column):
        column = pd.to_datetime(column.astype(str), format="%Y-%m-%d", errors="coerce")
    return (column - pd.Timestamp(0)).dt.days.astype(np.float64)


def _batch(name: str, table: "pd.DataFrame") -> FeedBatch:
    columns = {column: table[column].to_numpy() for column in table}
    merchants, days, revisions = (columns.pop(column) for column in _KEYS)
    return FeedBatch(name, merchants, days, revisions, columns)
