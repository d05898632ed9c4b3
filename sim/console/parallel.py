"""Many runs at once: one line per run across what differs between them and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sim.run_folder import Json

WIDTH, HEIGHT = 960.0, 320.0
_TOP, _BOTTOM, _SIDE = 40.0, 24.0, 90.0
AXES_MAX: Final = 12


@dataclass(frozen=True, slots=True)
class Axis:
    """x of an upright line; low and high stand at its ends."""

    name: str
    x: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Lines:
    """points: one per run, as an SVG has them; a run that lacks an axis leaves it out."""

    axes: tuple[Axis, ...]
    points: tuple[str, ...]


def parallel(found: Json) -> Lines | None:
    """The picture of a comparison, None where there are not two numbers to draw.

    found: what ``sim.compare.compare`` gives.
    """
    columns = _parameters(found) | _estimates(found)
    chosen = list(columns.items())[:AXES_MAX]
    if len(chosen) < 2:
        return None
    step = (WIDTH - 2 * _SIDE) / (len(chosen) - 1)
    axes = tuple(_axis(name, values, _SIDE + at * step) for at, (name, values) in enumerate(chosen))
    runs = range(len(found["runs"]))
    return Lines(axes, tuple(_line(axes, [values[run] for _, values in chosen]) for run in runs))


def _parameters(found: Json) -> dict[str, list[float | None]]:
    """Parameters that differ and are numbers in every run that has them."""
    return {
        row["path"].removeprefix("parameters.").removesuffix(".value"): row["values"]
        for row in found["parameters"]
        if all(value is None or _is_number(value) for value in row["values"])
    }


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _estimates(found: Json) -> dict[str, list[float | None]]:
    """Claims' estimates that are not the same in every run."""
    rows = {
        claim["id"]: [one and one["estimate"] for one in claim["runs"]] for claim in found["claims"]
    }
    return {name: values for name, values in rows.items() if len(_known(values)) > 1}


def _known(values: Sequence[float | None]) -> set[float]:
    return {value for value in values if value is not None}


def _axis(name: str, values: Sequence[float | None], x: float) -> Axis:
    known = _known(values)
    return Axis(name, round(x, 1), min(known), max(known))


def _line(axes: Sequence[Axis], values: Sequence[float | None]) -> str:
    pairs = zip(axes, values, strict=True)
    return " ".join(f"{a.x},{_height(a, value):.1f}" for a, value in pairs if value is not None)


def _height(axis: Axis, value: float) -> float:
    span = axis.high - axis.low
    share = (value - axis.low) / span if span else 0.5
    return HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM)
