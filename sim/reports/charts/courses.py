"""How something went over time, by arm: the mean over replications in its range."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sim.reports.charts.axes import axis_of
from sim.reports.charts.theme import by_arm, dash_by_arm
from sim.run_folder import Json


class Moment(NamedTuple):
    """low, high: the lowest and the highest replication at this day."""

    arm: str
    day: int
    mean: float
    low: float
    high: float


def course_chart(
    moments: Sequence[Moment], arms: Sequence[str], unit: str, titles: Json, lang: str
) -> Json:
    """titles: x, y, arm. The band is the range over replications, the line their mean."""
    x = {"field": "day", "type": "quantitative", "title": titles["x"], "axis": {"tickCount": 8}}
    y = {"type": "quantitative", "title": titles["y"], "axis": axis_of(unit, lang)}
    colour = by_arm(arms, titles["arm"])
    dash = dash_by_arm(arms, titles["arm"])
    tooltip = [
        {"field": "arm", "title": titles["arm"]},
        {"field": "day", "title": titles["x"]},
        {"field": "mean", "title": titles["y"], "format": ",.4~r"},
    ]
    return {
        "height": 240,
        "data": {"values": [moment._asdict() for moment in moments]},
        "layer": [
            {
                "mark": {"type": "area", "opacity": 0.18},
                "encoding": {
                    "x": x,
                    "y": y | {"field": "low"},
                    "y2": {"field": "high"},
                    "color": colour,
                },
            },
            {
                "mark": {"type": "line", "strokeWidth": 2.5},
                "encoding": {
                    "x": x,
                    "y": y | {"field": "mean"},
                    "color": colour,
                    "strokeDash": dash,
                    "tooltip": tooltip,
                },
            },
        ],
    }
