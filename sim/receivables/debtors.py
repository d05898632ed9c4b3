"""Debtors: payment runs on fixed weekdays, disputes, and the failure of core enterprises."""

from itertools import count

from sim.receivables.economy import Economy
from sim.receivables.records import WORLD, Firm, Invoice
from system.limits import DAY_S, PPM, YEAR_DAYS


class Debtors:
    """``step`` once per local day; it also sets up the day's payment run."""

    def __init__(self, economy: Economy) -> None:
        self._e, self._p = economy, economy.p
        self._next_run_day = 0

    def step(self) -> None:
        self._distress()
        self._disputes()
        if self._is_run_day(self._e.day):
            self._e.engine.at(self._e.engine.now_s + self._p.payment_run_at_s, self._run)

    def _distress(self) -> None:
        """A core enterprise fails by chance, on the same day in every arm."""
        share = self._p.core_distress_per_year / YEAR_DAYS
        for core in self._e.network.cores:
            if core.alive and self._e.luck.chance("distress", core.key, self._e.day, share=share):
                core.failed_on_day = self._e.day
                self._e.note("core_failed", core.key)

    def _disputes(self) -> None:
        day = self._e.day
        for firm in self._e.firms:
            for invoice in firm.payables:
                if invoice.disputed and invoice.dispute_day == day:
                    self._e.note("disputed", invoice.key)
                    invoice.in_dispute = True
                    self._e.channel.on_dispute(invoice)
                elif invoice.disputed and invoice.dispute_day >= 0 and day == self._ends(invoice):
                    self._e.note("dispute_resolved", invoice.key)
                    invoice.in_dispute = False
                    self._e.channel.on_resolution(invoice, self._credit_fen(invoice))

    def _credit_fen(self, invoice: Invoice) -> int:
        """What the seller gives up; the same in every arm."""
        share = self._p.credit_note_share
        if not self._e.luck.chance("credit_note", invoice.key, share=share):
            return 0
        return invoice.face_fen * round(self._p.dispute_credit_share * PPM) // PPM

    def _ends(self, invoice: Invoice) -> int:
        return invoice.dispute_day + self._p.dispute_resolution_days

    def _is_run_day(self, day: int) -> bool:
        at_s = self._e.day_s(day, self._p.payment_run_at_s)
        is_weekday = self._e.weekday(at_s) in self._p.payment_run_weekday_options
        return is_weekday and self._e.calendar.is_open(at_s)

    def _run(self) -> None:
        day = self._e.day
        self._next_run_day = next(later for later in count(day + 1) if self._is_run_day(later))
        for firm in self._e.firms:
            if firm.alive:
                firm.payables = [invoice for invoice in firm.payables if not self._pays(invoice)]

    def _pays(self, invoice: Invoice) -> bool:
        """Pay what the debtor means to pay in this run, if it can."""
        debtor = self._e.firms[invoice.debtor]
        if not invoice.genuine or not self._is_meant_for_now(invoice):
            return False
        amount_fen = invoice.face_fen - invoice.credited_fen
        if not debtor.is_core and self._e.headroom_fen(debtor) < amount_fen:
            return False
        if self._e.rail_opens_s() is not None:
            # It goes out with the next run.
            return False
        self._fund(debtor, amount_fen)
        invoice.paid = True
        self._e.note("paid", invoice.key, amount_fen)
        self._e.channel.settle(invoice, amount_fen)
        return True

    def _is_meant_for_now(self, invoice: Invoice) -> bool:
        """In the last run up to the day it means to pay; a late payer's run is after the due day.

        Waiting for the next run instead would make most punctual debtors late: the fitted days
        run to the settlement, payment runs included.
        """
        due_day = (invoice.due_at_s - self._e.start_s) // DAY_S
        is_last = self._next_run_day > invoice.pays_on_day
        return is_last and (invoice.pays_on_day <= due_day or self._e.day > due_day)

    def _fund(self, debtor: Firm, amount_fen: int) -> None:
        """A core enterprise pays from its sales to the outside world."""
        if debtor.is_core:
            self._e.pay(WORLD, debtor.key, amount_fen, "core_sales")
