"""The civil calendar as columns, and how much of a year lies between two days.

Days are numbered from 1970-01-01, as business days are. A part of a year is a whole number over the
denominator of its convention, so that interest over it is exact before it is rounded, and the parts
of two neighbouring spans add up to the part of both.

Source: 2006 ISDA definitions, section 4.16; ACTUS technical specification, day count conventions.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import numpy as np

from system.kernels.columns import I64, Mask, is_column
from system.limits import CIVIL_DAY_MAX, CIVIL_DAY_MIN

MONTHS_A_YEAR: Final = 12
_EPOCH_YEAR: Final = 1970


class DayCount(StrEnum):
    """How days become parts of a year."""

    A365 = "A365"  # actual days over 365, in leap years too
    A360 = "A360"  # actual days over 360
    E30_360 = "30E360"  # months of 30 days: the 31st counts as the 30th
    AA = "AA"  # actual over actual: days of a leap year over 366, the others over 365


YEAR_UNITS: Final[Mapping[DayCount, int]] = {
    DayCount.A365: 365,
    DayCount.A360: 360,
    DayCount.E30_360: 360,
    DayCount.AA: 365 * 366,
}


def year_units(first_day: I64, last_day: I64, convention: DayCount) -> I64:
    """The part of a year from the first day (counted) to the last (not counted).

    first_day, last_day: int64 (n,), CIVIL_DAY_MIN..CIVIL_DAY_MAX, first <= last.
    Returns int64 (n,), exact, in units of 1 / YEAR_UNITS[convention] year. Bad input asserts.
    """
    assert is_column(first_day, CIVIL_DAY_MIN, CIVIL_DAY_MAX)
    assert is_column(last_day, CIVIL_DAY_MIN, CIVIL_DAY_MAX)
    assert bool((first_day <= last_day).all()), "a span ends before it begins"
    if convention is DayCount.E30_360:
        return _day_30e(last_day) - _day_30e(first_day)
    if convention is DayCount.AA:
        return _units_of_days_aa(last_day) - _units_of_days_aa(first_day)
    return last_day - first_day


def month_of(day: I64) -> I64:
    """The calendar month of each day, counted from January 1970. day: int64 (n,). Returns (n,)."""
    months: I64 = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months


def month_start(month: I64) -> I64:
    """The first day of each month. month: int64 (n,), from January 1970. Returns int64 (n,)."""
    days: I64 = month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return days


def month_days(month: I64) -> I64:
    """How many days each month has: 28..31. month as in month_start. Returns int64 (n,)."""
    return month_start(month + 1) - month_start(month)


def add_months(day: int, months: I64) -> I64:
    """The same day of later months; the month's last day where it has no such day.

    day: of the civil calendar.  months: int64 (n,), counted from that day, not from each other:
    31 January gives 28 February and then 31 March.  Returns int64 (n,).
    """
    one = np.array([day], np.int64)
    month = month_of(one)
    day_of_month = one - month_start(month)
    target = month + months
    days: I64 = month_start(target) + np.minimum(day_of_month, month_days(target) - 1)
    return days


def _day_30e(day: I64) -> I64:
    month = month_of(day)
    days: I64 = month * 30 + np.minimum(day - month_start(month), 29)
    return days


def _units_of_days_aa(day: I64) -> I64:
    """All days since the epoch, each in units of its own year's length."""
    year_number = month_of(day) // MONTHS_A_YEAR
    year_start = month_start(year_number * MONTHS_A_YEAR)
    day_units = np.where(_is_leap(year_number + _EPOCH_YEAR), 365, 366)
    return year_number * YEAR_UNITS[DayCount.AA] + (day - year_start) * day_units


def _is_leap(year: I64) -> Mask:
    leap: Mask = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    return leap
