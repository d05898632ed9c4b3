"""The closed list of units in which a name may end, and what numbers each allows.

No unit is the end of another one behind an underscore, so a name has at most one.
"""

from dataclasses import dataclass
from difflib import get_close_matches
from math import inf, isfinite

from system.limits import PPM


@dataclass(frozen=True, slots=True)
class Unit:
    """Numbers from ``low`` to ``high``; only whole ones where ``whole`` holds."""

    meaning: str
    whole: bool = False
    low: float = 0
    high: float = inf


UNITS: dict[str, Unit] = {
    "s": Unit("whole seconds", whole=True),
    "days": Unit("days"),
    "fen": Unit("whole fen (1/100 yuan)", whole=True),
    "ppm": Unit("whole parts per million", whole=True, high=PPM),
    "bps": Unit("whole hundredths of a percent", whole=True, high=10_000),
    "count": Unit("a whole number of things", whole=True),
    "tier": Unit("a tier of the supply network", whole=True),
    "m": Unit("whole metres", whole=True),
    "ml": Unit("whole millilitres", whole=True),
    "hours": Unit("hours"),
    "cm": Unit("whole centimetres", whole=True),
    "weekday": Unit("Monday 0 to Sunday 6", whole=True, high=6),
    "share": Unit("a part of a whole, 0 to 1", high=1),
    "ratio": Unit("a factor, 0 or more"),
    "cv": Unit("standard deviation over mean, 0 or more"),
    "sigma": Unit("standard deviation of a logarithm, 0 or more"),
    "exponent": Unit("exponent of a power law, 0 or more"),
    "elasticity": Unit("relative change over relative change, any sign", low=-inf),
    "per_litre": Unit("how much a litre, 0 or more"),
    "per_hour": Unit("how much or how often an hour, 0 or more"),
    "per_day": Unit("how much or how often a day, 0 or more"),
    "per_month": Unit("how much or how often a month, 0 or more"),
    "per_year": Unit("how much or how often a year, 0 or more"),
}


# What may stand behind the unit: a bound, a statistic, a list to choose from, one per class.
QUALIFIERS = ("min", "max", "mean", "p50", "p90", "options", "classes")


def unit_of(name: str) -> str | None:
    """The unit in which a name ends, or None: ``delay_s``, ``delay_s_max``, ``count``."""
    stem, _, last = name.rpartition("_")
    measured = stem if last in QUALIFIERS else name
    fitting = (unit for unit in UNITS if measured == unit or measured.endswith(f"_{unit}"))
    return next(fitting, None)


def unit_advice(name: str) -> str:
    """What to call a number whose name does not end in a unit."""
    near = get_close_matches(name.rpartition("_")[2], sorted(UNITS), n=1)
    hint = f" (did you mean _{near[0]}?)" if near else ""
    return f"end the name in a unit{hint}: {', '.join(f'_{unit}' for unit in UNITS)}"


def complaint(name: str, number: float) -> str | None:
    """Why this number does not fit the unit in the name, or None."""
    unit = UNITS[unit_of(name) or ""]
    if isfinite(number) and unit.low <= number <= unit.high:
        return f"write {unit.meaning}" if unit.whole and isinstance(number, float) else None
    return f"write {unit.meaning}"
