"""Office hours in China: working days, public holidays, make-up weekends; whole UTC seconds.

Holidays and make-up working weekends come from the ``holidays`` library: the official yearly notice
where it is known, the statutory days alone for later years.
"""

from bisect import bisect_left
from datetime import date
from functools import cache

import holidays
import numpy as np
from numpy.typing import NDArray

from system.limits import DAY_S

I64 = NDArray[np.int64]

UTC_OFFSET_S = 8 * 3600
FIRST_YEAR, LAST_YEAR = 2015, 2045
_EPOCH = date(1970, 1, 1).toordinal()
_FIRST_DAY = date(FIRST_YEAR, 1, 1).toordinal() - _EPOCH


class Calendar:
    """Working time between ``opens_s`` and ``closes_s`` (seconds of the local day, UTC+8).

    Times are UTC seconds from 2015 to 2045; a time outside raises AssertionError or IndexError.
    """

    def __init__(self, *, opens_s: int = 9 * 3600, closes_s: int = 17 * 3600) -> None:
        assert 0 <= opens_s < closes_s <= DAY_S, (opens_s, closes_s)
        self._opens_s, self._length_s = opens_s, closes_s - opens_s
        self._days, self._is_working, self._rank = _table()
        self._days_array = np.array(self._days, np.int64)
        self._is_working_array = np.array(self._is_working, bool)
        self._rank_array = np.array(self._rank, np.int64)

    def is_open(self, at_s: int) -> bool:
        """Whether somebody is at work at this second."""
        day, second = divmod(at_s + UTC_OFFSET_S, DAY_S)
        return self._is_working[_row(day)] and 0 <= second - self._opens_s < self._length_s

    def next_open_s(self, at_s: int) -> int:
        """``at_s`` itself when open, otherwise the next opening."""
        if self.is_open(at_s):
            return at_s
        day, second = divmod(at_s + UTC_OFFSET_S, DAY_S)
        return self._opening_s(bisect_left(self._days, day + (second >= self._opens_s)))

    def add_working_s(self, at_s: int, working_s: int) -> int:
        """The second at which ``working_s`` of office time have passed since ``at_s``.

        Work that fills a day exactly is ready at closing time. Zero is ready at ``next_open_s``.
        """
        assert working_s >= 0, working_s
        if working_s == 0:
            return self.next_open_s(at_s)
        # One second back and forth, so that the end of a day is not the start of the next.
        rank, second = divmod(self._worked_s(at_s) + working_s - 1, self._length_s)
        return self._opening_s(rank) + second + 1

    def add_working_s_many(self, at_s: I64, working_s: I64) -> I64:
        """``add_working_s`` on columns: int64 (n,) and (n,) in, int64 (n,) out."""
        assert at_s.shape == working_s.shape
        assert (working_s >= 0).all(), "work takes no negative time"
        day, second = np.divmod(at_s + UTC_OFFSET_S, DAY_S)
        row = day - _FIRST_DAY
        assert ((row >= 0) & (row < len(self._rank))).all(), "outside the calendar"
        passed_s = np.clip(second - self._opens_s, 0, self._length_s)
        worked_s = self._rank_array[row] * self._length_s + passed_s * self._is_working_array[row]
        # Zero work ends where the first second of work would begin.
        at_least_one_s = np.maximum(working_s, 1)
        rank, rest_s = np.divmod(worked_s + at_least_one_s - 1, self._length_s)
        opening_s = self._days_array[rank] * DAY_S + self._opens_s - UTC_OFFSET_S
        ready_s: I64 = opening_s + rest_s + (working_s > 0)
        return ready_s

    def next_day_s(self, at_s: int) -> int:
        """The first second of the next local day."""
        return ((at_s + UTC_OFFSET_S) // DAY_S + 1) * DAY_S - UTC_OFFSET_S

    def local_date(self, at_s: int) -> date:
        """The date on the wall in China."""
        return date.fromordinal((at_s + UTC_OFFSET_S) // DAY_S + _EPOCH)

    def start_of_s(self, day: date) -> int:
        """The UTC second at which a local day begins."""
        return (day.toordinal() - _EPOCH) * DAY_S - UTC_OFFSET_S

    def _worked_s(self, at_s: int) -> int:
        """Office seconds between the start of the table and ``at_s``."""
        day, second = divmod(at_s + UTC_OFFSET_S, DAY_S)
        row = _row(day)
        passed_s = min(max(second - self._opens_s, 0), self._length_s)
        return self._rank[row] * self._length_s + passed_s * self._is_working[row]

    def _opening_s(self, rank: int) -> int:
        return self._days[rank] * DAY_S + self._opens_s - UTC_OFFSET_S


def _row(day: int) -> int:
    assert day >= _FIRST_DAY, f"the calendar begins in {FIRST_YEAR}"
    return day - _FIRST_DAY


@cache
def _table() -> tuple[list[int], list[bool], list[int]]:
    """Working days as days since the epoch; for each day whether it is one; how many before it."""
    china = holidays.country_holidays("CN", years=range(FIRST_YEAR, LAST_YEAR + 1))
    last_day = date(LAST_YEAR, 12, 31).toordinal() - _EPOCH
    every_day = range(_FIRST_DAY, last_day + 1)
    is_working = [bool(china.is_working_day(date.fromordinal(day + _EPOCH))) for day in every_day]
    days = [day for day, works in zip(every_day, is_working, strict=True) if works]
    rank = np.concatenate(([0], np.cumsum(is_working)[:-1]))
    return days, is_working, [int(count) for count in rank]
