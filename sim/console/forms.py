"""The form of a new run: the scenario's parameters as sliders, and from a filled form to a wish."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sim.console.costs import counts_of
from sim.prepare import Wish
from sim.reports.figures import plain_number
from sim.scenario import Scenario
from sim.scenario_records import Parameter
from system.errors import InputError

PREFIX: Final = "parameters."
_STEPS: Final = 200
# Parameters that are moments (UTC seconds), not durations.
_MOMENTS: Final = ("start_s",)
# Of a whole number: more than anything counts, and few enough for any arithmetic.
_DIGITS_MAX: Final = 18


@dataclass(frozen=True, slots=True)
class Slider:
    """A number between two bounds. step: of the slider; the field beside it takes any number."""

    name: str
    value: float | int
    low: float
    high: float
    step: float
    source: str | None

    @property
    def range_text(self) -> str:
        """The range as people read it: moments as dates, large numbers with separators."""
        is_moment = self.name in _MOMENTS
        ends = (_date(end) if is_moment else plain_number(end) for end in (self.low, self.high))
        return " … ".join(ends)


def _date(at_s: float) -> str:
    return datetime.datetime.fromtimestamp(at_s, datetime.UTC).strftime("%Y-%m-%d")


def sliders(scenario: Scenario) -> list[Slider]:
    """Every parameter with a range, in the file's order."""
    return [
        _slider(parameter)
        for parameter in scenario.parameters.values()
        if parameter.bounds is not None and _is_number(parameter)
    ]


def _is_number(parameter: Parameter) -> bool:
    return isinstance(parameter.value, int | float) and not isinstance(parameter.value, bool)


def _slider(parameter: Parameter) -> Slider:
    assert parameter.bounds is not None
    assert isinstance(parameter.value, int | float)
    low, high = parameter.bounds
    whole = isinstance(parameter.value, int)
    step = (high - low) / _STEPS
    step = max(1.0, float(round(step))) if whole else step
    return Slider(parameter.name, parameter.value, low, high, step, parameter.source)


def wish_of(scenario: Scenario, form: Mapping[str, Sequence[str]]) -> Wish:
    """What a filled form asks for; only what differs from the scenario is an override.

    Raises InputError for what is not a number, and at start for what the scenario refuses.
    """
    overrides = [
        f"{PREFIX}{name}={text}"
        for name, parameter in scenario.parameters.items()
        if (text := _last(form, PREFIX + name)) and _differs(text, parameter)
    ]
    present = {"seed": scenario.seed, "horizon_days": scenario.horizon_days}
    present |= {count_field(name): count for name, count in counts_of(scenario).items()}
    overrides += [
        f"{field}={text}"
        for field, value in present.items()
        if (text := _last(form, field)) and _whole(field, text) != value
    ]
    if replications := _last(form, "replications"):
        count = _whole("replications", replications)
        overrides += [f"replications.min={count}", f"replications.max={count}"]
    arms = tuple(sorted(form.get("arms", ())))
    chosen = () if arms == tuple(sorted(scenario.arms)) else arms
    return Wish(scenario.name, overrides=tuple(overrides), arms=chosen)


def count_field(population: str) -> str:
    """The form's field, and the scenario's path, of how many actors a population has."""
    return f"populations.{population}.count"


def whole_or(form: Mapping[str, Sequence[str]], field: str, default: int) -> int:
    """A field's whole number; the default while it holds none."""
    found = whole_number(_last(form, field))
    return default if found is None else found


def whole_number(text: str) -> int | None:
    """What the text says; None for what is no whole number, or has too many digits."""
    is_one = text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX
    return int(text) if is_one else None


def _last(form: Mapping[str, Sequence[str]], name: str) -> str:
    values = form.get(name, ())
    return values[-1].strip() if values else ""


def _whole(field: str, text: str) -> int:
    found = whole_number(text)
    if found is None:
        raise InputError(field, text, f"write a whole number of at most {_DIGITS_MAX} digits")
    return found


def _differs(text: str, parameter: Parameter) -> bool:
    try:
        return float(text) != parameter.value
    except ValueError:
        raise InputError(parameter.name, text, "write a number") from None
