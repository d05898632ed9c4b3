"""Small leasing scenarios, and arms of them that tests share: each is run once."""

from functools import cache

from sim.leasing.model import setting_of
from sim.leasing.stage import Stage
from sim.scenario import Scenario, apply, load
from sim.world import Task

SMALL = (
    "populations.machine.count=40",
    "populations.contractor.count=25",
    "horizon_days=90",
    "warmup_days=30",
)


@cache
def small(*overrides: str) -> Scenario:
    return apply(load("leasing"), [*SMALL, *overrides])


def task(arm: str, *overrides: str, wiring: str = "columns", store: str = "memory") -> Task:
    return Task(small(*overrides), arm, 0, wiring, "revm", store)


@cache
def finished(arm: str, *overrides: str, replication: int = 0) -> Stage:
    """The arm at its end, its books still open for questions."""
    stage = Stage(setting_of(small(*overrides), arm, replication), "memory")
    stage.run()
    return stage
