"""What was broken when: a bar per window of a fault, and a mark where an invariant broke."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sim.reports.charts.colours import BAD, UNSURE
from sim.run_folder import Json


class Bar(NamedTuple):
    """from_day, until_day: since the run's first day.  state: what the bar is."""

    row: str
    from_day: float
    until_day: float
    state: str
    told: str


def timeline_chart(bars: Sequence[Bar], days: int, titles: Json) -> Json:
    """titles: x, state, fault, broken (the two states)."""
    rows = list(dict.fromkeys(bar.row for bar in bars))
    return {
        "height": 26 * len(rows),
        "data": {"values": [bar._asdict() for bar in bars]},
        "mark": {"type": "bar", "height": {"band": 0.6}, "minBandSize": 3},
        "encoding": {
            "y": {
                "field": "row",
                "type": "nominal",
                "sort": rows,
                "title": None,
                "axis": {"labelLimit": 260},
            },
            "x": {
                "field": "from_day",
                "type": "quantitative",
                "title": titles["x"],
                "scale": {"domain": [0, days]},
                "axis": {"tickCount": 8},
            },
            "x2": {"field": "until_day"},
            "color": {
                "field": "state",
                "type": "nominal",
                "title": titles["state"],
                "scale": {
                    "domain": [titles["fault"], titles["broken"]],
                    "range": [UNSURE, BAD],
                },
            },
            "tooltip": [
                {"field": "row", "title": " "},
                {"field": "told", "title": titles["state"]},
            ],
        },
    }
