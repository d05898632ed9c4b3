"""How values spread: the share of cases at or below each value, by arm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sim.reports.charts.axes import axis_of
from sim.reports.charts.colours import INK
from sim.reports.charts.theme import by_arm, dash_by_arm
from sim.run_folder import Json


class Spread(NamedTuple):
    """One arm's values. quantiles: (share of cases in 0..1, value), ascending."""

    arm: str
    quantiles: Sequence[tuple[float, float]]


class Mark(NamedTuple):
    """A line across the chart: what was promised."""

    value: float
    label: str


def spread_chart(spreads: Sequence[Spread], marks: Sequence[Mark], titles: Json, lang: str) -> Json:
    """Durations in seconds on a logarithmic axis. titles: x, y, arm."""
    arms = [spread.arm for spread in spreads]
    rows = [
        {"arm": spread.arm, "value": value, "share": share}
        for spread in spreads
        for share, value in spread.quantiles
        if value > 0
    ]
    x = {
        "field": "value",
        "type": "quantitative",
        "scale": {"type": "log", "nice": False},
        "title": titles["x"],
        "axis": axis_of("s", lang, "log"),
    }
    lines = {
        "data": {"values": rows},
        "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2.5},
        "encoding": {
            "x": x,
            "y": {
                "field": "share",
                "type": "quantitative",
                "title": titles["y"],
                "axis": {"format": ".0%", "tickCount": 5},
                "scale": {"domain": [0, 1]},
            },
            "color": by_arm(arms, titles["arm"]),
            "strokeDash": dash_by_arm(arms, titles["arm"]),
            "tooltip": [
                {"field": "arm", "title": titles["arm"]},
                {"field": "share", "title": titles["y"], "format": ".0%"},
                {"field": "shown", "title": titles["x"]},
            ],
        },
        "transform": [{"calculate": _shown(lang), "as": "shown"}],
    }
    return {"height": 260, "layer": [lines, *_marks(marks)]}


def _shown(lang: str) -> str:
    return str(axis_of("s", lang)["labelExpr"])


def _marks(marks: Sequence[Mark]) -> list[Json]:
    if not marks:
        return []
    data = {"values": [{"value": mark.value, "label": mark.label} for mark in marks]}
    place = {"x": {"field": "value", "type": "quantitative"}}
    return [
        {
            "data": data,
            "mark": {"type": "rule", "strokeDash": [3, 2], "color": INK, "opacity": 0.7},
            "encoding": place,
        },
        {
            "data": data,
            "mark": {"type": "text", "align": "left", "dx": 4, "baseline": "top", "y": 2},
            "encoding": place | {"text": {"field": "label"}},
        },
    ]
