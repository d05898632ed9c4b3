"""The banks' collection agents: recourse where it was agreed, and what is given up for lost.

As in the paper process, recourse is called when the debtor has defaulted. It is all or nothing:
the agent calls it only where the supplier can pay the whole price.
"""

from functools import partial

from sim.receivables.chain_lots import LotBook
from sim.receivables.chain_platform import Platform
from sim.receivables.economy import Economy
from sim.receivables.records import Invoice, Ticket
from system.chain.commands import CallRecourse, WriteOff
from system.chain.events import LotRecoursed


class CollectionDesk:
    """Works on defaulted receivables: recourse at once, a write-off at the next end of day."""

    def __init__(self, economy: Economy, platform: Platform, lots: LotBook) -> None:
        self._e, self._platform, self._lots = economy, platform, lots
        self._defaulted: list[Invoice] = []

    def on_default(self, invoice: Invoice) -> None:
        """Call recourse on every lot that was sold with it."""
        self._e.note("defaulted", invoice.key)
        self._defaulted.append(invoice)
        for ticket in self._unpaid(invoice):
            if ticket.recourse and self._can_pay(ticket):
                self._platform.reach(partial(self._call, ticket))

    def _unpaid(self, invoice: Invoice) -> list[Ticket]:
        """Financed on the platform and not collected; other banks see to their own."""
        return [
            ticket
            for ticket in self._e.tickets
            if ticket.claim.invoice is invoice
            and ticket.channel == "chain"
            and ticket.funded_at_s is not None
            and not ticket.collected_fen
        ]

    def _can_pay(self, ticket: Ticket) -> bool:
        firm, price_fen = self._e.firms[ticket.firm], ticket.advance_fen + ticket.discount_fen
        return firm.alive and self._e.headroom_fen(firm) >= price_fen

    def _call(self, ticket: Ticket) -> None:
        lot_id = ticket.claim.lot_id
        command_id = self._platform.command_id("recourse", str(lot_id))
        call = CallRecourse(command_id, lot_id, ticket.bank)
        outcome = self._platform.service.call_recourse([call])[0]
        if outcome.refusal is not None:
            self._e.note("recourse_refused", ticket.key, int(outcome.refusal))
        self._platform.driver.wake()

    def on_recoursed(self, event: LotRecoursed) -> None:
        """The supplier has bought its claim back; no bank takes it again."""
        claim = self._lots.claim_of(event.lot_id)
        assert claim is not None, f"lot {event.lot_id} was financed for nobody"
        ticket = next(t for t in self._unpaid(claim.invoice) if t.claim is claim)
        self._e.pay(event.supplier_id, event.bank_id, event.paid_fen, "recourse")
        ticket.collected_fen, claim.state = event.paid_fen, "refused"
        self._e.note("recoursed", ticket.key, event.paid_fen)

    def end_of_day(self) -> None:
        """What neither debtor nor supplier has paid is lost; two people sign."""
        waiting, self._defaulted = self._defaulted, []
        for invoice in waiting:
            ticket = next(iter(self._unpaid(invoice)), None)
            if ticket is not None:
                self._platform.reach(partial(self._write_off, invoice, ticket.bank))

    def _write_off(self, invoice: Invoice, bank_id: str) -> None:
        command_id = self._platform.command_id("write_off", invoice.receivable_id)
        people = ("credit-desk", "head-of-risk")
        order = WriteOff(command_id, invoice.receivable_id, bank_id, *people)
        outcome = self._platform.service.write_off([order])[0]
        if outcome.refusal is not None:
            self._e.note("write_off_refused", invoice.key, int(outcome.refusal))
        self._platform.driver.wake()
