"""Debtors: payment runs on fixed weekdays, disputes, and the failure of core enterprises."""

from sim.receivables.economy import Economy
from sim.receivables.records import WORLD, Firm, Invoice
from system.limits import YEAR_DAYS


class Debtors:
    """``step`` once per local day; it also sets up the day's payment run."""

    def __init__(self, economy: Economy) -> None:
        self._e, self._p = economy, economy.p
        self._in_dispute: list[Invoice] = []

    def step(self) -> None:
        self._distress()
        self._disputes()
        at_s = self._e.engine.now_s + self._p.payment_run_at_s
        is_run_day = self._e.weekday(at_s) in self._p.payment_run_weekday_options
        if is_run_day and self._e.calendar.is_open(at_s):
            self._e.engine.at(at_s, self._run)

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
                    self._e.channel.on_resolution(invoice)

    def _ends(self, invoice: Invoice) -> int:
        return invoice.dispute_day + self._p.dispute_resolution_days

    def _run(self) -> None:
        for firm in self._e.firms:
            if firm.alive:
                firm.payables = [invoice for invoice in firm.payables if not self._pays(invoice)]

    def _pays(self, invoice: Invoice) -> bool:
        """Pay what the debtor means to pay by now, if it can."""
        debtor = self._e.firms[invoice.debtor]
        if not invoice.genuine or invoice.pays_on_day > self._e.day:
            return False
        if not debtor.is_core and self._e.headroom_fen(debtor) < invoice.face_fen:
            return False
        self._fund(debtor, invoice.face_fen)
        invoice.paid = True
        self._e.note("paid", invoice.key, invoice.face_fen)
        self._e.channel.settle(invoice, invoice.face_fen)
        return True

    def _fund(self, debtor: Firm, amount_fen: int) -> None:
        """A core enterprise pays from its sales to the outside world."""
        if debtor.is_core:
            self._e.pay(WORLD, debtor.key, amount_fen, "core_sales")
