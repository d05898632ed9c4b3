"""What a fraudster can try on the platform, and what stands in the way."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from sim.agents.fraudster import Scheme
from sim.receivables.chain_debtors import DebtorDesk
from sim.receivables.chain_platform import CURRENCY, Platform
from sim.receivables.economy import Economy
from sim.receivables.paper import PaperChannel
from sim.receivables.records import Claim, Ticket
from system.chain.commands import ReportPledge
from system.chain.rules import Refusal


class ChainFraud:
    """Turns each scheme into documents handed to the platform, or to a bank outside it."""

    def __init__(
        self,
        economy: Economy,
        platform: Platform,
        debtors: DebtorDesk,
        paper: PaperChannel,
        wait: Callable[[Ticket], None],
    ) -> None:
        self._e, self._p = economy, economy.p
        self._platform, self._debtors, self._paper, self._wait = platform, debtors, paper, wait
        self._outside: list[Ticket] = []

    def attempt(self, ticket: Ticket) -> None:
        """Register what the scheme needs, then apply like anybody else."""
        if ticket.fraud == Scheme.DOUBLE_OTHER and self._luck("off_platform", ticket):
            self._outside.append(ticket)
            self._paper.seek(ticket)
            return
        ticket.claim = self._document(ticket)
        self._platform.reach(partial(self._hand_in, ticket))

    def _hand_in(self, ticket: Ticket) -> None:
        [refusal] = self._debtors.register({ticket.key: ticket.claim})
        if refusal is None:
            self._wait(ticket)
        else:
            ticket.state, ticket.reason = "declined", refusal.name
            ticket.flagged = refusal is Refusal.INTAKE_ALREADY_REGISTERED
            self._e.note("declined", ticket.key)

    def end_of_day(self) -> None:
        """Some of what banks have financed outside the platform they report to the shared check."""
        funded = [ticket for ticket in self._outside if ticket.funded_at_s is not None]
        self._outside = [ticket for ticket in self._outside if ticket.state == "open"]
        share = self._p.pledge_report_share
        for ticket in funded:
            if self._e.luck.chance("pledge_report", ticket.claim.key, ticket.fraud, share=share):
                self._platform.reach(partial(self._report, ticket))

    def _report(self, ticket: Ticket) -> None:
        invoice = ticket.claim.invoice
        pledge = ReportPledge(
            command_id=self._platform.command_id("pledge", ticket.key),
            bank_id=ticket.bank,
            claim_id=ticket.key,
            seller_id=self._e.firms[invoice.seller].key,
            debtor_id=self._e.firms[invoice.debtor].key,
            invoice_number=invoice.number,
            amount_fen=ticket.amount_fen,
            currency=CURRENCY,
            issued_at_s=invoice.issued_at_s,
        )
        [outcome] = self._platform.service.report_pledges([pledge])
        assert outcome.refusal is None, f"{ticket.key}: pledge refused: {outcome}"
        self._e.note("pledge_reported", ticket.key)

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
        key = f"{claim.invoice.key}/{ticket.key}"
        copy = replace(
            claim.invoice, key=key, number=shown, genuine=False, receivable_id="",
            face_fen=face_fen, accepted_at_s=None, credited_fen=0,
        )  # fmt: skip
        return Claim(key, claim.holder, copy, face_fen, claim.tier)
