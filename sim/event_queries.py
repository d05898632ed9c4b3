"""Questions in SQL to the events of a run, where they lie: DuckDB reads only what a question needs.

A million events are counted, filtered and joined in a fraction of a second, never all in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim.run_folder import RunFolder


def query(folder: RunFolder, sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Rows of a question to the table ``events`` (columns: sim.trace.SCHEMA).

    values: of the question's named parameters ($name). Empty where the run has no events yet.
    """
    import duckdb

    files = [str(path) for path in folder.event_files()]
    if not files:
        return []
    with duckdb.connect() as database:
        # One thread: sums of integers are exact anyway, and a server has other guests.
        database.execute("set threads = 1")
        database.read_parquet(files).create_view("events")
        return database.execute(sql, dict(values)).fetchall()
