"""What a fraudster can try on the platform, and what stands in the way."""

from collections.abc import Callable
from dataclasses import replace

from sim.agents.fraudster import Scheme
from sim.receivables.chain_debtors import DebtorDesk
from sim.receivables.economy import Economy
from sim.receivables.paper import PaperChannel
from sim.receivables.records import Claim, Ticket
from system.chain.rules import Refusal


class ChainFraud:
    """Turns each scheme into documents handed to the platform, or to a bank outside it."""

    def __init__(
        self,
        economy: Economy,
        debtors: DebtorDesk,
        paper: PaperChannel,
        wait: Callable[[Ticket], None],
    ) -> None:
        self._e, self._p = economy, economy.p
        self._debtors, self._paper, self._wait = debtors, paper, wait

    def attempt(self, ticket: Ticket) -> None:
        """Register what the scheme needs, then apply like anybody else."""
        if ticket.fraud == Scheme.DOUBLE_OTHER and self._luck("off_platform", ticket):
            self._paper.seek(ticket)
            return
        ticket.claim = self._document(ticket)
        refusal = self._debtors.register([ticket.claim])[0]
        if refusal is None:
            self._wait(ticket)
        else:
            ticket.state, ticket.reason = "declined", refusal.name
            ticket.flagged = refusal is Refusal.INTAKE_ALREADY_REGISTERED
            self._e.note("declined", ticket.key)

    def _luck(self, purpose: str, ticket: Ticket) -> bool:
        share = self._p.off_platform_bank_share
        return self._e.luck.chance(purpose, ticket.claim.key, share=share)

    def _document(self, ticket: Ticket) -> Claim:
        """The claim as the fraudster shows it. An invented invoice is shown as it is."""
        claim, scheme = ticket.claim, ticket.fraud
        if not claim.invoice.genuine:
            return claim
        # The same document again: with another number, or only written differently.
        share = self._p.altered_number_share
        altered = self._e.luck.chance("altered_number", claim.key, scheme, share=share)
        number = claim.invoice.number
        shown = f"{number}-A" if altered else f" {number.lower()} "
        face_fen = ticket.amount_fen if scheme == Scheme.ALTERED else claim.invoice.face_fen
        key = f"{claim.invoice.key}/{scheme}"
        copy = replace(
            claim.invoice, key=key, number=shown, genuine=False, receivable_id="", face_fen=face_fen
        )
        return Claim(key, claim.holder, copy, face_fen, claim.tier)
