"""What a lease costs and binds to: the two ways of the two arms, as a contractor sees them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from sim.leasing.contractors import NORM_HOURS
from sim.leasing.grid import MONTH_DAYS
from sim.leasing.lessor_parameters import LessorParameters
from sim.portable import F64, I64

MONTHS = 12


def month_of(day: int) -> int:
    """The calendar month, January 0, in which the rent period of this day begins."""
    begins = np.datetime64(day // MONTH_DAYS * MONTH_DAYS, "D").astype("M8[M]")
    return int(begins.astype(np.int64)) % MONTHS


class Terms(Protocol):
    """What a contractor needs to know to decide. Rents are those of a month, in fen."""

    @property
    def commit_days(self) -> int:
        """From delivery until the machine may be given back for free."""
        ...

    def on(self, day: int) -> Terms:
        """The terms of the period in which this day lies."""
        ...

    def bill_fen(self, rent_fen: F64, hours: F64) -> F64:
        """A month with so many engine hours, in fen."""
        ...

    def next_hour_fen(self, rent_fen: F64, hours: F64) -> F64:
        """What one more engine hour costs after so many in this month, in fen."""
        ...

    def leave_fen(self, rent_fen: F64, days_left: I64) -> F64:
        """What giving the machine back costs with so many days of commitment left, in fen."""
        ...


@dataclass(frozen=True, slots=True)
class FixedTerms:
    """The same rent every month. leave_months: rents that an early return costs at most."""

    commit_days: int
    leave_months: float

    def on(self, day: int) -> Terms:
        return self

    def bill_fen(self, rent_fen: F64, hours: F64) -> F64:
        return rent_fen + 0 * hours

    def next_hour_fen(self, rent_fen: F64, hours: F64) -> F64:
        return 0 * rent_fen * hours

    def leave_fen(self, rent_fen: F64, days_left: I64) -> F64:
        months = np.minimum(np.maximum(days_left, 0) / MONTH_DAYS, self.leave_months)
        return rent_fen * months


@dataclass(frozen=True, slots=True)
class UsageTerms:
    """A price per engine hour that falls with use, between a minimum and a cap per month.

    Prices are parts of the hour's norm, which is the month's fixed rent over NORM_HOURS.
    edges: hours at which the next price begins, from 0 on.  prices: one per edge.
    least, most: of the month's fixed rent.  seasons: factors on all of it, by the calendar month in
    which the period begins; season: the one that counts now.
    """

    commit_days: int
    edges: tuple[int, ...]
    prices: tuple[float, ...]
    least: float
    most: float
    seasons: tuple[float, ...] = (1.0,) * MONTHS
    season: float = 1.0

    def on(self, day: int) -> Terms:
        return replace(self, season=self.seasons[month_of(day)])

    def bill_fen(self, rent_fen: F64, hours: F64) -> F64:
        share = np.clip(self._metered(hours) / NORM_HOURS, self.least, self.most)
        return rent_fen * self.season * share

    def _metered(self, hours: F64) -> F64:
        """So many hours at their prices, in hours of the norm."""
        total = 0 * hours
        ends = (*self.edges[1:], np.inf)
        for start, end, price in zip(self.edges, ends, self.prices, strict=True):
            total = total + price * np.clip(hours - start, 0, end - start)
        return total

    def next_hour_fen(self, rent_fen: F64, hours: F64) -> F64:
        return self.bill_fen(rent_fen, hours + 1) - self.bill_fen(rent_fen, hours)

    def leave_fen(self, rent_fen: F64, days_left: I64) -> F64:
        return self.least * rent_fen * np.maximum(days_left, 0) / MONTH_DAYS


def terms_of(process: str, p: LessorParameters) -> Terms:
    """The terms of an arm. Rent by use is scaled so that a usual month costs the fixed rent."""
    if process == "fixed":
        return FixedTerms(p.fixed_commit_days, p.fixed_leave_rent_ratio)
    edges, prices = p.usage_edge_hours_options, usage_prices(p)
    least, most = p.usage_rent_ratio_min, p.usage_rent_ratio_max
    seasons = p.usage_season_ratio_options
    return UsageTerms(p.usage_commit_days, edges, prices, least, most, seasons)


def usage_prices(p: LessorParameters) -> tuple[float, ...]:
    """Prices of the tiers, in parts of the hour's norm."""
    edges, shape = p.usage_edge_hours_options, p.usage_price_ratio_options
    plain = UsageTerms(0, edges, shape, 0.0, np.inf)
    usual = np.array([float(p.usage_neutral_hours)])
    scale = float(plain.bill_fen(np.ones(1), usual)[0])
    return tuple(price / scale for price in shape)
