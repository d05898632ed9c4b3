"""Axes by the unit of what they measure."""

from __future__ import annotations

from typing import Final, Literal

from sim.run_folder import Json
from system.limits import DAY_S

_HOUR_S: Final = 3_600
_MINUTE_S: Final = 60
# Where a logarithmic axis of durations bears labels: from ten seconds to a year.
DURATION_TICKS_S: Final = (
    10,
    _MINUTE_S,
    10 * _MINUTE_S,
    _HOUR_S,
    6 * _HOUR_S,
    DAY_S,
    3 * DAY_S,
    7 * DAY_S,
    14 * DAY_S,
    30 * DAY_S,
    90 * DAY_S,
    365 * DAY_S,
)
Scale = Literal["linear", "log"]


def axis_of(unit: str, lang: str, scale: Scale = "linear") -> Json:
    """Labels that people read: "2 h", "1.5 %", "¥ 3M"."""
    if unit == "s":
        ticks = {"values": list(DURATION_TICKS_S)} if scale == "log" else {"tickCount": 6}
        return {"labelExpr": _duration(lang), **ticks}
    if unit.startswith("ratio"):
        return {"format": ".3~p" if scale == "log" else ".1~%", "tickCount": 6}
    if unit == "fen":
        sign = "(datum.value < 0 ? '−' : '')"
        label = f"{sign} + '¥' + format(abs(datum.value) / 100, '.3~s')"
        return {"labelExpr": label, "tickCount": 6}
    return {"format": ",.4~r", "tickCount": 6}


def readable(largest: float, unit: str, lang: str) -> tuple[float, str]:
    """Durations are drawn in the unit that gives round ticks: how many seconds it has, its name.

    1 and "" for what is no duration.
    """
    if unit != "s":
        return 1.0, ""
    day, hour, minute, second = _names(lang)
    for size_s, name in ((DAY_S, day), (_HOUR_S, hour), (_MINUTE_S, minute)):
        if abs(largest) >= 2 * size_s:
            return float(size_s), name
    return 1.0, second


def tooltip_format(unit: str) -> Json:
    return {"format": ".4~%"} if unit.startswith("ratio") else {"format": ",.4~r"}


def _duration(lang: str) -> str:
    day, hour, minute, second = _names(lang)
    steps = ((DAY_S, day), (_HOUR_S, hour), (_MINUTE_S, minute))
    whole = "".join(
        f"abs(datum.value) >= {size} ? format(datum.value / {size}, '.3~r') + ' {name}' : "
        for size, name in steps
    )
    return f"{whole}format(datum.value, '.3~r') + ' {second}'"


def _names(lang: str) -> tuple[str, str, str, str]:
    return ("天", "小时", "分钟", "秒") if lang == "zh" else ("d", "h", "min", "s")
