"""Many runs at once: one line per run across what differs between them and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from sim.reports.figures import claim_unit, figure
from sim.run_folder import Json

WIDTH, HEIGHT = 960.0, 320.0
_TOP, _BOTTOM, _SIDE = 40.0, 24.0, 90.0
AXES_MAX: Final = 12


@dataclass(frozen=True, slots=True)
class Axis:
    """x of an upright line; low and high stand at its ends, in ``unit``."""

    name: str
    x: float
    low: float
    high: float
    unit: str

    @property
    def low_text(self) -> str:
        return figure(self.low, self.unit)

    @property
    def high_text(self) -> str:
        return figure(self.high, self.unit)


@dataclass(frozen=True, slots=True)
class Lines:
    """points: one per run, as an SVG has them; a run that lacks an axis leaves it out."""

    axes: tuple[Axis, ...]
    points: tuple[str, ...]


def parallel(found: Json) -> Lines | None:
    """The picture of a comparison, None where there are not two numbers to draw.

    found: what ``sim.compare.compare`` gives.
    """
    came_of_it = _estimates(found)[: AXES_MAX // 2]
    chosen = _parameters(found)[: AXES_MAX - len(came_of_it)] + came_of_it
    if len(chosen) < 2:
        return None
    step = (WIDTH - 2 * _SIDE) / (len(chosen) - 1)
    axes = tuple(_axis(column, _SIDE + at * step) for at, column in enumerate(chosen))
    runs = range(len(found["runs"]))
    lines = (_line(axes, [column.values[run] for column in chosen]) for run in runs)
    return Lines(axes, tuple(lines))


class _Column(NamedTuple):
    """values: one per run, None where it has none."""

    name: str
    values: Sequence[float | None]
    unit: str


def _parameters(found: Json) -> list[_Column]:
    """Parameters that differ and are numbers in every run that has them.

    None between scenarios, which differ in nearly all of them.
    """
    if len({run["scenario"] for run in found["runs"]}) > 1:
        return []
    return [
        _Column(row["path"].removeprefix("parameters.").removesuffix(".value"), row["values"], "")
        for row in found["parameters"]
        if all(value is None or _is_number(value) for value in row["values"])
    ]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _estimates(found: Json) -> list[_Column]:
    """Claims' estimates that are not the same in every run."""
    columns = (
        _Column(
            claim["id"],
            [one and one["estimate"] for one in claim["runs"]],
            claim_unit(claim["compare"], claim["unit"]),
        )
        for claim in found["claims"]
    )
    return [column for column in columns if len(_known(column.values)) > 1]


def _known(values: Sequence[float | None]) -> set[float]:
    return {value for value in values if value is not None}


def _axis(column: _Column, x: float) -> Axis:
    known = _known(column.values)
    return Axis(column.name, round(x, 1), min(known), max(known), column.unit)


def _line(axes: Sequence[Axis], values: Sequence[float | None]) -> str:
    pairs = zip(axes, values, strict=True)
    return " ".join(f"{a.x},{_height(a, value):.1f}" for a, value in pairs if value is not None)


def _height(axis: Axis, value: float) -> float:
    span = axis.high - axis.low
    share = (value - axis.low) / span if span else 0.5
    return HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM)
