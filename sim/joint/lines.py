"""Every supplier's line of credit, in the production service: granted once, drawn, paid, unpaid."""

from typing import Final

import numpy as np

from sim.column_events import add_columns
from sim.joint.economy import BANK, JointEconomy
from sim.receivables.records import Firm
from system.bootstrap_credit import CreditSystem
from system.credit.commands import (
    DrawBatch,
    EnrolMerchants,
    GrantBatch,
    GrantConsent,
    RecoverBatch,
    RepayBatch,
)
from system.credit.policy import DEFAULT_POLICY
from system.credit.records import JOURNAL, LineState
from system.kernels.columns import I64
from system.limits import DAY_S, TIME_S_MAX
from system.parties.consent import CLASSES_ALL, Purpose
from system.subledger.records import JournalRow

OFFICERS: Final = ("officer-a", "officer-b")
_VIEW: Final = ("available_fen", "due_fen", "outstanding_fen", "dpd_days", "state", "principal_fen")
_SINCE_DAYS: Final = 730


class Lines:
    """Accounts are the members' rows. ``received_fen``, ``paid_fen``: for the auditor."""

    def __init__(self, economy: JointEconomy, system: CreditSystem) -> None:
        self._e, self._j = economy, economy.j
        self.system, self.service = system, system.credit
        self.n = len(economy.members)
        self.received_fen, self.paid_fen = np.zeros(self.n, np.int64), np.zeros(self.n, np.int64)
        # Sums over the days, for the metrics: principal and limit; and who was ever bad.
        self.used_fen_days = self.limit_fen_days = 0
        self.bad = np.zeros(self.n, np.bool_)
        self._leaves_on = self._swindlers()

    def _swindlers(self) -> dict[int, int]:
        """Row -> day on which it takes what it can get and leaves."""
        luck, j = self._e.luck, self._j
        return {
            row: j.vanish_from_days
            + luck.integer("vanish_day", firm.key, low=0, high=max(j.vanish_within_days, 0))
            for row, firm in enumerate(self._e.members)
            if luck.chance("vanisher", firm.key, share=j.vanisher_share)
        }

    @property
    def swindlers(self) -> dict[int, int]:
        """The truth: row -> day of leaving."""
        return self._leaves_on

    def open(self) -> None:
        """Enrol everybody, note consents, and grant a line of some days of sales."""
        e, today = self._e, self.service.today
        every = np.arange(self.n)
        self.service.enrol(
            EnrolMerchants(
                "enrol", self.n, np.zeros(self.n, np.int64), np.full(self.n, today - _SINCE_DAYS)
            )
        )
        draw = e.luck.cohort("joint_consent", 0, self.n)
        agreed = np.flatnonzero(draw < self._j.consent_share)
        if agreed.size:
            until_s = TIME_S_MAX - DAY_S
            consent = GrantConsent("consent", agreed, Purpose.MONITORING, CLASSES_ALL, until_s)
            self.service.grant_consent(consent)
        sales_fen = np.array([firm.sales_fen_per_day for firm in e.members], np.int64)
        step = DEFAULT_POLICY.limit.step_fen
        days_thousandths = round(self._j.line_limit_days * 1000)
        limit_fen = sales_fen * days_thousandths // 1000 // step * step
        limit_fen = np.clip(limit_fen, step, DEFAULT_POLICY.limit.sandbox_fen_max)
        rate_ppm = np.full(self.n, self._j.line_rate_ppm, np.int64)
        done = self.service.grant(GrantBatch("grant", every, limit_fen, rate_ppm, *OFFICERS))
        assert not done.code.any(), f"a line was refused: {done.code}"
        self.limit_fen: I64 = limit_fen

    def journal(self) -> list[JournalRow]:
        """What happened to the lines, in the order in which it did."""
        with self.system.book.transaction() as unit:
            return list(unit.rows.scan(JOURNAL))

    def business(self) -> None:
        """Pay what is due, draw what lacks, pay back what is idle; swindlers leave."""
        view = self.service.view(_VIEW, slice(0, self.n))
        self._note_bad(view["dpd_days"])
        if self._e.is_measured:
            self.used_fen_days += int(view["principal_fen"].sum())
            self.limit_fen_days += int(self.limit_fen.sum())
        repaid, wanted = np.zeros(self.n, np.int64), np.zeros(self.n, np.int64)
        leaving = []
        for row, firm in enumerate(self._e.members):
            if not firm.alive:
                continue
            available, due = int(view["available_fen"][row]), int(view["due_fen"][row])
            if self._leaves_on.get(row, self._e.day + 1) <= self._e.day:
                wanted[row] = available
                leaving.append(firm)
                continue
            repaid[row], wanted[row] = self._plan(
                firm, available, due, int(view["outstanding_fen"][row])
            )
        self._repay(repaid, view["state"])
        self._draw(wanted)
        for firm in leaving:
            self._e.leave(firm)

    def _note_bad(self, dpd_days: I64) -> None:
        late = dpd_days > self._e.p.default_after_days
        fresh = np.flatnonzero(late & ~self.bad)
        if fresh.size:
            cause = f"day/{self._e.day}"
            add_columns(
                self._e.log, self._e.engine.now_s, "went_bad", cause, fresh, dpd_days[fresh]
            )
        self.bad |= late

    def _plan(self, firm: Firm, available: int, due: int, owed: int) -> tuple[int, int]:
        """What a firm pays today, and what it wants to draw."""
        cash_fen, costs_fen = self._e.cash_fen(firm), self._e.daily_costs_fen(firm)
        owing_fen = firm.unpaid_wages_fen + firm.unpaid_costs_fen
        pays_fen = min(due, max(cash_fen - owing_fen, 0))
        reserve_fen = costs_fen * round(self._j.line_reserve_days * 1000) // 1000 + owing_fen
        idle_fen = costs_fen * round(self._j.line_idle_days * 1000) // 1000
        left_fen = cash_fen - pays_fen
        if pays_fen == due and left_fen > reserve_fen + idle_fen:
            pays_fen += min(owed - due, left_fen - reserve_fen - idle_fen)
        lacking_fen = reserve_fen - left_fen
        return pays_fen, min(lacking_fen, available) if lacking_fen > 0 else 0

    def _repay(self, amount_fen: I64, state: I64) -> None:
        """On lines that live as repayment, on those given up as recovery."""
        lost = state == LineState.CHARGED_OFF
        for name, paying in (
            ("repay", (amount_fen > 0) & ~lost),
            ("recover", (amount_fen > 0) & lost),
        ):
            rows = np.flatnonzero(paying)
            if not rows.size:
                continue
            command_id = f"{name}/{self._e.day}"
            offered_fen = amount_fen[rows]
            if name == "repay":
                batch = RepayBatch(command_id, rows, offered_fen)
                taken_fen = self.service.repay(batch).applied_fen
            else:
                claim = RecoverBatch(command_id, rows, offered_fen)
                taken_fen = self.service.recover(claim).applied_fen
            self._move(rows, taken_fen, "line_paid")

    def _draw(self, wanted_fen: I64) -> None:
        rows = np.flatnonzero(wanted_fen >= DEFAULT_POLICY.draw_fen_min)
        if rows.size:
            drawn = self.service.draw(DrawBatch(f"draw/{self._e.day}", rows, wanted_fen[rows]))
            self._move(rows, drawn.amount_fen, "line_drawn")

    def _move(self, rows: I64, amount_fen: I64, reason: str) -> None:
        """The same money in the purses."""
        for row, fen in zip(rows.tolist(), amount_fen.tolist(), strict=True):
            key = self._e.members[row].key
            if reason == "line_drawn":
                self._e.pay(BANK, key, fen, reason)
                self.received_fen[row] += fen
            else:
                self._e.pay(key, BANK, fen, reason)
                self.paid_fen[row] += fen

    def close_day(self) -> None:
        self.service.end_of_day(self.service.today)
