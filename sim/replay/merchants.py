"""A user's own merchants from a file: one row each, with the features that a model reads.

CSV, JSON (a list), JSON Lines or Parquet. Columns: ``merchant`` (a name), the features of
``system.credit.features.FEATURES``, and ``requested_fen`` where an amount is asked for. An empty
cell is a value that is not known. A row that cannot be used is reported, the others go in.
"""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Final

import numpy as np

from system.credit.features import FEATURES
from system.errors import InputError
from system.kernels.columns import I64, MISSING
from system.limits import (
    COLUMN_ROWS_MAX,
    FEED_DAY_COUNT_MAX,
    FEED_DAY_FEN_MAX,
    FEED_RATING_MILLI_MAX,
    LINE_FEN_MAX,
    PERIOD_DAYS,
    PPM,
    TEXT_CHARS_MAX,
)

MERCHANT: Final = "merchant"
REQUESTED: Final = "requested_fen"
_ALL_TIME: Final = 10**9
_PERIOD_FEN: Final = FEED_DAY_FEN_MAX * PERIOD_DAYS
# What each feature can be, by its arithmetic.
_BOUNDS: Final[dict[str, tuple[int, int]]] = {
    "history_periods": (0, 12),
    "revenue_1p_fen": (0, _PERIOD_FEN),
    "revenue_3p_fen": (0, _PERIOD_FEN),
    "revenue_12p_fen": (0, _PERIOD_FEN),
    "growth_3p_ppm": (-PPM, _ALL_TIME * PPM),
    "volatility_6p_ppm": (0, 10 * PPM),
    "orders_3p": (0, FEED_DAY_COUNT_MAX * PERIOD_DAYS * 3),
    "ticket_3p_fen": (0, _PERIOD_FEN),
    "buyers_per_order_3p_ppm": (0, _ALL_TIME * PPM),
    "refund_rate_3p_ppm": (0, _ALL_TIME * PPM),
    "rating_3p_milli": (0, FEED_RATING_MILLI_MAX),
    "rating_trend_milli": (-FEED_RATING_MILLI_MAX, FEED_RATING_MILLI_MAX),
    "stock_cover_days": (0, _ALL_TIME),
    "coverage_3p_ppm": (0, PPM),
    "tenure_days": (0, 100 * 366),
}
assert _BOUNDS.keys() == set(FEATURES)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row is left out. row: its line in a text file, its number from 1 elsewhere."""

    file: str
    row: int
    column: str
    value: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Merchants:
    """Rows that can be used, in the order of the file, and why the others cannot.

    features: int64 (n,) for each of FEATURES, MISSING where not known.  requested_fen: int64 (n,),
    LINE_FEN_MAX where nothing was asked for.
    """

    names: tuple[str, ...]
    rows: tuple[int, ...]
    features: dict[str, I64]
    requested_fen: I64
    problems: tuple[Problem, ...]


class _Unusable(Exception):
    """A cell that cannot be used: column, value, remedy."""


def read_merchants(path: Path) -> Merchants:
    """Every merchant of a file.

    Raises InputError for a file that cannot be read, that lacks a column, or that holds no row.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError("FILE", str(path), f"give a file that ends in {', '.join(_READERS)}")
    good: list[tuple[int, dict[str, Any]]] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for row, cells in _opened(reader, path):
        try:
            good.append((row, _checked(cells, seen, row)))
        except _Unusable as found:
            column, value, remedy = found.args
            problems.append(Problem(str(path), row, column, repr(value), remedy))
    if not good and not problems:
        raise InputError("FILE", str(path), "there is no merchant in it", file=str(path))
    return _columns(good, tuple(problems))


def _opened(
    reader: Callable[[Path], Iterator[tuple[int, Any]]], path: Path
) -> Iterator[tuple[int, Any]]:
    """The rows, as long as the file lasts; a missing column is found on the first of them."""
    try:
        for count, (row, cells) in enumerate(reader(path)):
            if count >= COLUMN_ROWS_MAX:
                remedy = f"give at most {COLUMN_ROWS_MAX} merchants at a time"
                raise InputError("FILE", str(path), remedy, file=str(path), line=row)
            if count == 0:
                _check_header(cells, path, row)
            yield row, cells
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError("FILE", str(path), f"cannot be read: {error}") from None


def _check_header(cells: Any, path: Path, row: int) -> None:
    held = cells if isinstance(cells, dict) else {}
    known = (MERCHANT, REQUESTED, *FEATURES)
    for name in (MERCHANT, *FEATURES):
        if name not in held:
            remedy = (
                f"add this column; an empty cell says that it is not known ({', '.join(known)})"
            )
            raise InputError(name, None, remedy, file=str(path), line=row)
    for name in held:
        if name not in known:
            raise InputError(str(name), held[name], "remove this column", file=str(path), line=row)


def _checked(cells: Any, seen: dict[str, int], row: int) -> dict[str, Any]:
    if not isinstance(cells, dict):
        raise _Unusable("row", cells, "write an object with the columns of the first row")
    name = str(cells.get(MERCHANT) if cells.get(MERCHANT) is not None else "").strip()
    if not 1 <= len(name) <= TEXT_CHARS_MAX:
        raise _Unusable(MERCHANT, cells.get(MERCHANT), "name the merchant")
    values: dict[str, Any] = {MERCHANT: name}
    for column in FEATURES:
        values[column] = _whole(column, cells.get(column), *_BOUNDS[column], empty=MISSING)
    asked = _whole(REQUESTED, cells.get(REQUESTED), 1, LINE_FEN_MAX, empty=LINE_FEN_MAX)
    values[REQUESTED] = asked
    if name in seen:
        raise _Unusable(MERCHANT, name, f"row {seen[name]} has this merchant already")
    seen[name] = row
    return values


def _whole(column: str, value: Any, low: int, high: int, *, empty: int) -> int:
    """The cell as a whole number; ``empty`` where nothing is written."""
    if value is None or value == "":
        return empty
    number = _number(column, value)
    if not low <= number <= high:
        raise _Unusable(column, value, f"give {low} to {high}, or leave it empty")
    return number


def _number(column: str, value: Any) -> int:
    remedy = "give a whole number, or leave it empty"
    if isinstance(value, str):
        # Tables with an empty cell write the other whole numbers of a column as 12.0.
        digits = value.strip().removesuffix(".0")
        try:
            return int(digits)
        except ValueError:
            raise _Unusable(column, value, remedy) from None
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise _Unusable(column, value, remedy)
    if value != int(value):
        raise _Unusable(column, value, remedy)
    return int(value)


def _columns(good: list[tuple[int, dict[str, Any]]], problems: tuple[Problem, ...]) -> Merchants:
    def column(name: str) -> I64:
        return np.array([cells[name] for _, cells in good], np.int64)

    return Merchants(
        tuple(cells[MERCHANT] for _, cells in good),
        tuple(row for row, _ in good),
        {name: column(name) for name in FEATURES},
        column(REQUESTED),
        problems,
    )


def _csv(path: Path) -> Iterator[tuple[int, Any]]:
    with path.open(encoding="utf-8-sig", newline="") as source:
        reader = csv.DictReader(source)
        for cells in reader:
            # Cells beyond the header stand under None.
            extra = cells.pop(None, None)
            yield reader.line_num, cells if extra is None else None


def _json(path: Path) -> Iterator[tuple[int, Any]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError("FILE", str(path), f"not valid JSON: {error}", file=str(path)) from None
    yield from enumerate(found if isinstance(found, list) else [found], start=1)


def _json_lines(path: Path) -> Iterator[tuple[int, Any]]:
    with path.open(encoding="utf-8-sig") as source:
        for line, text in enumerate(source, start=1):
            if text.strip():
                try:
                    yield line, json.loads(text)
                except (ValueError, RecursionError):
                    yield line, text.strip()


def _parquet(path: Path) -> Iterator[tuple[int, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows = pq.read_table(path).to_pylist()
    except pa.ArrowException as error:
        raise InputError("FILE", str(path), f"not a Parquet file: {error}") from None
    yield from enumerate(rows, start=1)


_READERS: Final[dict[str, Callable[[Path], Iterator[tuple[int, Any]]]]] = {
    ".csv": _csv,
    ".json": _json,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".parquet": _parquet,
}
