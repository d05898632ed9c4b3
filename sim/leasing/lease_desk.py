"""The lessor's contracts: the production lease service, and which lease each machine is on."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.faults import Faults
from sim.leasing.grid import MONTH_DAYS
from sim.leasing.lessor_parameters import LessorParameters
from sim.leasing.terms import usage_prices
from sim.portable import I64
from system.kernels.columns import MISSING
from system.leasing.kernels.leaving import LeaveTerms
from system.leasing.kernels.rent import FIXED, Tariff
from system.leasing.leases.commands import (
    AdmitLessees,
    OpenTariff,
    PayBatch,
    RepossessBatch,
    ReturnBatch,
    StartBatch,
)
from system.leasing.leases.records import LeaseLife
from system.leasing.leases.service import LeaseService
from system.limits import LINE_FEN_MAX, PPM

OFFICER, SECOND = "officer-a", "officer-b"
NO_LEASE: Final = -1
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
        process: str,
        p: LessorParameters,
        sizes: tuple[int, int],
        faults: Faults,
    ) -> None:
        self.service, self._faults = service, faults
        self._process, self._p = process, p
        self._machines, self._lessees = sizes
        self._tariff = 0
        self.lease_of = np.full(self._machines, NO_LEASE, np.int64)
        # What lessees handed over and was kept, by command, for the auditor.
        self.paid_fen: dict[str, int] = {}

    def open(self) -> None:
        """Name the tariff and admit every contractor."""
        self._tariff = self.service.open_tariff(tariff_of(self._process, self._p))
        own = np.full(self._lessees, -1, np.int64)
        limit_fen = np.full(self._lessees, LINE_FEN_MAX, np.int64)
        self.service.admit(AdmitLessees("lessees", self._lessees, own, limit_fen))

    def start(
        self, day: int, machines: I64, lessees: I64, rent_fen: I64, value_fen: I64, bound_s: int
    ) -> I64:
        """Hand machines over; the positions of those that got a contract."""
        n = machines.size
        none = np.zeros(n, np.int64)
        fixed = self._process == "fixed"
        commit_days = self._p.fixed_commit_days if fixed else self._p.usage_commit_days
        batch = StartBatch(
            command_id=f"start/{day}",
            machine=machines,
            lessee=lessees,
            tariff=np.full(n, self._tariff, np.int64),
            rent_fen=rent_fen,
            value_fen=value_fen,
            deposit_fen=none,
            term_days=np.full(n, max(commit_days, 1), np.int64),
            period_engine_s_max=np.full(n, bound_s, np.int64),
            term_engine_s_max=none,
            option_fen=none,
            counter_s=none,
        )
        started = self.service.start(batch)
        done: I64 = np.flatnonzero(started.code == 0)
        self.lease_of[machines[done]] = started.lease[done]
        return done

    def give_back(self, key: str, machines: I64) -> None:
        """Machines come back by their lessees' will."""
        leases = self._off(machines)
        if leases.size:
            unread = np.full(leases.size, MISSING)
            self.service.give_back(ReturnBatch(f"return/{key}", leases, unread))

    def repossess(self, key: str, machines: I64, why: str) -> None:
        """Machines are taken back, or gone: two people decide."""
        leases = self._off(machines)
        if leases.size:
            breach = np.ones(leases.size, np.bool_)
            batch = RepossessBatch(f"repossess/{key}", leases, breach, OFFICER, SECOND, why)
            self.service.repossess(batch)

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
