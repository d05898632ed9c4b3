"""The event log: what happened, as integers and key-derived names, in total order.

Order: time, then priority, then sequence (order of adding within equal time and priority). The
digest is a function of this order alone, so it is equal across processes, machines and wirings.
Nothing that differs by wiring or by wall clock (block hashes, gas, elapsed times) belongs here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, zip_longest
from operator import index, itemgetter
from typing import NamedTuple

import numpy as np
import pyarrow as pa

SCHEMA = pa.schema(
    [
        ("arm", pa.string()),
        ("replication", pa.int64()),
        ("at_s", pa.int64()),
        ("priority", pa.int64()),
        ("sequence", pa.int64()),
        ("kind", pa.string()),
        ("subject", pa.string()),
        ("values", pa.list_(pa.int64())),
    ]
)


class Event(NamedTuple):
    """One fact. ``sequence`` counts from 0 within its time and priority."""

    at_s: int
    priority: int
    sequence: int
    kind: str
    subject: str
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """The first position at which two logs part; None where one log has ended."""

    position: int
    first: Event | None
    second: Event | None

    def __str__(self) -> str:
        return f"event {self.position}: {self.first or 'log ended'} / {self.second or 'log ended'}"


class EventLog:
    """Append-only log of one arm of one replication."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: list[tuple[int, int, str, str, tuple[int, ...]]] = []

    def __len__(self) -> int:
        return len(self._entries)

    def add(
        self,
        at_s: int,
        kind: str,
        subject: str,
        values: tuple[int, ...] = (),
        *,
        priority: int = 0,
    ) -> None:
        """Record a fact at virtual UTC second ``at_s``.

        kind, subject: without spaces or line ends; subject is derived from keys. values: int64.
        A float raises TypeError: decide on integers before recording.
        """
        assert kind, "an event without a kind"
        assert " " not in kind, kind
        assert " " not in subject, subject
        entry = (index(at_s), index(priority), kind, subject, tuple(map(index, values)))
        self._entries.append(entry)

    def events(self) -> Iterator[Event]:
        """Every event in total order."""
        moment, sequence = None, 0
        # Python's sort is stable, so equal time and priority keep the order of adding.
        for at_s, priority, kind, subject, values in sorted(self._entries, key=itemgetter(0, 1)):
            sequence = sequence + 1 if moment == (at_s, priority) else 0
            moment = (at_s, priority)
            yield Event(at_s, priority, sequence, kind, subject, values)

    def digest(self, prefix: str = "") -> str:
        """SHA-256 (hex) of ``prefix`` (the scenario's digest) and one canonical line per event."""
        lines = [prefix]
        for at_s, priority, sequence, kind, subject, values in self.events():
            figures = ",".join(map(str, values))
            lines.append(f"{at_s} {priority} {sequence} {kind} {subject} {figures}")
        text = "\n".join(lines)
        assert text.count("\n") == len(self) + prefix.count("\n"), "a name holds a line end"
        return sha256(text.encode()).hexdigest()

    def table(self, arm: str, replication: int) -> pa.Table:
        """The log as columns, in total order. A value outside int64 raises OverflowError."""
        n = len(self._entries)
        *columns, values = list(zip(*self.events(), strict=True)) or [()] * len(Event._fields)
        ends = np.cumsum([0, *map(len, values)], dtype=np.int32)
        figures = pa.array(np.fromiter(chain.from_iterable(values), np.int64, ends[-1]))
        lists = pa.ListArray.from_arrays(ends, figures)
        return pa.table([[arm] * n, [replication] * n, *columns, lists], schema=SCHEMA)


def log_of(table: pa.Table) -> EventLog:
    """The log of one arm and replication, read back from ``table`` (already filtered to it)."""
    log = EventLog()
    fields = ("at_s", "kind", "subject", "values", "priority")
    rows = zip(*(table.column(name).to_pylist() for name in fields), strict=True)
    for at_s, kind, subject, values, priority in rows:
        log.add(at_s, kind, subject, tuple(values), priority=priority)
    return log


def first_difference(first: EventLog, second: EventLog) -> Difference | None:
    """Where two logs part, or None when they are equal."""
    pairs = zip_longest(first.events(), second.events())
    for position, (left, right) in enumerate(pairs):
        if left != right:
            return Difference(position, left, right)
    return None
