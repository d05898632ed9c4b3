"""Two measures against each other with an interval on each, one mark per category and arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sim.reports.charts.axes import axis_of, tooltip_format
from sim.reports.charts.colours import INK
from sim.reports.charts.theme import by_arm, shape_by_arm
from sim.run_folder import Json

Ends = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Cross:
    """x_ends, y_ends: the intervals, None where too few replications give none worth drawing."""

    arm: str
    category: str
    x: float
    y: float
    x_ends: Ends = (None, None)
    y_ends: Ends = (None, None)


def cross_chart(
    crosses: Sequence[Cross],
    arms: Sequence[str],
    unit: str,
    titles: Json,
    lang: str,
    *,
    diagonal: bool = False,
) -> Json:
    """titles: x, y, arm, category. diagonal: a line where both are equal."""
    axes = {name: _axis(name, unit, titles, lang) for name in ("x", "y")}
    data = {"values": [_row(cross) for cross in crosses]}
    colour = {"color": by_arm(arms, titles["arm"])}
    shown = tooltip_format(unit)
    dots = (
        axes
        | colour
        | {
            "shape": shape_by_arm(arms, titles["arm"]),
            "tooltip": [
                {"field": "category", "title": titles["category"]},
                {"field": "arm", "title": titles["arm"]},
                {"field": "x", "title": titles["x"]} | shown,
                {"field": "y", "title": titles["y"]} | shown,
            ],
        }
    )
    name = {"type": "text", "align": "left", "dx": 8, "dy": -4, "fontSize": 10}
    layers = [
        *([_diagonal(crosses)] if diagonal else []),
        *(_whisker(data, axes, colour, along) for along in ("x", "y")),
        {"data": data, "mark": {"type": "point", "filled": True, "size": 70}, "encoding": dots},
        {"data": data, "mark": name, "encoding": axes | {"text": {"field": "category"}}},
    ]
    return {"height": 320, "layer": layers}


def _axis(name: str, unit: str, titles: Json, lang: str) -> Json:
    return {
        "field": name,
        "type": "quantitative",
        "title": titles[name],
        "axis": axis_of(unit, lang),
        "scale": {"zero": True, "nice": True},
    }


def _row(cross: Cross) -> Json:
    found: Json = {"arm": cross.arm, "category": cross.category, "x": cross.x, "y": cross.y}
    for name, ends in (("x", cross.x_ends), ("y", cross.y_ends)):
        middle = found[name]
        low, high = (middle if end is None else end for end in ends)
        found |= {f"{name}_low": low, f"{name}_high": high}
    return found


def _whisker(data: Json, axes: Json, colour: Json, along: str) -> Json:
    """The interval along one axis, cut off at the edge of the chart."""
    across = "y" if along == "x" else "x"
    ends = {
        along: axes[along] | {"field": f"{along}_low"},
        f"{along}2": {"field": f"{along}_high"},
    }
    mark = {"type": "rule", "strokeWidth": 1.5, "opacity": 0.45, "clip": True}
    return {"data": data, "mark": mark, "encoding": {across: axes[across]} | ends | colour}


def _diagonal(crosses: Sequence[Cross]) -> Json:
    end = max((max(cross.x, cross.y) for cross in crosses), default=1.0)
    return {
        "data": {"values": [{"x": 0, "y": 0}, {"x": end, "y": end}]},
        "mark": {"type": "line", "strokeDash": [3, 2], "color": INK, "opacity": 0.5},
        "encoding": {
            "x": {"field": "x", "type": "quantitative"},
            "y": {"field": "y", "type": "quantitative"},
        },
    }
