"""Hands what a finished run left behind to the auditor."""

from collections.abc import Sequence
from typing import Final

from sim.checks.alert_evidence import (
    audit_evidence,
    audit_line,
    audit_one_open,
    audit_words,
)
from sim.checks.auditor import HELD
from sim.checks.leasing import (
    ARRIVES,
    CLAIMS,
    CONSERVED,
    EVIDENCE,
    ONCE,
    audit_arrivals,
    audit_claims,
    audit_once,
    audit_purses,
    first_breach,
    rebuild,
)
from sim.faults import RECOVERY_S
from sim.leasing.lessor_usage import UsageLessor
from sim.leasing.stage import Stage
from system.leasing import history
from system.leasing.events import BANK
from system.leasing.leases.records import JOURNAL
from system.leasing.records import AlertKind, AlertState
from system.leasing.service_link import LINE
from system.ledger.outbox import OUTBOX
from system.ledger.records import TRANSFERS
from system.subledger.records import JournalRow


def journal_of(stage: Stage) -> list[JournalRow]:
    """Every fact of the leases, in order."""
    with stage.system.book.transaction() as unit:
        return unit.rows.scan(JOURNAL)


def watch(stage: Stage, day: int) -> None:
    """The auditor's round at a day's close; what it finds broken stands in ``stage.broken``."""
    with stage.faults.paused():
        found = audit_stage(stage, journal_of(stage))
    for name, sentence in found.items():
        if sentence != HELD:
            stage.broken.setdefault(name, f"day {day - stage.start_day}: {sentence}")


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
        EVIDENCE: _audit_alerts(stage),
        ARRIVES: _arrivals(stage),
    }


def _arrivals(stage: Stage) -> str:
    lessor = stage.lessor
    if not isinstance(lessor, UsageLessor) or not stage.faults.windows:
        return HELD
    with stage.system.book.transaction() as unit:
        stored = history.counts(unit.rows)
    is_late = stage.engine.now_s > stage.faults.healed_s() + RECOVERY_S
    handed = lessor.line.handed
    return audit_arrivals(handed.counts(), stored, handed.waiting, is_late)


_KINDS: Final = {int(kind): kind.name for kind in AlertKind}
_STATES: Final = {int(state): state.name for state in AlertState}


def _audit_alerts(stage: Stage) -> str:
    """Alerts rest on readings that arrived, are open once, and the bank knows where each stands.

    While a consumer is behind, a silence cannot be held against readings that wait for it.
    """
    alerts, sent, lessor = stage.alerts(), stage.lessor.sent, stage.lessor
    is_behind = isinstance(lessor, UsageLessor) and lessor.line.is_behind
    spoke = {} if is_behind else sent.spoke()
    with stage.system.book.transaction() as unit:
        words = [row for row in unit.rows.scan(OUTBOX) if row.target == BANK]
    of_line = sorted(
        (row for row in words if row.ordering_key == LINE), key=lambda row: row.sequence
    )
    return first_breach(
        audit_evidence(alerts, _KINDS, _STATES, sent.named(alerts), spoke),
        audit_one_open(alerts, _STATES),
        audit_words(alerts, [row for row in words if row.ordering_key != LINE], _STATES),
        audit_line(alerts, of_line, AlertKind.OFFLINE),
    )
