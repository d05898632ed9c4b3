"""The value of one assumption at which a claim turns, all others as the scenario has them.

The line through the scenario is looked at in quarters, then halved where the mean margin over
paired replications changes its sign, nearest to the scenario's own value. The break-even value is
read off between the last two points by a straight line; its interval holds every value at which
the 95 % interval of the mean margin (paired t, the same replications everywhere) contains zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

import numpy as np

from sim.assumptions.axes import Axis
from sim.statistics import mean_interval

QUARTERS: Final = tuple(Fraction(i, 4) for i in range(5))
HALVINGS: Final = 3
GRID: Final = 4_001


@dataclass(frozen=True, slots=True)
class Seen:
    """The mean margin at one place on the line and its interval, infinite for one replication."""

    coordinate: float
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class BreakEven:
    """value: the coordinate, None where the claim does not turn.  low, high: its interval, ending
    with the axis where nothing excludes what lies beyond.  above: whether the margin grows with the
    parameter.  reason: why there is no value."""

    value: float | None
    low: float | None
    high: float | None
    above: bool | None
    reason: str


def seen_at(axis: Axis, at: Fraction, margins: list[float]) -> Seen | None:
    """What one place says; None where no replication has a value."""
    found = mean_interval(margins)
    if found.mean is None:
        return None
    low = -np.inf if found.ci_low is None else found.ci_low
    high = np.inf if found.ci_high is None else found.ci_high
    return Seen(axis.coordinate(float(at)), found.mean, low, high)


def wanted(axis: Axis, seen: Mapping[Fraction, Seen | None]) -> list[Fraction]:
    """The places to look at next; none where the search is over."""
    missing = [at for at in QUARTERS if at not in seen]
    if missing:
        return missing
    if len(seen) >= len(QUARTERS) + HALVINGS:
        return []
    bracket = _bracket(axis, seen)
    if bracket is None:
        return []
    middle = (bracket[0] + bracket[1]) / 2
    places = [axis.coordinate(float(at)) for at in (bracket[0], middle, bracket[1])]
    return [middle] if len(set(places)) == len(places) else []


def break_even(axis: Axis, seen: Mapping[Fraction, Seen | None]) -> BreakEven:
    """The answer from what was seen."""
    found = sorted(filter(None, seen.values()), key=lambda one: one.coordinate)
    if len(found) < 2:
        return BreakEven(None, None, None, None, "the claim has no value along this parameter")
    bracket = _bracket(axis, seen)
    if bracket is None:
        side = "above" if found[0].mean > 0 else "at or below"
        return BreakEven(
            None, None, None, None, f"the figure stays {side} the threshold over the whole range"
        )
    left, right = (seen[at] for at in bracket)
    assert left is not None
    assert right is not None
    share = left.mean / (left.mean - right.mean)
    value = left.coordinate + share * (right.coordinate - left.coordinate)
    low, high = _interval(found, value)
    return BreakEven(value, low, high, right.mean > left.mean, "")


def _bracket(axis: Axis, seen: Mapping[Fraction, Seen | None]) -> tuple[Fraction, Fraction] | None:
    """The neighbouring places between which the margin changes its sign, nearest to the base."""
    places = sorted(at for at, one in seen.items() if one is not None)
    base = axis.unit(axis.base)
    turns = [
        (left, right)
        for left, right in pairwise(places)
        if (_mean(seen, left) > 0) != (_mean(seen, right) > 0)
    ]
    return min(turns, key=lambda pair: abs(float(sum(pair)) / 2 - base), default=None)


def _mean(seen: Mapping[Fraction, Seen | None], at: Fraction) -> float:
    found = seen[at]
    assert found is not None
    return found.mean


def _interval(found: list[Seen], value: float) -> tuple[float, float]:
    """The values around ``value`` at which zero lies within the margin's interval."""
    at = [one.coordinate for one in found]
    grid = np.union1d(np.linspace(at[0], at[-1], GRID), [value])
    low = np.interp(grid, at, [one.low for one in found])
    high = np.interp(grid, at, [one.high for one in found])
    excluded = grid[(low > 0) | (high < 0)]
    below, above = excluded[excluded < value], excluded[excluded > value]
    return (
        float(below[-1]) if below.size else at[0],
        float(above[0]) if above.size else at[-1],
    )
