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
    """A line each; labels one below the other, for neighbours would hide each other."""
    return [layer for number, mark in enumerate(marks) for layer in _mark(mark, number)]


def _mark(mark: Mark, number: int) -> list[Json]:
    shared: Json = {
        "data": {"values": [mark._asdict()]},
        "encoding": {"x": {"field": "value", "type": "quantitative"}},
    }
    line = {"type": "rule", "strokeDash": [3, 2], "color": INK, "opacity": 0.7}
    label = {"type": "text", "align": "right", "dx": -5, "baseline": "top", "y": 4 + 14 * number}
    text = shared["encoding"] | {"text": {"field": "label"}}
    return [shared | {"mark": line}, shared | {"mark": label, "encoding": text}]
