"""One transaction of the product: everything that a batch of commands or a block changes.

State, transfers, audit links, chain operations and events are collected here and committed
together, or not at all.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from system.canonical import canonical_json
from system.chain import events as event_types
from system.chain.bindings import Contracts
from system.chain.events import Event
from system.chain.operations import Queue
from system.chain.policy import Policy
from system.chain.records import FEED, FeedRow
from system.chain.sheet import Sheet
from system.chain.wallets import Wallets
from system.compliance import audit
from system.compliance.records import AuditEntry
from system.errors import IntegrityError
from system.ledger import ledger
from system.ledger.records import TransferRequest
from system.parties.records import PARTIES, Party, Role
from system.ports.clock import Clock
from system.ports.evm import Evm
from system.ports.store import Store, Unit


@dataclass(frozen=True, slots=True)
class Parts:
    """What the product is made of; chosen in ``system.bootstrap``.

    confirmations: blocks on top of the one that holds a transaction before it counts.
    """

    clock: Clock
    evm: Evm
    store: Store
    wallets: Wallets
    policy: Policy
    contracts: Contracts
    fingerprint_key: bytes
    confirmations: int


class Session:
    """Opened over one unit; ``close`` writes what was collected."""

    def __init__(self, unit: Unit, parts: Parts) -> None:
        self.unit, self.parts = unit, parts
        self.sheet = Sheet(unit)
        self.queue = Queue(self.sheet, parts.contracts)
        self.now_s = parts.clock.now_s()
        self.events: list[Event] = []
        self._transfers: list[TransferRequest] = []
        self._audit: list[AuditEntry] = []

    def emit(self, event: Event) -> None:
        """Tell the outside, once the transaction has committed."""
        self.events.append(event)

    def move(self, transfers: Sequence[TransferRequest]) -> None:
        """Transfers that cannot be refused unless the books are wrong."""
        self._transfers.extend(transfers)

    def note(self, actor: str, action: str, subject: str, payload: Any = None) -> None:
        """An audit link."""
        self._audit.append(AuditEntry(actor, action, subject, payload))

    def party(self, party_id: str) -> Party | None:
        return self.sheet.get(PARTIES, party_id)

    def verified(self, party: Party | None, role: Role) -> bool:
        """True while the party's KYC holds and it has the role."""
        return (
            party is not None
            and party.kyc_state == "verified"
            and (party.kyc_expires_at_s or 0) > self.now_s
            and bool(party.roles & role)
        )

    def close(self) -> None:
        """Write everything. Raises IntegrityError when the ledger refuses a transfer."""
        outcomes = ledger.post(self.unit, self._transfers, self.now_s) if self._transfers else []
        for outcome in outcomes:
            if outcome.status == "refused":
                raise IntegrityError(f"transfer {outcome.transfer_id}", "done", outcome.refusal)
        audit.append(self.unit, self._audit, self.now_s)
        self.sheet.flush()
        append_feed(self.unit, self.events)


def append_feed(unit: Unit, events: Sequence[Event]) -> None:
    """Keep events for whoever reads them later, numbered from 1."""
    if not events:
        return
    last = unit.last(FEED)
    first = last.sequence + 1 if last is not None else 1
    unit.insert(
        FEED,
        [
            FeedRow(first + offset, type(event).__name__, _body(event))
            for offset, event in enumerate(events)
        ],
    )


def _body(event: Event) -> str:
    return canonical_json([getattr(event, field.name) for field in fields(event)])


def event_of(row: FeedRow) -> Event:
    """The event that was stored."""
    made: Event = getattr(event_types, row.kind)(*json.loads(row.body))
    return made
