"""The paper process: each application is a SimPy process through desks, couriers and meetings.

Nothing here knows how long the whole takes; it follows from the desks' queues, people's working
hours, couriers, committee days, cut-offs and public holidays.
"""

from collections.abc import Generator
from typing import Any

from sim.engine import ClerkPool
from sim.receivables.economy import Economy
from sim.receivables.network import BANKS
from sim.receivables.paper_bank import PaperBooks
from sim.receivables.records import Claim, Invoice, Ticket

Process = Generator[Any, Any, None]


class PaperChannel:
    """Implements ``sim.receivables.economy.Channel`` with documents, couriers and meetings."""

    name = "paper"

    def __init__(self, economy: Economy) -> None:
        self._e, self._p = economy, economy.p
        self.books = PaperBooks(economy)
        self._intake = {bank: self._pool(economy.p.intake_clerk_count) for bank in BANKS}
        self._risk = {bank: self._pool(economy.p.verify_clerk_count) for bank in BANKS}

    def _pool(self, clerks: int) -> ClerkPool:
        return ClerkPool(self._e.engine, self._e.calendar, clerks)

    # The channel's contract

    def on_invoice(self, claim: Claim) -> None:
        """Paper waits in the drawer until somebody applies."""

    def pays_with_claim(self, invoice: Invoice) -> bool:
        return False

    def apr_ppm(self, claim: Claim) -> int | None:
        return self.books.expected_apr_ppm(claim)

    def seek(self, ticket: Ticket) -> None:
        ticket.channel = self.name
        self._e.engine.process(self._journey(ticket))

    def settle(self, invoice: Invoice, amount_fen: int) -> None:
        self.books.settle(invoice, amount_fen)

    def on_dispute(self, invoice: Invoice) -> None:
        """The debtor simply does not pay yet."""

    def on_resolution(self, invoice: Invoice, credit_fen: int) -> None:
        """The debtor deducts the credit when it pays, with its next run after the resolution."""
        self.books.credit(invoice, credit_fen)

    def end_of_day(self) -> None:
        self.books.call_recourse()

    # The way of one application

    def _journey(self, ticket: Ticket) -> Process:
        yield from self._office(ticket, "assemble", self._p.assemble_work_s)
        yield from self._hand_in(ticket)
        if not self.books.takes_in(ticket):
            return
        if self._luck_says("defect", ticket, self._p.document_defect_share):
            yield from self._office(ticket, "assemble", self._p.assemble_work_s)
            yield from self._hand_in(ticket)
        yield from self._desk(self._risk, ticket, "verify", self._p.verify_work_s)
        if self.books.is_called(ticket):
            yield from self._office(ticket, "verify", self._p.verify_answer_work_s)
        yield from self._desk(self._risk, ticket, "analysis", self._p.analysis_work_s)
        yield from self._meeting(ticket)
        if not self.books.decide(ticket):
            return
        yield from self._courier(ticket, "signing")
        yield from self._office(ticket, "signing", self._p.signing_work_s)
        yield from self._courier(ticket, "signing")
        yield from self._until(ticket, "payout", self._payout_s())
        while (opens_s := self._e.rail_opens_s()) is not None:
            yield from self._until(ticket, "payout", opens_s)
        self.books.pay_out(ticket)

    def _hand_in(self, ticket: Ticket) -> Process:
        yield from self._courier(ticket, "courier")
        yield from self._desk(self._intake, ticket, "intake", self._p.intake_work_s)

    def _luck_says(self, purpose: str, ticket: Ticket, share: float) -> bool:
        return self._e.luck.chance(purpose, ticket.claim.key, ticket.fraud, share=share)

    def _office(self, ticket: Ticket, stage: str, mean_s: int) -> Process:
        """A person's working time, drawn around the mean, passing in office hours."""
        key = f"{ticket.claim.key}/{ticket.fraud}/{len(ticket.stage_s)}"
        work_s = max(1, self._e.delay_s(f"paper_{stage}", key, mean_s))
        ready_s = self._e.calendar.add_working_s(self._e.engine.now_s, work_s)
        yield from self._until(ticket, stage, ready_s)

    def _courier(self, ticket: Ticket, stage: str) -> Process:
        """Collected at once, delivered when the office opens after the travel time."""
        arrival_s = self._e.calendar.next_open_s(self._e.engine.now_s + self._p.courier_s)
        yield from self._until(ticket, stage, arrival_s)

    def _desk(
        self, desks: dict[str, ClerkPool], ticket: Ticket, stage: str, work_s: int
    ) -> Process:
        done = self._e.engine.event()
        desks[ticket.bank].submit(ticket.key, work_s, done.succeed)
        yield done
        ticket.mark(stage, self._e.engine.now_s)

    def _meeting(self, ticket: Ticket) -> Process:
        """The next sitting of the credit committee; papers must be ready when it begins."""
        day = self._e.day
        while True:
            at_s = self._e.day_s(day, self._p.committee_at_s)
            sits = self._e.weekday(at_s) in self._p.committee_weekday_options
            if sits and at_s >= self._e.engine.now_s and self._e.calendar.is_open(at_s):
                break
            day += 1
        yield from self._until(ticket, "committee", at_s)
        ticket.decided_at_s = self._e.engine.now_s

    def _payout_s(self) -> int:
        """At once before the payment cut-off of a working day, otherwise at the next opening."""
        open_s = self._e.calendar.next_open_s(self._e.engine.now_s)
        day = (open_s - self._e.start_s) // 86_400
        if open_s <= self._e.day_s(day, self._p.payout_cutoff_s):
            return open_s
        return self._e.calendar.next_open_s(self._e.day_s(day + 1))

    def _until(self, ticket: Ticket, stage: str, at_s: int) -> Process:
        yield self._e.engine.sleep(at_s - self._e.engine.now_s)
        ticket.mark(stage, at_s)
