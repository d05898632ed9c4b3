"""Small receivables scenarios for tests."""

from sim.receivables.model import simulate_receivables
from sim.scenario import Scenario, apply, load
from sim.world import WIRINGS, Outcome, Task


def small(*overrides: str) -> Scenario:
    """The packaged scenario with few firms and a short horizon."""
    return apply(
        load("receivables"),
        [
            "horizon_days=60",
            "warmup_days=10",
            "populations.core.count=2",
            "populations.tier1.count=8",
            "populations.tier2.count=8",
            "populations.tier3.count=6",
            *overrides,
        ],
    )


def run(arm: str, *overrides: str, replication: int = 0, wiring: str = "columns") -> Outcome:
    """One arm of one replication of the small scenario."""
    evm, store = WIRINGS[wiring]
    return simulate_receivables(Task(small(*overrides), arm, replication, wiring, evm, store))


def events(outcome: Outcome, kind: str) -> list[str]:
    """The subjects of all events of a kind, in total order."""
    return [event.subject for event in outcome.log.events() if event.kind == kind]
