"""The core enterprises on the platform: their ERP hands invoices in, their approvers sign."""

from functools import partial

from sim.agents.approver import Approver, Entry
from sim.receivables.chain_platform import CURRENCY, Platform
from sim.receivables.economy import Economy
from sim.receivables.records import Claim, Invoice
from system.chain.commands import RegisterReceivable, RejectReceivable
from system.chain.rules import Refusal
from system.limits import DAY_S, TERM_DAYS_MAX


class DebtorDesk:
    """ERP batches at fixed hours, approval sessions at fixed hours of working days."""

    def __init__(self, economy: Economy, platform: Platform) -> None:
        self._e, self._p, self._platform = economy, economy.p, platform
        self._approver = Approver(
            economy.luck, economy.p.approver_miss_share, economy.p.key_collusion_share
        )
        self._to_register: list[Claim] = []
        self._to_approve: list[tuple[int, Invoice]] = []
        self.claim_of: dict[str, Claim] = {}

    def hand_in(self, claim: Claim) -> None:
        """A matched invoice waits for the next ERP batch."""
        self._to_register.append(claim)

    def step(self) -> None:
        """Set up the local day's batches and sessions."""
        midnight_s = self._e.engine.now_s
        for second in self._p.erp_batch_s_options:
            self._e.engine.at(midnight_s + second, self._batch)
        for second in self._p.approval_session_s_options:
            if self._e.calendar.is_open(midnight_s + second):
                self._e.engine.at(midnight_s + second, self._session)

    def _batch(self) -> None:
        waiting, self._to_register = self._to_register, []
        due_s = self._e.engine.now_s
        claims = [c for c in waiting if due_s < c.invoice.due_at_s and not c.invoice.paid]
        if claims:
            self._platform.reach(partial(self.register, {claim.key: claim for claim in claims}))

    def register(self, claim_of: dict[str, Claim]) -> list[Refusal | None]:
        """Register the invoice of each claim, by attempt; the refusals in order.

        Used by fraudsters too: each attempt is a wish of its own, whatever number it shows.
        """
        batch = [self._registration(attempt, one.invoice) for attempt, one in claim_of.items()]
        outcomes = self._platform.service.register(batch)
        for claim, outcome in zip(claim_of.values(), outcomes, strict=True):
            if outcome.refusal is None:
                claim.invoice.receivable_id = outcome.reference
                self.claim_of.setdefault(outcome.reference, claim)
            else:
                self._e.note("register_refused", claim.key, int(outcome.refusal))
        self._platform.driver.wake()
        return [outcome.refusal for outcome in outcomes]

    def _registration(self, attempt: str, invoice: Invoice) -> RegisterReceivable:
        seller, debtor = self._e.firms[invoice.seller], self._e.firms[invoice.debtor]
        # Terms beyond the law's bound would be refused; such invoices never leave the ERP.
        assert invoice.due_at_s - invoice.issued_at_s <= TERM_DAYS_MAX * DAY_S, invoice.key
        return RegisterReceivable(
            command_id=self._platform.command_id("register", attempt),
            seller_id=seller.key,
            debtor_id=debtor.key,
            invoice_number=invoice.number,
            amount_fen=invoice.face_fen,
            currency=CURRENCY,
            issued_at_s=invoice.issued_at_s,
            due_at_s=invoice.due_at_s,
            document_hash=self._platform.document_hash(invoice),
        )

    def on_registered(self, receivable_id: str) -> None:
        """The approver will look at it after a delay of working hours."""
        invoice = self.claim_of[receivable_id].invoice
        debtor = self._e.firms[invoice.debtor]
        if not debtor.is_core:
            # Among accomplices nobody checks anything; each signs with its own wallet.
            self._answer([invoice], [True])
            return
        mean_s = self._p.approval_delay_work_s
        work_s = max(1, self._e.delay_s("approval", invoice.key, mean_s))
        ready_s = self._e.calendar.add_working_s(self._e.engine.now_s, work_s)
        invoice.registered_at_s, invoice.looked_at_s = self._e.engine.now_s, ready_s
        self._to_approve.append((ready_s, invoice))

    def _session(self) -> None:
        now_s = self._e.engine.now_s
        ready = [invoice for ready_s, invoice in self._to_approve if ready_s <= now_s]
        self._to_approve = [entry for entry in self._to_approve if entry[0] > now_s]
        ready = [i for i in ready if now_s < i.due_at_s and self._e.firms[i.debtor].alive]
        if ready:
            entries = [Entry(invoice.key, invoice.genuine) for invoice in ready]
            self._answer(ready, [self._approver.signs(entry) for entry in entries])

    def _answer(self, invoices: list[Invoice], signs: list[bool]) -> None:
        accepted = [i for i, signed in zip(invoices, signs, strict=True) if signed]
        rejected = [i for i, signed in zip(invoices, signs, strict=True) if not signed]
        if accepted:
            self._platform.reach(partial(self._accept, [i.receivable_id for i in accepted]))
        if rejected:
            self._platform.reach(partial(self._reject, rejected))
        self._platform.driver.wake()

    def _accept(self, receivable_ids: list[str]) -> None:
        service = self._platform.service
        service.accept(service.signed_acceptances(receivable_ids))
        self._platform.driver.wake()

    def _reject(self, invoices: list[Invoice]) -> None:
        self._platform.service.reject([self._rejection(invoice) for invoice in invoices])
        self._platform.driver.wake()

    def _rejection(self, invoice: Invoice) -> RejectReceivable:
        command_id = self._platform.command_id("reject", invoice.receivable_id)
        debtor_id = self._e.firms[invoice.debtor].key
        return RejectReceivable(command_id, invoice.receivable_id, debtor_id, "no such delivery")
