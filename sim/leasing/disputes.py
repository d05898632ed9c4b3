"""Disputes about hours: lessees who know better, lessees who say so, and two people who decide.

Rent by use bills what the meter said, or a guess where the machine was silent. A lessee keeps a
diary. Where a bill has too many hours by more than a lessee lets pass, it says so, with the hours
of the diary; some say so without cause. The lessor reads the meter with the lessee.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.leasing.grid import MONTH_DAYS, day_start_s
from sim.leasing.lease_desk import NO_LEASE, LeaseDesk
from sim.leasing.lessor_parameters import LessorParameters
from sim.leasing.world import World
from sim.portable import I64, floor_i64
from sim.trace import EventLog

# Who claims without cause claims a fifth.
_CLAIMED_SHARE: Final = 0.8
_HOUR_S: Final = 3_600


@dataclass(frozen=True, slots=True)
class Open:
    """Disputes of one day, int64 (k,) each. worked_s: true engine seconds of the bill's days."""

    leases: I64
    period: int
    billed_s: I64
    claimed_s: I64
    worked_s: I64


class Disputes:
    """Keeps lessees' diaries: true engine seconds since the period, or the lease, began."""

    def __init__(self, world: World, p: LessorParameters, desk: LeaseDesk, log: EventLog) -> None:
        self._world, self._p, self._desk, self._log = world, p, desk, log
        self._mark_s = world.tanks.engine_s.copy()
        self._open: dict[int, Open] = {}

    def handed_over(self, rows: I64) -> None:
        """Diaries begin."""
        self._mark_s[rows] = self._world.tanks.engine_s[rows]

    def look(self, day: int) -> None:
        """In the morning: yesterday's bills are read, and disputes of some days ago decided."""
        if day % MONTH_DAYS == 0:
            self._read_bills(day)
        held = self._open.pop(day, None)
        if held is not None:
            self._decide(day, held)

    def _read_bills(self, day: int) -> None:
        engine_s = self._world.tanks.engine_s
        worked_s = engine_s - self._mark_s
        self._mark_s = engine_s.copy()
        rows = np.flatnonzero(self._desk.lease_of != NO_LEASE)
        rows = rows[np.argsort(self._desk.lease_of[rows])]
        period = day // MONTH_DAYS - 1
        leases, billed_s = self._desk.billed(rows, period)
        worked_s = worked_s[rows]
        draw = self._world.luck.cohort("disputes", day // MONTH_DAYS, self._world.fleet.n)[rows]
        passes_s = self._p.dispute_hours_min * _HOUR_S
        honest = billed_s - worked_s > passes_s
        bold = (draw < self._p.dispute_bold_share) & (billed_s > passes_s) & ~honest
        claimed_s = np.where(honest, worked_s, floor_i64(billed_s * _CLAIMED_SHARE))
        at = np.flatnonzero(honest | bold)
        if at.size:
            opened = self._desk.dispute(f"dispute/{day}", leases[at], period, claimed_s[at])
            kept = at[opened]
            columns = (billed_s[kept], claimed_s[kept], worked_s[kept])
            self._open[day + self._p.dispute_days] = Open(leases[kept], period, *columns)

    def _decide(self, day: int, held: Open) -> None:
        """What the meter says, between what is claimed and what was billed."""
        found_s = np.clip(held.worked_s, held.claimed_s, held.billed_s)
        self._desk.decide(f"decide/{day}", held.leases, held.period, found_s)
        for lease, hours_s in zip(held.leases.tolist(), found_s.tolist(), strict=True):
            self._log.add(day_start_s(day), "dispute_decided", f"lease/{lease}", (hours_s,))
