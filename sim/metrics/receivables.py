"""The metrics of one arm of one replication, from its tickets, firms and counts.

Measured are decisions to seek cash taken after the warm-up. Honest tickets only, except where the
metric is about fraud; a metric with nothing to count is None, never zero.
"""

from collections.abc import Sequence
from statistics import fmean

from sim.metrics.base import Values, ratio
from sim.metrics.receivables_fraud import measure_fraud
from sim.receivables.economy import Economy
from sim.receivables.records import Invoice, Ticket
from sim.receivables.statements import lent_of
from sim.statements import shares_of
from system.limits import DAY_S, YEAR_DAYS

_NPL_DAYS = 90
_LIMIT_REASONS = [f"FINANCING_{line}_LIMIT" for line in ("DEBTOR", "SUPPLIER", "BANK", "GROUP")]


def measure(economy: Economy, arm: str) -> Values:
    """Every metric that this run defines."""
    tickets = [t for t in economy.tickets if t.sought_at_s >= economy.warm_at_s]
    honest = [ticket for ticket in tickets if not ticket.fraud]
    return {
        **_times([ticket for ticket in honest if ticket.channel == arm]),
        **_from_invoice(economy, [ticket for ticket in honest if ticket.channel == arm]),
        **_costs(economy, honest),
        **_firms(economy),
        **_reach(economy, honest),
        "limit_refusal_count": _limit_refusals(arm, tickets),
        **measure_fraud(economy, tickets),
        "npl_ratio": _npl_ratio(economy),
        **shares_of(lent_of(economy)),
    }


def _limit_refusals(arm: str, tickets: list[Ticket]) -> int | None:
    """Lines are kept on the platform only."""
    return sum(t.reason in _LIMIT_REASONS for t in tickets) if arm == "chain" else None


def _times(tickets: list[Ticket]) -> Values:
    """Of the tickets that went through the arm's own process, where they were funded."""
    funded = _funded(tickets)
    values: Values = {}
    for suffix, group in (("", funded), *_by_tier(funded)):
        waits_s = sorted(t.last_at_s - t.sought_at_s for t in group)
        values[f"time_to_cash_s_mean{suffix}"] = fmean(waits_s) if waits_s else None
        for percent in (50, 90, 99):
            values[f"time_to_cash_s_p{percent}{suffix}"] = _quantile(waits_s, percent)
    for stage in sorted({stage for ticket in funded for stage in ticket.stage_s}):
        total_s = sum(ticket.stage_s.get(stage, 0) for ticket in funded)
        values[f"stage_delay_s_mean.{stage}"] = total_s / len(funded)
    decided_s = sorted(t.decided_at_s - t.sought_at_s for t in tickets if t.decided_at_s)
    values["application_to_decision_s_p50"] = _quantile(decided_s, 50)
    ended = [ticket for ticket in tickets if ticket.state != "open"]
    values["financed_share"] = len(funded) / len(ended) if ended else None
    return values


def _from_invoice(economy: Economy, tickets: list[Ticket]) -> Values:
    """The same way seen from the invoice: when it could be financed, when it was cash.

    An endorsed claim counts from the invoice that the core enterprise owes.
    """
    issued = [i for i in economy.invoices if i.issued_at_s >= economy.warm_at_s]
    funded = _funded(tickets)
    values = _to_acceptance([i for i in issued if i.accepted_at_s is not None])
    for suffix, group in (("", funded), *_by_tier(funded)):
        ages_s = sorted(t.last_at_s - t.claim.invoice.issued_at_s for t in group)
        values[f"invoice_to_cash_s_mean{suffix}"] = fmean(ages_s) if ages_s else None
        values[f"invoice_to_cash_s_p50{suffix}"] = _quantile(ages_s, 50)
    waits_s = [
        t.claim.invoice.accepted_at_s - t.sought_at_s
        for t in funded
        if t.claim.invoice.accepted_at_s is not None
    ]
    values["accepted_before_request_share"] = ratio(sum(s <= 0 for s in waits_s), len(waits_s))
    return values


def _to_acceptance(accepted: list[Invoice]) -> Values:
    """The mean and its stages, which sum to it: the ERP's batch, the approver, the session."""
    spans_s = [
        (i.registered_at_s - i.issued_at_s, i.looked_at_s - i.registered_at_s, at_s - i.looked_at_s)
        for i in accepted
        if (at_s := i.accepted_at_s) is not None
    ]
    if not spans_s:
        return {"invoice_to_acceptance_s_mean": None}
    stages = zip(("erp_batch", "approver", "session"), zip(*spans_s, strict=True), strict=True)
    return {
        "invoice_to_acceptance_s_mean": fmean(map(sum, spans_s)),
        **{f"acceptance_delay_s_mean.{stage}": fmean(values) for stage, values in stages},
    }


def _by_tier(tickets: list[Ticket]) -> list[tuple[str, list[Ticket]]]:
    tiers = sorted({ticket.claim.tier for ticket in tickets})
    return [(f".{tier}", [t for t in tickets if t.claim.tier == tier]) for tier in tiers]


def _quantile(ordered: Sequence[int], percent: int) -> int | None:
    """The smallest value that at least ``percent`` of the values do not exceed."""
    if not ordered:
        return None
    return ordered[-(-len(ordered) * percent // 100) - 1]


def _costs(economy: Economy, tickets: list[Ticket]) -> Values:
    """Discount and fees per year of money had; with overdrafts for all borrowed money."""
    funded = _funded(tickets)
    values: Values = {}
    for suffix, group in (("", funded), *_by_tier(funded)):
        values[f"financing_cost_apr{suffix}"] = _apr(group)
    cost_fen = sum(t.discount_fen + t.fee_fen for t in funded)
    fen_days = sum(t.advance_fen * t.days for t in funded)
    cost_fen += economy.counts.overdraft_interest_fen
    fen_days += economy.counts.overdraft_fen_days
    sales_fen = sum(i.face_fen for i in economy.invoices if i.issued_at_s >= economy.warm_at_s)
    values["financing_cost_share_of_sales"] = ratio(cost_fen, sales_fen)
    values["working_capital_cost_apr"] = ratio(cost_fen * YEAR_DAYS, fen_days)
    return values


def _apr(tickets: list[Ticket]) -> float | None:
    cost_fen = sum(ticket.discount_fen + ticket.fee_fen for ticket in tickets)
    return ratio(cost_fen * YEAR_DAYS, sum(t.advance_fen * t.days for t in tickets))


def _firms(economy: Economy) -> Values:
    suppliers = economy.network.suppliers
    values: Values = {
        "supplier_survival_rate": ratio(sum(f.alive for f in suppliers), len(suppliers)),
        "order_fill_rate": ratio(economy.counts.filled_fen, economy.counts.ordered_fen),
    }
    for tier in sorted({firm.tier for firm in suppliers}):
        group = economy.network.of_tier(tier)
        values[f"supplier_survival_rate.{tier}"] = ratio(sum(f.alive for f in group), len(group))
    return values


def _reach(economy: Economy, tickets: list[Ticket]) -> Values:
    """Financed value over invoiced value, by the tier of the seller or endorsee."""
    invoiced: dict[int, int] = {}
    for invoice in economy.invoices:
        if invoice.issued_at_s >= economy.warm_at_s:
            tier = economy.firms[invoice.seller].tier
            invoiced[tier] = invoiced.get(tier, 0) + invoice.face_fen
    values: Values = {}
    for tier in sorted(invoiced):
        funded = (t for t in tickets if t.funded_at_s and economy.firms[t.firm].tier == tier)
        financed_fen = sum(ticket.amount_fen for ticket in funded)
        values[f"financed_share_by_tier.{tier}"] = ratio(financed_fen, invoiced[tier])
    return values


def _funded(tickets: list[Ticket]) -> list[Ticket]:
    return [ticket for ticket in tickets if ticket.funded_at_s is not None]


def _npl_ratio(economy: Economy) -> float | None:
    """Uncollected advances over 90 days past due, or due from a failed debtor, over all of them."""
    now_s = economy.engine.now_s
    open_fen = bad_fen = 0
    for ticket in _funded(economy.tickets):
        owed_fen = max(0, ticket.advance_fen + ticket.discount_fen - ticket.collected_fen)
        invoice = ticket.claim.invoice
        is_late = now_s > invoice.due_at_s + _NPL_DAYS * DAY_S
        debtor_failed = not economy.firms[invoice.debtor].alive
        open_fen += owed_fen
        bad_fen += owed_fen if is_late or debtor_failed else 0
    return ratio(bad_fen, open_fen)
