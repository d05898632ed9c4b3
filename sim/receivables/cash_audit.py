"""Hands the auditor the applications and payments that the purses must agree with."""

from sim.checks.auditor import audit_purses
from sim.checks.cash import (
    CONSERVED,
    EVENT_KINDS,
    Financed,
    Payment,
    audit_cash,
    audit_paper_terms,
    first_breach,
)
from sim.receivables.economy import Economy
from sim.receivables.records import Ticket


def audit_economy(economy: Economy) -> dict[str, str]:
    """The verdicts on the economy's money, whatever the arm."""
    purses = economy.purses
    funded = [ticket for ticket in economy.tickets if ticket.funded_at_s is not None]
    paper = [financed(economy, ticket) for ticket in funded if ticket.channel == "paper"]
    records = [financed(economy, ticket) for ticket in funded]
    return first_breach(
        (
            {CONSERVED: audit_purses(purses.journal, purses.balances())},
            {CONSERVED: audit_paper_terms(paper)},
            audit_cash(purses.journal, records, _payments(economy)),
        )
    )


def disbursed(economy: Economy) -> list[Financed]:
    """What the contracts have paid out, also where the cash is not usable yet."""
    return [
        financed(economy, ticket)
        for ticket in economy.tickets
        if ticket.channel == "chain" and "relay_block" in ticket.stage_s
    ]


def financed(economy: Economy, ticket: Ticket) -> Financed:
    return Financed(
        key=ticket.key,
        bank=ticket.bank,
        supplier=economy.firms[ticket.firm].key,
        amount_fen=ticket.amount_fen,
        advance_fen=ticket.advance_fen,
        discount_fen=ticket.discount_fen,
        holdback_fen=ticket.holdback_fen,
        fee_fen=ticket.fee_fen,
        at_s=ticket.last_at_s,
    )


def _payments(economy: Economy) -> list[Payment]:
    """What the event log says was paid; a debtor that owes nothing any more pays 0 fen."""
    moved = (e for e in economy.log.events() if e.kind in EVENT_KINDS and e.values[0])
    return [Payment(e.kind, e.subject, e.values[0], e.at_s) for e in moved]
