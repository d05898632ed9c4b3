"""Webhooks: what happened, told to those who subscribed; signed, in order, until they have it.

An event of the product's feed becomes an outbox message for each subscriber that may know of it. A
delivery that fails is tried again with growing pauses, and after the last one it is a dead letter,
which holds back what follows for this subscriber until somebody asks for it again.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from system.adapters.group_store import GroupStore
from system.api.access import SEE_ALL, Caller
from system.api.clients import ClientDesk, find
from system.canonical import canonical_json, sha256_hex
from system.chain.records import FEED, RECEIVABLES, FeedRow
from system.chain.session import event_of
from system.ledger import outbox
from system.ports.clock import Clock
from system.ports.poster import Poster
from system.ports.store import Table, Unit

TARGET: Final = "webhook"
# Pauses after each failure; after the last one the message is a dead letter (about a day in all).
PAUSES_S: Final = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800)
_ROWS_A_ROUND: Final = 500
_DELIVERIES_A_ROUND: Final = 50
# For so long a letter is its poster's, and no other process posts it.
_POSTING_S: Final = 60
_FEED: Final = "feed"
_PARTY_FIELDS: Final = ("supplier_id", "bank_id", "to_id", "party_id", "seller_id", "debtor_id")


@dataclass(frozen=True, slots=True)
class Webhook:
    """events: names with spaces between, empty for all.  ended_at_s: None while it stands."""

    webhook_id: str
    client_id: str
    url: str
    events: str
    created_at_s: int
    ended_at_s: int | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """How far one outbox message came. error: what the last try met."""

    message_id: str
    webhook_id: str
    tries: int
    next_at_s: int
    error: str
    state: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a feed that was looked at."""

    name: str
    sequence: int


WEBHOOKS: Final = Table("webhook", Webhook, key=("webhook_id",), index=(("client_id",),))
DELIVERIES: Final = Table(
    "webhook_delivery", Delivery, key=("message_id",), index=(("webhook_id",), ("state",))
)
CURSORS: Final = Table("webhook_cursor", Cursor, key=("name",))
WEBHOOK_TABLES: Final = (WEBHOOKS, DELIVERIES, CURSORS)


def spread(unit: Unit, now_s: int) -> int:
    """Turn new events into messages; how many events were looked at."""
    [held] = unit.get(CURSORS, [(_FEED,)])
    after = held.sequence if held is not None else 0
    rows = unit.scan(FEED, after=(after,), limit=_ROWS_A_ROUND)
    if not rows:
        return 0
    hooks = [one for one in unit.scan(WEBHOOKS) if one.ended_at_s is None]
    callers = {one.client_id: find(unit, one.client_id) for one in hooks}
    for row in rows:
        _spread_one(unit, row, hooks, callers, now_s)
    write = unit.insert if held is None else unit.replace
    write(CURSORS, [Cursor(_FEED, rows[-1].sequence)])
    return len(rows)


def _spread_one(
    unit: Unit,
    row: FeedRow,
    hooks: list[Webhook],
    callers: Mapping[str, Caller | None],
    now_s: int,
) -> None:
    facts = _plain(asdict(event_of(row)))
    parties = _parties(unit, facts) if hooks else set()
    for hook in hooks:
        caller = callers[hook.client_id]
        wanted = not hook.events or row.kind in hook.events.split()
        if caller is None or not wanted or not _may_know(caller, parties):
            continue
        message_id = sha256_hex(f"{hook.webhook_id}/{row.sequence}")[:32]
        body = canonical_json({"id": message_id, "type": row.kind, "data": facts})
        key = hook.webhook_id
        message = outbox.message(message_id, TARGET, key, row.sequence, body, now_s)
        outbox.enqueue(unit, [message])
        unit.insert(DELIVERIES, [Delivery(message_id, key, 0, now_s, "", "waiting")])


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if not isinstance(value, bytes)}


def _parties(unit: Unit, facts: Mapping[str, Any]) -> set[str]:
    """Whom an event concerns."""
    parties = {str(facts[name]) for name in _PARTY_FIELDS if name in facts}
    receivable_id = facts.get("receivable_id")
    if isinstance(receivable_id, str):
        [row] = unit.get(RECEIVABLES, [(receivable_id,)])
        parties |= {row.seller_id, row.debtor_id} if row is not None else set()
    return parties


def _may_know(caller: Caller, parties: set[str]) -> bool:
    return bool(caller.roles & SEE_ALL) or caller.is_one_of(*parties)


def again(unit: Unit, row: Delivery, now_s: int) -> None:
    """Try a dead letter once more, from the beginning."""
    outbox.requeue(unit, [row.message_id])
    unit.replace(DELIVERIES, [replace(row, tries=0, next_at_s=now_s, state="waiting")])


def signature(secret: bytes, message_id: str, at_s: int, body: bytes) -> str:
    """As Standard Webhooks has it: HMAC-SHA256 over id, time and body."""
    signed = f"{message_id}.{at_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()


@dataclass(frozen=True, slots=True)
class Letter:
    """One delivery that is due, ready to be posted."""

    message_id: str
    url: str
    body: bytes
    headers: Mapping[str, str]


class HookWork:
    """Spread, post, note; all state is in the store."""

    def __init__(self, store: GroupStore, clock: Clock, clients: ClientDesk) -> None:
        self._store, self._clock, self._clients = store, clock, clients

    def due(self) -> list[Letter]:
        """Spread new events, and the letters that are to be posted now."""
        now_s = self._clock.now_s()
        with self._store.transaction() as unit:
            spread(unit, now_s)
            heads = outbox.pending(unit, TARGET, _DELIVERIES_A_ROUND)
            return [letter for one in heads if (letter := self._letter(unit, one, now_s))]

    def _letter(self, unit: Unit, one: outbox.OutboxMessage, now_s: int) -> Letter | None:
        [row] = unit.get(DELIVERIES, [(one.message_id,)])
        [hook] = unit.get(WEBHOOKS, [(one.ordering_key,)])
        assert row is not None, "made with its message"
        assert hook is not None, "webhooks end, and stay"
        if hook.ended_at_s is not None:
            outbox.mark_done(unit, [one.message_id], now_s)
            unit.replace(DELIVERIES, [replace(row, state="ended")])
            return None
        if row.next_at_s > now_s:
            return None
        unit.replace(DELIVERIES, [replace(row, next_at_s=now_s + _POSTING_S)])
        body = one.payload.encode()
        secret = self._clients.secret_of_webhook(hook.webhook_id)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": one.message_id,
            "webhook-timestamp": str(now_s),
            "webhook-signature": signature(secret, one.message_id, now_s, body),
        }
        return Letter(one.message_id, hook.url, body, headers)

    def note(self, letter: Letter, error: str) -> None:
        """What a try came to; error is empty where the subscriber has it."""
        now_s = self._clock.now_s()
        with self._store.transaction() as unit:
            [row] = unit.get(DELIVERIES, [(letter.message_id,)])
            assert row is not None, "made with its message"
            tries = row.tries + 1
            if not error:
                outbox.mark_done(unit, [letter.message_id], now_s)
                changed = replace(row, tries=tries, error="", state="delivered")
            elif tries > len(PAUSES_S):
                outbox.mark_dead(unit, [letter.message_id])
                changed = replace(row, tries=tries, error=error, state="dead")
            else:
                changed = replace(
                    row, tries=tries, error=error, next_at_s=now_s + PAUSES_S[tries - 1]
                )
            unit.replace(DELIVERIES, [changed])


def posted(poster: Poster, letter: Letter) -> str:
    """Post one letter; what went wrong, empty for nothing. For a thread of its own: it waits."""
    try:
        status = poster.post(letter.url, letter.body, letter.headers)
    except OSError as error:
        return f"no answer: {error}"[:200]
    return "" if 200 <= status < 300 else f"answered {status}"
