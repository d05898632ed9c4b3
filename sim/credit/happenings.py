"""What goes into the event log: one line per fact of the journal, whole columns as one number."""

from collections.abc import Iterable

from sim.column_events import add_columns as add_columns
from sim.column_events import checksum
from sim.trace import EventLog
from system.subledger.records import JournalRow, happened


def add_journal(log: EventLog, journal: Iterable[JournalRow]) -> None:
    """Every fact of the bank's journal, under the command that caused it."""
    for fact in map(happened, journal):
        values = (fact.accounts.size, fact.total, checksum(fact.accounts, fact.amounts))
        log.add(fact.at_s, str(fact.kind), fact.cause.replace(" ", "_"), values)
