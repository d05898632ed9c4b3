"""Small leasing runs with faults, for tests."""

from functools import cache
from typing import Any

from sim.leasing.model import simulate_leasing
from sim.scenario import Scenario, apply, load, scenario_of
from sim.world import Outcome, Task

_SIZES = (
    "populations.machine.count=12",
    "populations.contractor.count=8",
    "horizon_days=20",
    "warmup_days=10",
)


def leasing_with(*faults: dict[str, Any]) -> Scenario:
    data = apply(load("leasing"), _SIZES).as_data()
    data["faults"] = list(faults)
    return scenario_of(data, "test")


def outcome(scenario: Scenario, wiring: str = "columns", arm: str = "usage") -> Outcome:
    return simulate_leasing(Task(scenario, arm, 0, wiring, "revm", "memory"))


@cache
def calm() -> Outcome:
    """The undisturbed run."""
    return outcome(leasing_with())
