"""Hands what a finished run left behind to the auditor."""

from sim.checks.leasing import (
    CONSERVED,
    EVIDENCE,
    HELD,
    ONCE,
    audit_alerts,
    audit_payments,
    audit_purses,
)
from sim.leasing.lessor_usage import UsageLessor
from sim.leasing.stage import Stage


def audit_stage(stage: Stage) -> dict[str, str]:
    """Every invariant that the run's records can show."""
    book, economy = stage.lessor.book, stage.world.economy
    purses, invoices, payments = economy.purses, book.invoices, book.payments
    amount_fen, paid_fen = invoices["amount_fen"], payments["amount_fen"]
    conserved = audit_purses(
        economy.start_fen,
        dict(purses.flows_fen),
        int(purses.cash_fen.sum()),
        {
            "invoiced": int(amount_fen.sum()),
            "paid": int(paid_fen.sum()),
            "open": int((amount_fen - invoices["paid_fen"]).sum()),
        },
    )
    columns = (payments["invoice"].tolist(), payments["day"].tolist(), paid_fen.tolist())
    once = audit_payments(amount_fen.tolist(), zip(*columns, strict=True))
    evidence = HELD
    if isinstance(stage.lessor, UsageLessor):
        evidence = audit_alerts(stage.alerts(), stage.lessor.terminals.written)
    return {CONSERVED: conserved, ONCE: once, EVIDENCE: evidence}
