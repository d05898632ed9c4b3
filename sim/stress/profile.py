"""Profiles and thresholds: packaged data, which a file of the user's may replace in part."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from sim.stress.arrivals import Phase, Shape, festival_factor
from system.errors import InputError

STREAMS: Final = ("money", "decisions", "financing", "telemetry", "alerts")
# Beside others a stream has a third of the rate that it must bear alone.
ALONE_FACTOR: Final = 3.0


@dataclass(frozen=True, slots=True)
class Profile:
    """held_until: share of the run in which thresholds count.  spikes: share of the run
    from and to which the load is above what must be borne.  kills: at random, of the bank's
    processes in turn.  faults: one of each kind, spread over the run.
    """

    name: str
    duration_s: float
    shape: Shape
    held_until: float
    spikes: tuple[float, float] | None
    kills: int
    faults: tuple[str, ...]


@cache
def _packaged() -> dict[str, Any]:
    text = files("sim.stress").joinpath("profiles.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def names() -> list[str]:
    """Of all profiles."""
    return list(_packaged()["profiles"])


def profile(name: str, duration_s: float | None) -> Profile:
    """A profile, over its own duration or this one. Raises InputError for an unknown name."""
    held = _packaged()["profiles"].get(name)
    if held is None:
        raise InputError("profile", name, f"use one of {', '.join(names())}")
    shape = [
        Phase(until, festival_factor() if factor == "festival" else float(factor))
        for until, factor in held["factors"]
    ]
    spikes = held.get("spikes")
    return Profile(
        name,
        float(held["duration_s"]) if duration_s is None else duration_s,
        shape,
        float(held.get("held_until", 1.0)),
        (float(spikes[0]), float(spikes[1])) if spikes else None,
        int(held.get("kills", 0)),
        tuple(held.get("faults", ())),
    )


def rates_per_s(factor: float, only: str | None) -> dict[str, float]:
    """Arrivals a second of each stream. only: this stream alone, at the rate that it must bear.

    Raises InputError for an unknown stream.
    """
    rates = {name: float(rate) * factor for name, rate in _packaged()["rates_per_s"].items()}
    if only is None:
        return rates
    if only not in STREAMS:
        raise InputError("only", only, f"use one of {', '.join(STREAMS)}")
    # Alerts come with readings: alone they would be nobody's load.
    kept = (only, "alerts") if only == "telemetry" else (only,)
    return {
        name: rate * (1.0 if name == "alerts" else ALONE_FACTOR)
        for name, rate in rates.items()
        if name in kept
    }


def thresholds(file: Path | None) -> Mapping[str, float]:
    """What must hold. Raises InputError for a file that cannot be read or names what is not."""
    usual: dict[str, float] = dict(_packaged()["thresholds"])
    if file is None:
        return usual
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        remedy = f"give a TOML file that can be read: {error}"
        raise InputError("thresholds", str(file), remedy) from None
    table = given.get("thresholds", given)
    for name, value in table.items():
        if name not in usual:
            raise InputError("thresholds", name, f"use {', '.join(usual)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise InputError(f"thresholds.{name}", value, "give a number of 0 or more")
    return {**usual, **table}
