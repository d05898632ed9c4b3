"""The bank of one run: the production service, driven day by day, and what the run notes of it."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.credit.economy import Economy
from sim.credit.facts import NEVER, VIEW, Facts
from sim.credit.happenings import add_columns
from sim.faults import Faults
from sim.trace import EventLog
from system.credit.commands import (
    DrawBatch,
    EnrolMerchants,
    GrantBatch,
    GrantConsent,
    RecoverBatch,
    RepayBatch,
)
from system.credit.records import LineState
from system.credit.service import CreditService
from system.kernels.columns import nonzero_at
from system.limits import DAY_S, TIME_S_MAX
from system.parties.consent import CLASSES_ALL, Purpose
from system.ports.clock import Clock

I64 = NDArray[np.int64]

MAKER, CHECKER = "officer-a", "officer-b"
_OFFICERS: Final = (MAKER, CHECKER)
_FOREVER_S: Final = TIME_S_MAX - DAY_S


class Bank:
    """Accounts are the economy's rows: account number = row."""

    def __init__(
        self,
        service: CreditService,
        clock: Clock,
        economy: Economy,
        facts: Facts,
        log: EventLog,
        faults: Faults,
    ) -> None:
        self.service, self.clock, self.economy = service, clock, economy
        self.facts, self.log, self.faults = facts, log, faults
        self.rows = slice(0, facts.granted_day.size)
        # What the economy was told: the auditor holds the journal against it.
        self.received_fen = np.zeros(facts.granted_day.size, np.int64)
        self.paid_fen = np.zeros(facts.granted_day.size, np.int64)
        self.pledged_fen = np.zeros(facts.granted_day.size, np.int64)

    def enrol(self) -> None:
        """Everybody whom the platform knows, or will know."""
        roster = self.economy.roster()
        n = roster.region.size
        self.service.enrol(EnrolMerchants("enrol", n, roster.region, roster.since_day))

    def consent(self, day: int, rows: I64, purposes: tuple[Purpose, ...]) -> None:
        """These merchants consent to all uses, for good."""
        for purpose in purposes:
            name = f"consent/{purpose.name.lower()}/{day}"
            self.service.grant_consent(GrantConsent(name, rows, purpose, CLASSES_ALL, _FOREVER_S))

    def open_day(self, day: int) -> dict[str, I64]:
        """All merchants as the books show them; what the run notes of it."""
        view = self.service.view(VIEW, self.rows)
        fresh = self.facts.open_day(day, view)
        if fresh.size:
            self._note("went_bad", day, fresh, self.facts.granted_day[fresh])
        return view

    def grant(self, day: int, rows: I64, limit_fen: I64, rate_ppm: int) -> I64:
        """Open lines by two officers' decision. Returns the rows that got one."""
        if not rows.size:
            return rows
        rates_ppm = np.full(rows.size, rate_ppm, np.int64)
        batch = GrantBatch(f"grant/{day}", rows, limit_fen, rates_ppm, *_OFFICERS)
        granted: I64 = rows[self.service.grant(batch).code == 0]
        self.note_granted(day, granted)
        return granted

    def note_granted(self, day: int, rows: I64) -> None:
        """Remember since when these merchants have a line."""
        first = rows[self.facts.granted_day[rows] == NEVER]
        self.facts.granted_day[first] = day

    def pay_out(self, day: int, view: dict[str, I64]) -> None:
        """Draw what owners want to draw."""
        wants_fen = self.faults.through_rail(self.economy.wants_draw(day, view))
        rows = nonzero_at(wants_fen)
        if not rows.size:
            return
        drawn = self.service.draw(DrawBatch(f"draw/{day}", rows, wants_fen[rows]))
        done = drawn.code == 0
        if done.any():
            paid, amount_fen = rows[done], drawn.amount_fen[done]
            self.economy.receive(day, paid, amount_fen)
            self.received_fen[paid] += amount_fen
        self._note("draw_answered", day, rows, drawn.code)

    def collect(self, day: int, view: dict[str, I64]) -> None:
        """Take what owners pay: on live lines as repayment, on lost claims as recovery."""
        offer_fen = self.faults.through_rail(self.economy.pays(day, view))
        paying = nonzero_at(offer_fen)
        lost = view["state"][paying] == LineState.CHARGED_OFF
        for name, act, rows in (
            ("repay", self._repaid, paying[~lost]),
            ("recover", self._recovered, paying[lost]),
        ):
            if rows.size:
                applied_fen = act(f"{name}/{day}", rows, offer_fen[rows])
                self.economy.paid(rows, applied_fen)
                self.paid_fen[rows] += applied_fen

    def take_pledge(self, day: int, rows: I64, proceeds_fen: I64, view: dict[str, I64]) -> None:
        """What a sold pledge brings pays the claim; the rest is the owner's."""
        lost = view["state"][rows] == LineState.CHARGED_OFF
        some = proceeds_fen > 0
        for name, act, at in (
            ("recover", self._recovered, some & lost),
            ("repay", self._repaid, some & ~lost),
        ):
            if at.any():
                self.pledged_fen[rows[at]] += act(
                    f"pledge/{name}/{day}", rows[at], proceeds_fen[at]
                )

    def _recovered(self, command_id: str, rows: I64, amount_fen: I64) -> I64:
        return self.service.recover(RecoverBatch(command_id, rows, amount_fen)).applied_fen

    def _repaid(self, command_id: str, rows: I64, amount_fen: I64) -> I64:
        return self.service.repay(RepayBatch(command_id, rows, amount_fen)).applied_fen

    def _note(self, kind: str, day: int, rows: I64, values: I64) -> None:
        add_columns(self.log, self.clock.now_s(), kind, f"day/{day}", rows, values)
