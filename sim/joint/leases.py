"""Every supplier's machine, in the production lease service: handed over, paid for, taken back."""

from typing import Final

import numpy as np

from sim.joint.economy import BANK, JointEconomy
from sim.joint.lines import OFFICERS
from system.bootstrap_leasing import LeasingSystem
from system.kernels.columns import I64
from system.leasing.commands import EnrolMachines
from system.leasing.kernels.leaving import LeaveTerms
from system.leasing.kernels.rent import FIXED
from system.leasing.leases.commands import (
    AdmitLessees,
    OpenTariff,
    PayBatch,
    RepossessBatch,
    StartBatch,
)
from system.leasing.leases.policy import DEFAULT_POLICY
from system.leasing.leases.records import JOURNAL, Ending, LeaseLife
from system.limits import LINE_FEN_MAX, PERIOD_DAYS
from system.subledger.records import JournalRow

_TERM_DAYS: Final = 1_095
_NO_SITE: Final = -1


class Leases:
    """Machine, lessee and lease of a member have its row's number."""

    def __init__(self, economy: JointEconomy, system: LeasingSystem) -> None:
        self._e, self._j = economy, economy.j
        self.system, self.service = system, system.leases
        self.n = len(economy.members)
        self.paid_fen: dict[str, int] = {}
        self.bad = np.zeros(self.n, np.bool_)
        # Day on which a machine came back; -1 while it is out.
        self.back_day = np.full(self.n, -1, np.int64)

    def open(self) -> None:
        """Every supplier leases one machine, whose rent is a share of its usual sales."""
        n, every = self.n, np.arange(self.n)
        none = np.zeros(n, np.int64)
        self.system.leasing.enrol_machines(
            EnrolMachines("machines", n, none, none + _NO_SITE, none, none, none, none, none)
        )
        leave = LeaveTerms(early_days_max=PERIOD_DAYS, notice_days=0)
        tariff = self.service.open_tariff(OpenTariff("tariff", "fixed", FIXED, leave))
        self.service.admit(AdmitLessees("lessees", n, none - 1, none + LINE_FEN_MAX))
        share_thousandths = round(self._j.lease_rent_share * 1000)
        sales_fen = np.array([firm.sales_fen_per_day for firm in self._e.members], np.int64)
        rent_fen = np.maximum(sales_fen * PERIOD_DAYS * share_thousandths // 1000, 1)
        self.value_fen: I64 = rent_fen * round(self._j.lease_value_ratio)
        started = self.service.start(
            StartBatch(
                command_id="start",
                machine=every,
                lessee=every,
                tariff=none + tariff,
                rent_fen=rent_fen,
                value_fen=self.value_fen,
                deposit_fen=none,
                term_days=none + _TERM_DAYS,
                period_engine_s_max=none,
                term_engine_s_max=none,
                option_fen=none,
                counter_s=none,
            )
        )
        assert not started.code.any(), f"a lease was refused: {started.code}"

    def business(self) -> None:
        """Lessees pay what is due as far as their cash goes; the product takes machines back."""
        names = ("life", "ending", "due_fen", "dpd_days", "unpaid_due_day")
        view = self.service.view(names, slice(0, self.n))
        self.bad |= view["dpd_days"] > DEFAULT_POLICY.default_dpd_days
        self._pay(view)
        is_late = view["dpd_days"] >= DEFAULT_POLICY.repossession_dpd_days
        late = np.flatnonzero(is_late & (view["life"] == LeaseLife.LIVE))
        if late.size:
            breach = np.zeros(late.size, np.bool_)
            key = f"repossess/{self._e.day}"
            self.service.repossess(RepossessBatch(key, late, breach, *OFFICERS, "arrears"))
        self.look()

    def look(self) -> None:
        """Whoever has no machine any more stands still."""
        ending = self.service.view(("ending",), slice(0, self.n))["ending"]
        for row in np.flatnonzero((ending == Ending.REPOSSESSED) & (self.back_day < 0)).tolist():
            self.back_day[row] = self._e.day
            self._e.members[row].idle = True
            self._e.note("machine_taken", self._e.members[row].key)

    def _pay(self, view: dict[str, I64]) -> None:
        rows, offered = [], []
        today = self.service.today
        for row, firm in enumerate(self._e.members):
            is_due = view["due_fen"][row] > 0 and view["unpaid_due_day"][row] <= today
            cash_fen = self._e.cash_fen(firm) - firm.unpaid_wages_fen
            if firm.alive and is_due and cash_fen > 0:
                rows.append(row)
                offered.append(min(int(view["due_fen"][row]), cash_fen))
        open_ = [at for at, row in enumerate(rows) if view["life"][row] <= LeaseLife.ENDED]
        if not open_:
            return
        key = f"pay/{self._e.day}"
        leases = np.array([rows[at] for at in open_], np.int64)
        amount_fen = np.array([offered[at] for at in open_], np.int64)
        paid = self.service.pay(PayBatch(key, leases, amount_fen))
        self.paid_fen[key] = int(paid.applied_fen.sum())
        for row, fen in zip(leases.tolist(), paid.applied_fen.tolist(), strict=True):
            self._e.pay(self._e.members[row].key, BANK, fen, "rent")

    def journal(self) -> list[JournalRow]:
        """What happened to the leases, in the order in which it did."""
        with self.system.book.transaction() as unit:
            return list(unit.rows.scan(JOURNAL))

    def close_day(self) -> None:
        self.service.end_of_day(self.service.today)

    def is_missing(self, row: int) -> bool:
        """The truth at the end: whether a failed lessee's machine is never found."""
        failed_on = self._e.members[row].failed_on_day
        if failed_on is None or 0 <= self.back_day[row] < failed_on:
            return False
        share = self._j.machine_missing_share
        return self._e.luck.chance("machine_missing", self._e.members[row].key, share=share)
