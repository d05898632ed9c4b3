"""Shocks that many merchants share: the common one, the regional ones, and a recession's path.

They move once a week and fade (autoregressive), on the same luck in every arm. A merchant's own
shock is part of its books.
"""

from math import sqrt

import numpy as np

from sim.credit.columns import F64
from sim.credit.demand import Seasons
from sim.credit.world_parameters import WorldParameters
from sim.streams import Luck

WEEK_DAYS = 7
# However bad, somebody still buys.
_FACTOR_MIN = 0.1


def memory_of(p: WorldParameters) -> tuple[float, float]:
    """What is left of a shock after a week, and the spread that keeps its variance."""
    left = 1 - WEEK_DAYS / p.shock_memory_days
    return left, sqrt(1 - left**2)


def recession_depth(p: WorldParameters, day: int) -> float:
    """0 before and after a recession, 1 at its bottom, in straight lines."""
    since = day - p.start_day - p.recession_at_days
    up = since - p.recession_fall_days - p.recession_hold_days
    return max(0.0, min(since / p.recession_fall_days, 1.0, 1 - up / p.recession_recovery_days))


class Climate:
    """The demand factors of a day for each cell (region x category). Days in order."""

    def __init__(self, luck: Luck, p: WorldParameters) -> None:
        self._luck, self._p = luck, p
        self._seasons = Seasons(p)
        self._shocks = self._news("start")
        self._left, self._fresh = memory_of(p)

    def step(self, day: int) -> None:
        """Once a day; news comes once a week."""
        if day % WEEK_DAYS == 0:
            self._shocks = self._left * self._shocks + self._fresh * self._news(day)

    def demand(self, day: int) -> F64:
        """float64 (regions x categories,): what a day's demand is multiplied by."""
        fall = self._p.recession_demand_fall_share * recession_depth(self._p, day)
        common, regional = self._shocks[0], self._shocks[1:]
        by_region = np.maximum((1 + common) * (1 + regional) * (1 - fall), _FACTOR_MIN)
        return np.outer(by_region, self._seasons.demand(day)).ravel()

    def stock(self, day: int) -> F64:
        """float64 (regions x categories,): stock to hold, in usual covers."""
        return np.tile(self._seasons.stock(day), self._p.region_count)

    def _news(self, key: int | str) -> F64:
        """The common shock and one per region; more regions leave the first ones alone."""
        draws = self._luck.generator("economy_news", key).standard_normal(1 + self._p.region_count)
        draws[0] *= self._p.common_shock_cv
        draws[1:] *= self._p.region_shock_cv
        return draws
