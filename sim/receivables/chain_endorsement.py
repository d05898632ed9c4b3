"""Suppliers pay their own suppliers with parts of their claims."""

from functools import partial

from sim.receivables.chain_lots import LotBook
from sim.receivables.chain_platform import Platform
from sim.receivables.economy import Economy
from sim.receivables.records import Claim, Firm, Invoice
from sim.twins.patient_client import Unreachable
from system.chain.commands import EndorseLot
from system.chain.events import LotEndorsed
from system.chain.rules import Refusal
from system.limits import DAY_S, TIER_MAX


class EndorsementDesk:
    """Finds the claim that fits an invoice, and follows it down the tiers."""

    def __init__(self, economy: Economy, platform: Platform, lots: LotBook) -> None:
        self._e, self._p, self._platform, self._lots = economy, economy.p, platform, lots
        self._under_way: dict[int, tuple[Claim, Invoice]] = {}

    def pays(self, invoice: Invoice) -> bool:
        """Whether the buyer has settled this invoice by passing on a claim of its own."""
        buyer, seller = self._e.firms[invoice.debtor], self._e.firms[invoice.seller]
        if not (buyer.onboarded and seller.onboarded and buyer.alive):
            return False
        claim = self._fitting_claim(buyer, invoice)
        if claim is None or invoice.face_fen < self._p.endorse_value_fen_min:
            return False
        return self._endorse(claim, invoice, seller)

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
        try:
            refusal = self._order(command)
        except Unreachable:
            # The payee has its word; the order follows when the platform can be reached.
            self._platform.later(partial(self._order_late, command))
            refusal = None
        if refusal is not None:
            self._e.note("endorse_refused", invoice.key, int(refusal))
            return False
        claim.state = "endorsing"
        self._under_way[claim.lot_id] = (claim, invoice)
        self._platform.driver.wake()
        return True

    def _order(self, command: EndorseLot) -> Refusal | None:
        return self._platform.service.endorse([command])[0].refusal

    def _order_late(self, command: EndorseLot) -> None:
        if self._order(command) is not None:
            self.on_failed(command.lot_id)
        self._platform.driver.wake()

    def on_endorsed(self, event: LotEndorsed) -> None:
        """The payee holds its part."""
        claim, paid = self._under_way.pop(event.parent_lot_id)
        self._lots.pass_on(claim, event.rest_lot_id, event.lot_id, paid.seller, event.amount_fen)
        self._e.note("endorsed", f"lot{event.lot_id}", event.amount_fen, event.tier)

    def on_failed(self, lot_id: int) -> None:
        """The chain refused: the invoice stands open again."""
        claim, invoice = self._under_way.pop(lot_id)
        claim.state, invoice.paid = "held", False
        self._e.book(invoice)
