"""What reached the bank of what terminals said, kept for the auditor of alerts."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Final

import numpy as np

from sim.leasing.grid import MS
from sim.leasing.network import Arrived
from sim.leasing.terminals import Spoken
from sim.portable import I64
from system.leasing.records import Alert

Key = tuple[int, int, int]
# A clock that is off by less is left alone, and one that is slow by less than this too.
_CLOCK_MS: Final = 600_000
_SHOWN: Final = tuple(
    field.name
    for field in fields(Spoken)
    if field.name not in ("device", "boot", "sequence", "at_ms", "true_s")
)


class SentLog:
    """Every reading that arrived, repeats included."""

    def __init__(self) -> None:
        self._parts: list[Spoken] = []

    def note(self, arrived: Arrived) -> None:
        """A poll's readings."""
        self._parts.append(arrived.spoken)

    def _column(self, name: str) -> I64:
        none = np.zeros(0, np.int64)
        return np.concatenate([none, *(getattr(part, name) for part in self._parts)])

    def _times_ms(self) -> tuple[I64, I64]:
        """Between the terminal's own clock and the truth: whatever a correction may make of it."""
        said_ms, true_ms = self._column("at_ms"), self._column("true_s") * MS
        return np.minimum(said_ms, true_ms) - _CLOCK_MS, np.maximum(said_ms, true_ms) + _CLOCK_MS

    def named(self, alerts: Iterable[Alert]) -> dict[Key, Mapping[str, int | tuple[int, int]]]:
        """The readings that alerts name, by machine, boot and sequence; of ``at_ms``, from and to.

        A reading that never came is not among them.
        """
        wanted = {
            (alert.machine, reading["boot"], reading["sequence"])
            for alert in alerts
            for reading in json.loads(alert.evidence)["readings"]
        }
        columns = [self._column(name) for name in ("device", "boot", "sequence")]
        order = np.lexsort(columns[::-1])
        known = np.stack([column[order] for column in columns], axis=1)
        low_ms, high_ms = self._times_ms()
        shown = {name: self._column(name) for name in _SHOWN}
        found: dict[Key, Mapping[str, int | tuple[int, int]]] = {}
        for key in wanted:
            row = _place(known, key)
            if row is not None:
                at = int(order[row])
                _, boot, sequence = key
                found[key] = {
                    "boot": boot,
                    "sequence": sequence,
                    "at_ms": (int(low_ms[at]), int(high_ms[at])),
                    **{name: int(column[at]) for name, column in shown.items()},
                }
        return found

    def spoke(self) -> dict[int, tuple[I64, I64]]:
        """When each machine was heard: from and to of each of its readings."""
        device = self._column("device")
        low_ms, high_ms = self._times_ms()
        order = np.argsort(device, kind="stable")
        machines, starts = np.unique(device[order], return_index=True)
        parts = np.split(order, starts[1:])
        return {
            machine: (low_ms[rows], high_ms[rows])
            for machine, rows in zip(machines.tolist(), parts, strict=False)
        }


def _place(known: I64, key: Key) -> int | None:
    """The row of a key among rows that are sorted by it."""
    low, high = 0, len(known)
    for column, value in enumerate(key):
        part = known[low:high, column]
        left, right = np.searchsorted(part, [value, value + 1])
        low, high = low + int(left), low + int(right)
    return low if low < high else None
