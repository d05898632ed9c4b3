"""What a whole is made of: the share of each part, one bar per arm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sim.run_folder import Json


class Part(NamedTuple):
    """value: for the eye that rests on the part, with its unit."""

    arm: str
    part: str
    share: float
    value: str


def stack_chart(parts: Sequence[Part], titles: Json) -> Json:
    """titles: x, part. Each bar is its arm's whole, so that arms of unlike size can be compared."""
    arms = list(dict.fromkeys(part.arm for part in parts))
    names = list(dict.fromkeys(part.part for part in parts))
    values = [part._asdict() | {"order": names.index(part.part)} for part in parts]
    return {
        "height": 44 * len(arms),
        "data": {"values": values},
        "mark": {"type": "bar", "stroke": "currentColor", "strokeWidth": 0.4},
        "encoding": {
            "y": {"field": "arm", "type": "nominal", "title": None, "sort": arms},
            "x": {
                "field": "share",
                "type": "quantitative",
                "stack": "zero",
                "title": titles["x"],
                "axis": {"format": ".0%", "tickCount": 5},
                "scale": {"domain": [0, 1]},
            },
            "order": {"field": "order"},
            "color": {
                "field": "part",
                "type": "nominal",
                "sort": names,
                "scale": {"domain": names, "scheme": "tableau20"},
                "title": titles["part"],
                "legend": {"columns": 5},
            },
            "tooltip": [
                {"field": "part", "title": titles["part"]},
                {"field": "value", "title": titles["x"]},
                {"field": "share", "title": "%", "format": ".1%"},
            ],
        },
    }
