"""Small receivables runs with faults, for tests."""

from functools import cache
from typing import Any

from sim.receivables.model import simulate_receivables
from sim.scenario import Scenario, scenario_of
from sim.world import Outcome, Task
from tests.sim.receivables_builders import small

BY_RAIL = {"pays_by_rail": True}
SETTINGS = ("horizon_days=40", "warmup_days=5")


def fault(kind: str, severity: float = 0.3, **when: float) -> dict[str, Any]:
    """One entry of [[faults]]; from day 5 to day 35 if nothing else is said."""
    span = when or {"at": 5, "for": 30}
    return {"kind": kind, "severity": severity, **span}


def with_faults(*faults: dict[str, Any], arm: dict[str, Any] | None = None) -> Scenario:
    """The small scenario with these faults; ``arm``: further settings of the chain arm."""
    data = small(*SETTINGS).as_data()
    data["faults"] = list(faults)
    data["arms"]["chain"].update(arm or {})
    return scenario_of(data, "test")


def outcome(scenario: Scenario, arm: str = "chain") -> Outcome:
    return simulate_receivables(Task(scenario, arm, 0, "columns", "revm", "memory"))


@cache
def calm(by_rail: bool = False) -> Outcome:
    """The undisturbed run."""
    return outcome(with_faults(arm=BY_RAIL if by_rail else None))


def broken(of: Outcome) -> dict[str, str]:
    return {name: state for name, state in of.invariants.items() if state != "held"}
