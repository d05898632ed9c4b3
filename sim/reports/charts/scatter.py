"""Two measures against each other, one point per replication and arm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sim.reports.charts.axes import axis_of, tooltip_format
from sim.reports.charts.theme import by_arm, shape_by_arm
from sim.run_folder import Json


class Point(NamedTuple):
    arm: str
    replication: int
    x: float
    y: float


def scatter_chart(
    points: Sequence[Point], arms: Sequence[str], unit: str, titles: Json, lang: str, diagonal: bool
) -> Json:
    """Both axes in one unit. diagonal: draw where both are equal.  titles: x, y, arm."""
    axes = {
        name: {
            "field": name,
            "type": "quantitative",
            "title": titles[name],
            "axis": axis_of(unit, lang),
            "scale": {"zero": diagonal, "nice": True},
        }
        for name in ("x", "y")
    }
    dots = {
        "data": {"values": [point._asdict() for point in points]},
        "mark": {"type": "point", "filled": True, "size": 60, "opacity": 0.75},
        "encoding": axes
        | {
            "color": by_arm(arms, titles["arm"]),
            "shape": shape_by_arm(arms, titles["arm"]),
            "tooltip": [
                {"field": "arm", "title": titles["arm"]},
                {"field": "replication", "title": "#"},
                {"field": "x", "title": titles["x"]} | tooltip_format(unit),
                {"field": "y", "title": titles["y"]} | tooltip_format(unit),
            ],
        },
    }
    return {"height": 260, "layer": [*([_diagonal(points)] if diagonal else []), dots]}


def _diagonal(points: Sequence[Point]) -> Json:
    end = max((max(point.x, point.y) for point in points), default=1.0)
    return {
        "data": {"values": [{"x": 0, "y": 0}, {"x": end, "y": end}]},
        "mark": {"type": "line", "strokeDash": [3, 2], "color": "currentColor", "opacity": 0.5},
        "encoding": {
            "x": {"field": "x", "type": "quantitative"},
            "y": {"field": "y", "type": "quantitative"},
        },
    }
