"""The metrics of the joint economy: loss by product, contagion, warnings, queues."""

import numpy as np
from numpy.typing import NDArray

from sim.joint.bank import JointBank
from sim.joint.economy import JointEconomy
from sim.metrics.base import Values, ratio
from sim.metrics.receivables import measure
from sim.metrics.receivables_fraud import net_losses_fen
from sim.receivables.fraud_truth import loss_fen as fraud_loss_fen
from sim.receivables.records import Ticket
from system.limits import DAY_S

I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]
_LINE: tuple[str, ...] = ("outstanding_fen", "written_off_fen", "dpd_days", "principal_fen")
_LEASE: tuple[str, ...] = ("rent_due_fen", "fee_due_fen", "penalty_due_fen", "written_off_fen")


def measure_joint(economy: JointEconomy, bank: JointBank) -> Values:
    """Every metric that this run defines; those of receivables are measured as in their own."""
    failed = np.array([not firm.alive for firm in economy.members])
    lines, leases = _line_losses_fen(bank, failed), _lease_losses_fen(economy, bank, failed)
    losses = {
        "receivables": _receivables_loss_fen(economy),
        "lines": int(lines.sum()),
        "leases": int(leases.sum()),
    }
    lent_fen = sum(ticket.advance_fen for ticket in economy.tickets if ticket.funded_at_s)
    lent_fen += int(bank.lines.received_fen.sum()) + int(bank.leases.value_fen.sum())
    swindler = np.zeros(failed.size, np.bool_)
    swindler[list(bank.lines.swindlers)] = True
    return {
        **measure(economy, "chain"),
        "product_loss_fen": sum(losses.values()),
        **{f"product_loss_fen.{name}": fen for name, fen in losses.items()},
        "product_loss_rate": ratio(sum(losses.values()), lent_fen),
        "swindled_fen": int(lines[swindler].sum()) + int(leases[swindler].sum()),
        **_defaults(economy, bank, failed),
        **_warnings(economy, bank, failed),
        "limit_utilisation": ratio(bank.lines.used_fen_days, bank.lines.limit_fen_days),
        "applications_at_once_max": _at_once(economy),
    }


# Losses


def _receivables_loss_fen(economy: JointEconomy) -> int:
    """What banks lose on claims that they bought: by fraud, or because the debtor has failed or is
    in default. Valued at the end, recourse as a debit would find it.
    """
    frauds = [ticket for ticket in economy.tickets if ticket.fraud]
    lost_fen = sum(net_losses_fen(economy, frauds).values())
    left_fen: dict[int, int] = {}
    for ticket in economy.tickets:
        loss = 0 if ticket.fraud and fraud_loss_fen(economy, ticket) else _open_fen(economy, ticket)
        firm = economy.firms[ticket.firm]
        reach_fen = max(0, economy.headroom_fen(firm)) if firm.alive else 0
        pool_fen = left_fen.get(ticket.firm, reach_fen)
        paid_fen = min(loss, pool_fen) if ticket.recourse else 0
        left_fen[ticket.firm] = pool_fen - paid_fen
        lost_fen += loss - paid_fen
    return lost_fen


def _open_fen(economy: JointEconomy, ticket: Ticket) -> int:
    """The advance on a claim that will not be paid, less what came in."""
    invoice = ticket.claim.invoice
    if ticket.funded_at_s is None or invoice.paid:
        return 0
    default_s = invoice.due_at_s + economy.p.default_after_days * DAY_S
    is_lost = not economy.firms[invoice.debtor].alive or economy.engine.now_s > default_s
    return max(0, ticket.advance_fen - ticket.collected_fen) if is_lost else 0


def _line_losses_fen(bank: JointBank, failed: Mask) -> I64:
    """What lines of failed firms, and of those over 90 days past due, still owe."""
    lines = bank.lines
    view = lines.service.view(_LINE, slice(0, lines.n))
    lost = failed | lines.bad & (view["dpd_days"] > 0)
    return np.where(lost, view["outstanding_fen"], 0) + view["written_off_fen"]


def _lease_losses_fen(economy: JointEconomy, bank: JointBank, failed: Mask) -> I64:
    """Claims on such lessees, machines that are never found, and what taking others back cost."""
    leases, j = bank.leases, economy.j
    view = leases.service.view((*_LEASE, "due_fen", "dpd_days"), slice(0, leases.n))
    lost = failed | leases.bad & (view["dpd_days"] > 0)
    owed_fen = np.where(lost, view["due_fen"], 0) + view["written_off_fen"]
    missing = np.array([leases.is_missing(row) for row in range(leases.n)])
    taken = ~missing & (failed | (leases.back_day >= 0))
    age_days = np.full(leases.n, economy.day)
    worth_fen = leases.service.residual_fen(leases.value_fen, age_days)
    cost_fen = worth_fen * round(j.repossession_cost_share * 1000) // 1000
    return owed_fen + np.where(missing, worth_fen, 0) + np.where(taken, cost_fen, 0)


# Contagion


def _defaults(economy: JointEconomy, bank: JointBank, failed: Mask) -> Values:
    """Of lines and leases: over 90 days past due at some time, or the firm has failed with debt."""
    linked = _linked(economy)
    owes = bank.lines.service.view(_LINE, slice(0, bank.lines.n))["outstanding_fen"] > 0
    line_bad = bank.lines.bad | failed & owes
    lease_bad = bank.leases.bad | failed
    values: Values = {}
    for name, bad in (("line_default_rate", line_bad), ("lease_default_rate", lease_bad)):
        near, far = _share(bad & linked, linked), _share(bad & ~linked, ~linked)
        values |= {name: _share(bad, np.ones_like(bad))}
        values |= {f"{name}.linked": near, f"{name}.other": far}
        gap = name.replace("_rate", "_gap")
        values[gap] = near - far if near is not None and far is not None else None
    return values


def _linked(economy: JointEconomy) -> Mask:
    """Suppliers of a core enterprise that fails, and their suppliers."""
    near = {edge.seller for core in economy.failing for edge in core.inputs}
    near |= {edge.seller for index in near for edge in economy.firms[index].inputs}
    return np.array([firm.index in near for firm in economy.members])


def _share(part: Mask, whole: Mask) -> float | None:
    return ratio(int(part.sum()), int(whole.sum()))


# Warnings and queues


def _warnings(economy: JointEconomy, bank: JointBank, failed: Mask) -> Values:
    """Warned in time: before the firm failed, or before its line was in default."""
    watched = {economy.members[row].key for row in range(failed.size)} & set(bank.watched)
    bad = [row for row in range(failed.size) if failed[row] or bank.lines.bad[row]]
    keys = {economy.members[row].key for row in bad}
    in_time = {economy.members[row].key for row in bad if _in_time(economy, bank, row)}
    is_on = bank.is_joint
    return {
        "watched_share": ratio(len(watched), failed.size) if is_on else None,
        "warning_recall": ratio(len(in_time), len(keys)) if is_on else None,
        "warning_precision": ratio(len(watched & keys), len(watched)) if is_on else None,
    }


def _in_time(economy: JointEconomy, bank: JointBank, row: int) -> bool:
    firm = economy.members[row]
    warning = bank.watched.get(firm.key)
    if warning is None:
        return False
    return firm.failed_on_day is None or warning.at_s < economy.day_s(firm.failed_on_day)


def _at_once(economy: JointEconomy) -> int:
    """The most applications that were under way at one moment of the measured time."""
    steps: list[tuple[int, int]] = []
    for ticket in economy.tickets:
        if ticket.sought_at_s >= economy.warm_at_s:
            end_s = ticket.last_at_s if ticket.state != "open" else economy.engine.now_s
            steps += [(ticket.sought_at_s, 1), (end_s, -1)]
    under_way = most = 0
    for _, change in sorted(steps):
        under_way += change
        most = max(most, under_way)
    return most
