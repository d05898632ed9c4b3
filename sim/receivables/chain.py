"""The chain process: the production service, driven by people with clicks instead of couriers.

Invoices of core enterprises are registered by ERP batch and signed by an approver; suppliers on
the platform apply, take the quote and are paid by the contracts, and pass parts of their claims
down the tiers. Whoever is not on the platform stays with paper.
"""

from sim.receivables.chain_debtors import DebtorDesk
from sim.receivables.chain_fraud import ChainFraud
from sim.receivables.chain_platform import CLEARING, Platform
from sim.receivables.economy import Economy, interest_fen
from sim.receivables.paper import PaperChannel
from sim.receivables.pricing import expected_apr_ppm, pricing_policy
from sim.receivables.records import WORLD, Claim, Firm, Invoice, Ticket
from system.chain import events as facts
from system.chain.commands import (
    EndorseLot,
    OpenDispute,
    PayReceivable,
    RequestFinancing,
    ResolveDispute,
    TakeQuote,
    WriteOff,
)
from system.chain.rules import Refusal
from system.limits import DAY_S, TERM_DAYS_USUAL_MAX, TIER_MAX


class ChainChannel:
    """Implements ``sim.receivables.economy.Channel`` on ``system.chain``."""

    name = "chain"

    def __init__(self, economy: Economy, platform: Platform) -> None:
        self._e, self._p, self._platform = economy, economy.p, platform
        self._paper = PaperChannel(economy)
        self._policy = pricing_policy(economy.p)
        self.debtors = DebtorDesk(economy, platform)
        self._fraud = ChainFraud(economy, self.debtors, self._paper, self._waits)
        self._claim_of_lot: dict[int, Claim] = {}
        self._waiting: dict[str, list[Ticket]] = {}
        self._ticket_of_request: dict[str, Ticket] = {}
        self._endorsed: dict[int, tuple[Claim, Invoice]] = {}
        self._has_paid_entry: dict[int, bool] = {}

    # The channel's contract

    def on_invoice(self, claim: Claim) -> None:
        seller, debtor = self._e.firms[claim.holder], self._e.firms[claim.invoice.debtor]
        if debtor.is_core and seller.onboarded:
            self.debtors.hand_in(claim)

    def apr_ppm(self, claim: Claim) -> int | None:
        debtor = self._e.firms[claim.invoice.debtor]
        if not (debtor.is_core and self._e.firms[claim.holder].onboarded):
            return self._paper.apr_ppm(claim)
        days = self._e.term_days_left(claim)
        if not 1 <= days <= TERM_DAYS_USUAL_MAX or claim.invoice.paid:
            return None
        pd_ppm, fee_ppm = self._p.core_pd_ppm, self._p.platform_fee_ppm
        return expected_apr_ppm(self._policy, pd_ppm, days, False, claim.tier) + fee_ppm

    def seek(self, ticket: Ticket) -> None:
        if not self._e.firms[ticket.firm].onboarded:
            self._paper.seek(ticket)
            return
        ticket.channel = self.name
        if ticket.fraud:
            self._fraud.attempt(ticket)
        else:
            self._waits(ticket)

    def _waits(self, ticket: Ticket) -> None:
        """Apply now, or as soon as the debtor has accepted."""
        if ticket.claim.lot_id:
            self._prepare(ticket)
        else:
            self._waiting.setdefault(ticket.claim.key, []).append(ticket)

    def pays_with_claim(self, invoice: Invoice) -> bool:
        buyer, seller = self._e.firms[invoice.debtor], self._e.firms[invoice.seller]
        if not (buyer.onboarded and seller.onboarded and buyer.alive):
            return False
        claim = self._fitting_claim(buyer, invoice)
        if claim is None or invoice.face_fen < self._p.endorse_value_fen_min:
            return False
        return self._endorse(claim, invoice, seller)

    def settle(self, invoice: Invoice, amount_fen: int) -> None:
        debtor = self._e.firms[invoice.debtor]
        claim = self.debtors.claim_of.get(invoice.receivable_id)
        if claim is None or not claim.lot_id:
            self._drop_waiting(invoice)
            self._paper.settle(invoice, amount_fen)
            return
        command_id = self._platform.command_id("pay", invoice.number)
        outcome = self._platform.service.pay(
            [PayReceivable(command_id, invoice.receivable_id, debtor.key, amount_fen)]
        )[0]
        assert outcome.refusal is None, f"{invoice.key}: payment refused: {outcome}"
        self._e.pay(debtor.key, CLEARING, amount_fen, "settlement")
        self._platform.driver.wake()

    def on_dispute(self, invoice: Invoice) -> None:
        if self._is_on_chain(invoice):
            command_id = self._platform.command_id("dispute", invoice.number)
            debtor_id = self._e.firms[invoice.debtor].key
            dispute = OpenDispute(command_id, invoice.receivable_id, debtor_id, "quality")
            self._platform.service.open_disputes([dispute])
            self._platform.driver.wake()

    def on_resolution(self, invoice: Invoice) -> None:
        if self._is_on_chain(invoice):
            command_id = self._platform.command_id("resolve", invoice.number)
            supplier_id = self._e.firms[invoice.seller].key
            resolution = ResolveDispute(command_id, invoice.receivable_id, supplier_id, 0)
            self._platform.service.resolve_disputes([resolution])
            self._platform.driver.wake()

    def end_of_day(self) -> None:
        self._paper.end_of_day()
        self._give_up()
        self.debtors.step()
        self._platform.service.end_of_day()
        self._platform.driver.drain()
        self._platform.driver.wake()

    def _is_on_chain(self, invoice: Invoice) -> bool:
        claim = self.debtors.claim_of.get(invoice.receivable_id)
        return claim is not None and claim.lot_id > 0

    def _drop_waiting(self, invoice: Invoice) -> None:
        """The debtor paid before it accepted: there is nothing left to finance."""
        for ticket in self._waiting.pop(invoice.key, []):
            self._decline(ticket, "paid_before_acceptance")

    def _give_up(self) -> None:
        """Nobody will accept any more what has fallen due or what a failed debtor owes."""
        for key, tickets in list(self._waiting.items()):
            invoice = tickets[0].claim.invoice
            is_due = self._e.engine.now_s >= invoice.due_at_s
            if is_due or not self._e.firms[invoice.debtor].alive:
                del self._waiting[key]
                for ticket in tickets:
                    self._decline(ticket, "never_accepted")

    # An application

    def _prepare(self, ticket: Ticket) -> None:
        ticket.mark("acceptance", self._e.engine.now_s)
        work_s = self._e.delay_s("request", ticket.claim.key, self._p.request_delay_work_s)
        at_s = self._e.calendar.add_working_s(self._e.engine.now_s, max(1, work_s))
        self._e.engine.at(at_s, lambda: self._request(ticket))

    def _request(self, ticket: Ticket) -> None:
        ticket.mark("request", self._e.engine.now_s)
        command = RequestFinancing(
            command_id=self._platform.command_id("request", ticket.key),
            lot_id=ticket.claim.lot_id,
            supplier_id=self._e.firms[ticket.firm].key,
            bank_id=ticket.bank,
            amount_fen=ticket.claim.value_fen,
            with_recourse=False,
        )
        outcome = self._platform.service.request_financing([command])[0]
        self._ticket_of_request[outcome.reference] = ticket
        self._platform.driver.drain()
        self._platform.driver.wake()

    def _on_declined(self, event: facts.RequestDeclined) -> None:
        ticket = self._ticket_of_request[event.request_id]
        ticket.mark("decision", self._e.engine.now_s)
        ticket.decided_at_s = self._e.engine.now_s
        refusal = Refusal(event.refusal)
        self._decline(ticket, refusal.name)
        if refusal is Refusal.FINANCING_VERDICT_NOT_CLEAR:
            ticket.flagged = True
            ticket.claim.state = "refused"

    def _on_quote(self, event: facts.QuoteMade) -> None:
        ticket = self._ticket_of_request[event.request_id]
        now_s = self._e.engine.now_s
        ticket.mark("decision", now_s)
        ticket.decided_at_s = now_s
        ticket.advance_fen, ticket.discount_fen = event.advance_fen, event.discount_fen
        ticket.holdback_fen = event.holdback_fen
        delay_s = max(1, self._e.delay_s("click", ticket.claim.key, self._p.quote_click_delay_s))
        if self._p.mobile_approval:
            at_s = now_s + delay_s
        else:
            at_s = self._e.calendar.add_working_s(now_s, delay_s)
        self._e.engine.at(at_s, lambda: self._take(ticket, event.request_id))

    def _take(self, ticket: Ticket, request_id: str) -> None:
        ticket.mark("take_quote", self._e.engine.now_s)
        command_id = self._platform.command_id("take", ticket.key)
        supplier_id = self._e.firms[ticket.firm].key
        take = TakeQuote(command_id, request_id, supplier_id)
        outcome = self._platform.service.take_quotes([take])[0]
        if outcome.refusal is not None:
            self._decline(ticket, outcome.refusal.name)
        self._platform.driver.wake()

    def _on_disbursed(self, event: facts.LotDisbursed) -> None:
        ticket = self._ticket_of_request[event.request_id]
        ticket.mark("relay_block", self._e.engine.now_s)
        ticket.claim.state = "financed"
        usable_s = self._e.engine.now_s + self._p.cash_out_window_s
        self._e.engine.at(usable_s, lambda: self._usable(ticket))

    def _usable(self, ticket: Ticket) -> None:
        now_s, firm = self._e.engine.now_s, self._e.firms[ticket.firm]
        ticket.mark("cash_window", now_s)
        ticket.days = max(1, self._e.term_days_left(ticket.claim))
        ticket.fee_fen = interest_fen(ticket.amount_fen, self._p.platform_fee_ppm, ticket.days)
        ticket.fee_fen += self._entry_fee_fen(firm)
        self._e.pay(ticket.bank, firm.key, ticket.advance_fen, "advance")
        self._e.pay(firm.key, WORLD, ticket.fee_fen, "platform_fee")
        ticket.state, ticket.funded_at_s = "funded", now_s
        self._e.note("funded", ticket.key, ticket.advance_fen, ticket.discount_fen)

    def _entry_fee_fen(self, firm: Firm) -> int:
        """The cost of joining the platform falls due with the first financing."""
        if self._has_paid_entry.get(firm.index):
            return 0
        self._has_paid_entry[firm.index] = True
        return self._p.onboarding_cost_fen

    def _decline(self, ticket: Ticket, reason: str) -> None:
        ticket.state, ticket.reason = "declined", reason
        if ticket.claim.state == "sought":
            ticket.claim.state = "held"
        self._e.note("declined", ticket.key)

    # Endorsement

    def _fitting_claim(self, buyer: Firm, invoice: Invoice) -> Claim | None:
        """A large enough claim that falls due no sooner than the buyer owes, nor too late for the
        payee; the earliest of them."""
        last_s = invoice.due_at_s + self._p.endorse_due_tolerance_days * DAY_S
        fitting = [
            claim
            for claim in buyer.claims
            if claim.state == "held" and claim.lot_id and claim.tier < TIER_MAX
            and claim.value_fen >= invoice.face_fen
            and invoice.due_at_s <= claim.invoice.due_at_s <= last_s
        ]  # fmt: skip
        return min(fitting, key=lambda claim: (claim.invoice.due_at_s, claim.key), default=None)

    def _endorse(self, claim: Claim, invoice: Invoice, seller: Firm) -> bool:
        holder_id, amount_fen = self._e.firms[claim.holder].key, invoice.face_fen
        command_id = self._platform.command_id("endorse", invoice.number)
        command = EndorseLot(command_id, claim.lot_id, holder_id, seller.key, amount_fen)
        outcome = self._platform.service.endorse([command])[0]
        if outcome.refusal is not None:
            self._e.note("endorse_refused", invoice.key, int(outcome.refusal))
            return False
        claim.state = "endorsing"
        self._endorsed[claim.lot_id] = (claim, invoice)
        self._platform.driver.wake()
        return True

    def _on_endorsed(self, event: facts.LotEndorsed) -> None:
        claim, paid = self._endorsed.pop(event.parent_lot_id)
        del self._claim_of_lot[event.parent_lot_id]
        claim.state = "closed"
        rest_fen = claim.value_fen - event.amount_fen
        if event.rest_lot_id:
            self._split_off(claim, event.rest_lot_id, claim.holder, rest_fen, claim.tier)
        self._split_off(claim, event.lot_id, paid.seller, event.amount_fen, event.tier)
        self._e.note("endorsed", f"lot{event.lot_id}", event.amount_fen, event.tier)

    def _split_off(self, claim: Claim, lot_id: int, holder: int, fen: int, tier: int) -> None:
        part = Claim(f"{claim.invoice.key}/{lot_id}", holder, claim.invoice, fen, tier)
        part.lot_id = lot_id
        self._claim_of_lot[lot_id] = part
        self._e.add_claim(part)

    def _on_default(self, event: facts.ReceivableDefaulted) -> None:
        """The bank gives up what it has financed; two people sign."""
        self._e.note("defaulted", self.debtors.claim_of[event.receivable_id].key)
        invoice = self.debtors.claim_of[event.receivable_id].invoice
        funded = (t for t in self._e.tickets if t.claim.invoice is invoice and t.funded_at_s)
        ticket = next(funded, None)
        if ticket is not None:
            command_id = self._platform.command_id("write_off", invoice.number)
            people = ("credit-desk", "head-of-risk")
            order = WriteOff(command_id, event.receivable_id, ticket.bank, *people)
            self._platform.service.write_off([order])

    def _on_failed(self, event: facts.CommandFailed) -> None:
        """The chain refused an endorsement: the invoice stands open again."""
        self._e.note("command_failed", f"{event.use_case}/{event.subject}")
        if event.use_case == "endorse":
            claim, invoice = self._endorsed.pop(int(event.subject))
            claim.state, invoice.paid = "held", False
            self._e.book(invoice)

    # Facts from the platform

    def handle(self, event: facts.Event) -> None:
        """What the economy does when the platform reports a fact."""
        match event:
            case facts.ReceivableRegistered():
                self.debtors.on_registered(event.receivable_id)
            case facts.ReceivableAccepted():
                self._on_accepted(event)
            case facts.ReceivableRejected():
                self._on_rejected(event)
            case facts.QuoteMade():
                self._on_quote(event)
            case facts.RequestDeclined():
                self._on_declined(event)
            case facts.LotDisbursed():
                self._on_disbursed(event)
            case facts.DisbursementFailed():
                self._decline(self._ticket_of_request[event.request_id], "disbursement_failed")
            case facts.LotEndorsed():
                self._on_endorsed(event)
            case facts.PayoutMade():
                self._on_payout(event)
            case facts.ReceivableDefaulted():
                self._on_default(event)
            case facts.CommandFailed():
                self._on_failed(event)
            case facts.AlertRaised():
                self._on_alert(event)
            case _:
                pass

    def _on_accepted(self, event: facts.ReceivableAccepted) -> None:
        claim = self.debtors.claim_of[event.receivable_id]
        claim.lot_id = event.lot_id
        self._claim_of_lot[event.lot_id] = claim
        self._e.note("accepted", claim.key, event.lot_id)
        for ticket in self._waiting.pop(claim.key, []):
            self._prepare(ticket)

    def _on_rejected(self, event: facts.ReceivableRejected) -> None:
        claim = self.debtors.claim_of[event.receivable_id]
        self._e.note("rejected", claim.key)
        for ticket in self._waiting.pop(claim.key, []):
            ticket.flagged = True
            self._decline(ticket, "debtor_rejects")

    def _on_payout(self, event: facts.PayoutMade) -> None:
        claim = self._claim_of_lot[event.lot_id]
        self._e.pay(CLEARING, event.to_id, event.amount_fen, "payout")
        claim.state = "closed"
        self._e.note("payout", f"lot{event.lot_id}", event.amount_fen)
        for ticket in self._e.tickets:
            if ticket.claim is claim and ticket.bank == event.to_id:
                ticket.collected_fen += event.amount_fen

    def _on_alert(self, event: facts.AlertRaised) -> None:
        claim = self.debtors.claim_of.get(event.receivable_id)
        key = claim.invoice.key if claim else event.receivable_id
        self._e.note("alert", f"{event.rule}/{key}")
        self._e.alerts.append((event.rule, key))
