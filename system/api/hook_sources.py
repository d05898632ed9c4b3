"""What subscribers can be told of: the products' events, each source in its own order.

A source knows what came after a sequence number, and which of it a caller may know.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from orjson import loads

from system.api import owners
from system.api.access import Caller
from system.chain import events as chain_events
from system.chain.records import FEED, RECEIVABLES
from system.chain.session import event_of
from system.credit.events import Kind as CreditKind
from system.credit.records import JOURNAL as CREDIT_JOURNAL
from system.kernels.columns import I64
from system.leasing.bank_feed import BANK_FEED
from system.leasing.events import AlertEvent
from system.leasing.leases.events import Kind as LeaseKind
from system.leasing.leases.records import JOURNAL as LEASE_JOURNAL
from system.leasing.service_link import LinkEvent
from system.ledger.outbox import OUTBOX
from system.ports.store import Table, Unit
from system.subledger.records import Happened, JournalRow, happened

_ROWS_A_ROUND: Final = 500
# Accounts in one letter: a day's end moves many at once.
_ITEMS_MAX: Final = 500
_PARTY_FIELDS: Final = ("supplier_id", "bank_id", "to_id", "party_id", "seller_id", "debtor_id")


@dataclass(frozen=True, slots=True)
class Told:
    """One event, as far as a caller may know it. kind: its name.  facts: as JSON has them."""

    kind: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class News:
    """What a caller may know of what came after; newest: the last sequence number looked at."""

    newest: int
    told: Sequence[Told]


@dataclass(frozen=True, slots=True)
class Source:
    """table: the events, by sequence.  after: unit, caller and sequence number to news."""

    table: Table[Any]
    after: Callable[[Unit, Caller, int], News]

    def newest(self, unit: Unit) -> int:
        """The last sequence number there is; 0 for none."""
        row = unit.last(self.table)
        return row.sequence if row is not None else 0


def _receivables(unit: Unit, caller: Caller, after: int) -> News:
    rows = unit.scan(FEED, after=(after,), limit=_ROWS_A_ROUND)
    facts = [(row.kind, asdict(event_of(row))) for row in rows]
    told = [
        Told(kind, {name: value for name, value in one.items() if not isinstance(value, bytes)})
        for kind, one in facts
        if caller.sees_all() or caller.is_one_of(*_parties(unit, one))
    ]
    return News(rows[-1].sequence if rows else after, told)


def _parties(unit: Unit, facts: Mapping[str, Any]) -> set[str]:
    """Whom an event concerns."""
    parties = {str(facts[name]) for name in _PARTY_FIELDS if name in facts}
    receivable_id = facts.get("receivable_id")
    if isinstance(receivable_id, str):
        [row] = unit.get(RECEIVABLES, [(receivable_id,)])
        parties |= {row.seller_id, row.debtor_id} if row is not None else set()
    return parties


def _journal(
    table: Table[JournalRow], prefix: str, kind: owners.Kind
) -> Callable[[Unit, Caller, int], News]:
    """Of a product's journal: what happened to the caller's own accounts."""

    def after(unit: Unit, caller: Caller, sequence: int) -> News:
        rows = unit.scan(table, after=(sequence,), limit=_ROWS_A_ROUND)
        own = None if caller.sees_all() else np.array(owners.numbers(unit, caller, kind), np.int64)
        told = [one for row in rows for one in _items(happened(row), prefix, kind, own)]
        return News(rows[-1].sequence if rows else sequence, told)

    return after


def _items(event: Happened, prefix: str, kind: str, own: I64 | None) -> list[Told]:
    known = slice(None) if own is None else np.isin(event.accounts, own)
    accounts, amounts = event.accounts[known].tolist(), event.amounts[known].tolist()
    items = [{kind: a, "amount": n} for a, n in zip(accounts, amounts, strict=True)]
    facts = {"cause": event.cause, "day": event.day, "at_s": event.at_s}
    return [
        Told(f"{prefix}.{event.kind}", facts | {"items": items[start : start + _ITEMS_MAX]})
        for start in range(0, len(items), _ITEMS_MAX)
    ]


def _alerts(unit: Unit, caller: Caller, after: int) -> News:
    rows = unit.scan(BANK_FEED, after=(after,), limit=_ROWS_A_ROUND)
    messages = unit.get(OUTBOX, [(row.message_id,) for row in rows])
    facts = [loads(message.payload) for message in messages if message is not None]
    own = set(owners.numbers(unit, caller, "machine"))
    told = [
        Told(f"alert.{one['event']}", one)
        for one in facts
        if caller.sees_all() or one.get("machine") in own
    ]
    return News(rows[-1].sequence if rows else after, told)


SOURCES: Final[Mapping[str, Source]] = {
    "receivables": Source(FEED, _receivables),
    "credit": Source(CREDIT_JOURNAL, _journal(CREDIT_JOURNAL, "credit", "merchant")),
    "leases": Source(LEASE_JOURNAL, _journal(LEASE_JOURNAL, "lease", "lease")),
    "alerts": Source(BANK_FEED, _alerts),
}
KINDS: Final = frozenset(
    [
        *(n for n, kind in vars(chain_events).items() if isinstance(kind, type) and n[0].isupper()),
        *(f"credit.{kind}" for kind in CreditKind),
        *(f"lease.{kind}" for kind in LeaseKind),
        *(f"alert.{event}" for event in (*AlertEvent, *LinkEvent)),
    ]
)
