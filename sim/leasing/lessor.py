"""A lessor: contracts, machines out and back, rent, arrears, and machines that have to be fetched.

What both ways of doing business share. The two arms differ in what the lessor charges, in what it
knows of hours and places, and in what it does about trouble.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from sim.column_events import add_columns
from sim.leasing.economy import Wishes
from sim.leasing.grid import MONTH_DAYS, day_start_s
from sim.leasing.lessor_parameters import LessorParameters
from sim.leasing.rent_book import LASTS, Due, RentBook
from sim.leasing.work import NOWHERE
from sim.leasing.world import Notice, Physical, World
from sim.portable import F64, I64, Mask, floor_i64
from sim.trace import EventLog

_WEEK: Final = 7


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

    def __init__(self, world: World, p: LessorParameters, log: EventLog) -> None:
        self.world, self.p, self.log = world, p, log
        self.book = RentBook(p.invoice_due_days)
        self.stakes = Stakes()
        n, m = world.fleet.n, world.economy.contractors.m
        self._heard = np.zeros(m, np.bool_)
        self._fetched_on = np.full(n, LASTS, np.int64)
        self._hunted_on = np.full(n, LASTS, np.int64)

    # What an arm decides.

    @abstractmethod
    def start(self, day: int) -> None:
        """Before the first day."""

    @abstractmethod
    def hours(self, day: int) -> F64:
        """Engine hours of each machine in the month that ends this morning, as known."""

    @abstractmethod
    def look_around(self, day: int) -> None:
        """What people see and do on a day, beside rent."""

    @abstractmethod
    def hold_debtors(self, day: int, due: Due) -> None:
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

    # Machines out and back.

    def open_day(self, day: int, wishes: Wishes) -> None:
        """Invoices of the month, machines back, machines out."""
        if day % MONTH_DAYS == 0:
            self._invoice_month(day)
        self._close(day, wishes.returns)
        self._fetch(day)
        self._found(day)
        self._lend(day, wishes.asks)

    def _close(self, day: int, rows: I64) -> None:
        """Leases end and their machines come home."""
        if not rows.size:
            return
        world = self.world
        live = self.book.live()
        leases = live[np.isin(self.book.leases["machine"][live], rows)]
        machines = self.book.leases["machine"][leases]
        rent = world.fleet.rent_fen[machines].astype(np.float64)
        left = world.economy.machines.free_on[machines] - day
        fee_fen = floor_i64(world.economy.terms.leave_fen(rent, left))
        charge_fen = self._charges(day, leases) + fee_fen
        self.book.invoice(day, leases, charge_fen)
        self.end_leases(day, rows)
        add_columns(self.log, day_start_s(day), "returned", f"day/{day}", rows, rows)

    def end_leases(self, day: int, rows: I64) -> None:
        self.book.end(day, rows)
        self.world.economy.take_back(day, rows)

    def _lend(self, day: int, asks: I64) -> None:
        """First come, first served by class, the nearest yard first; none for late payers."""
        world, machines = self.world, self.world.economy.machines
        c, fleet = world.economy.contractors, world.fleet
        free = (machines.lessee == NOWHERE) & machines.usable(day)
        asks = np.where(np.isin(np.arange(c.m), self.book.due(day).debtor), 0, asks)
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
            rows, debtors = np.array(taken, np.int64), np.array(to, np.int64)
            world.economy.hand_over(day, rows, debtors)
            self.book.sign(day, rows, debtors)
            self.signed(day, rows)
            add_columns(self.log, day_start_s(day), "leased", f"day/{day}", rows, debtors)

    @abstractmethod
    def signed(self, day: int, rows: I64) -> None:
        """Machines go out under new contracts."""

    # Rent.

    def _invoice_month(self, day: int) -> None:
        live = self.book.live()
        amount_fen = self._charges(day, live)
        self.book.invoice(day, live, amount_fen)
        self.world.economy.start_month()
        lease = self.book.leases
        add_columns(
            self.log, day_start_s(day), "invoiced", f"day/{day}", lease["machine"][live], amount_fen
        )

    def _charges(self, day: int, leases: I64) -> I64:
        """Rent of the running month up to this morning, by lease."""
        columns = self.book.leases
        machines = columns["machine"][leases]
        begins = (day - 1) // MONTH_DAYS * MONTH_DAYS
        days = day - np.maximum(columns["from_day"][leases], begins)
        rent = self.world.fleet.rent_fen[machines].astype(np.float64)
        terms = self.world.economy.terms
        charge = terms.charge_fen(rent, self.hours(day)[machines], days / MONTH_DAYS)
        return floor_i64(charge)

    def collect(self, day: int) -> None:
        """Contractors pay; late ones are called."""
        book, economy = self.book, self.world.economy
        due = book.due(day)
        self._call(day, due)
        pressed = self._heard | self.pressed()
        offered_fen = economy.offers(day, due.debtor, due.open_fen, pressed)
        economy.paid(due.debtor, offered_fen)
        book.pay(day, due.invoice, offered_fen)
        if offered_fen.any():
            paid = np.flatnonzero(offered_fen)
            add_columns(
                self.log,
                day_start_s(day),
                "paid",
                f"day/{day}",
                due.invoice[paid],
                offered_fen[paid],
            )
        due = book.due(day)
        self._defaults(day, due)
        self.hold_debtors(day, due)

    def pressed(self) -> Mask:
        """Contractors that the lessor has a hold on: bool (m,)."""
        blocked = self.world.economy.machines.blocked
        pressed = np.zeros(self.world.economy.contractors.m, np.bool_)
        lessee = self.world.economy.machines.lessee[blocked]
        pressed[lessee[lessee != NOWHERE]] = True
        return pressed

    def _call(self, day: int, due: Due) -> None:
        """Once a week somebody calls late payers; some then pay before other things."""
        late = due.debtor[self.book.dpd_days(day, due) >= self.p.reminder_days]
        draw = self.world.luck.cohort("reminder", day // _WEEK, self._heard.size)
        self._heard[:] = False
        self._heard[late] = draw[late] < self.p.reminder_heard_share

    def _defaults(self, day: int, due: Due) -> None:
        """Contracts that went bad, and machines that have to be fetched for it."""
        for lease in self.book.note_defaults(day, due):
            self.log.add(day_start_s(day), "defaulted", f"lease/{lease}")
        late = due.invoice[self.book.dpd_days(day, due) > self.p.repossess_after_days]
        leases = np.unique(self.book.invoices["lease"][late])
        live = leases[self.book.leases["until_day"][leases] == LASTS]
        self.send_for(day, self.book.leases["machine"][live])

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
        self._close(day, here)
        self.stakes.recover(here)

    def report_thefts(self, day: int) -> None:
        """Lessees tell of machines that are gone."""
        self.search(day, np.flatnonzero(self.world.reported_on == day))

    def search(self, day: int, rows: I64) -> None:
        """The police are told of these machines."""
        world = self.world
        rows = rows[world.economy.machines.gone[rows] & (self._hunted_on[rows] == LASTS)]
        if not rows.size:
            return
        self.stakes.raise_for(rows, world.fleet.value_fen)
        days, chance = self.hunt(rows)
        draw = world.luck.cohort("theft_found", 0, world.fleet.n)[rows]
        found = draw < chance
        # Whoever is not found in time is not found.
        self._hunted_on[rows] = np.where(found, day + days, LASTS - 1)
        self.book.end(day, rows)

    def _found(self, day: int) -> None:
        rows = np.flatnonzero(self._hunted_on <= day)
        if rows.size:
            self._hunted_on[rows] = LASTS
            self.world.recover(rows, day)
            self.stakes.recover(rows)
            self.came_home(day, rows)

    @abstractmethod
    def came_home(self, day: int, rows: I64) -> None:
        """Stolen machines are in their yards again."""
