"""What fraud costs, judged by the truth that only the simulation knows."""

from sim.agents.fraudster import Scheme
from sim.receivables.economy import Economy
from sim.receivables.records import Ticket


def loss_fen(economy: Economy, ticket: Ticket) -> int:
    """What the bank has lost, or will lose, on this fraudulent ticket (0 when not funded).

    No debtor pays an invented invoice; a second bank finds the payment gone; of an inflated amount
    only the true part comes in. What recourse has brought in is taken off.
    """
    if ticket.funded_at_s is None:
        return 0
    invoice = ticket.claim.invoice
    if not invoice.genuine:
        return max(0, ticket.advance_fen - ticket.collected_fen)
    if ticket.fraud == Scheme.ALTERED:
        return max(0, ticket.advance_fen - invoice.face_fen)
    return _double_loss_fen(economy, ticket)


def _double_loss_fen(economy: Economy, ticket: Ticket) -> int:
    """What all banks together have advanced on one claim beyond what it can bring in.

    Counted once, with the first fraudulent ticket of the claim.
    """
    funded = [t for t in economy.tickets if t.claim is ticket.claim and t.funded_at_s is not None]
    if ticket is not next(t for t in funded if t.fraud):
        return 0
    collected_fen = sum(other.collected_fen for other in funded)
    bearable_fen = max(ticket.claim.value_fen, collected_fen)
    return max(0, sum(other.advance_fen for other in funded) - bearable_fen)


def suspects(economy: Economy) -> list[tuple[str, str]]:
    """What was taken for fraud, once each: (what raised it, key of the invoice)."""
    found = [("check", t.claim.invoice.key) for t in economy.tickets if t.flagged]
    return sorted({*found, *economy.alerts})


def is_fraud(economy: Economy, invoice_key: str) -> bool:
    """Whether somebody did misuse this invoice, or one shown in its place."""
    root = invoice_key.partition("/")[0]
    return any(
        ticket.fraud and ticket.claim.invoice.key.partition("/")[0] == root
        for ticket in economy.tickets
    )
