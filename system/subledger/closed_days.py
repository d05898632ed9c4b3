"""Which day was closed last for which accounts: a few ranges of them, mostly one.

A column would be rewritten for every account on every day, also for those that did not change.
``name`` is that of the sub-ledger.
"""

import json
from collections.abc import Iterable

import numpy as np

from system.canonical import canonical_json
from system.errors import InputError
from system.kernels.columns import I64, i64
from system.ports.store import Unit
from system.subledger.records import CLOSED_DAYS, ClosedDays

# Accounts up to ``stop``, from where the range before ends; the last day closed for them.
Range = tuple[int, int]


def ranges(unit: Unit, name: str) -> list[Range]:
    """All ranges, from account 0 on."""
    [row] = unit.get(CLOSED_DAYS, [(name,)])
    return [(stop, day) for stop, day in json.loads(row.ranges)] if row is not None else []


def days_to_close(unit: Unit, name: str, today: int) -> range:
    """Days before today that are not closed for every account, the oldest first."""
    closed = [day for _, day in ranges(unit, name)]
    return range(min(closed, default=today) + 1, today)


def check_day(day: int, today: int) -> None:
    """Raises InputError for a day that has not come."""
    if day > today:
        raise InputError("day", day, f"today is {today}: close it, or an earlier day")


def bounds(part: slice | None, count: int) -> tuple[int, int]:
    """First and stop of a part of the accounts, all of them if it is None. Raises InputError."""
    if part is None:
        return 0, count
    if part.step not in (None, 1) or not 0 <= (part.start or 0) <= count:
        raise InputError("rows", part, f"give a contiguous range of the {count} accounts")
    return part.start or 0, count if part.stop is None else min(part.stop, count)


def last_closed(unit: Unit, name: str, accounts: I64) -> I64:
    """The last day closed for each account; that of the last one for unknown ones."""
    held = ranges(unit, name)
    if not held:
        return np.zeros(accounts.size, np.int64)
    stops, days = (i64(column) for column in zip(*held, strict=True))
    at = np.minimum(np.searchsorted(stops, accounts, side="right"), len(held) - 1)
    return days[at]


def open_for(unit: Unit, name: str, n: int, day: int) -> None:
    """n more accounts, for which this is the last closed day."""
    held = ranges(unit, name)
    _keep(unit, name, [*held, (n + (held[-1][0] if held else 0), day)])


def close(unit: Unit, name: str, first: int, stop: int, day: int) -> list[tuple[int, int]]:
    """Note the day as closed for accounts first..stop; the ranges for which it was not yet.

    Raises InputError where the day before is not closed either.
    """
    to_close, after, start = [], [], 0
    for end, closed in ranges(unit, name):
        low, high = max(start, first), min(end, stop)
        if low < high and closed < day:
            if closed < day - 1:
                raise InputError("day", day, f"close day {closed + 1} first")
            to_close.append((low, high))
            after += [(low, closed), (high, day)]
        after.append((end, closed))
        start = end
    if to_close:
        _keep(unit, name, after)
    return to_close


def _keep(unit: Unit, name: str, wanted: Iterable[Range]) -> None:
    """Store ranges, without empty ones, neighbours of one day as one."""
    kept: list[Range] = []
    for stop, day in wanted:
        if stop == (kept[-1][0] if kept else 0):
            continue
        if kept and kept[-1][1] == day:
            kept.pop()
        kept.append((stop, day))
    row = ClosedDays(name, canonical_json(kept))
    [known] = unit.get(CLOSED_DAYS, [(name,)])
    if known is None:
        unit.insert(CLOSED_DAYS, [row])
    else:
        unit.replace(CLOSED_DAYS, [row])
