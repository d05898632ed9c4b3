"""What really happened to machines: episodes by kind. No part of it ever reaches the system."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

from sim.portable import I64


class Kind(IntEnum):
    """What can go wrong, in the words of the product's alerts, with their numbers."""

    IDLE = 0
    OFFLINE = 1
    GEOFENCE = 2
    FUEL_BURN = 3
    FUEL_THEFT = 4
    TAMPER = 5
    ROLLBACK = 6
    SPOOF = 7
    OVERUSE = 8
    MAINTENANCE = 9
    FUEL_LEAK = 10


_OPEN: Final = -1


@dataclass(frozen=True, slots=True)
class Episodes:
    """int64 (k,) each: what, on which machine, from when to when (UTC seconds)."""

    kind: I64
    machine: I64
    start_s: I64
    end_s: I64


class Truth:
    """Episodes as they begin and end. At most one of a kind is open on a machine."""

    def __init__(self, n: int) -> None:
        self._open_since = np.full((len(Kind), n), _OPEN, np.int64)
        self._ended: list[tuple[int, int, int, int]] = []

    def begin(self, kind: Kind, rows: I64, at_s: I64 | int) -> None:
        """Episodes begin on these machines, unless one is open already."""
        since = self._open_since[kind]
        at = np.broadcast_to(np.asarray(at_s, np.int64), rows.shape)
        fresh = since[rows] == _OPEN
        since[rows[fresh]] = at[fresh]

    def end(self, kind: Kind, rows: I64, at_s: I64 | int) -> None:
        """Episodes on these machines end, where one is open."""
        since = self._open_since[kind]
        at = np.broadcast_to(np.asarray(at_s, np.int64), rows.shape)
        for row, end_s in zip(rows.tolist(), at.tolist(), strict=True):
            if since[row] != _OPEN:
                self._ended.append((int(kind), row, int(since[row]), max(end_s, int(since[row]))))
                since[row] = _OPEN

    def moment(self, kind: Kind, rows: I64, at_s: I64) -> None:
        """Something that happened at once."""
        self._ended += [
            (int(kind), row, at, at) for row, at in zip(rows.tolist(), at_s.tolist(), strict=True)
        ]

    def span(self, kind: Kind, rows: I64, start_s: I64, end_s: I64) -> None:
        """Something whose end is known when it begins."""
        parts = (rows.tolist(), start_s.tolist(), end_s.tolist())
        self._ended += [(int(kind), *row) for row in zip(*parts, strict=True)]

    def is_open(self, kind: Kind) -> I64:
        """Machines on which an episode of this kind is open."""
        return np.flatnonzero(self._open_since[kind] != _OPEN)

    def episodes(self, end_s: int) -> Episodes:
        """All episodes; what is open lasts to ``end_s``. By kind, machine and start."""
        rows = list(self._ended)
        for kind, row in zip(*np.nonzero(self._open_since != _OPEN), strict=True):
            rows.append((int(kind), int(row), int(self._open_since[kind, row]), end_s))
        columns = np.array(sorted(rows), np.int64).reshape(-1, 4)
        return Episodes(*columns.T)
