"""Changing a scenario from outside: ``--set path=value`` and ``--with FILE``.

Both work on the scenario's data and have the result parsed again, so that a changed scenario meets
exactly the checks that a written one meets.
"""

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from sim.scenario_parse import Data, Place, nearest, parse, parse_parameter
from sim.scenario_records import Document, Parameter, Scenario
from system.errors import InputError

COMMAND_LINE = "--set"
BY_HAND = "set by hand"


def overridden(scenario: Scenario, overrides: Sequence[str]) -> Scenario:
    """The scenario with each ``path=value`` set. Raises InputError."""
    data = scenario.as_data()
    document = scenario.document
    for override in overrides:
        path, equals, text = override.partition("=")
        if not equals:
            raise InputError(COMMAND_LINE, override, "write path=value")
        document = document.changed(_set(data, path.strip(), text.strip()), COMMAND_LINE)
    return parse(data, document)


def capped(scenario: Scenario) -> Scenario:
    """The scenario no larger than it runs on both wirings; itself where it is small enough.

    Raises InputError at a cap on something that is not there.
    """
    return _capped(scenario, scenario.on_both_wirings, ("on_both_wirings",))


def map_sized(scenario: Scenario) -> Scenario:
    """The scenario no larger than it is mapped; itself where it is small enough.

    Raises InputError at a cap on something that is not there.
    """
    return _capped(scenario, scenario.map.caps, ("map", "caps"))


def _capped(scenario: Scenario, caps: Mapping[str, int | float], at: Place) -> Scenario:
    for path, cap in caps.items():
        try:
            if _value(scenario.as_data(), path) > cap:
                scenario = overridden(scenario, [f"{path}={cap}"])
        except InputError as error:
            raise scenario.refuse((*at, path), cap, error.remedy) from None
    return scenario


def overlaid(scenario: Scenario, data: Data, document: Document) -> Scenario:
    """The scenario with the parameters of ``data`` laid over its own. Raises InputError."""
    for key in data:
        if key != "parameters":
            remedy = "unknown key: an overlay holds [parameters] only"
            raise document.error((key,), data[key], remedy)
    entries = data.get("parameters", {})
    if not isinstance(entries, dict):
        raise document.error(("parameters",), entries, "write a table")
    merged, place = scenario.as_data(), scenario.document
    for name, entry in entries.items():
        if name not in scenario.parameters:
            remedy = f"unknown parameter: {nearest(name, list(scenario.parameters))}"
            raise document.error(("parameters", name), entry, remedy)
        new = parse_parameter(name, entry, document)
        merged["parameters"][name] = _stretched(entry, new, scenario.parameters[name])
        place = place.changed(("parameters", name), document.file)
    return parse(merged, place)


def _stretched(entry: Data, new: Parameter, old: Parameter) -> Data:
    """The overlay's entry with the scenario's range around it, where it brings none itself."""
    if new.bounds is not None or old.bounds is None or isinstance(new.value, bool | str):
        return entry
    numbers = new.value if isinstance(new.value, tuple) else (new.value,)
    return entry | {"range": [min(old.bounds[0], *numbers), max(old.bounds[1], *numbers)]}


def _set(data: Data, path: str, text: str) -> Place:
    """Set one value in ``data``; returns where it stands there."""
    parts = path.split(".")
    if parts[0] == "parameters" and len(parts) == 2:
        parts.append("value")
    at: Place = ()
    node: Any = data
    for part in parts:
        key = _key(node, part, path)
        at, parent, node = (*at, key), node, node[key]
    if isinstance(node, dict) or (node and isinstance(node, list) and isinstance(node[0], dict)):
        raise InputError(path, text, f"names a table: go on with one of {', '.join(_names(node))}")
    parent[at[-1]] = _typed(path, text, node)
    if at[0] == "parameters" and "source" in data["parameters"][at[1]]:
        # The source vouched for another number. An assumption stays one.
        data["parameters"][at[1]]["source"] = BY_HAND
    return at


def _value(data: Data, path: str) -> Any:
    node: Any = data
    for part in path.split("."):
        node = node[_key(node, part, path)]
    if isinstance(node, bool) or not isinstance(node, int | float):
        raise InputError(path, node, "cap a number")
    return node


def _key(node: Any, part: str, path: str) -> str | int:
    """The key or index in ``node`` that this part of a path names."""
    names = _names(node)
    if part not in names:
        raise InputError(COMMAND_LINE, path, f"no {part} there: {nearest(part, names)}")
    return names.index(part) if isinstance(node, list) else part


def _names(node: Any) -> list[str]:
    """What a path may go on with: keys of a table; ids (or positions) in a list of tables."""
    if isinstance(node, dict):
        return list(node)
    if not isinstance(node, list):
        return []
    return [
        str(item.get("id", position)) if isinstance(item, dict) else str(position)
        for position, item in enumerate(node)
    ]


def _typed(path: str, text: str, old: Any) -> Any:
    """The new value, written as in TOML (quotes may be left out), of the old one's kind."""
    if isinstance(old, str):
        return text.removeprefix('"').removesuffix('"')
    try:
        new = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        raise InputError(path, text, f"write a value like {old!r}") from None
    if _kind(new) != _kind(old):
        raise InputError(path, text, f"write a value like {old!r}")
    return new


def _kind(value: Any) -> type:
    """Whole numbers and fractions are one kind here: the unit in the name decides between them."""
    return float if isinstance(value, int) and not isinstance(value, bool) else type(value)
