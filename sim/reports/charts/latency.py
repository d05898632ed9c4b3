"""Percentiles of a latency over time on a logarithmic axis, with the thresholds that were set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sim.reports.charts.axes import axis_of
from sim.reports.charts.colours import BAD, BASE, NEW, UNSURE
from sim.reports.charts.theme import dash_by_arm
from sim.run_folder import Json


class Delay(NamedTuple):
    """One percentile of what was meant to begin in the days from ``day`` on."""

    arm: str
    part: str
    day: float
    seconds: float


class Bound(NamedTuple):
    """A threshold, in seconds, and how it reads."""

    seconds: float
    label: str


def latency_chart(
    delays: Sequence[Delay], bounds: Sequence[Bound], arms: Sequence[str], titles: Json, lang: str
) -> Json:
    """titles: x, y, arm, part. Nothing below a second is drawn: the axis is logarithmic."""
    drawn = [delay for delay in delays if delay.seconds >= 1]
    parts = list(dict.fromkeys(delay.part for delay in drawn))
    colour = {
        "field": "part",
        "type": "nominal",
        "title": titles["part"],
        "sort": parts,
        "scale": {"domain": parts, "range": [NEW, UNSURE, BAD, BASE][: max(len(parts), 1)]},
    }
    x = {"field": "day", "type": "quantitative", "title": titles["x"], "axis": {"tickCount": 8}}
    y: Json = {
        "field": "seconds",
        "type": "quantitative",
        "title": titles["y"],
        "axis": axis_of("s", lang, "log"),
        "scale": {"type": "log", "nice": False},
    }
    shown = {"calculate": str(axis_of("s", lang)["labelExpr"]).replace("value", "seconds")}
    lines = {
        "data": {"values": [delay._asdict() for delay in drawn]},
        "transform": [shown | {"as": "shown"}],
        "mark": {"type": "line", "strokeWidth": 2},
        "encoding": {
            "x": x,
            "y": y,
            "color": colour,
            "strokeDash": dash_by_arm(arms, titles["arm"]),
            "tooltip": [
                {"field": "arm", "title": titles["arm"]},
                {"field": "part", "title": titles["part"]},
                {"field": "day", "title": titles["x"]},
                {"field": "shown", "title": titles["y"]},
            ],
        },
    }
    return {"height": 280, "layer": [lines, *(_bound(bound, y) for bound in bounds)]}


def _bound(bound: Bound, y: Json) -> Json:
    data = {"values": [bound._asdict()]}
    rule = {"type": "rule", "strokeDash": [6, 3], "strokeWidth": 1.5, "color": BAD}
    text = {"type": "text", "align": "left", "baseline": "bottom", "dx": 4, "x": 0}
    return {
        "data": data,
        "encoding": {"y": y},
        "layer": [{"mark": rule}, {"mark": text, "encoding": {"text": {"field": "label"}}}],
    }
