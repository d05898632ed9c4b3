"""The assumptions of a scenario as axes: which parameters a sweep moves, how far, in what steps.

Every number that is assumed or has a range is an axis, and so is an assumed flag. A position on an
axis is a unit coordinate in 0..1; a *coordinate* is the parameter's own figure there:

- A range whose ends are above zero and differ tenfold or more is swept evenly in logarithms.
- Whole numbers stay whole: where the unit allows no others, and where value and range are written
  without a fraction, two or more apart. ``step`` in the scenario sets wider steps, and
  ``levels`` the only figures that there are.
- A list moves as a whole, its entries at their distances; its coordinate is its least entry.
- A flag has the coordinates 0 and 1.

Coordinates are rounded to six digits, so that powers agree between machines.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sim.scenario import Parameter, Scenario
from sim.scenario_units import UNITS, unit_of

LOG_RATIO_MIN: Final = 10.0


@dataclass(frozen=True, slots=True)
class Axis:
    """One parameter between ``low`` and ``high``, at ``base`` in the scenario (all coordinates).

    step: distance of allowed coordinates from ``low`` on; 0 where all are allowed.
    levels: the only coordinates allowed; empty where step and ends say it.
    offsets: of a list's entries from its least one; None for a number or a flag.
    """

    name: str
    low: float
    high: float
    base: float
    step: float
    is_log: bool
    is_flag: bool = False
    offsets: tuple[float, ...] | None = None
    levels: tuple[float, ...] = ()

    def coordinate(self, unit: float) -> float:
        """The allowed coordinate at a position in 0..1."""
        if self.levels:
            return self.levels[min(math.floor(unit * len(self.levels)), len(self.levels) - 1)]
        if self.is_log:
            exact = float(self.low * (self.high / self.low) ** unit)
        elif self.step:
            levels = math.floor((self.high - self.low) / self.step + 1e-9) + 1
            return self.low + self.step * min(math.floor(unit * levels), levels - 1)
        else:
            exact = self.low + (self.high - self.low) * unit
        if self.step:
            exact = self.low + self.step * round((exact - self.low) / self.step)
        else:
            exact = float(f"{exact:.6g}")
        return min(max(exact, self.low), self.high)

    def unit(self, coordinate: float) -> float:
        """The position of a coordinate."""
        if self.levels:
            return bisect_left(self.levels, coordinate) / len(self.levels)
        if self.is_log:
            return math.log(coordinate / self.low) / math.log(self.high / self.low)
        return (coordinate - self.low) / (self.high - self.low)

    def value(self, coordinate: float) -> bool | float | int | list[float | int]:
        """The parameter's value in a scenario at a coordinate."""
        if self.is_flag:
            return coordinate >= 0.5
        if self.offsets is not None:
            return [self._number(coordinate + offset) for offset in self.offsets]
        return self._number(coordinate)

    def _number(self, figure: float) -> float | int:
        return round(figure) if self.step and float(figure).is_integer() else figure


def axes_of(scenario: Scenario) -> tuple[Axis, ...]:
    """Every parameter that a sweep can move, by name."""
    found = (_axis(parameter) for parameter in _questionable(scenario))
    return tuple(axis for axis in found if isinstance(axis, Axis))


def fixed_of(scenario: Scenario) -> Mapping[str, str]:
    """Parameters that are assumed or have a range and yet cannot be moved, and why."""
    found = {parameter.name: _axis(parameter) for parameter in _questionable(scenario)}
    return {name: axis for name, axis in found.items() if isinstance(axis, str)}


def _questionable(scenario: Scenario) -> list[Parameter]:
    by_name = sorted(scenario.parameters.values(), key=lambda parameter: parameter.name)
    return [one for one in by_name if one.assumed or one.bounds is not None]


def _axis(parameter: Parameter) -> Axis | str:
    """The axis of a parameter, or why it has none."""
    value, bounds = parameter.value, parameter.bounds
    if isinstance(value, bool):
        return Axis(parameter.name, 0.0, 1.0, float(value), 1.0, is_log=False, is_flag=True)
    if isinstance(value, str) or bounds is None:
        return "a word has no range"
    numbers = value if isinstance(value, tuple) else (value,)
    base, spread = min(numbers), max(numbers) - min(numbers)
    low, high = float(bounds[0]), float(bounds[1]) - spread
    if parameter.levels is not None:
        low, high = min(parameter.levels), max(parameter.levels)
    if high <= low:
        return "its range leaves it no room"
    step = parameter.step or (1.0 if _is_whole(parameter.name, (*numbers, *bounds)) else 0.0)
    return Axis(
        name=parameter.name,
        low=low,
        high=high,
        base=float(base),
        step=step,
        is_log=low > 0 and high / low >= LOG_RATIO_MIN and parameter.step is None,
        offsets=tuple(n - base for n in value) if isinstance(value, tuple) else None,
        levels=parameter.levels or (),
    )


def _is_whole(name: str, written: tuple[float, ...]) -> bool:
    if UNITS[unit_of(name) or ""].whole:
        return True
    low, high = written[-2:]
    return all(isinstance(number, int) for number in written) and high - low >= 2
