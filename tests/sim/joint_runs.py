"""Tiny runs of the joint economy."""

from sim.joint.bank import JointBank
from sim.joint.economy import JointEconomy
from sim.joint.model import run_joint, simulate_joint
from sim.scenario import apply, load
from sim.world import Outcome, Task

TINY = (
    "horizon_days=45",
    "warmup_days=5",
    "populations.core.count=2",
    "populations.tier1.count=4",
    "populations.tier2.count=3",
    "populations.tier3.count=2",
    "parameters.core_failure_days=70",
    "parameters.cash_buffer_days_p50=10",
)
# Everybody agrees to be watched, and a core slides long enough for it to be seen.
WATCHED = ("parameters.consent_share=1", "parameters.core_slide_days=60")
MEMORY = ("memory",) * 4


def task(scenario: str, arm: str, *overrides: str, wiring: str = "columns") -> Task:
    evm, store = {"columns": ("revm", "memory"), "full": ("embedded", "sqlite")}[wiring]
    return Task(apply(load(scenario), [*TINY, *overrides]), arm, 0, wiring, evm, store)


def simulated(scenario: str, arm: str, *overrides: str) -> Outcome:
    return simulate_joint(task(scenario, arm, *overrides))


def ended(arm: str, *overrides: str) -> tuple[JointEconomy, JointBank]:
    """A contagion run to its end. The caller closes the bank."""
    return run_joint(task("joint-contagion", arm, *overrides), MEMORY)
