"""A small lessor: machines that report hours, leases; its days are closed and looked into."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from system.bootstrap_leasing import LEASING_FRAMES, LEASING_TABLES
from system.kernels.business_day import business_day, day_start_s
from system.kernels.columns import I64, MISSING
from system.leasing.desk import Parts
from system.leasing.kernels.leaving import LeaveTerms
from system.leasing.kernels.rent import FIXED, Tariff
from system.leasing.leases import commands as c
from system.leasing.leases.desk import LeaseParts
from system.leasing.leases.outcome import (
    Done,
    Outcomes,
    Paid,
    Recovered,
    Returned,
    Settled,
    Started,
)
from system.leasing.leases.policy import DEFAULT_POLICY, LeasePolicy
from system.leasing.leases.records import JOURNAL, LEASES, Dispute
from system.leasing.leases.reports import DayReport
from system.leasing.leases.service import LeaseService
from system.leasing.policy import DEFAULT_POLICY as TWIN_POLICY
from system.leasing.records import TWINS
from system.leasing.service import LeasingService
from system.ledger.records import ACCOUNTS
from system.limits import DAY_S
from system.ports.book import Book
from system.subledger.records import Happened, happened
from tests.ports.book_box import BookBox
from tests.system.leasing_world import enrolment

# The first day of a period: 2024-10-14.
DAY0 = 20_010
RENT_FEN = 3_000_000
HOUR_S = 3_600
# 100 %, 80 % and 60 % of the hour's norm from 0, 80 and 160 hours; at least 40 % of the list rent,
# at most 130 %; renewal at 80 %; over-use at half the norm.
USAGE = Tariff(
    (0, 80 * HOUR_S, 160 * HOUR_S),
    (1_000_000, 800_000, 600_000),
    400_000,
    1_300_000,
    renewal_ppm=800_000,
    overuse_ppm=500_000,
)
# 100 hours of a full period: 80 at 187.50 yuan, 20 at 150.
HUNDRED_FEN = 1_800_000
LEAVE = LeaveTerms(early_days_max=60, notice_days=5)


def column(*values: int) -> I64:
    return np.array(values, np.int64)


@dataclass
class Clock:
    time_s: int

    def now_s(self) -> int:
        return self.time_s


@dataclass
class World:
    """Times are noon of a day unless told otherwise. Tariff 0 is fixed, tariff 1 by use."""

    clock: Clock
    parts: LeaseParts
    service: LeaseService
    machines: LeasingService
    commands: int = 0
    reports: list[DayReport] = field(default_factory=list)

    @classmethod
    def open(
        cls, n: int = 4, policy: LeasePolicy = DEFAULT_POLICY, book: Book | None = None
    ) -> "World":
        """n machines that were heard today, and as many lessees with room."""
        clock = Clock(day_start_s(DAY0) + 43_200)
        book = book or BookBox(None).open(LEASING_FRAMES, LEASING_TABLES)
        parts = LeaseParts(clock, book, policy)
        machines = LeasingService(Parts(clock, book, TWIN_POLICY))
        world = cls(clock, parts, LeaseService(parts), machines)
        machines.enrol_machines(enrolment(n))
        for name, tariff in (("fixed", FIXED), ("usage", USAGE)):
            world.service.open_tariff(c.OpenTariff(world.id(), name, tariff, LEAVE))
        world.admit(n)
        for machine in range(n):
            world.report(machine, 1_000 * HOUR_S)
        return world

    @classmethod
    def leasing(cls, n: int = 4, tariff: int = 1, **terms: Any) -> "World":
        """Lessee k leases machine k from the first day of a period."""
        world = cls.open(n, **{key: terms.pop(key) for key in ("policy", "book") if key in terms})
        for k in range(n):
            assert not world.start(k, k, tariff=tariff, **terms).code[0]
        return world

    def id(self) -> str:
        self.commands += 1
        return f"command-{self.commands}"

    def admit(self, n: int, limit_fen: int = 100_000_000, group: int = -1) -> slice:
        columns = np.full(n, group), np.full(n, limit_fen)
        return self.service.admit(c.AdmitLessees(self.id(), n, *columns))

    def set_limit(self, lessee: int, limit_fen: int, checker: str = "bob") -> Done:
        batch = c.SetLimits(self.id(), column(lessee), column(limit_fen), "ann", checker)
        return self.service.set_limits(batch)

    def keep_out(self, lessee: int, *, listed: bool = True) -> Done:
        mask = np.array([listed])
        return self.service.keep_out(c.KeepOutBatch(self.id(), column(lessee), mask))

    def start(self, machine: int, lessee: int, **terms: int) -> Started:
        usual = {
            "tariff": 1,
            "rent_fen": RENT_FEN,
            "value_fen": 60_000_000,
            "deposit_fen": 3_000_000,
            "term_days": 360,
            "period_engine_s_max": 0,
            "term_engine_s_max": 0,
            "option_fen": 0,
            "counter_s": MISSING,
        }
        columns = {name: column(value) for name, value in (usual | terms).items()}
        batch = c.StartBatch(self.id(), column(machine), column(lessee), **columns)
        return self.service.start(batch)

    def pay(self, lease: int, fen: int) -> Paid:
        return self.service.pay(c.PayBatch(self.id(), column(lease), column(fen)))

    def recover(self, lease: int, fen: int) -> Recovered:
        return self.service.recover(c.RecoverBatch(self.id(), column(lease), column(fen)))

    def give_back(self, lease: int, counter_s: int = MISSING) -> Returned:
        return self.service.give_back(c.ReturnBatch(self.id(), column(lease), column(counter_s)))

    def renew(self, lease: int, until_day: int) -> Done:
        return self.service.renew(c.RenewBatch(self.id(), column(lease), column(until_day)))

    def buy(self, lease: int) -> Outcomes:
        return self.service.buy(c.BuyBatch(self.id(), column(lease)))

    def repossess(self, lease: int, breach: bool = False, checker: str = "bob") -> Done:
        people = ("ann", checker, "seen 200 km from its site" if breach else "arrears")
        batch = c.RepossessBatch(self.id(), column(lease), np.array([breach]), *people)
        return self.service.repossess(batch)

    def sell(self, lease: int, fen: int, checker: str = "bob") -> Outcomes:
        batch = c.SellBatch(self.id(), column(lease), column(fen), "ann", checker)
        return self.service.sell(batch)

    def charge_off(self, lease: int, checker: str = "bob") -> Done:
        return self.service.charge_off(c.ChargeOffBatch(self.id(), column(lease), "ann", checker))

    def hold(self, lease: int, checker: str = "bob") -> Done:
        batch = c.HoldBatch(self.id(), column(lease), "ann", checker, "arrears")
        return self.service.hold(batch)

    def free(self, lease: int, checker: str = "bob") -> Done:
        batch = c.FreeBatch(self.id(), column(lease), "ann", checker, "paid")
        return self.service.free(batch)

    def settle(self, lease: int) -> Settled:
        return self.service.settle(c.SettleBatch(self.id(), column(lease)))

    def dispute(self, lease: int, period: int, claimed_s: int) -> Outcomes:
        hours = column(period), column(claimed_s)
        batch = c.DisputeBatch(self.id(), column(lease), *hours, "site diary, pages 3 to 9")
        return self.service.dispute(batch)

    def decide(self, lease: int, period: int, found_s: int, checker: str = "bob") -> Outcomes:
        hours = column(period), column(found_s)
        people = ("ann", checker, "meter read together")
        return self.service.decide(c.DecideBatch(self.id(), column(lease), *hours, *people))

    def report(self, machine: int, engine_s: int, *, before_s: int = 0) -> None:
        """The machine's twin knows this counter, as of now."""
        values = {
            "engine_s": engine_s,
            "engine_before_s": before_s,
            "at_ms": self.clock.time_s * 1_000,
        }
        with self.parts.book.transaction() as unit:
            columns = {name: column(value) for name, value in values.items()}
            unit.write(TWINS, column(machine), columns)

    def work(self, machine: int, hours: int) -> None:
        """The machine's counter goes on by so many hours."""
        twin = self.machines.twins(("engine_s", "engine_before_s"), column(machine))
        engine_s, before_s = (int(values[0]) for values in twin.values())
        self.report(machine, engine_s + hours * HOUR_S, before_s=before_s)

    @property
    def today(self) -> int:
        return business_day(self.clock.time_s)

    @property
    def period(self) -> int:
        return self.today // 30

    def next_day(self, days: int = 1) -> DayReport:
        """Close today, and each day after it, and wake up on the next."""
        for _ in range(days):
            self.reports.append(self.service.end_of_day(self.today))
            self.clock.time_s += DAY_S
        return self.reports[-1]

    def to_day_of_period(self, number: int) -> None:
        """Close days until it is day ``number`` (0 to 29) of a period."""
        while self.today % 30 != number:
            self.next_day()

    def bill(self, *hours: int) -> int:
        """Machines 0, 1, … work these hours until the period's end, which is billed. The period."""
        self.to_day_of_period(29)
        for machine, count in enumerate(hours):
            self.work(machine, count)
        self.next_day()
        return self.period - 1

    def fall_behind(self, days: int, lease: int = 0) -> None:
        """A bill of this lease, unpaid for so many days after its due date."""
        self.bill(*([0] * lease), 100)
        self.next_day(self.parts.policy.due_days + days - 1)
        assert self.lease(lease, "dpd_days") == days

    def lease(self, lease: int, *names: str) -> Any:
        """Columns of one lease; a single one as a number."""
        shown = self.service.view(names, column(lease))
        values = [int(shown[name][0]) for name in names]
        return values[0] if len(values) == 1 else values

    def disputes(self, lease: int) -> list[Dispute]:
        return self.service.disputes(lease)

    def journal(self) -> list[Happened]:
        with self.parts.book.transaction() as unit:
            return [happened(row) for row in unit.rows.scan(JOURNAL)]

    def balances_fen(self) -> dict[str, int]:
        """Of every ledger account, without its product's name."""
        with self.parts.book.transaction() as unit:
            rows = unit.rows.scan(ACCOUNTS)
            return {row.account_id.removeprefix("leasing/"): row.balance_fen for row in rows}

    def everything(self) -> dict[str, list[int]]:
        """All columns of all leases."""
        names = [one.name for one in LEASES.columns]
        shown = self.service.view(names, slice(0, self.service.leases))
        return {name: values.ravel().tolist() for name, values in shown.items()}


def settled(world: World) -> World:
    """The running period, without work, is billed and paid."""
    world.bill()
    for lease in range(world.service.leases):
        world.pay(lease, world.lease(lease, "due_fen"))
    return world
