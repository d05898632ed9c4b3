"""What the calendar does to demand: seasons, the two shopping festivals, the Spring Festival.

Everything is a factor around 1, in straight lines, so that no machine rounds it another way.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

import holidays
import numpy as np

from sim.calendar import FIRST_YEAR, LAST_YEAR
from sim.credit.columns import F64
from sim.credit.world_parameters import WorldParameters

_EPOCH: Final = date(1970, 1, 1).toordinal()
_YEAR_DAYS: Final = 365.25
# Days before and after a festival's main day, and the part of its peak that they see.
_LEAD_DAYS, _LEAD_SHARE = 12, 0.35
_HANGOVER_DAYS, _HANGOVER_SHARE = 8, -0.12
# Parcels stop a week before the New Year and come back a week after it.
_SLUMP_DAYS: Final = 8
_FESTIVALS: Final = ((6, 18), (11, 11))
# Parameters at their extremes must not turn demand negative.
_DEMAND_MIN: Final = 0.02
# Stock ordered today should meet the demand of one to three weeks from now.
_AHEAD, _RECENT = range(7, 22), range(-14, 1)


@dataclass(frozen=True, slots=True)
class Category:
    """Assumed. peak: day of the year of the season's peak.  weights: of the common amplitudes."""

    name: str
    peak: int
    season: float
    festival: float
    slump: float


CATEGORIES: Final = (
    Category("apparel", 320, 1.0, 1.0, 0.9),
    Category("home", 130, 0.6, 0.8, 1.0),
    Category("electronics", 250, 0.5, 1.0, 0.8),
    Category("food", 25, 0.8, 0.4, 0.3),
    Category("beauty", 75, 0.4, 1.0, 0.7),
    Category("outdoor", 200, 1.4, 0.6, 1.0),
)


class Seasons:
    """Factors by category, float64 (categories,), each day computed once."""

    def __init__(self, p: WorldParameters) -> None:
        self._p = p
        self._known: dict[int, F64] = {}

    def demand(self, day: int) -> F64:
        """Demand of a day, around 1."""
        if day not in self._known:
            self._known[day] = _season(self._p, date.fromordinal(day + _EPOCH))
        return self._known[day]

    def stock(self, day: int) -> F64:
        """What to hold, in usual covers, because of what the calendar is about to bring."""
        ahead, recent = (self._mean(day, span) for span in (_AHEAD, _RECENT))
        return 1 + self._p.festival_stock_share * (ahead / recent - 1)

    def _mean(self, day: int, span: range) -> F64:
        """Added up in order: NumPy's own sums differ between versions."""
        total = np.zeros(len(CATEGORIES))
        for step in span:
            total += self.demand(day + step)
        return total / len(span)


def _season(p: WorldParameters, at: date) -> F64:
    festival, slump = _festival(at), _slump(at)
    factors = [
        1
        + p.season_amplitude_share * c.season * _wave(at, c.peak)
        + p.festival_amplitude_ratio * c.festival * festival
        - p.spring_slump_share * c.slump * slump
        for c in CATEGORIES
    ]
    return np.maximum(np.array(factors, np.float64), _DEMAND_MIN)


def _wave(at: date, peak: int) -> float:
    """A straight line from 1 on the peak to -1 half a year off."""
    off_days = abs(at.timetuple().tm_yday - peak)
    return 1 - 4 * min(off_days, _YEAR_DAYS - off_days) / _YEAR_DAYS


def _festival(at: date) -> float:
    """1 on the main day, less in the days before, a hangover after."""
    for month, main in _FESTIVALS:
        left_days = (date(at.year, month, main) - at).days
        if left_days == 0:
            return 1.0
        if 0 < left_days <= _LEAD_DAYS:
            return _LEAD_SHARE
        if -_HANGOVER_DAYS <= left_days < 0:
            return _HANGOVER_SHARE
    return 0.0


def _slump(at: date) -> float:
    """1 on the lunar New Year, falling to 0 a week before and after."""
    off_days = abs((_spring_festivals()[at.year] - at).days)
    return max(0.0, 1 - off_days / _SLUMP_DAYS)


@cache
def _spring_festivals() -> dict[int, date]:
    """The lunar New Year of each year of the calendar."""
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    china = holidays.country_holidays("CN", years=years, language="en_US", observed=False)
    days: dict[int, date] = {}
    for day, name in sorted(china.items()):
        if "Spring Festival" in name:
            days.setdefault(day.year, day)
    return days
