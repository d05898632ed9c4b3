"""The chain process: the production service, driven by people with clicks instead of couriers.

Invoices of core enterprises are registered by ERP batch and signed by an approver; suppliers on
the platform apply, take the quote and are paid by the contracts, and pass parts of their claims
down the tiers. Whoever is not on the platform stays with paper.
"""

from sim.receivables.chain_collection import CollectionDesk
from sim.receivables.chain_debtors import DebtorDesk
from sim.receivables.chain_disputes import DisputeDesk
from sim.receivables.chain_endorsement import EndorsementDesk
from sim.receivables.chain_fraud import ChainFraud
from sim.receivables.chain_lots import LotBook
from sim.receivables.chain_payouts import PayoutDesk
from sim.receivables.chain_platform import AMOUNT_FEN_MIN, CLEARING, Platform
from sim.receivables.chain_rules import FINAL_REFUSALS, has_usual_term
from sim.receivables.economy import Economy, interest_fen
from sim.receivables.network import BANKS
from sim.receivables.paper import PaperChannel
from sim.receivables.pricing import expected_apr_ppm, pricing_policy
from sim.receivables.records import WORLD, Claim, Firm, Invoice, Ticket
from system.chain import events as facts
from system.chain.commands import PayReceivable, RequestFinancing, TakeQuote
from system.chain.rules import Refusal
from system.limits import PPM, YEAR_DAYS


class ChainChannel:
    """Implements ``sim.receivables.economy.Channel`` on ``system.chain``."""

    name = "chain"

    def __init__(self, economy: Economy, platform: Platform) -> None:
        self._e, self._p, self._platform = economy, economy.p, platform
        self._paper = PaperChannel(economy)
        self._policy = pricing_policy(economy.p)
        self.debtors = DebtorDesk(economy, platform)
        self._fraud = ChainFraud(economy, platform, self.debtors, self._paper, self._waits)
        self._lots = LotBook(economy)
        self._endorsement = EndorsementDesk(economy, platform, self._lots)
        self._disputes = DisputeDesk(economy, platform, self._lots)
        self._collection = CollectionDesk(economy, platform, self._lots)
        self._payouts = PayoutDesk(economy, platform)
        self._waiting: dict[str, list[Ticket]] = {}
        self._ticket_of_request: dict[str, Ticket] = {}
        self._has_paid_entry: dict[int, bool] = {}

    # The channel's contract

    def on_invoice(self, claim: Claim) -> None:
        if self._is_for_chain(claim.invoice):
            self.debtors.hand_in(claim)

    def apr_ppm(self, claim: Claim) -> int | None:
        debtor = self._e.firms[claim.invoice.debtor]
        if not (debtor.is_core and self._e.firms[claim.holder].onboarded):
            return self._paper.apr_ppm(claim)
        days = self._e.term_days_left(claim)
        if days < 1 or claim.invoice.paid or not has_usual_term(claim.invoice):
            return None
        pd_ppm, recourse = self._p.core_pd_ppm, self._e.has_recourse(claim)
        apr_ppm = expected_apr_ppm(self._policy, pd_ppm, days, recourse, claim.tier)
        return apr_ppm + self._p.platform_fee_ppm

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
        return self._endorsement.pays(invoice)

    def settle(self, invoice: Invoice, amount_fen: int) -> None:
        debtor = self._e.firms[invoice.debtor]
        if not self._is_on_chain(invoice):
            self._drop_waiting(invoice)
            self._paper.settle(invoice, amount_fen)
            return
        command_id = self._platform.command_id("pay", invoice.number)
        self._e.pay(debtor.key, CLEARING, amount_fen, "settlement")
        order = PayReceivable(command_id, invoice.receivable_id, debtor.key, amount_fen)
        self._platform.reach(lambda: self._order_payment(order))

    def _order_payment(self, order: PayReceivable) -> None:
        outcome = self._platform.service.pay([order])[0]
        assert outcome.refusal is None, f"{order.command_id}: payment refused: {outcome}"
        self._platform.driver.wake()

    def on_dispute(self, invoice: Invoice) -> None:
        if self._is_on_chain(invoice):
            self._disputes.open(invoice)

    def on_resolution(self, invoice: Invoice, credit_fen: int) -> None:
        if self._is_on_chain(invoice):
            self._disputes.resolve(invoice, credit_fen)
        elif self._is_for_chain(invoice):
            # It will be accepted with its whole face.
            self._disputes.refund(invoice, credit_fen)
        else:
            self._paper.on_resolution(invoice, credit_fen)

    def end_of_day(self) -> None:
        self._paper.end_of_day()
        self._fraud.end_of_day()
        self._collection.end_of_day()
        self._give_up()
        self.debtors.step()
        self._platform.reach(self._close_day)

    def _close_day(self) -> None:
        self._platform.service.end_of_day()
        self._platform.driver.drain()
        self._platform.driver.wake()

    def _is_for_chain(self, invoice: Invoice) -> bool:
        """The ERP of a core enterprise hands in what suppliers on the platform have invoiced."""
        debtor, seller = self._e.firms[invoice.debtor], self._e.firms[invoice.seller]
        return debtor.is_core and seller.onboarded

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
        """Some requests wait for a person at the bank; the others are decided at once."""
        now_s, key = self._e.engine.now_s, ticket.claim.key
        ticket.mark("request", now_s)
        if not self._e.luck.chance("bank_review", key, share=self._p.bank_review_share):
            self._submit(ticket)
            return
        work_s = self._e.delay_s("bank_review_work", key, self._p.bank_review_work_s)
        at_s = self._e.calendar.add_working_s(now_s, max(1, work_s))
        self._e.engine.at(at_s, lambda: self._submit(ticket))

    def _submit(self, ticket: Ticket) -> None:
        ticket.amount_fen = self._wanted_fen(ticket)
        ticket.recourse = self._e.has_recourse(ticket.claim)
        command = RequestFinancing(
            command_id=self._platform.command_id("request", ticket.key),
            lot_id=ticket.claim.lot_id,
            supplier_id=self._e.firms[ticket.firm].key,
            bank_id=ticket.bank,
            amount_fen=ticket.amount_fen,
            with_recourse=ticket.recourse,
        )
        self._platform.reach(lambda: self._ask(ticket, command))

    def _ask(self, ticket: Ticket, command: RequestFinancing) -> None:
        outcome = self._platform.service.request_financing([command])[0]
        self._ticket_of_request[outcome.reference] = ticket
        self._platform.driver.drain()
        self._platform.driver.wake()

    def _wanted_fen(self, ticket: Ticket) -> int:
        """Only what is needed, where that is less than half of the claim; otherwise all of it."""
        value_fen = ticket.claim.value_fen
        days, apr_ppm = self._e.term_days_left(ticket.claim), self.apr_ppm(ticket.claim) or 0
        kept_ppm = PPM - self._p.holdback_ppm - apr_ppm * max(0, days) // YEAR_DAYS
        part_fen = max(AMOUNT_FEN_MIN, ticket.needed_fen * PPM // kept_ppm + 1)
        return part_fen if ticket.needed_fen and part_fen < value_fen // 2 else value_fen

    def _on_declined(self, event: facts.RequestDeclined) -> None:
        ticket = self._ticket_of_request[event.request_id]
        ticket.mark("decision", self._e.engine.now_s)
        ticket.decided_at_s = self._e.engine.now_s
        refusal = Refusal(event.refusal)
        self._decline(ticket, refusal.name)
        ticket.flagged = refusal is Refusal.FINANCING_VERDICT_NOT_CLEAR
        if refusal in FINAL_REFUSALS and ticket.claim.state == "held":
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
        self._platform.reach(lambda: self._order_taking(ticket, take))

    def _order_taking(self, ticket: Ticket, take: TakeQuote) -> None:
        outcome = self._platform.service.take_quotes([take])[0]
        if outcome.refusal is not None:
            self._decline(ticket, outcome.refusal.name)
        self._platform.driver.wake()

    def _on_disbursed(self, event: facts.LotDisbursed) -> None:
        ticket = self._ticket_of_request[event.request_id]
        ticket.mark("relay_block", self._e.engine.now_s)
        if event.lot_id != ticket.claim.lot_id:
            self._lots.divide(ticket.claim, event.lot_id, ticket.amount_fen)
            self._e.note("financed_in_part", ticket.key, ticket.amount_fen)
        ticket.claim.state = "financed"
        if self._payouts.by_rail:
            supplier_id = self._e.firms[ticket.firm].key
            self._payouts.owe(supplier_id, event.advance_fen, lambda: self._arrived(ticket))
        else:
            self._wait_for_window(ticket)

    def _arrived(self, ticket: Ticket) -> None:
        ticket.mark("payment_rail", self._e.engine.now_s)
        self._wait_for_window(ticket)

    def _wait_for_window(self, ticket: Ticket) -> None:
        usable_s = self._e.engine.now_s + self._p.cash_out_window_s
        self._e.engine.at(usable_s, lambda: self._usable(ticket))

    def _usable(self, ticket: Ticket) -> None:
        # Where the rail itself is played, it has brought the cash by now.
        opens_s = None if self._payouts.by_rail else self._e.rail_opens_s()
        if opens_s is not None:
            self._e.engine.at(opens_s, lambda: self._usable(ticket))
            return
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
                self._on_disbursement_failed(event)
            case facts.LotEndorsed():
                self._endorsement.on_endorsed(event)
            case facts.PayoutMade():
                self._on_payout(event)
            case facts.CashWithdrawn():
                self._payouts.on_withdrawn(event)
            case facts.PayoutEnded():
                self._payouts.on_ended(event)
            case facts.ReceivableOverdue():
                self._e.note("overdue", self._invoice(event.receivable_id).key)
            case facts.ReceivableDefaulted():
                self._collection.on_default(self._invoice(event.receivable_id))
            case facts.LotRecoursed():
                self._collection.on_recoursed(event)
            case facts.ReceivableWrittenOff():
                self._e.note("written_off", self._invoice(event.receivable_id).key, event.loss_fen)
            case facts.CommandFailed():
                self._on_failed(event)
            case facts.AlertRaised():
                self._on_alert(event)
            case _:
                pass

    def _invoice(self, receivable_id: str) -> Invoice:
        return self.debtors.claim_of[receivable_id].invoice

    def _on_disbursement_failed(self, event: facts.DisbursementFailed) -> None:
        ticket = self._ticket_of_request[event.request_id]
        self._decline(ticket, "disbursement_failed")
        if ticket.amount_fen < ticket.claim.value_fen and ticket.claim.state == "held":
            # It may be divided by now; such a claim is kept until it is paid.
            ticket.claim.state = "refused"

    def _on_failed(self, event: facts.CommandFailed) -> None:
        use_case = event.use_case.replace(" ", "_")
        self._e.note("command_failed", f"{use_case}/{event.subject}")
        if event.use_case == "endorse":
            self._endorsement.on_failed(int(event.subject))

    def _on_accepted(self, event: facts.ReceivableAccepted) -> None:
        claim = self.debtors.claim_of[event.receivable_id]
        claim.invoice.accepted_at_s = self._e.engine.now_s
        self._lots.open(claim, event.lot_id)
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
        self._e.pay(CLEARING, event.to_id, event.amount_fen, "payout")
        if self._payouts.by_rail and event.to_id not in BANKS:
            self._payouts.owe_payout(event.to_id, event.amount_fen)
        self._e.note("payout", f"lot{event.lot_id}", event.amount_fen)
        claim = self._lots.claim_of(event.lot_id)
        if claim is None:
            return
        claim.state = "closed"
        for ticket in self._e.tickets:
            if ticket.claim is claim and ticket.bank == event.to_id:
                ticket.collected_fen += event.amount_fen

    def _on_alert(self, event: facts.AlertRaised) -> None:
        claim = self.debtors.claim_of.get(event.receivable_id)
        key = claim.invoice.key if claim else event.receivable_id
        self._e.note("alert", f"{event.rule}/{key}")
        self._e.alerts.append((event.rule, key))
