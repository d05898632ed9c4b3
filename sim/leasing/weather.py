"""The site calendar and the weather: on which days a region's sites can work."""

from datetime import date
from functools import cache
from typing import Final

import holidays
import numpy as np

from sim.calendar import FIRST_YEAR, LAST_YEAR
from sim.leasing.world_parameters import WorldParameters
from sim.portable import Mask
from sim.streams import Luck

_EPOCH: Final = date(1970, 1, 1).toordinal()
# Day 0 was a Thursday: Sunday is three days later.
_SUNDAY: Final = 3
_FESTIVAL: Final = "Spring Festival"


def is_sunday(day: int) -> bool:
    return day % 7 == _SUNDAY


def is_rest_day(day: int, p: WorldParameters) -> bool:
    """Nobody works: the Spring Festival with the days around it, and the public holidays' first."""
    half = p.spring_break_days // 2
    return any(abs(day - festival) <= half for festival in _festivals()) or day in _holidays()


@cache
def _named_days() -> dict[int, str]:
    """Public holidays by local day number, with their English names."""
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    china = holidays.country_holidays("CN", years=years, language="en_US")
    return {day.toordinal() - _EPOCH: name for day, name in china.items()}


@cache
def _festivals() -> tuple[int, ...]:
    """The first day of each Spring Festival: a local day number."""
    days = {day for day, name in _named_days().items() if _FESTIVAL in name}
    return tuple(sorted(day for day in days if day - 1 not in days))


@cache
def _holidays() -> frozenset[int]:
    """The first day of every public holiday: sites stop for a day, not for a week."""
    named = _named_days()
    return frozenset(day for day in named if day - 1 not in named)


class Weather:
    """Wet days by region; days in order. Luck is keyed by day, never by arm."""

    def __init__(self, luck: Luck, p: WorldParameters) -> None:
        self._luck, self._p = luck, p
        self._wet: Mask = luck.cohort("wet", -1, p.region_count) < p.wet_day_share

    def step(self, day: int) -> Mask:
        """Where it rains today: bool (regions,)."""
        p = self._p
        dry_to_wet = p.wet_day_share * (1 - p.wet_persistence_share) / (1 - p.wet_day_share)
        chance = np.where(self._wet, p.wet_persistence_share, dry_to_wet)
        self._wet = self._luck.cohort("wet", day, p.region_count) < chance
        return self._wet
