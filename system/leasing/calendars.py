"""When sites work: hours of the week, less the days on which they do not.

A calendar is a sum: open milliseconds up to each hour. So open time between two moments is a
difference, for a million pairs at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from system.errors import InputError
from system.kernels.columns import I64, MISSING, Mask
from system.limits import LOCAL_OFFSET_S

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
LOCAL_OFFSET_MS: Final = LOCAL_OFFSET_S * 1_000
WEEK_HOURS: Final = 168
ALWAYS: Final = "f" * 42
NEVER: Final = "0" * 42
# 1970-01-01 was a Thursday: hours from its Monday to it.
_EPOCH_HOUR: Final = 72
# Of a longer silence only the end counts: tables stay small, and nothing is decided by more.
SPAN_MS_MAX: Final = 62 * DAY_MS


@lru_cache(maxsize=4_096)
def week_of(text: str) -> Mask:
    """The hours of the week that are worked, bool (168,). Raises InputError."""
    try:
        bits = bin(int(text, 16))[2:].zfill(WEEK_HOURS) if len(text) == WEEK_HOURS // 4 else ""
    except ValueError:
        bits = ""
    if len(bits) != WEEK_HOURS:
        raise InputError("week", text, "give 42 hex digits: a bit per hour from Monday 00:00")
    return np.array([bit == "1" for bit in bits])


def week_text(days: Sequence[int], first_hour: int, last_hour: int) -> str:
    """A week with the same hours on some days: 0 Monday to 6 Sunday, ``last_hour`` exclusive."""
    hours = np.zeros((7, 24), np.bool_)
    hours[list(days), first_hour:last_hour] = True
    return f"{int(''.join('1' if hour else '0' for hour in hours.ravel()), 2):042x}"


def local_day(at_ms: I64) -> I64:
    """Business days of moments."""
    return (at_ms + LOCAL_OFFSET_MS) // DAY_MS


@dataclass(frozen=True, slots=True)
class Calendar:
    """Open time of some sites over some days, summed up: int64 (sites + 1, hours + 1) ms.

    Row 0 is for machines without a site: open at all hours.
    """

    first_hour: int
    open_ms: I64
    row_of_site: I64

    def until(self, site: I64, at_ms: I64) -> I64:
        """Open milliseconds from the calendar's beginning to each moment."""
        local_ms = at_ms + LOCAL_OFFSET_MS - self.first_hour * HOUR_MS
        local_ms = np.clip(local_ms, 0, (self.open_ms.shape[1] - 1) * HOUR_MS - 1)
        row, hour = self.row_of_site[site + 1], local_ms // HOUR_MS
        start = self.open_ms[row, hour]
        is_open = self.open_ms[row, hour + 1] > start
        return start + np.where(is_open, local_ms - hour * HOUR_MS, 0)


def calendar(
    weeks: Mapping[int, str], closed: Mapping[int, Sequence[int]], first_ms: int, last_ms: int
) -> Calendar:
    """The calendar of these sites (number to week) over a time.

    closed: days on which each does not work.
    """
    first_day = (first_ms + LOCAL_OFFSET_MS) // DAY_MS
    days = (last_ms + LOCAL_OFFSET_MS) // DAY_MS - first_day + 1
    hours = np.arange(first_day * 24, (first_day + days) * 24)
    row_of_site = np.zeros(max(weeks, default=-1) + 2, np.int64)
    rows = np.ones((len(weeks) + 1, hours.size), np.bool_)
    for row, (site, week) in enumerate(weeks.items(), 1):
        row_of_site[site + 1] = row
        rows[row] = week_of(week)[(hours + _EPOCH_HOUR) % WEEK_HOURS]
        for day in closed.get(site, ()):
            if first_day <= day < first_day + days:
                rows[row, (day - first_day) * 24 : (day - first_day + 1) * 24] = False
    sums = np.zeros((rows.shape[0], hours.size + 1), np.int64)
    np.cumsum(rows * HOUR_MS, axis=1, out=sums[:, 1:])
    return Calendar(int(first_day) * 24, sums, row_of_site)


def open_between(table: Calendar, site: I64, from_ms: I64, to_ms: I64) -> I64:
    """Open milliseconds in (from, to] or its last SPAN_MS_MAX, 0 where ``from`` is MISSING."""
    known = from_ms != MISSING
    start_ms = np.where(known, np.maximum(from_ms, to_ms - SPAN_MS_MAX), to_ms)
    return np.where(known, table.until(site, to_ms) - table.until(site, start_ms), 0)
