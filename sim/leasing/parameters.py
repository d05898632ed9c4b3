"""The scenario's numbers, read once and typed: the world's, the troubles' and the lessor's.

A field has the name of a parameter in ``sim/scenarios/leasing.toml``, where its meaning, source and
range stand. An arm may override any of them under the same name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from sim.calendar import UTC_OFFSET_S
from sim.leasing.fleet import CLASSES
from sim.leasing.lessor_parameters import LESSOR_BOUNDS, LessorParameters
from sim.leasing.terms import MONTHS
from sim.leasing.trouble_parameters import TROUBLE_BOUNDS, TroubleParameters
from sim.leasing.world_parameters import WORLD_BOUNDS, Floats, Wholes, WorldParameters
from sim.scenario import Scenario
from system.limits import DAY_S

PROCESSES: Final = ("fixed", "usage")
_BOUNDS: Final = {**WORLD_BOUNDS, **TROUBLE_BOUNDS, **LESSOR_BOUNDS}
_PARTS: Final = (WorldParameters, TroubleParameters, LessorParameters)


@dataclass(frozen=True, slots=True)
class Parameters:
    world: WorldParameters
    trouble: TroubleParameters
    lessor: LessorParameters


# Settings of an arm that are no parameters.
_SETTINGS = ("process", "faults")


def parameters_of(scenario: Scenario, arm: str) -> Parameters:
    """The parameters of one arm. Raises InputError for a missing, ill-typed or unusable one."""
    reader = _Reader(scenario, arm)
    kinds = {field.name: field.type for part in _PARTS for field in fields(part)}
    reader.check_known(kinds)
    typed = {name: reader.typed(name, kind) for name, kind in kinds.items()}
    reader.check_bounds(typed)
    reader.check_relations(typed)

    def of(part: Any) -> Any:
        return part(**{field.name: typed[field.name] for field in fields(part)})

    return Parameters(of(WorldParameters), of(TroubleParameters), of(LessorParameters))


class _Reader:
    """One arm's values, with the place of each for errors."""

    def __init__(self, scenario: Scenario, arm: str) -> None:
        self._scenario, self._arm = scenario, arm
        self._values: dict[str, Any] = {n: p.value for n, p in scenario.parameters.items()}
        own = scenario.arms[arm]
        self._values.update((n, value) for n, value in own.items() if n not in _SETTINGS)

    def refuse(self, name: str, value: object, remedy: str) -> Exception:
        own = name in self._scenario.arms[self._arm]
        place = ("arms", self._arm, name) if own else ("parameters", name)
        return self._scenario.refuse(place, value, remedy)

    def check_known(self, kinds: Mapping[str, Any]) -> None:
        for name, value in self._values.items():
            if name not in kinds:
                raise self.refuse(name, value, "remove it: the model ignores it")

    def typed(self, name: str, kind: Any) -> Any:
        """The value as the declared type. A whole number is a fine float; nothing else converts."""
        if name not in self._values:
            raise self.refuse(name, None, "add it with a value, source and range")
        value = self._values[name]
        if kind is float and type(value) is int:
            return float(value)
        if kind == Floats and isinstance(value, tuple):
            return tuple(float(one) for one in value)
        fits = type(value) is kind
        if kind == Wholes:
            fits = isinstance(value, tuple) and all(type(one) is int for one in value)
        if not fits:
            word = {int: "a whole number", float: "a number"}.get(kind, "a list of numbers")
            raise self.refuse(name, value, f"give {word}")
        return value

    def check_bounds(self, typed: Mapping[str, Any]) -> None:
        for name, (low, high) in _BOUNDS.items():
            value = typed[name]
            for number in value if isinstance(value, tuple) else (value,):
                if not low <= number <= high:
                    raise self.refuse(name, number, f"the model needs {low} to {high}: change it")

    def check_relations(self, typed: Mapping[str, Any]) -> None:
        for name, value in typed.items():
            if name.endswith("_classes") and len(value) != len(CLASSES):
                raise self.refuse(name, value, f"give {len(CLASSES)} numbers, one per class")
        if (typed["start_s"] + UTC_OFFSET_S) % DAY_S:
            remedy = "write the UTC second of a local midnight (UTC+8)"
            raise self.refuse("start_s", typed["start_s"], remedy)
        for name in ("poll_s", "heartbeat_s"):
            if typed[name] % 1_800 or DAY_S % typed[name]:
                raise self.refuse(name, typed[name], "write half hours that divide a day")
        edges, prices = typed["usage_edge_hours_options"], typed["usage_price_ratio_options"]
        if len(edges) != len(prices) or edges[0] != 0 or list(edges) != sorted(set(edges)):
            remedy = "write rising hours from 0 on, one per price"
            raise self.refuse("usage_edge_hours_options", edges, remedy)
        if len(typed["usage_season_ratio_options"]) != MONTHS:
            value = typed["usage_season_ratio_options"]
            raise self.refuse("usage_season_ratio_options", value, "give 12 ratios, January first")
        for name in ("burn_fault_ratio", "leak_share_per_day"):
            if typed[f"{name}_min"] > typed[f"{name}_max"]:
                remedy = "the least is above the most: change one"
                raise self.refuse(f"{name}_min", typed[f"{name}_min"], remedy)
