"""Payment schedules of money lent on machines: dates and amounts, row by row, to the fen."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from system.errors import InputError
from system.kernels.columns import I64
from system.kernels.day_count import YEAR_UNITS, DayCount, add_months, year_units
from system.leasing.kernels import schedule as kernel
from system.leasing.kernels.schedule import Flows, Repayment
from system.limits import (
    AMOUNT_FEN_MAX,
    CIVIL_DAY_MAX,
    CIVIL_DAY_MIN,
    RATE_PPM_MAX,
    SCHEDULE_ROWS_MAX,
)

# How far apart payments are, in months.
PERIODS: Final[Mapping[str, int]] = {"1M": 1, "3M": 3, "1Y": 12}
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_EPOCH: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Terms:
    """rate_ppm: per year.  start: YYYY-MM-DD, when the money is paid out; row k is due k periods
    later, on the same day of the month, or on the month's last where it has no such day.
    """

    repayment: Repayment
    principal_fen: int
    rate_ppm: int
    start: str
    periods: int
    period: str
    day_count: DayCount


@dataclass(frozen=True, slots=True)
class Schedule:
    """days: int64 (n,), due days, from 1970-01-01.  flows: one row per due day."""

    days: I64
    flows: Flows

    @property
    def dates(self) -> list[str]:
        """The due days as YYYY-MM-DD."""
        return [date.fromordinal(_EPOCH + day).isoformat() for day in self.days.tolist()]


def payment_schedule(terms: Terms) -> Schedule:
    """What is due when. Raises InputError for terms that cannot be used or never repay."""
    _check("principal_fen", terms.principal_fen, 1, AMOUNT_FEN_MAX, "fen")
    _check("rate_ppm", terms.rate_ppm, 0, RATE_PPM_MAX, "ppm per year; 8 % is 80000")
    _check("periods", terms.periods, 1, SCHEDULE_ROWS_MAX, "payments")
    days = _days(terms)
    units = year_units(days[:-1], days[1:], terms.day_count)
    debt = kernel.Debt(terms.principal_fen, terms.rate_ppm, units, YEAR_UNITS[terms.day_count])
    if terms.repayment is Repayment.ANNUITY:
        flows = kernel.annuity(debt)
        if flows is None:
            remedy = "some periods' interest exceeds the payment; give fewer, or a lower rate_ppm"
            raise InputError("periods", terms.periods, remedy)
    elif terms.repayment is Repayment.EQUAL_PRINCIPAL:
        flows = kernel.equal_principal(debt)
    else:
        flows = kernel.bullet(debt)
    return Schedule(days[1:], flows)


def _days(terms: Terms) -> I64:
    """The start, and every due day."""
    if terms.period not in PERIODS:
        raise InputError("period", terms.period, f"use one of {', '.join(PERIODS)}")
    months = np.arange(terms.periods + 1) * PERIODS[terms.period]
    days = add_months(_day_of(terms.start), months)
    if int(days[-1]) > CIVIL_DAY_MAX:
        raise InputError("periods", terms.periods, "the last one lies after the year 9999")
    return days


def _day_of(text: str) -> int:
    remedy = "write a date from 1970 on as YYYY-MM-DD, such as 2026-01-31"
    if not isinstance(text, str) or not _DATE.fullmatch(text):
        raise InputError("start", text, remedy)
    try:
        day = date.fromisoformat(text).toordinal() - _EPOCH
    except ValueError:
        raise InputError("start", text, "the calendar has no such day") from None
    if day < CIVIL_DAY_MIN:
        raise InputError("start", text, remedy)
    return day


def _check(field: str, value: object, low: int, high: int, unit: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InputError(field, value, f"give a whole number from {low} to {high} ({unit})")
