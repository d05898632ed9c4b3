"""The look that every chart shares, and the two forms that renderings need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sim.reports.charts.colours import BASE, INK, NEW, OTHERS
from sim.run_folder import Json

FONT: Final = "Shapan Sans"
_SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"
_TEXT: Final = {
    f"{part}{kind}": value
    for part in ("label", "title")
    for kind, value in (("Font", FONT), ("Color", INK), ("FontWeight", "normal"))
}
_CONFIG: Final[Json] = {
    "background": "transparent",
    "font": FONT,
    "view": {"stroke": None},
    "axis": _TEXT
    | {
        "labelFontSize": 11,
        "titleFontSize": 11,
        "grid": True,
        "gridColor": INK,
        "gridOpacity": 0.12,
        "domain": False,
        "tickColor": INK,
        "tickOpacity": 0.3,
    },
    "legend": _TEXT
    | {
        "labelFontSize": 11,
        "titleFontSize": 11,
        "orient": "top",
        "symbolStrokeWidth": 2,
        "symbolOpacity": 1,
    },
    "header": _TEXT | {"labelFontSize": 11},
    "rule": {"color": INK},
    "text": {"font": FONT, "color": INK, "fontSize": 11},
}


def whole(spec: Json, width: int | str) -> Json:
    """The spec with its theme. width: in pixels, or "container" where the page decides."""
    return {"$schema": _SCHEMA, "width": width, "config": _CONFIG} | spec


def by_arm(arms: Sequence[str], title: str) -> Json:
    """The colour channel of arms, by name in the data's ``arm`` column.

    The first is the one that others are compared with; one that stands alone is the new way.
    """
    return _channel(arms, title, [BASE, NEW, *OTHERS] if len(arms) > 1 else [NEW])


def shape_by_arm(arms: Sequence[str], title: str) -> Json:
    return _channel(arms, title, ["circle", "square", "triangle-up", "diamond", "cross"])


def dash_by_arm(arms: Sequence[str], title: str) -> Json:
    return _channel(arms, title, [[6, 3], [1, 0], [2, 2], [8, 2], [4, 4]])


def _channel(arms: Sequence[str], title: str, values: Sequence[object]) -> Json:
    """The same domain on each channel, so that one legend shows them all."""
    return {
        "field": "arm",
        "type": "nominal",
        "title": title,
        "sort": list(arms),
        "scale": {
            "domain": list(arms),
            "range": [values[i % len(values)] for i in range(len(arms))],
        },
    }
