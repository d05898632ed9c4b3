"""The line to the broker: while it is down, a machine's silence is not the machine's own.

Evidence is the consumer's link, which says at each tick whether it is subscribed. While it is not,
no machine is told as silent; after an outage of ``OUTAGE_MS_MIN`` silence counts from the line's
return, for gateways send what they kept. The bank hears of the outage and of its end, once each.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from system.canonical import canonical_json
from system.leasing.bank_feed import tell_bank
from system.leasing.events import BANK
from system.ledger import outbox
from system.ports.book import BookUnit
from system.ports.store import Table

BROKER: Final = "broker"
# Under which the bank gets what it is told of the line, in order.
LINE: Final = f"link/{BROKER}"
# assumed: shorter ones move no bound, or a line that flaps would hide every silence
OUTAGE_MS_MIN: Final = 3_600_000


class LinkEvent(StrEnum):
    """What the bank is told of the line."""

    LOST = "lost"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class LinkState:
    """down_since_ms: 0 while it is up.  up_since_ms: end of the last outage, 0 for none.

    is_told: the outage that lasts was told.
    """

    name: str
    down_since_ms: int = 0
    up_since_ms: int = 0
    is_told: bool = False


LINKS: Final = Table("leasing_link", LinkState, key=("name",))


def look(unit: BookUnit, now_ms: int, now_s: int, *, is_linked: bool) -> LinkState:
    """Keep what the link says now; the bank is told of an outage's beginning and end."""
    [known] = unit.rows.get(LINKS, [(BROKER,)])
    before = known or LinkState(BROKER)
    after = _returned(before, now_ms) if is_linked else _away(before, now_ms)
    if after != before:
        (unit.rows.insert if known is None else unit.rows.replace)(LINKS, [after])
    if after.is_told and not before.is_told:
        _tell(unit, LinkEvent.LOST, after.down_since_ms, now_ms, now_s)
    elif before.is_told and not after.is_told:
        _tell(unit, LinkEvent.RETURNED, before.down_since_ms, now_ms, now_s)
    return after


def _away(before: LinkState, now_ms: int) -> LinkState:
    since_ms = before.down_since_ms or now_ms
    is_told = now_ms - since_ms >= OUTAGE_MS_MIN
    return replace(before, down_since_ms=since_ms, is_told=is_told)


def _returned(before: LinkState, now_ms: int) -> LinkState:
    up_since_ms = now_ms if before.is_told else before.up_since_ms
    return LinkState(before.name, 0, up_since_ms, is_told=False)


def _tell(unit: BookUnit, event: LinkEvent, from_ms: int, now_ms: int, now_s: int) -> None:
    name = f"{LINE}/{from_ms}#{1 if event is LinkEvent.LOST else 2}"
    facts = {"event": event.value, "link": BROKER, "from_ms": from_ms, "at_s": now_s}
    message = outbox.message(name, BANK, LINE, now_ms, canonical_json(facts), now_s)
    tell_bank(unit.rows, [message])
