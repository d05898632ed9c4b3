"""Hands what a finished run left behind to the auditor."""

from collections.abc import Sequence

from sim.checks.leasing import (
    CLAIMS,
    CONSERVED,
    EVIDENCE,
    ONCE,
    audit_alerts,
    audit_claims,
    audit_once,
    audit_purses,
    first_breach,
    rebuild,
)
from sim.leasing.stage import Stage
from system.leasing.leases.records import JOURNAL
from system.ledger.records import TRANSFERS
from system.subledger.records import JournalRow


def journal_of(stage: Stage) -> list[JournalRow]:
    """Every fact of the leases, in order."""
    with stage.system.book.transaction() as unit:
        return unit.rows.scan(JOURNAL)


def audit_stage(stage: Stage, journal: Sequence[JournalRow]) -> dict[str, str]:
    """Every invariant that the run's records can show."""
    economy, leases = stage.world.economy, stage.system.leases
    books = rebuild(journal, leases.leases)
    view = leases.view(CLAIMS, slice(0, leases.leases))
    with stage.system.book.transaction() as unit:
        transfers = unit.rows.scan(TRANSFERS)
    flows_fen = dict(economy.purses.flows_fen)
    end_fen = int(economy.purses.cash_fen.sum())
    return {
        CONSERVED: first_breach(
            audit_claims(books, view, transfers),
            audit_purses(economy.start_fen, flows_fen, end_fen, books),
        ),
        ONCE: audit_once(journal, stage.desk.paid_fen),
        EVIDENCE: audit_alerts(stage.alerts(), stage.lessor.written()),
    }
