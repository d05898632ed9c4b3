"""The commission's own detector, run on the same stream as the product's rules.

It keeps the last status of each machine, takes messages as they arrive, and knows neither late
ones nor silence. Nothing of it reaches the bank: the product's alerts are held against it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from system.kernels.columns import I64, MISSING
from system.leasing.kernels.fixed import inactive, outside_box, thirsty
from system.leasing.kernels.latch import Finding, latch
from system.leasing.kernels.track import Track, lay
from system.leasing.readings import Readings
from system.leasing.records import AlertKind

FIXED_KINDS: Final = (AlertKind.IDLE, AlertKind.GEOFENCE, AlertKind.FUEL_BURN)
_LAST: Final = ("at_ms", "engine_s", "fuel_ml", "lat_e7", "lon_e7")


@dataclass(frozen=True, slots=True)
class FixedAlert:
    """told_ms: when the message came that showed it.  end_ms: 0 while it lasts."""

    machine: int
    kind: AlertKind
    start_ms: int
    told_ms: int
    end_ms: int


class FixedRules:
    """The three rules over n machines, in memory."""

    def __init__(self, machines: int) -> None:
        self._last = {name: np.full(machines, MISSING) for name in (*_LAST, "active_ms")}
        self._since = {kind: np.zeros(machines, np.int64) for kind in FIXED_KINDS}
        self._true = {kind: np.zeros(machines, np.int64) for kind in FIXED_KINDS}
        self._open: dict[tuple[int, AlertKind], int] = {}
        self.alerts: list[FixedAlert] = []

    def take_in(self, readings: Readings) -> None:
        """Messages in order of arrival; repeats and late ones are messages like others."""
        if not len(readings):
            return
        order = np.lexsort((readings.sequence, readings.received_ms, readings.device))
        readings = readings.take(order)
        machines, counts = np.unique(readings.device, return_counts=True)
        track = lay(counts)
        column = self._columns(track, machines, readings)
        at_ms = column("at_ms")
        idle, active_ms = inactive(
            track, at_ms, column("engine_s"), self._last["active_ms"][machines]
        )
        box = outside_box(track, at_ms, column("lat_e7"), column("lon_e7"))
        thirst = thirsty(track, at_ms, column("engine_s"), column("fuel_ml"))
        for kind, finding in zip(FIXED_KINDS, (idle, box, thirst), strict=True):
            self._tell(kind, track, at_ms, finding, machines, readings)
        self._last["active_ms"][machines] = active_ms[track.last]
        for name in _LAST:
            self._last[name][machines] = column(name)[track.last]

    def _columns(self, track: Track, machines: I64, readings: Readings) -> Callable[[str], I64]:
        return lambda name: track.column(self._last[name][machines], getattr(readings, name))

    def _tell(
        self,
        kind: AlertKind,
        track: Track,
        at_ms: I64,
        finding: Finding,
        machines: I64,
        readings: Readings,
    ) -> None:
        since, true = self._since[kind], self._true[kind]
        done = latch(track, at_ms, finding, since[machines], true[machines], 0)
        since[machines] = done.since_ms[track.last]
        true[machines] = done.true_ms[track.last]
        machine_of = machines[np.cumsum(track.is_head) - 1]
        came_ms = track.column(np.zeros(machines.size, np.int64), readings.received_ms)
        for at, row in enumerate(done.turns.row.tolist()):
            key = int(machine_of[row]), kind
            if done.turns.ended[at]:
                place = self._open.pop(key)
                self.alerts[place] = replace(self.alerts[place], end_ms=int(came_ms[row]))
            else:
                self._open[key] = len(self.alerts)
                start_ms = int(done.turns.since_ms[at])
                self.alerts.append(FixedAlert(*key, start_ms, int(came_ms[row]), 0))
