"""Interval pictures: where a claim's interval lies against its threshold, as plain SVG geometry.

Drawn on the server, so that a page is complete without a script, prints, and needs no library.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sim.run_folder import Json

WIDTH: Final = 240.0
HEIGHT: Final = 28.0
_MARGIN: Final = 12.0


@dataclass(frozen=True, slots=True)
class Picture:
    """x of the interval's ends, the estimate and the threshold in a box of WIDTH x HEIGHT."""

    low: float
    high: float
    estimate: float
    threshold: float
    holds_left: bool


def picture(claim: Json) -> Picture | None:
    """The claim's interval to scale, None where there is nothing to draw."""
    values = [claim[key] for key in ("ci_low", "ci_high", "estimate", "threshold")]
    if any(value is None for value in values):
        return None
    low, high = min(values), max(values)
    span = (high - low) or abs(high) or 1.0
    low, span = low - 0.08 * span, 1.16 * span
    at = [_MARGIN + (value - low) / span * (WIDTH - 2 * _MARGIN) for value in values]
    return Picture(at[0], at[1], at[2], at[3], claim["operator"].startswith("<"))
