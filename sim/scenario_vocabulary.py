"""Whether a scenario uses the words of its product, so that a misspelt key is never ignored."""

from collections.abc import Iterable, Mapping

from sim.fault_kinds import advice, kinds_of
from sim.scenario_parse import nearest
from sim.scenario_records import Scenario, Value

Path = tuple[str | int, ...]
Table = Mapping[str, object]
Values = Mapping[str, Value]

# What an arm of any scenario of a product may set besides: whether the scenario's faults strike it,
# how many blocks on top make a transaction final, and whether deposits are paid out by the rail.
ARM_SETTINGS: dict[str, dict[str, Value]] = {
    "receivables": {"faults": True, "confirmations_count": 0, "pays_by_rail": False},
    "credit": {"faults": True},
    "leasing": {"faults": True},
}
_KINDS = ((bool, "true or false"), (str, "a string"), (tuple, "a list of numbers"))


def check_vocabulary(scenario: Scenario, reference: Scenario) -> None:
    """Raise InputError at a key that ``reference`` does not have, or that it has and is missing.

    Arms may be named freely, and may set any setting of a reference arm or any parameter.
    """
    _check_table(scenario, ("parameters",), scenario.values, reference.values)
    _check_names(scenario, ("populations",), scenario.populations, reference.populations)
    for name, settings in scenario.populations.items():
        _check_table(scenario, ("populations", name), settings, reference.populations[name])
    for name, settings in scenario.products.items():
        if name in reference.products:
            _check_table(scenario, ("products", name), settings, reference.products[name])
    own = [ARM_SETTINGS.get(product, {}) for product in reference.products]
    words = _union([reference.values, *reference.arms.values(), *own])
    for name, settings in scenario.arms.items():
        _check_unknown(scenario, ("arms", name), settings, words)
        _check_kinds(scenario, ("arms", name), settings, words)
    _check_faults(scenario)


def _check_faults(scenario: Scenario) -> None:
    """A fault that the product's model does not play would otherwise pass without a trace."""
    # Of several products together, only the receivables' parts break.
    products = list(scenario.products) if len(scenario.products) == 1 else ["receivables"]
    known = [kind for product in products for kind in kinds_of(product)]
    for index, fault in enumerate(scenario.faults):
        if fault.kind not in known:
            remedy = f"the product knows no such fault: {advice(fault.kind, known)}"
            raise scenario.refuse(("faults", index, "kind"), fault.kind, remedy)


def _check_table(scenario: Scenario, at: Path, table: Values, reference: Values) -> None:
    _check_names(scenario, at, table, reference)
    _check_kinds(scenario, at, table, reference)


def _check_names(scenario: Scenario, at: Path, table: Table, reference: Table) -> None:
    _check_unknown(scenario, at, table, reference)
    for name in reference:
        if name not in table:
            raise scenario.refuse((*at, name), None, "missing: copy it from the packaged scenario")


def _check_unknown(scenario: Scenario, at: Path, table: Table, reference: Table) -> None:
    for name, value in table.items():
        if name not in reference:
            remedy = f"unknown key: {nearest(name, list(reference))}"
            raise scenario.refuse((*at, name), value, remedy)


def _check_kinds(scenario: Scenario, at: Path, table: Values, reference: Values) -> None:
    for name, value in table.items():
        if _kind(value) != _kind(reference[name]):
            raise scenario.refuse((*at, name), value, f"write {_kind(reference[name])}")


def _kind(value: Value) -> str:
    return next((kind for type_, kind in _KINDS if isinstance(value, type_)), "a number")


def _union(tables: Iterable[Values]) -> dict[str, Value]:
    return {name: value for table in tables for name, value in table.items()}
