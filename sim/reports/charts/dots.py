"""Means with their intervals, by category and arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sim.reports.charts.axes import axis_of, readable, tooltip_format
from sim.reports.charts.colours import INK
from sim.reports.charts.shares import Mark
from sim.reports.charts.theme import by_arm, shape_by_arm
from sim.run_folder import Json


@dataclass(frozen=True, slots=True)
class Dot:
    """A mean and its interval (None where too few replications give none worth drawing)."""

    category: str
    arm: str
    mean: float
    low: float | None
    high: float | None
    n: int


def dot_chart(
    dots: Sequence[Dot],
    arms: Sequence[str],
    unit: str,
    titles: Json,
    lang: str,
    marks: Sequence[Mark] = (),
) -> Json:
    """Horizontal: a row per category, a mark per arm. titles: x, arm."""
    categories = list(dict.fromkeys(dot.category for dot in dots))
    size, name = readable(max((dot.mean for dot in dots), default=0.0), unit, lang)
    data = {"values": [_row(dot, size) for dot in dots]}
    titles = titles | ({"x": f"{titles['x']} ({name})"} if name else {})
    x = {
        "type": "quantitative",
        "title": titles["x"],
        "axis": axis_of("" if name else unit, lang),
        "scale": {"zero": False},
    }
    y: Json = {
        "field": "category",
        "type": "nominal",
        "sort": categories,
        "title": None,
        "axis": {"labelLimit": 260},
    }
    offset = {"field": "arm", "sort": list(arms)}
    colour = by_arm(arms, titles["arm"])
    layers = [
        {
            "data": data,
            "mark": {"type": "rule", "strokeWidth": 4, "strokeCap": "round", "opacity": 0.5},
            "encoding": {
                "x": x | {"field": "low"},
                "x2": {"field": "high"},
                "y": y,
                "yOffset": offset,
                "color": colour,
            },
        },
        {
            "data": data,
            "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
            "encoding": {
                "x": x | {"field": "mean"},
                "y": y,
                "yOffset": offset,
                "color": colour,
                "shape": shape_by_arm(arms, titles["arm"]),
                "tooltip": _tooltip(unit, titles),
            },
        },
        *_rules(marks, size),
    ]
    height = len(categories) * (14 + 10 * len(arms))
    return {"height": height, "layer": layers}


def _row(dot: Dot, size: float) -> Json:
    """In units of ``size``."""
    low, high = (dot.mean if end is None else end for end in (dot.low, dot.high))
    return {
        "category": dot.category,
        "arm": dot.arm,
        "mean": dot.mean / size,
        "low": low / size,
        "high": high / size,
        "n": dot.n,
    }


def _tooltip(unit: str, titles: Json) -> list[Json]:
    shown = tooltip_format(unit)
    return [
        {"field": "category", "title": " "},
        {"field": "arm", "title": titles["arm"]},
        {"field": "mean", "title": titles["x"]} | shown,
        {"field": "low", "title": "≥"} | shown,
        {"field": "high", "title": "≤"} | shown,
        {"field": "n", "title": "n"},
    ]


def _rules(marks: Sequence[Mark], size: float) -> list[Json]:
    if not marks:
        return []
    data = {"values": [{"value": mark.value / size, "label": mark.label} for mark in marks]}
    place: Json = {"x": {"field": "value", "type": "quantitative"}}
    return [
        {
            "data": data,
            "mark": {"type": "rule", "strokeDash": [3, 2], "color": INK, "opacity": 0.7},
            "encoding": place | {"tooltip": {"field": "label", "title": " "}},
        }
    ]
