"""Scenarios: load, change and list them. The file format is in docs/ADDING.md and DESIGN section 9.

A scenario is frozen data. ``apply`` and ``overlay`` give a new one that has passed every check.
The packaged scenario that bears the name of a product is that product's vocabulary: other
scenarios of the product use the same parameters, populations and settings, and no others.
"""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sim.scenario_like import completed
from sim.scenario_override import capped, map_sized, overlaid, overridden
from sim.scenario_parse import parse, read_toml
from sim.scenario_records import (
    Claim,
    Document,
    Fault,
    Parameter,
    Replications,
    Scenario,
    Settings,
    Text,
    Value,
)
from sim.scenario_vocabulary import check_vocabulary
from system.errors import InputError

__all__ = [
    "Claim",
    "Fault",
    "Parameter",
    "Replications",
    "Scenario",
    "Settings",
    "Text",
    "Value",
    "apply",
    "capped",
    "load",
    "map_sized",
    "overlay",
    "packaged",
    "scenario_of",
]

# Whose words scenarios of several products use.
_JOINT = "joint-contagion"
_PACKAGED = Path(__file__).parent / "scenarios"


def load(name_or_path: str) -> Scenario:
    """A packaged scenario by name, or a TOML file by path (which ends in .toml or has a folder).

    Raises InputError: one line with file, line number, key, value and remedy.
    """
    path = _path_of(name_or_path)
    scenario = parse(*completed(*read_toml(path), _read_packaged))
    if path.parent == _PACKAGED and scenario.name != path.stem:
        raise scenario.refuse(("name",), scenario.name, f"write the file's name: {path.stem}")
    return _checked(scenario)


def packaged() -> list[Scenario]:
    """Every packaged scenario, by name."""
    return [load(name) for name in _names()]


def scenario_of(data: dict[str, Any], file: str) -> Scenario:
    """The scenario whose ``as_data()`` was kept in ``file``. Raises InputError without a line."""
    return _checked(parse(data, Document(file)))


def apply(scenario: Scenario, overrides: Sequence[str]) -> Scenario:
    """The scenario with each ``path=value`` set, in order; checked as a whole at the end.

    ``parameters.NAME=v`` sets the value, whose source is then "set by hand" unless it was assumed;
    claims are named by id (``claims.ID.threshold``). Raises InputError.
    """
    return overridden(scenario, overrides)


def overlay(scenario: Scenario, path: str) -> Scenario:
    """The scenario with the ``[parameters]`` of a TOML file laid over its own. Raises InputError.

    An entry is written as in a scenario. One with a source may leave out its range: then the
    scenario's own range is kept, and stretched to the new value where data lie outside it.
    """
    return overlaid(scenario, *read_toml(Path(path)))


def _names() -> list[str]:
    return sorted(path.stem for path in _PACKAGED.glob("*.toml"))


def _path_of(name_or_path: str) -> Path:
    path = Path(name_or_path)
    if path.suffix == ".toml" or len(path.parts) > 1:
        return path
    if name_or_path in _names():
        return _PACKAGED / f"{name_or_path}.toml"
    near = get_close_matches(name_or_path, _names(), n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    remedy = f"{hint}packaged: {', '.join(_names()) or 'none'}; or give the path of a .toml file"
    raise InputError("scenario", name_or_path, remedy)


def _checked(scenario: Scenario) -> Scenario:
    """The scenario itself, once its words are those of its products and its caps can be met."""
    reference = _JOINT if len(scenario.products) > 1 else next(iter(scenario.products))
    if reference in _names():
        whole = completed(*_read_packaged(reference), _read_packaged)
        check_vocabulary(scenario, parse(*whole))
    capped(scenario)
    map_sized(scenario)
    return scenario


def _read_packaged(name: str) -> tuple[dict[str, Any], Document]:
    return read_toml(_path_of(name))
