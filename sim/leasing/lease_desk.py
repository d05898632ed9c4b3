"""The lessor's contracts: the production lease service, and which lease each machine is on."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.faults import Faults
from sim.leasing.grid import MONTH_DAYS
from sim.leasing.lessor_parameters import LessorParameters
from sim.leasing.terms import usage_prices
from sim.portable import I64, Mask, floor_i64
from system.kernels.columns import MISSING
from system.leasing.kernels.leaving import LeaveTerms
from system.leasing.kernels.rent import FIXED, Tariff
from system.leasing.leases.commands import (
    AdmitLessees,
    DecideBatch,
    DisputeBatch,
    FreeBatch,
    HoldBatch,
    OpenTariff,
    PayBatch,
    RepossessBatch,
    ReturnBatch,
    SellBatch,
    SetLimits,
    SettleBatch,
    StartBatch,
)
from system.leasing.leases.records import JOURNAL, LeaseLife
from system.leasing.leases.service import LeaseService
from system.limits import BILLS_MAX, LINE_FEN_MAX, PPM
from system.ports.book import Book
from system.subledger.records import JournalRow, happened

OFFICER, SECOND = "officer-a", "officer-b"
NO_LEASE: Final = -1
NOTHING_READ: Final = -1
_BACK: Final = ("rent_refunded", "deposit_returned")
_TAKEN: Final = ("rent_paid", "fee_paid", "penalty_paid")
_HOUR_S: Final = 3_600
_OWED: Final = ("lessee", "machine", "life", "unpaid_due_day", "due_fen", "dpd_days")


def tariff_of(process: str, p: LessorParameters) -> OpenTariff:
    """The arm's tariff and its terms of leaving, as the product takes them."""
    if process == "fixed":
        leave = LeaveTerms(early_days_max=int(p.fixed_leave_rent_ratio * MONTH_DAYS), notice_days=0)
        return OpenTariff("tariff", "fixed", FIXED, leave)
    tariff = Tariff(
        edges_s=tuple(hours * _HOUR_S for hours in p.usage_edge_hours_options),
        prices_ppm=tuple(round(price * PPM) for price in usage_prices(p)),
        least_ppm=round(p.usage_rent_ratio_min * PPM),
        most_ppm=round(p.usage_rent_ratio_max * PPM),
        seasons_ppm=tuple(round(ratio * PPM) for ratio in p.usage_season_ratio_options),
    )
    leave = LeaveTerms(early_days_max=p.usage_commit_days, notice_days=0)
    return OpenTariff("tariff", "usage", tariff, leave)


@dataclass(frozen=True, slots=True)
class Debts:
    """What is due of each lease, by debtor, then lease: int64 (q,)."""

    lease: I64
    debtor: I64
    due_fen: I64
    dpd_days: I64


class LeaseDesk:
    """Leases by number; of each machine the live one."""

    def __init__(
        self,
        service: LeaseService,
        book: Book,
        process: str,
        p: LessorParameters,
        sizes: tuple[int, int],
        faults: Faults,
    ) -> None:
        self.service, self._book, self._faults = service, book, faults
        self._process, self._p = process, p
        self._machines, self._lessees = sizes
        self._tariff = 0
        self.lease_of = np.full(self._machines, NO_LEASE, np.int64)
        # What lessees handed over and was kept, by command, for the auditor.
        self.paid_fen: dict[str, int] = {}
        # Of each lease.
        self.lessee_of: list[int] = []
        self._journal_read = NOTHING_READ

    def open(self) -> None:
        """Name the tariff and admit every contractor."""
        self._tariff = self.service.open_tariff(tariff_of(self._process, self._p))
        own = np.full(self._lessees, -1, np.int64)
        limit_fen = np.full(self._lessees, LINE_FEN_MAX, np.int64)
        self.service.admit(AdmitLessees("lessees", self._lessees, own, limit_fen))

    def deposit_fen(self, rent_fen: I64) -> I64:
        """What a lessee pays in at handover."""
        return floor_i64(rent_fen * self._p.deposit_rent_ratio)

    def start(
        self, day: int, machines: I64, lessees: I64, rent_fen: I64, value_fen: I64, bound_s: int
    ) -> I64:
        """Hand machines over; the positions of those that got a contract."""
        n = machines.size
        none = np.zeros(n, np.int64)
        deposit_fen = self.deposit_fen(rent_fen)
        fixed = self._process == "fixed"
        commit_days = self._p.fixed_commit_days if fixed else self._p.usage_commit_days
        batch = StartBatch(
            command_id=f"start/{day}",
            machine=machines,
            lessee=lessees,
            tariff=np.full(n, self._tariff, np.int64),
            rent_fen=rent_fen,
            value_fen=value_fen,
            deposit_fen=deposit_fen,
            term_days=np.full(n, max(commit_days, 1), np.int64),
            period_engine_s_max=np.full(n, bound_s, np.int64),
            term_engine_s_max=none,
            option_fen=none,
            counter_s=none,
        )
        started = self.service.start(batch)
        done: I64 = np.flatnonzero(started.code == 0)
        self.lease_of[machines[done]] = started.lease[done]
        self.lessee_of += lessees[done].tolist()
        self.paid_fen[f"start/{day}"] = int(deposit_fen[done].sum())
        return done

    def give_back(self, key: str, machines: I64) -> None:
        """Machines come back by their lessees' will."""
        leases = self._off(machines)
        if leases.size:
            unread = np.full(leases.size, MISSING)
            self.service.give_back(ReturnBatch(f"return/{key}", leases, unread))

    def repossess(self, key: str, machines: I64, why: str) -> tuple[I64, I64]:
        """Machines are taken back: two people decide. Those that were leased, and their leases."""
        held = self.lease_of[machines]
        rows = machines[held != NO_LEASE]
        rows = rows[np.argsort(self.lease_of[rows])]
        leases = self._off(rows)
        if leases.size:
            breach = np.ones(leases.size, np.bool_)
            batch = RepossessBatch(f"repossess/{key}", leases, breach, OFFICER, SECOND, why)
            self.service.repossess(batch)
        return rows, leases

    def _off(self, machines: I64) -> I64:
        leases = self.lease_of[machines]
        self.lease_of[machines] = NO_LEASE
        return np.sort(leases[leases != NO_LEASE])

    def close_day(self, day: int) -> None:
        """The end of a day. A lease that a slow clock dated back has an earlier day to close."""
        for past in self.service.days_to_close():
            if past < day:
                self.service.end_of_day(past)
        self.service.end_of_day(day)

    def debts(self, day: int) -> Debts:
        """What is past its due day, by debtor."""
        count = self.service.leases
        if not count:
            nothing = np.zeros(0, np.int64)
            return Debts(nothing, nothing, nothing, nothing)
        columns = self.service.view(_OWED, slice(0, count))
        open_ = (columns["due_fen"] > 0) & (columns["life"] <= LeaseLife.ENDED)
        # A fee for leaving is due at once; a bill on its due day.
        is_due = (columns["unpaid_due_day"] <= day) & open_
        rows = np.flatnonzero(is_due)
        rows = rows[np.lexsort((rows, columns["lessee"][rows]))]
        names = ("lessee", "due_fen", "dpd_days")
        return Debts(rows, *(columns[name][rows] for name in names))

    def pay(self, day: int, leases: I64, amount_fen: I64) -> I64:
        """Cash of lessees; what was taken of it, int64 like leases."""
        applied_fen = np.zeros(leases.size, np.int64)
        amount_fen = self._faults.through_rail(amount_fen)
        rows = np.flatnonzero(amount_fen > 0)
        if rows.size:
            order = rows[np.argsort(leases[rows])]
            paid = self.service.pay(PayBatch(f"pay/{day}", leases[order], amount_fen[order]))
            applied_fen[order] = paid.applied_fen
            self.paid_fen[f"pay/{day}"] = int(paid.applied_fen.sum())
        return applied_fen

    # Disputes, deposits, and what goes back to lessees.

    def billed(self, machines: I64, period: int) -> tuple[I64, I64]:
        """The leases of these machines, and the engine seconds that a period's bill has; 0 without.

        machines: int64 (n,), each on a lease.
        """
        leases = self.lease_of[machines]
        if not leases.size:
            return leases, leases
        use = self.service.view(("bill_use", "billed_period"), leases)
        latest = use["billed_period"] == period + 1
        return leases, np.where(latest, use["bill_use"][period % BILLS_MAX] // 2, 0)

    def dispute(self, key: str, leases: I64, period: int, claimed_s: I64) -> Mask:
        """Lessees claim fewer hours; which of these were taken note of."""
        periods = np.full(leases.size, period)
        diary = "the lessee's diary"
        done = self.service.dispute(DisputeBatch(key, leases, periods, claimed_s, diary))
        taken: Mask = done.code == 0
        return taken

    def decide(self, key: str, leases: I64, period: int, found_s: I64) -> None:
        """Two people settle disputes."""
        periods = np.full(leases.size, period)
        people = (OFFICER, SECOND, "the meter was read together")
        self.service.decide(DecideBatch(key, leases, periods, found_s, *people))

    def settle(self, day: int) -> None:
        """Deposits of ended leases pay what is owed; the rest goes back."""
        count = self.service.leases
        columns = self.service.view(("life", "deposit_fen"), slice(0, count)) if count else None
        if columns is not None:
            ended = (columns["life"] == LeaseLife.ENDED) & (columns["deposit_fen"] > 0)
            leases = np.flatnonzero(ended)
            if leases.size:
                self.service.settle(SettleBatch(f"settle/{day}", leases))

    def given_back_fen(self) -> tuple[I64, I64]:
        """What went back to lessees since the last call, by lessee: rent, deposits.

        A credit note may pay another bill at once: that much did not go back.
        """
        rent_fen, deposits_fen = (np.zeros(self._lessees, np.int64) for _ in range(2))
        lessee = np.array(self.lessee_of, np.int64)
        for row in self._new_rows():
            fact = happened(row)
            if fact.kind == "deposit_returned":
                np.add.at(deposits_fen, lessee[fact.accounts], fact.amounts)
            elif fact.kind in _BACK:
                np.add.at(rent_fen, lessee[fact.accounts], fact.amounts)
            elif fact.kind in _TAKEN and not fact.cause.startswith("pay/"):
                np.add.at(rent_fen, lessee[fact.accounts], -fact.amounts)
                self.paid_fen[fact.cause] = self.paid_fen.get(fact.cause, 0) + fact.total
        return rent_fen, deposits_fen

    def _new_rows(self) -> list[JournalRow]:
        with self._book.transaction() as unit:
            after = (self._journal_read,) if self._journal_read != NOTHING_READ else None
            rows = unit.rows.scan(JOURNAL, after=after)
        if rows:
            self._journal_read = rows[-1].sequence
        return rows

    # Pressure.

    def freeze_limits(self, key: str, lessees: I64) -> None:
        """No further machine: limits fall to what is out and owed."""
        self._set_limits(key, lessees, self.service.exposure().total_fen[lessees])

    def open_limits(self, key: str, lessees: I64) -> None:
        """Limits are as they were."""
        self._set_limits(key, lessees, np.full(lessees.size, LINE_FEN_MAX))

    def _set_limits(self, key: str, lessees: I64, limit_fen: I64) -> None:
        if lessees.size:
            self.service.set_limits(SetLimits(key, lessees, limit_fen, OFFICER, SECOND))

    def hold(self, key: str, leases: I64) -> Mask:
        """Machines of late payers must not start; which of these were ordered so."""
        note = "past due for longer than the contract allows"
        done: Mask = self.service.hold(HoldBatch(key, leases, OFFICER, SECOND, note)).code == 0
        return done

    def free(self, key: str, leases: I64) -> Mask:
        """They may start again; which of these were ordered so."""
        note = "paid, or no longer the late payer's"
        done: Mask = self.service.free(FreeBatch(key, leases, OFFICER, SECOND, note)).code == 0
        return done

    def sell(self, key: str, leases: I64, price_fen: I64) -> None:
        """Machines go to whoever bids most."""
        self.service.sell(SellBatch(key, leases, price_fen, OFFICER, SECOND))
