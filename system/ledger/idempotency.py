"""Commands that may be sent again: (client, key) names a command, and its answer is stored.

The same key with the same request gets the stored answer; with another request it is refused.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from system.ports.store import Table, Unit

CommandKey = tuple[str, str]


class Command(Protocol):
    """What ``once`` needs to know; ``fingerprint`` is the SHA-256 of the canonical request."""

    @property
    def client(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...


C = TypeVar("C", bound=Command)


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    client: str
    key: str
    fingerprint: str
    response: str
    answered_at_s: int


IDEMPOTENCY = Table("idempotency", IdempotencyRecord, key=("client", "key"), append_only=True)
IDEMPOTENCY_TABLES = (IDEMPOTENCY,)


class Answered(StrEnum):
    NOW = "now"
    BEFORE = "before"  # a repeat: nothing was done
    KEY_REUSED = "key_reused"  # another request under the same key: refused, response is empty


@dataclass(frozen=True, slots=True)
class Reply:
    answered: Answered
    response: str


def once(
    unit: Unit, batch: Sequence[C], handle: Callable[[list[C]], list[str]], now_s: int
) -> list[Reply]:
    """One reply per command, in order. Repeats within the batch count as repeats.

    handle: runs the commands not seen before, one response each; called at most once.
    """
    stored = _stored(unit, batch)
    fresh: dict[CommandKey, C] = {}
    for command in batch:
        key = (command.client, command.key)
        if key not in stored:
            fresh.setdefault(key, command)
    responses = handle(list(fresh.values())) if fresh else []
    rows = [
        IdempotencyRecord(*key, command.fingerprint, response, now_s)
        for (key, command), response in zip(fresh.items(), responses, strict=True)
    ]
    unit.insert(IDEMPOTENCY, rows)
    stored.update({(row.client, row.key): row for row in rows})
    unanswered = set(fresh)
    return [_reply(command, stored, unanswered) for command in batch]


def _stored(unit: Unit, batch: Sequence[Command]) -> dict[CommandKey, IdempotencyRecord]:
    keys = [(command.client, command.key) for command in batch]
    rows = unit.get(IDEMPOTENCY, keys)
    return {key: row for key, row in zip(keys, rows, strict=True) if row is not None}


def _reply(
    command: Command, stored: dict[CommandKey, IdempotencyRecord], unanswered: set[CommandKey]
) -> Reply:
    key = (command.client, command.key)
    row = stored[key]
    if row.fingerprint != command.fingerprint:
        return Reply(Answered.KEY_REUSED, "")
    if key in unanswered:
        unanswered.remove(key)
        return Reply(Answered.NOW, row.response)
    return Reply(Answered.BEFORE, row.response)
