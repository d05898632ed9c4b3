"""Which day was closed last for which lines: a few ranges of accounts, mostly one.

A column would be rewritten for every line on every day, also for those that did not change.
"""

import json
from collections.abc import Iterable
from typing import Final

import numpy as np

from system.canonical import canonical_json
from system.credit.records import CLOSED_DAYS, ClosedDays
from system.errors import InputError
from system.kernels.columns import I64, i64
from system.ports.store import Unit

# Accounts up to ``stop``, from where the range before ends; the last day closed for them.
Range = tuple[int, int]
_NAME: Final = "lines"


def ranges(unit: Unit) -> list[Range]:
    """All ranges, from account 0 on."""
    [row] = unit.get(CLOSED_DAYS, [(_NAME,)])
    return [(stop, day) for stop, day in json.loads(row.ranges)] if row is not None else []


def last_closed(unit: Unit, accounts: I64) -> I64:
    """The last day closed for each account; that of the last line for unknown ones."""
    held = ranges(unit)
    if not held:
        return np.zeros(accounts.size, np.int64)
    stops, days = (i64(column) for column in zip(*held, strict=True))
    at = np.minimum(np.searchsorted(stops, accounts, side="right"), len(held) - 1)
    return days[at]


def open_for(unit: Unit, n: int, day: int) -> None:
    """n more accounts, for which this is the last closed day."""
    held = ranges(unit)
    _keep(unit, [*held, (n + (held[-1][0] if held else 0), day)])


def close(unit: Unit, first: int, stop: int, day: int) -> list[tuple[int, int]]:
    """Note the day as closed for accounts first..stop; the ranges for which it was not yet.

    Raises InputError where the day before is not closed either.
    """
    to_close, after, start = [], [], 0
    for end, closed in ranges(unit):
        low, high = max(start, first), min(end, stop)
        if low < high and closed < day:
            if closed < day - 1:
                raise InputError("day", day, f"close day {closed + 1} first")
            to_close.append((low, high))
            after += [(low, closed), (high, day)]
        after.append((end, closed))
        start = end
    if to_close:
        _keep(unit, after)
    return to_close


def _keep(unit: Unit, wanted: Iterable[Range]) -> None:
    """Store ranges, without empty ones, neighbours of one day as one."""
    kept: list[Range] = []
    for stop, day in wanted:
        if stop == (kept[-1][0] if kept else 0):
            continue
        if kept and kept[-1][1] == day:
            kept.pop()
        kept.append((stop, day))
    row = ClosedDays(_NAME, canonical_json(kept))
    [known] = unit.get(CLOSED_DAYS, [(_NAME,)])
    if known is None:
        unit.insert(CLOSED_DAYS, [row])
    else:
        unit.replace(CLOSED_DAYS, [row])
