"""Movements of money, as the three products tell them, for the monitoring rules."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from system.api.services import Services
from system.chain.events import LotDisbursed, PaymentSettled, PayoutMade
from system.chain.records import FEED, RECEIVABLES
from system.chain.session import event_of
from system.compliance import monitoring
from system.compliance.kernels.movements import Bounds
from system.compliance.monitoring import Movement
from system.credit.journal import CHART as CREDIT_CHART
from system.leasing.leases.journal import CHART as LEASE_CHART
from system.leasing.leases.records import LEASES
from system.ports.store import Unit
from system.subledger.records import JournalRow, happened

BOUNDS: Final = Bounds()
BANK: Final = "bank"
# Of one product in one piece, while everybody waits.
_ROWS_AT_ONCE: Final = 200
# The client paid, where True; the bank, where False.
_CREDIT: Final = {
    "drawn": False,
    "fee_repaid": True,
    "penalty_repaid": True,
    "interest_repaid": True,
    "principal_repaid": True,
    "recovered": True,
}
_LEASING: Final = {
    "deposit_paid": True,
    "deposit_returned": False,
    "rent_paid": True,
    "penalty_paid": True,
    "fee_paid": True,
    "rent_refunded": False,
    "recovered": True,
}
_EVENTS: Final = ("LotDisbursed", "PaymentSettled", "PayoutMade")


def watch(desk: Services) -> Iterator[int]:
    """Look at whoever moved since the last time, in pieces: how many cases each raised."""
    return monitoring.look(desk.unit, desk.clock.now_s(), BOUNDS)


def take_in(desk: Services) -> bool:
    """Take in the next of what moved in every product; whether there may be more."""
    with desk.leasing.book.transaction() as book:
        unit = book.rows

        def lessee(lease: int) -> str:
            number = book.read(LEASES, ("lessee",), slice(lease, lease + 1))["lessee"][0]
            return f"lessee/{int(number)}"

        taken = (
            _take_receivables(unit),
            _take_journal(unit, "credit", CREDIT_CHART, _CREDIT, lambda n: f"merchant/{n}"),
            _take_journal(unit, "leasing", LEASE_CHART, _LEASING, lessee),
        )
    return max(taken) == _ROWS_AT_ONCE


def _take_receivables(unit: Unit) -> int:
    source = "receivables"
    after = (monitoring.read_up_to(unit, source),)
    rows = unit.scan(FEED, after=after, limit=_ROWS_AT_ONCE)
    if rows:
        events = [event_of(row) for row in rows if row.kind in _EVENTS]
        moved = [movement for event in events for movement in _of_event(unit, event)]
        monitoring.take_in(unit, source, rows[-1].sequence, moved)
    return len(rows)


def _of_event(unit: Unit, event: Any) -> Iterable[Movement]:
    if isinstance(event, LotDisbursed):
        moved = (event.supplier_id, event.bank_id, event.advance_fen, False, event.request_id)
    elif isinstance(event, PayoutMade):
        moved = (event.to_id, _debtor(unit, event), event.amount_fen, False, event.receivable_id)
    else:
        assert isinstance(event, PaymentSettled)
        moved = (_debtor(unit, event), BANK, event.amount_fen, True, event.payment_id)
    party, other, amount_fen, outwards, reference = moved
    if amount_fen > 0:
        yield Movement(0, event.at_s, party, other, amount_fen, outwards, reference)


def _debtor(unit: Unit, event: PayoutMade | PaymentSettled) -> str:
    [row] = unit.get(RECEIVABLES, [(event.receivable_id,)])
    assert row is not None
    return row.debtor_id


def _take_journal(unit: Unit, source: str, chart: Any, kinds: dict[str, bool], name_of: Any) -> int:
    """One movement per command, account and way: what it paid of fee, interest and so on."""
    after = (monitoring.read_up_to(unit, source),)
    rows = unit.scan(chart.journal, after=after, limit=_ROWS_AT_ONCE)
    if not rows:
        return 0
    whole = _whole_commands(rows) if len(rows) == _ROWS_AT_ONCE else rows
    sums: dict[tuple[str, int, int, bool], int] = {}
    for account, amount, row in _moved(whole, kinds):
        key = (row.cause, row.at_s, account, kinds[row.kind])
        sums[key] = sums.get(key, 0) + amount
    moved = [
        Movement(0, at_s, name_of(account), BANK, fen, outwards, cause)
        for (cause, at_s, account, outwards), fen in sums.items()
        if fen > 0
    ]
    monitoring.take_in(unit, source, whole[-1].sequence, moved)
    return len(rows)


def _whole_commands(rows: Sequence[JournalRow]) -> Sequence[JournalRow]:
    """Without the last command, of which more may follow: in two parts it would be two payments."""
    last = rows[-1].cause
    found = [row for row in rows if row.cause != last]
    assert found, "a command has fewer rows than are read at once"
    return found


def _moved(
    rows: Sequence[JournalRow], kinds: dict[str, bool]
) -> Iterable[tuple[int, int, JournalRow]]:
    for row in rows:
        if row.kind in kinds:
            told = happened(row)
            for account, amount in zip(told.accounts.tolist(), told.amounts.tolist(), strict=True):
                yield account, amount, row
