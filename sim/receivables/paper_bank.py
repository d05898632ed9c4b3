"""What the banks of the paper process know, check, charge and collect."""

from sim.receivables.economy import Economy
from sim.receivables.pricing import Offered, expected_apr_ppm, offered, pricing_policy
from sim.receivables.records import Claim, Invoice, Ticket
from system.limits import DAY_S, PPM, YEAR_DAYS

# Three courier trips: the documents, and the contract there and back.
_COURIER_TRIPS = 3


class PaperBooks:
    """Checks, prices, pays out and collects; one register of applications per bank."""

    def __init__(self, economy: Economy) -> None:
        self._e, self._p = economy, economy.p
        self._policy = pricing_policy(economy.p)
        self._by_invoice: dict[str, list[Ticket]] = {}

    def expected_apr_ppm(self, claim: Claim) -> int | None:
        """Rate and fee per year; None where the bank takes no application."""
        days = self._e.term_days_left(claim)
        if days < 1 or not self._is_eligible(claim, claim.value_fen):
            return None
        recourse, supplier_pd_ppm = self._e.has_recourse(claim), self._p.supplier_pd_ppm
        apr_ppm = expected_apr_ppm(self._policy, supplier_pd_ppm, days, recourse, claim.tier)
        return apr_ppm + self.fee_fen() * PPM * YEAR_DAYS // (claim.value_fen * days)

    def _is_eligible(self, claim: Claim, amount_fen: int) -> bool:
        """First-tier suppliers of core enterprises, from a minimum amount on."""
        debtor = self._e.firms[claim.invoice.debtor]
        return claim.tier == 1 and debtor.is_core and amount_fen >= self._p.paper_ticket_fen_min

    def fee_fen(self) -> int:
        """The bank's handling of one application, passed on at cost."""
        work_s = self._p.intake_work_s + self._p.verify_work_s + self._p.analysis_work_s
        wages_fen = work_s * self._p.clerk_wage_fen_per_hour // 3600
        return wages_fen + _COURIER_TRIPS * self._p.courier_fen

    def _price(self, claim: Claim, value_fen: int, days: int) -> Offered:
        """Supplier risk: the bank relies on paper that the debtor has not accepted."""
        recourse, supplier_pd_ppm = self._e.has_recourse(claim), self._p.supplier_pd_ppm
        return offered(self._policy, value_fen, supplier_pd_ppm, days, recourse, claim.tier)

    # Decision

    def takes_in(self, ticket: Ticket) -> bool:
        """The intake clerk sends back what the bank does not finance at all, unchecked."""
        if self._is_eligible(ticket.claim, ticket.amount_fen):
            return True
        self._decline(ticket, "not_eligible")
        return False

    def is_called(self, ticket: Ticket) -> bool:
        """Whether the bank rings up the debtor: large tickets more often than small ones."""
        is_large = ticket.amount_fen >= self._p.verify_threshold_fen
        share = self._p.verify_call_share if is_large else self._p.verify_small_call_share
        return self._e.luck.chance("called", ticket.claim.key, ticket.fraud, share=share)

    def decide(self, ticket: Ticket) -> bool:
        """The committee's vote. Declines what a check has shown to be wrong."""
        days = self._e.term_days_left(ticket.claim)
        reason = self._doubt(ticket)
        ticket.flagged = bool(reason)
        if not reason and days < 1:
            reason = "due_too_soon"
        if reason:
            self._decline(ticket, reason)
            return False
        self._value(ticket, days)
        ticket.recourse = self._e.has_recourse(ticket.claim)
        self._known(ticket).append(ticket)
        self._e.note("approved", ticket.key, ticket.advance_fen)
        return True

    def _value(self, ticket: Ticket, days: int) -> None:
        terms = self._price(ticket.claim, ticket.amount_fen, days)
        ticket.days, ticket.fee_fen = days, self.fee_fen()
        ticket.advance_fen, ticket.discount_fen = terms.advance_fen, terms.discount_fen
        ticket.holdback_fen = terms.holdback_fen

    def _known(self, ticket: Ticket) -> list[Ticket]:
        return self._by_invoice.setdefault(ticket.claim.invoice.key, [])

    def _doubt(self, ticket: Ticket) -> str:
        """What the checks have found: a double pledge, or a debtor who knows of no such debt."""
        luck, key = self._e.luck, (ticket.claim.key, ticket.fraud)
        for other in self._known(ticket):
            if other.bank == ticket.bank:
                if not luck.chance("altered_number", *key, share=self._p.altered_number_share):
                    return "pledged_here"
            elif luck.chance("search", *key, share=self._p.registry_search_share) and luck.chance(
                "match", *key, share=self._p.registry_match_share
            ):
                return "pledged_elsewhere"
        if not self.is_called(ticket):
            return ""
        if not ticket.claim.invoice.genuine or ticket.fraud == "altered":
            colludes = luck.chance("collusion", *key, share=self._p.collusion_share)
            return "" if colludes else "debtor_denies"
        wrong = luck.chance("false_alarm", *key, share=self._p.verify_false_alarm_share)
        return "debtor_denies" if wrong else ""

    def _decline(self, ticket: Ticket, reason: str) -> None:
        ticket.state, ticket.reason = "declined", reason
        if ticket.claim.state == "sought":
            ticket.claim.state = "held"
        # An application that failed is not repeated for the same claim.
        ticket.claim.state = "refused" if ticket.claim.state == "held" else ticket.claim.state
        self._e.note("declined", ticket.key)

    # Cash

    def pay_out(self, ticket: Ticket) -> None:
        """Pay the advance, discounted from today: a bank charges for money from its value date."""
        self._value(ticket, max(1, self._e.term_days_left(ticket.claim)))
        firm = self._e.firms[ticket.firm]
        self._e.pay(ticket.bank, firm.key, ticket.advance_fen, "advance")
        self._e.pay(firm.key, ticket.bank, ticket.fee_fen, "fee")
        ticket.state, ticket.claim.state = "funded", "financed"
        ticket.funded_at_s = self._e.engine.now_s
        self._e.note("funded", ticket.key, ticket.advance_fen, ticket.discount_fen)

    def settle(self, invoice: Invoice, amount_fen: int) -> None:
        """The first bank with a funded ticket collects; without one, the seller does."""
        debtor, seller = self._e.firms[invoice.debtor], self._e.firms[invoice.seller]
        tickets = self._by_invoice.get(invoice.key, [])
        first = next((ticket for ticket in tickets if ticket.state == "funded"), None)
        for claim in seller.claims:
            if claim.invoice is invoice:
                claim.state = "closed"
        if first is None or first.collected_fen:
            self._e.pay(debtor.key, seller.key, amount_fen, "invoice")
            return
        owed_fen = first.advance_fen + first.discount_fen
        first.collected_fen = min(owed_fen, amount_fen)
        self._e.pay(debtor.key, first.bank, amount_fen, "assigned_invoice")
        self._e.pay(first.bank, seller.key, amount_fen - first.collected_fen, "holdback")

    def credit(self, invoice: Invoice, credit_fen: int) -> None:
        """A credit note: what the debtor deducts is missing first from the seller's own share."""
        if not credit_fen:
            return
        invoice.credited_fen = credit_fen
        for claim in self._e.firms[invoice.seller].claims:
            if claim.invoice is invoice and claim.state in ("held", "refused"):
                claim.value_fen -= credit_fen
        self._e.note("credited", invoice.key, credit_fen)

    def call_recourse(self) -> None:
        """Debit the supplier for what its debtor has not paid long after the due date."""
        for tickets in self._by_invoice.values():
            for ticket in tickets:
                last_s = ticket.claim.invoice.due_at_s + self._p.default_after_days * DAY_S
                is_open = ticket.state == "funded" and not ticket.collected_fen
                if is_open and self._e.engine.now_s > last_s and ticket.recourse:
                    self._debit(ticket)

    def _debit(self, ticket: Ticket) -> None:
        firm = self._e.firms[ticket.firm]
        owed_fen = ticket.advance_fen + ticket.discount_fen
        paid_fen = min(owed_fen, max(0, self._e.headroom_fen(firm)) if firm.alive else 0)
        self._e.pay(firm.key, ticket.bank, paid_fen, "recourse")
        ticket.collected_fen = paid_fen
        if paid_fen:
            self._e.note("recoursed", ticket.key, paid_fen)
