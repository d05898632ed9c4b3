"""Webhooks: what happened, told to those who subscribed; signed, in order, until they have it.

An event of a product (``hook_sources``) becomes an outbox message for each subscriber that may know
of it. A delivery that fails is tried again with growing pauses, and after the last one it is a dead
letter, which holds back what follows for this subscriber until somebody asks for it again.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from system.adapters.group_store import GroupStore
from system.api.clients import ClientDesk, find
from system.api.hook_sources import SOURCES, Told
from system.canonical import canonical_json, sha256_hex
from system.ledger import outbox
from system.ports.clock import Clock
from system.ports.poster import Poster
from system.ports.store import Table, Unit

TARGET: Final = "webhook"
# Pauses after each failure; after the last one the message is a dead letter (about a day in all).
PAUSES_S: Final = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800)
_DELIVERIES_A_ROUND: Final = 50
# For so long a letter is its poster's, and no other process posts it.
_POSTING_S: Final = 60


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
    """How far one subscriber came: in a source (ID/SOURCE), and in its own letters (ID)."""

    name: str
    sequence: int


WEBHOOKS: Final = Table("webhook", Webhook, key=("webhook_id",), index=(("client_id",),))
DELIVERIES: Final = Table(
    "webhook_delivery", Delivery, key=("message_id",), index=(("webhook_id",), ("state",))
)
CURSORS: Final = Table("webhook_cursor", Cursor, key=("name",))
WEBHOOK_TABLES: Final = (WEBHOOKS, DELIVERIES, CURSORS)


def begin(unit: Unit, hook: Webhook) -> None:
    """Keep a new subscription: it is told what happens from now on."""
    unit.insert(WEBHOOKS, [hook])
    for name, source in SOURCES.items():
        _cursor(unit, _place(hook, name), source.newest)


def spread(unit: Unit, now_s: int) -> None:
    """Turn what is new into messages for those who subscribed and may know of it."""
    for hook in unit.scan(WEBHOOKS):
        caller = find(unit, hook.client_id) if hook.ended_at_s is None else None
        if caller is None:
            continue
        for name, source in SOURCES.items():
            cursor = _cursor(unit, _place(hook, name), source.newest)
            news = source.after(unit, caller, cursor.sequence)
            if news.newest > cursor.sequence:
                unit.replace(CURSORS, [replace(cursor, sequence=news.newest)])
            _enqueue(unit, hook, news.told, now_s)


def _place(hook: Webhook, source: str) -> str:
    return f"{hook.webhook_id}/{source}"


def _cursor(unit: Unit, name: str, start: Callable[[Unit], int]) -> Cursor:
    """Where it stands; one of a source that came after the webhook, at its start."""
    [held] = unit.get(CURSORS, [(name,)])
    if held is None:
        held = Cursor(name, start(unit))
        unit.insert(CURSORS, [held])
    return held


def _enqueue(unit: Unit, hook: Webhook, told: Sequence[Told], now_s: int) -> None:
    """Number the letters of one subscriber on, over all sources, so that they leave in order."""
    wanted = [one for one in told if not hook.events or one.kind in hook.events.split()]
    if not wanted:
        return
    count = _cursor(unit, hook.webhook_id, lambda _: 0)
    key = hook.webhook_id
    messages = []
    for number, one in enumerate(wanted, count.sequence + 1):
        message_id = sha256_hex(f"{key}/{number}")[:32]
        body = canonical_json({"id": message_id, "type": one.kind, "data": one.facts})
        messages.append(outbox.message(message_id, TARGET, key, number, body, now_s))
    outbox.enqueue(unit, messages)
    letters = [Delivery(one.message_id, key, 0, now_s, "", "waiting") for one in messages]
    unit.insert(DELIVERIES, letters)
    unit.replace(CURSORS, [replace(count, sequence=messages[-1].sequence)])


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
        # A client that was revoked hears nothing more of its party, nor what waited for it.
        if hook.ended_at_s is not None or find(unit, hook.client_id) is None:
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
