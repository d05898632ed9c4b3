"""Effects that arrive: each (source, message id) takes effect once.

Call ``receive`` in the transaction that holds the effects, and acknowledge after its commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from system.canonical import sha256_hex
from system.ports.store import Table, Unit


@dataclass(frozen=True, slots=True)
class Incoming:
    """One delivery. ``message_id`` is the source's own."""

    source: str
    message_id: str
    payload: str


@dataclass(frozen=True, slots=True)
class InboxMessage:
    source: str
    message_id: str
    payload_hash: str
    received_at_s: int


@dataclass(frozen=True, slots=True)
class QuarantinedMessage:
    """Other content under a used id: kept for a human, never applied."""

    source: str
    message_id: str
    payload_hash: str
    payload: str
    received_at_s: int


class Reception(StrEnum):
    NEW = "new"  # apply its effects, in this transaction
    DUPLICATE = "duplicate"  # seen before with the same content: acknowledge, do nothing
    QUARANTINED = "quarantined"  # seen before with other content


INBOX = Table("inbox", InboxMessage, key=("source", "message_id"), append_only=True)
QUARANTINE = Table(
    "inbox_quarantine",
    QuarantinedMessage,
    key=("source", "message_id", "payload_hash"),
    append_only=True,
)
INBOX_TABLES = (INBOX, QUARANTINE)


def receive(unit: Unit, batch: Sequence[Incoming], now_s: int) -> list[Reception]:
    """One reception per delivery, in order; repeats within the batch count as repeats."""
    keys = [(item.source, item.message_id) for item in batch]
    rows = unit.get(INBOX, keys)
    seen = {key: row.payload_hash for key, row in zip(keys, rows, strict=True) if row}
    receptions, accepted = [], []
    for key, item in zip(keys, batch, strict=True):
        digest = sha256_hex(item.payload)
        if key not in seen:
            seen[key] = digest
            accepted.append(InboxMessage(item.source, item.message_id, digest, now_s))
            receptions.append(Reception.NEW)
        elif seen[key] == digest:
            receptions.append(Reception.DUPLICATE)
        else:
            receptions.append(Reception.QUARANTINED)
            _quarantine(unit, item, digest, now_s)
    unit.insert(INBOX, accepted)
    return receptions


def _quarantine(unit: Unit, item: Incoming, digest: str, now_s: int) -> None:
    row = QuarantinedMessage(item.source, item.message_id, digest, item.payload, now_s)
    if unit.get(QUARANTINE, [(item.source, item.message_id, digest)]) == [None]:
        unit.insert(QUARANTINE, [row])
