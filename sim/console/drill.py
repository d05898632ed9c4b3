"""Down from a run to one receivable, loan or machine: its events, counted and then told.

Works on the run folder's columns; a million events are filtered where they lie.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from sim.run_folder import RunFolder
from system.limits import DAY_S

SUBJECTS_MAX: Final = 200
LIFE_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class KindCount:
    """How often something happened, and on which days (counted from the first event's)."""

    kind: str
    count: int
    by_day: tuple[int, ...]

    @property
    def most(self) -> int:
        return max(self.by_day, default=0)


@dataclass(frozen=True, slots=True)
class Moment:
    """One event of a subject's life. day: from the first event of the run's arm."""

    day: int
    second: int
    kind: str
    subject: str
    values: tuple[int, ...]


def events_of(folder: RunFolder, replication: int, arm: str) -> pa.Table:
    """All events of one arm of one replication, in order."""
    table = folder.events(replication)
    return table.filter(pc.equal(table["arm"], arm))


def kinds(table: pa.Table, bins: int = 60) -> list[KindCount]:
    """Every kind with its counts over at most ``bins`` equal stretches of days."""
    if not table.num_rows:
        return []
    day = _days(table)
    width = max(1, -(-(pc.max(day).as_py() + 1) // bins))
    bin_ = pc.divide(day, pa.scalar(width, pa.int64()))
    counted = pa.table({"kind": table["kind"], "bin": bin_}).group_by(["kind", "bin"])
    rows = counted.aggregate([([], "count_all")]).to_pylist()
    last = max(row["bin"] for row in rows)
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row["kind"], [0] * (last + 1))[row["bin"]] += row["count_all"]
    return [KindCount(kind, sum(found[kind]), tuple(found[kind])) for kind in sorted(found)]


def subjects(table: pa.Table, kind: str, search: str) -> tuple[list[str], int]:
    """Subjects of a kind that contain the text, in order, SUBJECTS_MAX at most; and how many."""
    chosen = table.filter(pc.equal(table["kind"], kind)) if kind else table
    names = pc.unique(chosen["subject"]).to_pylist()
    matching = sorted(name for name in names if search in name)
    return matching[:SUBJECTS_MAX], len(matching)


def life(table: pa.Table, subject: str) -> list[Moment]:
    """What happened to this subject, and under names that continue it with a slash."""
    own = pc.equal(table["subject"], subject)
    below = pc.starts_with(table["subject"], f"{subject}/")
    chosen = table.filter(pc.or_(own, below)).slice(0, LIFE_MAX)
    first_s = _first_s(table)
    return [_moment(row, first_s) for row in chosen.to_pylist()]


def _moment(row: dict[str, Any], first_s: int) -> Moment:
    day, second = divmod(row["at_s"] - first_s, DAY_S)
    return Moment(day, second, row["kind"], row["subject"], tuple(row["values"]))


def _first_s(table: pa.Table) -> int:
    """Midnight (UTC) of the first event's day."""
    first: int = pc.min(table["at_s"]).as_py() or 0
    return first // DAY_S * DAY_S


def _days(table: pa.Table) -> pa.ChunkedArray:
    since = pc.subtract(table["at_s"], pa.scalar(_first_s(table), pa.int64()))
    return pc.divide(since, pa.scalar(DAY_S, pa.int64()))
