"""An interval beside its threshold, as a small SVG that needs no script."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Final

from sim.reports.charts.colours import BAD, GOOD, UNSURE

WIDTH, HEIGHT = 168, 30
_PAD: Final = 10.0
_COLOUR: Final = {"supported": GOOD, "refuted": BAD, "undecided": UNSURE}


@dataclass(frozen=True, slots=True)
class Interval:
    """low and high: None where the data bound the estimate on one side only."""

    estimate: float | None
    low: float | None
    high: float | None
    threshold: float
    operator: str
    verdict: str


def spark(shown: Interval) -> str:
    """The estimate as a dot on its interval, the threshold as a line, the promised side shaded.

    Empty where there is no estimate. The scale is the row's own.
    """
    if shown.estimate is None or not isfinite(shown.estimate):
        return ""
    ends = [shown.estimate, shown.threshold, *(v for v in (shown.low, shown.high) if v is not None)]
    low, high = min(ends), max(ends)
    span = (high - low) or abs(high) or 1.0

    def x(value: float) -> float:
        return round(_PAD + (value - low) / span * (WIDTH - 2 * _PAD), 1)

    if shown.low is None and shown.high is None:
        # No interval: the estimate stands alone.
        left = right = x(shown.estimate)
    else:
        left = x(shown.low) if shown.low is not None else 0.0
        right = x(shown.high) if shown.high is not None else float(WIDTH)
    return _drawn(x(shown.threshold), left, right, x(shown.estimate), shown)


def _drawn(mark: float, left: float, right: float, dot: float, shown: Interval) -> str:
    colour = _COLOUR.get(shown.verdict, UNSURE)
    below = shown.operator.startswith("<")
    start, width = (0.0, mark) if below else (mark, round(WIDTH - mark, 1))
    middle = HEIGHT / 2
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}">'
        f'<rect x="{start}" y="3" width="{width}" height="{HEIGHT - 6}" fill="{GOOD}" '
        'fill-opacity="0.13"/>'
        f'<line x1="{mark}" x2="{mark}" y1="1" y2="{HEIGHT - 1}" stroke="currentColor" '
        'stroke-width="1.5" stroke-dasharray="3 2"/>'
        f'<line x1="{left}" x2="{right}" y1="{middle}" y2="{middle}" stroke="{colour}" '
        'stroke-width="4" stroke-linecap="round" stroke-opacity="0.55"/>'
        f'<circle cx="{dot}" cy="{middle}" r="5" fill="{colour}"/></svg>'
    )
