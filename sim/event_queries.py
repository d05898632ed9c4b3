"""Questions in SQL to the events of a run, where they lie.

A million events are counted, filtered and joined in a fraction of a second, never all in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from sim.parquet_sql import asked
from sim.run_folder import RunFolder
from system.limits import DAY_S, LOCAL_OFFSET_S

Rows = list[tuple[Any, ...]]

# A business day begins at midnight in China, as system.kernels.business_day has it.
_PART: Final = (
    "with part as (from events where arm = $arm and replication = $replication), "
    "begun as (select (min(at_s) + 28800) // 86400 * 86400 - 28800 as first_s from part) "
)
assert (LOCAL_OFFSET_S, DAY_S) == (28_800, 86_400)


def query(folder: RunFolder, sql: str, values: Mapping[str, Any]) -> Rows:
    """Rows of a question to the table ``events`` (columns: sim.trace.SCHEMA).

    values: of the question's named parameters ($name). Empty where the run has no events yet.
    """
    if not folder.event_files():
        return []
    with _asked(folder, sql, values) as answer:
        rows: Rows = answer.fetchall()
        return rows


def table(folder: RunFolder, sql: str, values: Mapping[str, Any]) -> pa.Table:
    """The same answer as columns. The run has events."""
    with _asked(folder, sql, values) as answer:
        found: pa.Table = answer.to_arrow_table()
        return found


def _asked(folder: RunFolder, sql: str, values: Mapping[str, Any]) -> AbstractContextManager[Any]:
    return asked("events", folder.event_files(), sql, values)


@dataclass(frozen=True, slots=True)
class Part:
    """The events of one arm of one replication, as something to ask."""

    folder: RunFolder
    replication: int
    arm: str

    def ask(self, sql: str, **values: Any) -> Rows:
        """Rows of a question to the tables ``part`` (the events; columns: sim.trace.SCHEMA) and
        ``begun`` (first_s: when the first event's business day began)."""
        named = {"arm": self.arm, "replication": self.replication}
        return query(self.folder, _PART + sql, named | values)
