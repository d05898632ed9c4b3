"""Disputes on the platform, and the credit notes with which some of them end."""

from functools import partial

from sim.receivables.chain_lots import LotBook
from sim.receivables.chain_platform import Platform
from sim.receivables.economy import Economy
from sim.receivables.records import Invoice
from system.chain.commands import OpenDispute, ResolveDispute


class DisputeDesk:
    """A credit is cut from the supplier's free lots. Where a bank or a payee holds the claim, it is
    owed the whole face, and the supplier pays the credit back to the debtor itself.
    """

    def __init__(self, economy: Economy, platform: Platform, lots: LotBook) -> None:
        self._e, self._platform, self._lots = economy, platform, lots

    def open(self, invoice: Invoice) -> None:
        """The debtor contests an accepted receivable: no new risk on it from now on."""
        command_id = self._platform.command_id("dispute", invoice.receivable_id)
        debtor_id = self._e.firms[invoice.debtor].key
        dispute = OpenDispute(command_id, invoice.receivable_id, debtor_id, "quality")
        self._platform.reach(partial(self._contest, dispute))

    def _contest(self, dispute: OpenDispute) -> None:
        self._platform.service.open_disputes([dispute])
        self._platform.driver.wake()

    def resolve(self, invoice: Invoice, credit_fen: int) -> None:
        """End the dispute, with the credit on the chain where it can be."""
        self._platform.reach(partial(self._resolve, invoice, credit_fen))

    def _resolve(self, invoice: Invoice, credit_fen: int) -> None:
        lots_fen = self._platform.free_lots_fen(invoice.receivable_id, self._seller(invoice))
        if credit_fen and sum(lots_fen.values()) >= credit_fen and self._end(invoice, credit_fen):
            invoice.credited_fen = credit_fen
            self._cut(lots_fen, credit_fen)
            self._e.note("credited", invoice.key, credit_fen)
            return
        self._end(invoice, 0)
        self.refund(invoice, credit_fen)

    def refund(self, invoice: Invoice, credit_fen: int) -> None:
        """Outside the chain: the debtor will pay the whole face, and gets the credit back."""
        if credit_fen and self._e.firms[invoice.seller].alive:
            debtor_id = self._e.firms[invoice.debtor].key
            self._e.pay(self._seller(invoice), debtor_id, credit_fen, "credit_refund")
            self._e.note("refunded", invoice.key, credit_fen)

    def _seller(self, invoice: Invoice) -> str:
        return self._e.firms[invoice.seller].key

    def _end(self, invoice: Invoice, credit_fen: int) -> bool:
        command_id = self._platform.command_id("resolve", f"{invoice.receivable_id}/{credit_fen}")
        receivable_id, supplier_id = invoice.receivable_id, self._seller(invoice)
        resolution = ResolveDispute(command_id, receivable_id, supplier_id, credit_fen)
        outcome = self._platform.service.resolve_disputes([resolution])[0]
        self._platform.driver.wake()
        return outcome.refusal is None

    def _cut(self, lots_fen: dict[int, int], credit_fen: int) -> None:
        """The claims behind the lots shrink as the product cuts them: lowest lot first."""
        left_fen = credit_fen
        for lot_id, value_fen in sorted(lots_fen.items()):
            cut_fen = min(left_fen, value_fen)
            left_fen -= cut_fen
            claim = self._lots.claim_of(lot_id)
            if claim is not None and cut_fen:
                claim.value_fen -= cut_fen
                claim.state = claim.state if claim.value_fen else "closed"
