"""Percentiles of a latency over time on a logarithmic axis, with the thresholds that were set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from sim.reports.charts.axes import axis_of
from sim.reports.charts.colours import BAD, BASE, NEW, UNSURE
from sim.reports.charts.theme import dash_by_arm
from sim.run_folder import Json

_LEAST: Final = 0.001


class Delay(NamedTuple):
    """One percentile of what was meant to begin from ``at`` on, in the unit of the x axis."""

    arm: str
    part: str
    at: float
    value: float


class Bound(NamedTuple):
    """A threshold, and how it reads."""

    value: float
    label: str


def latency_chart(
    delays: Sequence[Delay],
    bounds: Sequence[Bound],
    arms: Sequence[str],
    unit: str,
    titles: Json,
    lang: str,
) -> Json:
    """unit: s or ms.  titles: x, y, arm, part. Nothing below 0.001 is drawn: the axis is
    logarithmic."""
    drawn = [delay for delay in delays if delay.value >= _LEAST]
    parts = list(dict.fromkeys(delay.part for delay in drawn))
    colour = {
        "field": "part",
        "type": "nominal",
        "title": titles["part"],
        "sort": parts,
        "scale": {"domain": parts, "range": [NEW, UNSURE, BAD, BASE][: max(len(parts), 1)]},
    }
    x = {"field": "at", "type": "quantitative", "title": titles["x"], "axis": {"tickCount": 8}}
    y: Json = {
        "field": "value",
        "type": "quantitative",
        "title": titles["y"],
        "axis": axis_of(unit, lang, "log"),
        "scale": {"type": "log", "nice": False},
    }
    told = axis_of(unit, lang).get("labelExpr", "format(datum.value, '.4~g') + ' ms'")
    lines = {
        "data": {"values": [delay._asdict() for delay in drawn]},
        "transform": [{"calculate": told, "as": "shown"}],
        "mark": {"type": "line", "strokeWidth": 2},
        "encoding": {
            "x": x,
            "y": y,
            "color": colour,
            "strokeDash": dash_by_arm(arms, titles["arm"]),
            "tooltip": [
                {"field": "arm", "title": titles["arm"]},
                {"field": "part", "title": titles["part"]},
                {"field": "at", "title": titles["x"]},
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
