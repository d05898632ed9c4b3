"""What moves a claim: the parameters by their weight, those beyond noise in colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sim.reports.charts.colours import BASE, INK, NEW
from sim.run_folder import Json


class Weight(NamedTuple):
    """weight: PAWN, 0..1, with its interval."""

    parameter: str
    weight: float
    low: float
    high: float
    moves: bool


def tornado_chart(weights: Sequence[Weight], noise: float | None, titles: Json) -> Json:
    """titles: x, moves, yes, no. The dashed line is what a parameter without effect would get."""
    names = [weight.parameter for weight in weights]
    rows = [
        weight._asdict() | {"moves": titles["yes"] if weight.moves else titles["no"]}
        for weight in weights
    ]
    y: Json = {"field": "parameter", "type": "nominal", "sort": names, "title": None}
    x: Json = {"type": "quantitative", "title": titles["x"], "axis": {"tickCount": 5}}
    colour = {
        "field": "moves",
        "type": "nominal",
        "title": titles["moves"],
        "scale": {"domain": [titles["yes"], titles["no"]], "range": [NEW, BASE]},
    }
    bars = {
        "data": {"values": rows},
        "mark": {"type": "bar", "height": {"band": 0.6}},
        "encoding": {"y": y, "x": x | {"field": "weight"}, "color": colour},
    }
    ends = {
        "data": {"values": rows},
        "mark": {"type": "rule", "color": INK},
        "encoding": {"y": y, "x": x | {"field": "low"}, "x2": {"field": "high"}},
    }
    layers = [bars, ends]
    if noise is not None:
        layers.append(
            {
                "data": {"values": [{"noise": noise}]},
                "mark": {"type": "rule", "strokeDash": [3, 2], "color": INK, "opacity": 0.7},
                "encoding": {"x": {"field": "noise", "type": "quantitative"}},
            }
        )
    return {"height": 22 * len(weights), "layer": layers}
