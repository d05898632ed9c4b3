"""A lessor: contracts, machines out and back, rent, arrears, and machines that have to be fetched.

What both ways of doing business share. The two arms differ in what the lessor charges, in what it
knows of hours and places, and in what it does about trouble.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from sim.leasing.bank import Bank
from sim.leasing.disputes import Disputes
from sim.leasing.economy import Wishes
from sim.leasing.grid import MONTH_DAYS, WEEK_DAYS, day_start_s
from sim.leasing.lease_desk import Debts, LeaseDesk
from sim.leasing.lessor_parameters import LessorParameters
from sim.leasing.pressure import Limits, Resale
from sim.leasing.sent import SentLog
from sim.leasing.work import NOWHERE
from sim.leasing.world import Notice, Physical, World
from sim.portable import F64, I64, Mask
from sim.trace import EventLog

LASTS: Final = 2**40


@dataclass(slots=True)
class Stakes:
    """Machines that had to be got back, and those that were: sums of their values, in fen."""

    lost_fen: int = 0
    recovered_fen: int = 0
    value_fen: dict[int, int] = field(default_factory=dict)

    def raise_for(self, rows: I64, value_fen: I64) -> None:
        for row in rows.tolist():
            if row not in self.value_fen:
                self.value_fen[row] = int(value_fen[row])
                self.lost_fen += self.value_fen[row]

    def recover(self, rows: I64) -> None:
        for row in rows.tolist():
            self.recovered_fen += self.value_fen.pop(row, 0)


class Lessor(ABC):
    """Acts on a world day by day. Luck is the world's."""

    def __init__(
        self, world: World, p: LessorParameters, log: EventLog, bank: Bank, desk: LeaseDesk
    ) -> None:
        self.world, self.p, self.log, self.bank, self.desk = world, p, log, bank, desk
        self.stakes = Stakes()
        self.limits = Limits(p, desk, world.economy.contractors.m)
        self.resale = Resale(world, p, desk)
        self.disputes = Disputes(world, p, desk, log)
        # Readings that reached the bank: none where nobody reports.
        self.sent = SentLog()
        n, m = world.fleet.n, world.economy.contractors.m
        self._heard = np.zeros(m, np.bool_)
        self._fetched_on = np.full(n, LASTS, np.int64)
        self._hunted_on = np.full(n, LASTS, np.int64)

    def start(self) -> None:
        """Before the first day: machines, tariff and lessees are written down."""
        self.bank.enrol()
        self.desk.open()

    # What an arm decides.

    @abstractmethod
    def look_around(self, day: int) -> None:
        """What people see and do on a day, beside rent."""

    @abstractmethod
    def hold_debtors(self, day: int, debts: Debts) -> None:
        """What the lessor does about machines of late payers."""

    @abstractmethod
    def hear(self, day: int, physical: Physical, notice: Notice) -> None:
        """What reaches the lessor of a day's work."""

    @abstractmethod
    def fetch_days(self, rows: I64) -> I64:
        """Until machines of failed or defaulting lessees are back: int64, per row."""

    @abstractmethod
    def hunt(self, rows: I64) -> tuple[I64, F64]:
        """Until stolen machines are found, and the chance that they are."""

    def close(self) -> None:
        """The run is over."""
        return

    @abstractmethod
    def came_home(self, day: int, rows: I64) -> None:
        """Stolen machines are in their yards again."""

    # Machines out and back.

    def open_day(self, day: int, wishes: Wishes) -> None:
        """Machines back, machines out."""
        if day % MONTH_DAYS == 0:
            self.world.economy.start_month()
        self.disputes.look(day)
        self.give_back(day, wishes.returns, "wished")
        self._fetch(day)
        self._found(day)
        self._lend(day, wishes.asks)

    def give_back(self, day: int, rows: I64, key: str) -> None:
        """Leases end by the lessees' will and their machines come home."""
        self.desk.give_back(f"{key}/{day}", rows)
        self.world.economy.take_back(day, rows)

    def _lend(self, day: int, asks: I64) -> None:
        """First come, first served by class, the nearest yard first; none for late payers."""
        world, machines = self.world, self.world.economy.machines
        c, fleet = world.economy.contractors, world.fleet
        free = (machines.lessee == NOWHERE) & machines.usable(day)
        asks = np.where(np.isin(np.arange(c.m), self.desk.debts(day).debtor), 0, asks)
        taken: list[int] = []
        to: list[int] = []
        for debtor in np.flatnonzero(asks).tolist():
            rows = np.flatnonzero(free & (fleet.kind == c.kind[debtor]))
            order = np.argsort(fleet.region[rows] != c.region[debtor], kind="stable")
            chosen = rows[order][: asks[debtor]]
            free[chosen] = False
            taken += chosen.tolist()
            to += [debtor] * chosen.size
        if taken:
            self._sign(day, np.array(taken, np.int64), np.array(to, np.int64))

    def _sign(self, day: int, rows: I64, debtors: I64) -> None:
        """Contracts with those who can pay the deposit, as far as their limits go."""
        fleet, bound_s = self.world.fleet, self.world.p.contract_hours_max * 3_600
        economy, deposit_fen = self.world.economy, self.desk.deposit_fen(fleet.rent_fen[rows])
        able = np.flatnonzero(economy.affordable(debtors, deposit_fen))
        rows, debtors, deposit_fen = rows[able], debtors[able], deposit_fen[able]
        if not rows.size:
            return
        rent_fen, value_fen = fleet.rent_fen[rows], fleet.value_fen[rows]
        done = self.desk.start(day, rows, debtors, rent_fen, value_fen, bound_s)
        economy.handed("deposits", debtors[done], deposit_fen[done])
        economy.hand_over(day, rows[done], debtors[done])
        self.disputes.handed_over(rows[done])

    # Rent.

    def collect(self, day: int) -> None:
        """Contractors pay; late ones are called."""
        economy, debts = self.world.economy, self.desk.debts(day)
        self._call(day, debts)
        pressed = self._heard | self._held()
        offered_fen = economy.offers(day, debts.debtor, debts.due_fen, pressed)
        applied_fen = self.desk.pay(day, debts.lease, offered_fen)
        economy.paid(debts.debtor, applied_fen)
        debts = self.desk.debts(day)
        self._send_for_late(day, debts)
        self.hold_debtors(day, debts)
        self.limits.look(day, debts)
        self.resale.look(day)
        self.desk.settle(day)
        self._give_cash_back()

    def _give_cash_back(self) -> None:
        """Credit notes on what was paid, and deposits."""
        lessees = np.arange(self._heard.size)
        for what, amount_fen in zip(("rent", "deposits"), self.desk.given_back_fen(), strict=True):
            self.world.economy.handed(what, lessees, -amount_fen)

    def _held(self) -> Mask:
        """Contractors whose machine the lessor holds: bool (m,)."""
        machines = self.world.economy.machines
        held = np.zeros(self._heard.size, np.bool_)
        lessee = machines.lessee[machines.blocked]
        held[lessee[lessee != NOWHERE]] = True
        return held

    def _call(self, day: int, debts: Debts) -> None:
        """Once a week somebody calls late payers; some then pay before other things."""
        late = debts.debtor[debts.dpd_days >= self.p.reminder_days]
        draw = self.world.luck.cohort("reminder", day // WEEK_DAYS, self._heard.size)
        self._heard[:] = False
        self._heard[late] = draw[late] < self.p.reminder_heard_share

    def _send_for_late(self, day: int, debts: Debts) -> None:
        """Machines that have to be fetched from late payers."""
        late = debts.lease[debts.dpd_days > self.p.repossess_after_days]
        self.send_for(day, np.flatnonzero(np.isin(self.desk.lease_of, late)))

    # Machines that have to be fetched or found.

    def failed(self, day: int, contractors: I64) -> None:
        """Lessees that closed today: some take the machines with them."""
        self.world.flee(contractors)
        held = np.isin(self.world.economy.machines.lessee, contractors)
        self.send_for(day, np.flatnonzero(held))
        for row in contractors.tolist():
            self.log.add(day_start_s(day), "lessee_failed", f"contractor/{row}")

    def send_for(self, day: int, rows: I64) -> None:
        """These machines have to come back."""
        rows = rows[(self._fetched_on[rows] == LASTS) & ~self.world.economy.machines.gone[rows]]
        self.stakes.raise_for(rows, self.world.fleet.value_fen)
        self._fetched_on[rows] = day + self.fetch_days(rows)

    def _fetch(self, day: int) -> None:
        rows = np.flatnonzero(self._fetched_on <= day)
        self._fetched_on[rows] = LASTS
        here = rows[~self.world.economy.machines.gone[rows]]
        taken = self.desk.repossess(f"fetched/{day}", here, "fetched from a lessee in breach")
        self.resale.repossessed(day, *taken)
        self.world.economy.take_back(day, here)
        self.stakes.recover(here)

    def report_thefts(self, day: int) -> None:
        """Lessees tell of machines that are gone."""
        self.search(day, np.flatnonzero(self.world.reported_on == day))

    def search(self, day: int, rows: I64) -> None:
        """The police are told of these machines. Their leases go on: the risk is the lessee's.

        Source: Civil Code of China, article 751.
        """
        world = self.world
        rows = rows[world.economy.machines.gone[rows] & (self._hunted_on[rows] == LASTS)]
        if not rows.size:
            return
        self.stakes.raise_for(rows, world.fleet.value_fen)
        days, chance = self.hunt(rows)
        draw = world.luck.cohort("theft_found", 0, world.fleet.n)[rows]
        # Whoever is not found in time is not found.
        self._hunted_on[rows] = np.where(draw < chance, day + days, LASTS - 1)

    def _found(self, day: int) -> None:
        rows = np.flatnonzero(self._hunted_on <= day)
        if rows.size:
            self._hunted_on[rows] = LASTS
            economy = self.world.economy
            failed = ~economy.purses.open[economy.machines.lessee[rows]]
            taken = self.desk.repossess(f"found/{day}", rows[failed], "found at a thief's")
            self.resale.repossessed(day, *taken)
            self.desk.give_back(f"found/{day}", rows[~failed])
            self.world.recover(rows, day)
            self.stakes.recover(rows)
            self.came_home(day, rows)
