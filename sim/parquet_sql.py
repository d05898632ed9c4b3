"""Parquet files asked in SQL, where they lie: DuckDB reads only what a question needs.

A process opens one database in memory and keeps it: to open one takes ten times as long as a
question to small files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

# A connection may have only one thread in it; a cursor is a connection of its own.
_OPENING = Lock()


@contextmanager
def asked(table: str, files: Sequence[Path], sql: str, values: Mapping[str, Any]) -> Iterator[Any]:
    """The answer, a DuckDB relation; to be read before the context ends.

    table: under which name the question knows all rows of the files.  values: of the question's
    named parameters ($name).
    """
    listed = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
    with _new_cursor() as cursor:
        # Temporary: other questions do not see it.
        cursor.execute(f"create temp view {table} as from read_parquet([{listed}])")
        yield cursor.sql(sql, params=dict(values))


def open_database() -> None:
    """Before the first question: a server does it when it starts."""
    _new_cursor().close()


def _new_cursor() -> Any:
    with _OPENING:
        return _database().cursor()


@cache
def _database() -> Any:
    import duckdb

    # One thread: sums of integers are exact anyway, and a server has other guests.
    return duckdb.connect(config={"threads": 1})
