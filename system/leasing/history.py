"""The readings that were taken in: each once, kept by machine, found again by time.

A machine's readings fill a page, a tail at a time; a full page is packed and put away, into the
place of the oldest once all places are taken. A reading's key is its boot and sequence. Most keys
are above all that came before, which needs no look at any page; for the others, the pages whose
keys span them tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np

from system.kernels.columns import I64, Mask
from system.leasing.history_pages import pack, unpack
from system.leasing.history_tails import NOTHING, OPEN, TAILS, OpenPage, Tail, Tails, open_page
from system.leasing.readings import Readings
from system.limits import HISTORY_PAGE_ROWS, HISTORY_PAGES_MAX, HISTORY_TAIL_ROWS, SEQUENCE_MAX
from system.ports.store import Table, Unit

# What a page holds of a reading, and what its device's clock said.
COLUMNS: Final = (*(field.name for field in fields(Readings) if field.name != "device"), "clock_ms")
WIDTH: Final = len(COLUMNS)
_BOOT, _SEQUENCE = COLUMNS.index("boot"), COLUMNS.index("sequence")
_AT, _CLOCK = COLUMNS.index("at_ms"), COLUMNS.index("clock_ms")
# How the bank came by a reading is not its content: a repeat may differ in these.
_CONTENT: Final = [at for at, name in enumerate(COLUMNS) if name not in ("at_ms", "received_ms")]
_TAIL_BYTES: Final = HISTORY_TAIL_ROWS * WIDTH * 8


@dataclass(frozen=True, slots=True)
class PageHead:
    """A packed page: which keys and times it spans. count: 0 once its body is forgotten."""

    device: int
    slot: int
    count: int
    key_low: int
    key_high: int
    at_low: int
    at_high: int


@dataclass(frozen=True, slots=True)
class PageBody:
    device: int
    slot: int
    body: bytes


HEADS: Final = Table("leasing_history_head", PageHead, key=("device", "slot"))
BODIES: Final = Table("leasing_history_body", PageBody, key=("device", "slot"))
HISTORY_TABLES: Final = (TAILS, OPEN, HEADS, BODIES)


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of each reading, bool (n,) each; those of none are repeats.

    is_new: stored now.  is_other: its key was used for other content.  is_forgotten: too old to
    tell.
    """

    is_new: Mask
    is_other: Mask
    is_forgotten: Mask


def keep(unit: Unit, readings: Readings, clock_ms: I64 | None = None) -> Kept:
    """Store what is new, in the transaction that acts on it.

    clock_ms: int64 (n,), when each was read by its device's own clock; ``at_ms`` where that is
    right. A reading whose key is known with the same content is a repeat, also within the batch.
    """
    n = len(readings)
    kept = Kept(*(np.zeros(n, np.bool_) for _ in range(3)))
    if not n:
        return kept
    rows = _matrix(readings, readings.at_ms if clock_ms is None else clock_ms)
    keys = _keys(rows)
    order = np.lexsort((keys, readings.device))
    devices, starts = np.unique(readings.device[order], return_index=True)
    stops = np.append(starts[1:], n)
    tails = Tails(unit, devices.tolist(), _TAIL_BYTES)
    plain = _all_new(keys[order], starts, tails.held)
    kept.is_new[order] = np.repeat(plain, stops - starts)
    body = rows[order].astype("<i8", copy=False).tobytes()
    high = keys[order[stops - 1]].tolist()
    for at, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
        if plain[at]:
            tails.grow(at, body[start * WIDTH * 8 : stop * WIDTH * 8], high[at])
        else:
            page = tails.whole(at)
            fresh = _fresh_of(unit, page, order[start:stop], rows, keys, kept)
            if fresh.size:
                more = rows[fresh].astype("<i8", copy=False).tobytes()
                tails.grow(at, more, max(page.high, int(keys[fresh[-1]])))
    for at in tails.long():
        tails.put(_sealed_if_full(unit, tails.whole(at)), at)
    tails.write()
    return kept


def _matrix(readings: Readings, clock_ms: I64) -> I64:
    columns = [getattr(readings, name) for name in COLUMNS[:-1]]
    return np.stack([*columns, clock_ms], axis=1)


def _keys(rows: I64) -> I64:
    keys: I64 = rows[:, _BOOT] * (SEQUENCE_MAX + 1) + rows[:, _SEQUENCE]
    return keys


def _all_new(keys: I64, starts: I64, held: Sequence[Tail | None]) -> Mask:
    """Machines all of whose keys are above what they had, and rise: the usual case, at a glance.

    keys: int64 (n,), by machine, then rising.  starts: int64 (m,), each machine's first.
    """
    repeated = np.zeros(keys.size, np.bool_)
    repeated[1:] = keys[1:] == keys[:-1]
    repeated[starts] = False
    high = np.array([NOTHING if tail is None else tail.high for tail in held], np.int64)
    forgets = np.array([tail is not None and tail.forgotten_ms > NOTHING for tail in held])
    plain: Mask = ~np.logical_or.reduceat(repeated, starts) & (keys[starts] > high) & ~forgets
    return plain


def _fresh_of(unit: Unit, page: OpenPage, at: I64, rows: I64, keys: I64, kept: Kept) -> I64:
    """Which of one machine's readings are new. page: with its tail.  at: in order of keys."""
    fresh = _new_ones(unit, page, at, rows, keys, kept)
    if page.forgotten_ms > NOTHING:
        lost = rows[fresh, _CLOCK] <= page.forgotten_ms
        kept.is_forgotten[fresh[lost]] = True
        fresh = fresh[~lost]
    kept.is_new[fresh] = True
    return fresh


def _sealed_if_full(unit: Unit, page: OpenPage) -> OpenPage:
    return _sealed(unit, page) if len(page.rows) >= HISTORY_PAGE_ROWS * WIDTH * 8 else page


def _new_ones(unit: Unit, page: OpenPage, at: I64, rows: I64, keys: I64, kept: Kept) -> I64:
    """Rows of ``at`` whose key is not known; those with other content are marked."""
    own = keys[at]
    is_first = np.ones(at.size, np.bool_)
    is_first[1:] = own[1:] != own[:-1]
    if not is_first.all():
        leader = at[np.maximum.accumulate(np.where(is_first, np.arange(at.size), 0))]
        _mark_other(rows[leader], rows, at, kept)
    firsts = at[is_first]
    suspects = firsts[keys[firsts] <= page.high]
    if not suspects.size:
        return firsts
    known = _known_rows(unit, page, keys[suspects])
    if not known.size:
        return firsts
    known_keys = _keys(known)
    order = np.argsort(known_keys, kind="stable")
    place = np.searchsorted(known_keys[order], keys[suspects])
    found = order[np.minimum(place, order.size - 1)]
    is_known = known_keys[found] == keys[suspects]
    _mark_other(known[found[is_known]], rows, suspects[is_known], kept)
    repeated = set(suspects[is_known].tolist())
    return np.array([row for row in firsts.tolist() if row not in repeated], np.int64)


def _mark_other(known: I64, rows: I64, at: I64, kept: Kept) -> None:
    differs = (known[:, _CONTENT] != rows[at][:, _CONTENT]).any(axis=1)
    kept.is_other[at[differs]] = True


def _known_rows(unit: Unit, page: OpenPage, keys: I64) -> I64:
    """The held readings among which these keys would be."""
    found = [_open_rows(page)]
    low = int(keys.min())
    if low <= page.sealed_high:
        heads = unit.find(HEADS, {"device": page.device})
        slots = [
            head.slot
            for head in heads
            if head.count and ((keys >= head.key_low) & (keys <= head.key_high)).any()
        ]
        found += _bodies(unit, page.device, slots)
    return np.concatenate(found)


def _open_rows(page: OpenPage) -> I64:
    return np.frombuffer(page.rows, "<i8").reshape(-1, WIDTH)


def _bodies(unit: Unit, device: int, slots: list[int]) -> list[I64]:
    bodies = unit.get(BODIES, [(device, slot) for slot in slots])
    return [unpack(body.body, WIDTH) for body in bodies if body is not None]


def _sealed(unit: Unit, page: OpenPage) -> OpenPage:
    """Pack the page, into the oldest one's place where all are taken."""
    rows = _open_rows(page)
    keys, at_ms = _keys(rows), rows[:, _AT]
    slot = page.pages % HISTORY_PAGES_MAX
    head = PageHead(
        page.device,
        slot,
        len(rows),
        int(keys.min()),
        int(keys.max()),
        int(at_ms.min()),
        int(at_ms.max()),
    )
    body = PageBody(page.device, slot, pack(rows))
    forgotten_ms = page.forgotten_ms
    if page.pages >= HISTORY_PAGES_MAX:
        for old in _bodies(unit, page.device, [slot]):
            if old.size:
                forgotten_ms = max(forgotten_ms, int(old[:, _CLOCK].max()))
        unit.replace(HEADS, [head])
        unit.replace(BODIES, [body])
    else:
        unit.insert(HEADS, [head])
        unit.insert(BODIES, [body])
    return OpenPage(page.device, page.pages + 1, page.high, page.high, forgotten_ms, b"")


def since(unit: Unit, device: int, at_ms: int) -> Readings:
    """A machine's readings from this event time on, in event order."""
    heads = unit.find(HEADS, {"device": device})
    slots = [head.slot for head in heads if head.count and head.at_high >= at_ms]
    rows = np.concatenate([*_bodies(unit, device, slots), _open_rows(open_page(unit, device))])
    return _readings(device, rows[rows[:, _AT] >= at_ms])


def counts(unit: Unit) -> dict[int, int]:
    """How many readings are held of each machine."""
    held: dict[int, int] = {}
    parts: list[Tail | OpenPage] = [*unit.scan(TAILS), *unit.scan(OPEN)]
    for part in parts:
        held[part.device] = held.get(part.device, 0) + len(part.rows) // (WIDTH * 8)
    for head in unit.scan(HEADS):
        held[head.device] += head.count
    return held


def _readings(device: int, rows: I64) -> Readings:
    columns = [np.ascontiguousarray(rows[:, at]) for at in range(WIDTH - 1)]
    return Readings(np.full(len(rows), device, np.int64), *columns).in_event_order()


def forget(unit: Unit, before_ms: int) -> int:
    """Let go of packed pages that lie wholly before this time. Returns how many."""
    old = [head for head in unit.scan(HEADS) if head.count and head.at_high < before_ms]
    for head in old:
        unit.replace(BODIES, [PageBody(head.device, head.slot, b"")])
        unit.replace(HEADS, [replace(head, count=0)])
    return len(old)
