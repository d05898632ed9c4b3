"""Effects that leave: written with the state change that causes them, sent afterwards.

A message is ``new``, then ``sent`` (handed to the transport, which proves nothing), then ``done``
(the receiver's own receipt). Poison goes to ``dead``, which keeps its payload. Within an ordering
key a message leaves only when all before it are done; other keys go on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from system.errors import IntegrityError, MissingRow
from system.ports.store import AtLeast, Table, Unit

State = Literal["new", "sent", "done", "dead"]
OPEN: tuple[State, ...] = ("new", "sent", "dead")


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """``message_id`` is derived from what caused it, so that a repeated cause collides."""

    message_id: str
    target: str
    ordering_key: str
    sequence: int
    payload: str
    state: State
    attempts: int
    created_at_s: int
    done_at_s: int | None


OUTBOX = Table(
    "outbox",
    OutboxMessage,
    key=("message_id",),
    unique=(("target", "ordering_key", "sequence"),),
    index=(("target", "state"),),
    checks=(AtLeast("attempts", 0),),
)
OUTBOX_TABLES = (OUTBOX,)


def message(
    message_id: str, target: str, ordering_key: str, sequence: int, payload: str, now_s: int
) -> OutboxMessage:
    """A new message. ``sequence`` orders it within its key; gaps are allowed."""
    return OutboxMessage(message_id, target, ordering_key, sequence, payload, "new", 0, now_s, None)


def enqueue(unit: Unit, messages: Sequence[OutboxMessage]) -> None:
    """Add messages in the transaction of their cause. Raises DuplicateRow for a used id."""
    unit.insert(OUTBOX, messages)


def pending(unit: Unit, target: str, limit: int) -> list[OutboxMessage]:
    """New messages that may leave now: the heads of their keys, by (ordering_key, sequence).

    Where none is new, what waits for its receipt is not read: that may be very many.
    """
    heads: dict[str, OutboxMessage] = {}
    for state in OPEN:
        if state != "new" and not heads:
            return []
        for found in unit.find(OUTBOX, {"target": target, "state": state}):
            head = heads.get(found.ordering_key)
            if head is None or found.sequence < head.sequence:
                heads[found.ordering_key] = found
    ready = [head for _, head in sorted(heads.items()) if head.state == "new"]
    return ready[:limit]


def unconfirmed(unit: Unit, target: str) -> list[OutboxMessage]:
    """Messages that were sent and have no receipt yet, by (ordering_key, sequence)."""
    return _in_order(unit.find(OUTBOX, {"target": target, "state": "sent"}))


def dead(unit: Unit, target: str) -> list[OutboxMessage]:
    """Dead letters, by (ordering_key, sequence). Each still blocks its key."""
    return _in_order(unit.find(OUTBOX, {"target": target, "state": "dead"}))


def _in_order(messages: list[OutboxMessage]) -> list[OutboxMessage]:
    return sorted(messages, key=lambda m: (m.ordering_key, m.sequence))


def mark_sent(unit: Unit, message_ids: Sequence[str]) -> None:
    """Handed to the transport; counts the attempt. From new, or again from sent."""
    found = _load(unit, message_ids, ("new", "sent"))
    unit.replace(OUTBOX, [replace(m, state="sent", attempts=m.attempts + 1) for m in found])


def mark_done(unit: Unit, message_ids: Sequence[str], now_s: int) -> None:
    """The receiver has confirmed. From any state, since a receipt may overtake our own note.

    A second receipt changes nothing; done on a dead letter is how an operator skips it.
    """
    found = [m for m in _load(unit, message_ids, (*OPEN, "done")) if m.state != "done"]
    unit.replace(OUTBOX, [replace(m, state="done", done_at_s=now_s) for m in found])


def mark_dead(unit: Unit, message_ids: Sequence[str]) -> None:
    """Poison: no further attempt; the letter keeps its payload and blocks its key."""
    found = _load(unit, message_ids, ("new", "sent"))
    unit.replace(OUTBOX, [replace(m, state="dead") for m in found])


def requeue(unit: Unit, message_ids: Sequence[str]) -> None:
    """Back to new: a dead letter after repair, or a sent one known never to have arrived."""
    found = _load(unit, message_ids, ("sent", "dead"))
    unit.replace(OUTBOX, [replace(m, state="new") for m in found])


def _load(
    unit: Unit, message_ids: Iterable[str], allowed: tuple[State, ...]
) -> list[OutboxMessage]:
    keys = [(message_id,) for message_id in dict.fromkeys(message_ids)]
    rows = unit.get(OUTBOX, keys)
    loaded = []
    for key, found in zip(keys, rows, strict=True):
        if found is None:
            raise MissingRow(OUTBOX.name, key)
        if found.state not in allowed:
            raise IntegrityError(f"state of outbox message {key[0]}", allowed, found.state)
        loaded.append(found)
    return loaded
