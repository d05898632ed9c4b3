"""Fraud in one arm of one replication: what it cost, what was caught, what never got anywhere."""

from collections.abc import Iterable

from sim.metrics.base import Values, ratio
from sim.receivables.economy import Economy
from sim.receivables.fraud_truth import is_fraud, loss_fen, suspects
from sim.receivables.records import Ticket

# Rules that inform the bank without stopping a financing: growth is no fraud.
INFORMING = ("velocity", "debtor_concentration", "supplier_concentration")


def measure_fraud(economy: Economy, tickets: list[Ticket]) -> Values:
    """Loss over all advances; alerts against the truth. Rules that only inform do not count.

    Recall is over the attempts that met a check: what a bank does not finance at all is no success
    of its checks.
    """
    advanced_fen = sum(ticket.advance_fen for ticket in tickets if ticket.funded_at_s)
    attempts = [ticket for ticket in tickets if ticket.fraud]
    losses_fen = net_losses_fen(economy, attempts)
    missed = sum(t.state == "declined" and not met_a_check(t) for t in attempts)
    values: Values = {
        "double_finance_count": sum(
            t.fraud.startswith("double") for t in attempts if t.funded_at_s is not None
        ),
        "fraud_attempts_ineligible_count": missed,
        **_alerts(economy),
    }
    for suffix, group in (("", attempts), *_by_scheme(attempts)):
        loss_fen_all = sum(losses_fen[ticket.key] for ticket in group)
        values[f"fraud_loss_rate{suffix}"] = ratio(loss_fen_all, advanced_fen)
        met = [ticket for ticket in group if met_a_check(ticket)]
        caught = sum(_is_suspected(economy, ticket) for ticket in met)
        values[f"fraud_alert_recall{suffix}"] = ratio(caught, len(met))
    return values


def met_a_check(ticket: Ticket) -> bool:
    """Whether the platform's intake saw the document, or a bank's clerks took in the papers.

    An attempt that is still under way has neither passed the checks nor failed them.
    """
    if ticket.state == "open":
        return False
    if ticket.channel == "paper":
        return "intake" in ticket.stage_s and ticket.reason != "not_eligible"
    return ticket.flagged or bool(ticket.claim.invoice.receivable_id)


def net_losses_fen(economy: Economy, attempts: Iterable[Ticket]) -> dict[str, int]:
    """What banks lose on each attempt, by ticket, valued at the end of the run.

    A run ends before recourse on its later frauds falls due, on paper as on the chain. So every
    open loss is valued as if recourse were called at the end, where it was agreed: the supplier
    pays what a debit would find, cash and overdraft, earlier due dates first; an insolvent one
    pays nothing.
    """
    losses_fen: dict[str, int] = {}
    left_fen: dict[int, int] = {}
    for ticket in sorted(attempts, key=lambda t: (t.claim.invoice.due_at_s, t.key)):
        firm, loss = economy.firms[ticket.firm], loss_fen(economy, ticket)
        reach_fen = max(0, economy.headroom_fen(firm)) if firm.alive else 0
        pool_fen = left_fen.get(ticket.firm, reach_fen)
        paid_fen = min(loss, pool_fen) if ticket.recourse else 0
        left_fen[ticket.firm] = pool_fen - paid_fen
        losses_fen[ticket.key] = loss - paid_fen
    return losses_fen


def _by_scheme(tickets: list[Ticket]) -> list[tuple[str, list[Ticket]]]:
    schemes = sorted({ticket.fraud for ticket in tickets})
    return [(f".{scheme}", [t for t in tickets if t.fraud == scheme]) for scheme in schemes]


def _is_suspected(economy: Economy, ticket: Ticket) -> bool:
    """The attempt itself was stopped, or an alert named its invoice."""
    key = ticket.claim.invoice.key
    return ticket.flagged or any(
        subject == key and rule not in INFORMING for rule, subject in economy.alerts
    )


def _alerts(economy: Economy) -> Values:
    found = suspects(economy)
    gating = sorted({key for rule, key in found if rule not in INFORMING})
    right = sum(is_fraud(economy, key) for key in gating)
    values: Values = {"fraud_alert_precision": ratio(right, len(gating))}
    for kind in sorted({rule for rule, _ in found}):
        keys = [key for rule, key in found if rule == kind]
        right = sum(is_fraud(economy, key) for key in keys)
        values[f"fraud_alert_precision.{kind}"] = ratio(right, len(keys))
    return values
