"""How long a merchant's data are kept once the business with them is over.

It is over when no line lives and no consent is valid. Then the shop's feed goes after a while, and
the owner's identity, whose key is destroyed, when the law no longer asks for it. Decisions,
postings and the audit log hold no personal text and stay.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from system.compliance import audit
from system.compliance.records import AuditEntry
from system.credit.feeds import erase_feed
from system.credit.records import LINES, LineState
from system.kernels.columns import i64
from system.limits import DAY_S
from system.parties import vault
from system.parties.consent import consents_of
from system.ports.book import BookUnit
from system.ports.store import Table

# Source: Anti-Money-Laundering Law of the PRC (2024 revision), article 34: at least ten years
# after the business relationship has ended. Ten years hold at most three leap days.
OWNER_KEPT_S: Final = 3_653 * DAY_S
# Assumed: long enough for a complaint about a decision.
FEED_KEPT_S: Final = 180 * DAY_S
IDLE: Final = (LineState.NONE, LineState.CLOSED)
_ACTOR: Final = "retention"
_SLICE_ROWS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Rest:
    """since_s: when the business was first seen to be over; 0 while it goes on."""

    account: int
    since_s: int
    feed_erased: bool


RESTS: Final = Table("merchant_rest", Rest, key=("account",))


def erase_on_request(unit: BookUnit, account: int, now_s: int, actor: str) -> int | None:
    """Erase an idle merchant's data; until when the owner's identity must still be kept.

    None where it is destroyed now: nobody with whom there was no line need be known.
    """
    erase_feed(unit, i64([account]), now_s)
    kept_until_s = None
    if int(unit.read(LINES, ("life",), i64([account]))["life"][0]) == LineState.NONE:
        done = "key destroyed" if vault.shred(unit.rows, account) else "no owner kept"
    else:
        [held] = unit.rows.get(RESTS, [(account,)])
        rest = replace(_rest(account, held, now_s), feed_erased=True)
        _keep(unit, [held], [rest])
        kept_until_s = rest.since_s + OWNER_KEPT_S
        done = f"feed erased, owner kept until {kept_until_s}"
    audit.append(unit.rows, [AuditEntry(actor, "erase", f"merchant/{account}", done)], now_s)
    return kept_until_s


def apply_retention(unit: BookUnit, now_s: int) -> int:
    """Erase what is older than it may be, of all merchants; how many lost something. Daily."""
    count = unit.count(LINES)
    starts = range(0, count, _SLICE_ROWS)
    return sum(_apply(unit, slice(s, min(s + _SLICE_ROWS, count)), now_s) for s in starts)


def _apply(unit: BookUnit, rows: slice, now_s: int) -> int:
    accounts = range(rows.start, rows.stop)
    held = unit.rows.get(RESTS, [(account,) for account in accounts])
    rests = [
        _rest(account, note, now_s) if over else Rest(account, 0, feed_erased=False)
        for account, note, over in zip(accounts, held, _is_over(unit, rows, now_s), strict=True)
    ]
    age_s = {one.account: now_s - one.since_s for one in rests if one.since_s}
    old = {one.account for one in rests if age_s.get(one.account, 0) >= FEED_KEPT_S}
    gone = sorted(old - {one.account for one in rests if one.feed_erased})
    shredded = [n for n, s in age_s.items() if s >= OWNER_KEPT_S and vault.shred(unit.rows, n)]
    if gone:
        erase_feed(unit, i64(gone), now_s)
    _keep(unit, held, [replace(r, feed_erased=r.feed_erased or r.account in old) for r in rests])
    done = [(n, "feed erased") for n in gone] + [(n, "key destroyed") for n in shredded]
    entries = [AuditEntry(_ACTOR, "erase", f"merchant/{n}", what) for n, what in done]
    audit.append(unit.rows, entries, now_s)
    return len({n for n, _ in done})


def _is_over(unit: BookUnit, rows: slice, now_s: int) -> list[bool]:
    life = unit.read(LINES, ("life",), rows)["life"]
    _, until_s = consents_of(unit, rows)
    is_over: list[bool] = (np.isin(life, IDLE) & (np.max(until_s, axis=0) <= now_s)).tolist()
    return is_over


def _rest(account: int, held: Rest | None, now_s: int) -> Rest:
    """What is noted of a merchant that rests; since now where nothing is."""
    return held if held is not None and held.since_s else Rest(account, now_s, feed_erased=False)


def _keep(unit: BookUnit, held: Sequence[Rest | None], rests: Sequence[Rest]) -> None:
    """Write what is new or another; of a merchant that never rested there is no row."""
    pairs = list(zip(held, rests, strict=True))
    unit.rows.insert(RESTS, [rest for note, rest in pairs if note is None and rest.since_s])
    unit.rows.replace(RESTS, [rest for note, rest in pairs if note is not None and note != rest])
