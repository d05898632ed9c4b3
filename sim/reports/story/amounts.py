"""Figures as the report's reader writes them."""

from __future__ import annotations

import re
from typing import Final

from sim.reports.figures import figure
from sim.reports.story.tongue import Tongue
from sim.run_folder import Json

_ZH: Final = {"d": "天", "h": "小时", "min": "分钟", "s": "秒", "pt": "个百分点"}
_UNIT: Final = re.compile(r"(?<=\d) (d|h|min|s|pt)\b")


def amount(value: float | None, unit: str, say: Tongue) -> str:
    """ "1.8 d" or "1.8 天"; a dash where it is undefined."""
    return with_units(figure(value, unit), say.lang)


def with_units(text: str, lang: str) -> str:
    """The figures of a text with their units in ``lang``: "1.8 d" as "1.8 天"."""
    return _UNIT.sub(lambda found: f" {_ZH[found[1]]}", text) if lang == "zh" else text


def span(low: float | None, high: float | None, unit: str, say: Tongue) -> str:
    """An interval; an open end where the data bound one side only, words where they bound none."""
    if low is None and high is None:
        return say.word("no_interval")
    ends = ("…" if end is None else amount(end, unit, say) for end in (low, high))
    return " – ".join(ends)


def with_interval(found: Json | None, say: Tongue) -> str:
    """A metric's mean and its interval, as one cell."""
    if found is None or found["mean"] is None:
        return "–"
    shown = amount(found["mean"], found["unit"], say)
    if found["ci_low"] is None:
        return shown
    return f"{shown} ({span(found['ci_low'], found['ci_high'], found['unit'], say)})"
