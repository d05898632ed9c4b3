"""Where a sweep looks: the scenario as it stands, a space-filling design, lines through it.

A point's name says all about it, so equal names are equal work: ``base``; ``d000017``, the
eighteenth of a design whose earlier points stay when more are asked for; ``NAME@3of8``, the
scenario as it stands but for one parameter, at 3/8 of its axis.

The design is one Latin hypercube after the other. A Sobol' sequence would fill space better in few
dimensions; over a hundred axes its first hundred points move whole groups of axes together, and
then no index can tell which of them matters (docs/decisions/0020).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from sim.assumptions.axes import Axis
from sim.scenario import Scenario, map_sized, scenario_of
from sim.streams import Luck

F64 = NDArray[np.float64]
BASE = "base"
CUBE_SIZE: Final = 32
_ON_LINE = re.compile(r"([a-z][a-z0-9_]*)@(\d+)of(\d+)")


@dataclass(frozen=True, slots=True)
class Point:
    """A name, and the coordinate of every parameter that is not at the scenario's own value."""

    name: str
    coordinates: tuple[tuple[str, float], ...]


def base_point() -> Point:
    return Point(BASE, ())


def design(d: int, seed: int, n: int) -> F64:
    """Unit coordinates of the first ``n`` designed points: float64 (n, d), in 0..1.

    Luck from the scenario's seed: any prefix is the same whatever ``n`` is.
    """
    cubes = [_cube(d, seed, number) for number in range(math.ceil(n / CUBE_SIZE))]
    return np.concatenate(cubes)[:n]


def _cube(d: int, seed: int, number: int) -> F64:
    luck = Luck(seed, 0).integer("assumption_map_design", number, low=0, high=2**63 - 1)
    found: F64 = qmc.LatinHypercube(d, rng=luck).random(CUBE_SIZE)
    return found


def designed_points(axes: Sequence[Axis], units: F64) -> list[Point]:
    """The points at these unit coordinates, float64 (n, axes)."""
    return [
        Point(
            designed_name(number),
            tuple(
                (axis.name, axis.coordinate(float(u))) for axis, u in zip(axes, row, strict=True)
            ),
        )
        for number, row in enumerate(units)
    ]


def designed_name(number: int) -> str:
    return f"d{number:06d}"


def line_point(axis: Axis, at: Fraction) -> Point:
    """The scenario with one parameter at a fraction of its axis."""
    name = f"{axis.name}@{at.numerator}of{at.denominator}"
    return Point(name, ((axis.name, axis.coordinate(float(at))),))


def line_place(name: str) -> tuple[str, Fraction] | None:
    """The parameter and the fraction of a line point's name; None for another kind of point."""
    match = _ON_LINE.fullmatch(name)
    return (match[1], Fraction(int(match[2]), int(match[3]))) if match else None


def scenario_at(
    scenario: Scenario, axes: Sequence[Axis], point: Point, population_scale: float
) -> Scenario:
    """The scenario at a point: within its map's caps, and its populations at ``population_scale``
    (0..1] of their counts.

    Raises InputError where the values do not fit together already as data.
    """
    data = map_sized(scenario).as_data()
    by_name = {axis.name: axis for axis in axes}
    for name, coordinate in point.coordinates:
        data["parameters"][name]["value"] = by_name[name].value(coordinate)
        data["parameters"][name].pop("draw", None)
    for population in data.get("populations", {}).values():
        if "count" in population:
            population["count"] = max(1, round(population["count"] * population_scale))
    return scenario_of(data, f"assumption map, point {point.name}")
