"""Figures as people read them: durations, shares, money and counts by their unit."""

from __future__ import annotations

from sim.scenario_units import unit_of
from system.limits import DAY_S
from system.money import yuan_of_fen

HOUR_S = 3_600
POINTS = "points"
MINUTE_S = 60
_PARAMETER_UNITS = {"share": "ratio", "s": "s", "fen": "fen"}
# More digits than anybody reads; only an interval of very few replications is as wide.
_LONG = 10**12


def figure(value: float | None, unit: str) -> str:
    """The value with its unit: "1.8 d", "12.3 %", "¥1,234.56"; a dash where it is undefined."""
    if value is None:
        return "–"
    if unit == "s":
        return _duration(value)
    if unit.startswith("ratio"):
        return f"{_three(value * 100)} %"
    if unit == POINTS:
        return f"{_three(value * 100, '+')} pt" if value else "0 pt"
    if unit == "fen":
        fen = round(value)
        return f"{'-' if fen < 0 else ''}¥{yuan_of_fen(abs(fen))}"
    return plain_number(value)


def parameter_figure(name: str, value: float | None) -> str:
    """A value of a scenario's parameter, whose name bears the unit."""
    return figure(value, _PARAMETER_UNITS.get(unit_of(name) or "", ""))


def _three(value: float, sign: str = "") -> str:
    """Three significant digits; whole from a thousand on, never with an exponent."""
    return f"{value:{sign},.0f}" if abs(value) >= 1_000 else f"{value:{sign}.3g}"


def claim_unit(compare: str, unit: str) -> str:
    """The unit of a claim's estimate. A difference of two shares is in percentage points."""
    if compare == "ratio":
        return ""
    return POINTS if compare == "difference" and unit.startswith("ratio") else unit


def _duration(value_s: float) -> str:
    for size_s, name in ((DAY_S, "d"), (HOUR_S, "h"), (MINUTE_S, "min")):
        if abs(value_s) >= 2 * size_s:
            return f"{value_s / size_s:.3g} {name}"
    return f"{value_s:.3g} s"


def plain_number(value: float | None) -> str:
    """Four significant digits, thousands separated; with an exponent from 10**12 on."""
    if value is None:
        return "–"
    if abs(value) >= _LONG:
        return f"{value:.3g}"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def span(low: float | None, high: float | None, unit: str) -> str:
    """An interval as "low … high"; a dash where the data bound neither side."""
    if low is None and high is None:
        return "–"
    return f"{figure(low, unit)} … {figure(high, unit)}"
