"""The lessor with fixed rent: inspectors once a month, clerks, telephones, and no terminal."""

import numpy as np

from sim.calendar import Calendar
from sim.leasing.bank import Bank
from sim.leasing.grid import day_start_s
from sim.leasing.lease_desk import Debts, LeaseDesk
from sim.leasing.lessor import Lessor
from sim.leasing.lessor_parameters import LessorParameters
from sim.leasing.world import Notice, Physical, World
from sim.portable import F64, I64
from sim.trace import EventLog

_NOON_S = 12 * 3_600


class FixedLessor(Lessor):
    """Sees a machine when an inspector stands before it, and believes lessees in between."""

    def __init__(
        self, world: World, p: LessorParameters, log: EventLog, bank: Bank, desk: LeaseDesk
    ) -> None:
        super().__init__(world, p, log, bank, desk)
        self._calendar = Calendar()
        self._backlog = np.zeros(0, np.int64)

    def hear(self, day: int, physical: Physical, notice: Notice) -> None:
        """Nobody reports."""

    def look_around(self, day: int) -> None:
        """Inspectors visit each machine in its turn, on working days."""
        self.report_thefts(day)
        turn = np.arange(self.world.fleet.n) % self.p.inspection_days
        self._backlog = np.union1d(
            self._backlog, np.flatnonzero(turn == day % self.p.inspection_days)
        )
        if self._calendar.is_open(day_start_s(day) + _NOON_S):
            self._inspect(day, self._backlog)
            self._backlog = np.zeros(0, np.int64)

    def _inspect(self, day: int, rows: I64) -> None:
        """An inspector sees whether a machine is there, and what its meter says of services."""
        machines = self.world.economy.machines
        self.search(day, rows[machines.gone[rows]])
        here = rows[~machines.gone[rows]]
        due = machines.service_hours[here] >= self.world.p.service_interval_hours
        self.world.serviced(here[due], day)

    def hold_debtors(self, day: int, debts: Debts) -> None:
        """Nothing but calls, until the machine may be taken back."""

    def fetch_days(self, rows: I64) -> I64:
        return np.full(rows.size, self.p.repossess_blind_days, np.int64)

    def hunt(self, rows: I64) -> tuple[I64, F64]:
        days = np.full(rows.size, self.p.police_blind_days, np.int64)
        return days, np.full(rows.size, self.p.recovered_blind_share)

    def came_home(self, day: int, rows: I64) -> None:
        """Nobody has to be told."""
