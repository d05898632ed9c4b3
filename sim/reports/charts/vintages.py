"""How parts of a whole went over time: colour by part, dash by arm, means over replications."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from sim.reports.charts.axes import axis_of, tooltip_format
from sim.reports.charts.colours import BASE, NEW, OTHERS
from sim.reports.charts.theme import dash_by_arm
from sim.run_folder import Json

_SMALL_RATIO: Final = 0.01


class Stretch(NamedTuple):
    """One part of one arm on one day. low, high: the lowest and highest replication."""

    arm: str
    part: str
    day: int
    mean: float
    low: float
    high: float


def vintage_chart(
    stretches: Sequence[Stretch], arms: Sequence[str], unit: str, titles: Json, lang: str
) -> Json:
    """titles: x, y, arm, part."""
    parts = list(dict.fromkeys(stretch.part for stretch in stretches))
    palette = (NEW, *OTHERS, BASE)
    colour = {
        "field": "part",
        "type": "nominal",
        "title": titles["part"],
        "sort": parts,
        "scale": {
            "domain": parts,
            "range": [palette[at % len(palette)] for at in range(len(parts))],
        },
    }
    x = {"field": "day", "type": "quantitative", "title": titles["x"], "axis": {"tickCount": 8}}
    y = {"type": "quantitative", "title": titles["y"], "axis": axis_of(unit, lang)}
    if unit.startswith("ratio") and not any(stretch.high for stretch in stretches):
        # Else nothing but a zero would stand in the middle of the axis.
        y["scale"] = {"domain": [0, _SMALL_RATIO]}
    shared: Json = {"x": x, "color": colour, "detail": {"field": "arm"}}
    ends = {"y": y | {"field": "low"}, "y2": {"field": "high"}}
    shown = tooltip_format(unit)
    tooltip = [
        {"field": "arm", "title": titles["arm"]},
        {"field": "part", "title": titles["part"]},
        {"field": "day", "title": titles["x"]},
        {"field": "mean", "title": titles["y"]} | shown,
        {"field": "low", "title": "≥"} | shown,
        {"field": "high", "title": "≤"} | shown,
    ]
    line = shared | {"y": y | {"field": "mean"}}
    dash = {"strokeDash": dash_by_arm(arms, titles["arm"])}
    return {
        "height": 260,
        "data": {"values": [stretch._asdict() for stretch in stretches]},
        "layer": [
            {"mark": {"type": "area", "opacity": 0.12}, "encoding": shared | ends},
            {"mark": {"type": "line", "strokeWidth": 2}, "encoding": line | dash},
            {
                "mark": {"type": "point", "filled": True, "size": 22, "opacity": 1},
                "encoding": line | {"tooltip": tooltip},
            },
        ],
    }
