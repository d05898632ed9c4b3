"""Hands what a finished run left behind to the auditor."""

from collections.abc import Sequence

from sim.checks import consent
from sim.checks.auditor import HELD
from sim.checks.credit import REBUILT, audit_ledger, audit_lines, audit_merchants, rebuild
from sim.credit.stage import Stage
from system.credit.access import ACCESS_LOG
from system.credit.policy import DEFAULT_POLICY
from system.credit.records import JOURNAL
from system.ledger.records import TRANSFERS, Transfer
from system.parties.consent import CONSENT_JOURNAL
from system.subledger.records import JournalRow

CONSENTED = "no_data_without_consent"


def journal_of(stage: Stage) -> list[JournalRow]:
    """Every fact of the lines, in order."""
    with stage.system.book.transaction() as unit:
        return unit.rows.scan(JOURNAL)


def watch(stage: Stage) -> None:
    """The auditor's round at a day's close; what it finds broken stands in ``stage.broken``."""
    with stage.faults.paused():
        found = audit_stage(stage, journal_of(stage), stage.today + 1)
    for name, sentence in found.items():
        if sentence != HELD:
            day = stage.today - stage.start_day
            stage.broken.setdefault(name, f"day {day}: {sentence}")


def audit_stage(
    stage: Stage, journal: list[JournalRow], end_day: int | None = None
) -> dict[str, str]:
    """Every invariant that the bank's records can show, up to the close of the day before
    ``end_day`` (None: to the end of the stage)."""
    bank = stage.bank
    year_days = DEFAULT_POLICY.billing.year_days
    days = range(stage.start_day, stage.end_day if end_day is None else end_day)
    books = rebuild(journal, bank.paid_fen.size, year_days, days)
    names = (*REBUILT, "accrued_raw", "life")
    audit_lines(books, bank.service.view(names, bank.rows))
    audit_merchants(books, bank.received_fen, bank.paid_fen + bank.pledged_fen)
    with stage.system.book.transaction() as unit:
        transfers: Sequence[Transfer] = unit.rows.scan(TRANSFERS)
        changes, accesses = unit.rows.scan(CONSENT_JOURNAL), unit.rows.scan(ACCESS_LOG)
    audit_ledger(books, transfers)
    return {**books.verdicts, CONSENTED: consent.no_data_without_consent(changes, accesses)}
