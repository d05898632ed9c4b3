"""The packaged scenarios in which something breaks, at a size that a test can afford."""

import pytest

from sim.scenario import apply, load
from sim.world import Outcome, Task, simulate

SMALL = {
    "chain-reorg": ("horizon_days=30",),
    "rail-outage": ("horizon_days=30",),
    "broker-outage": (
        "populations.machine.count=6",
        "populations.contractor.count=4",
        "horizon_days=30",
    ),
    "feed-outage": ("populations.merchant.count=200", "populations.legacy.count=6000"),
}


def arms(name: str) -> dict[str, Outcome]:
    scenario = apply(load(name), SMALL[name])
    return {
        arm: simulate(Task(scenario, arm, 0, "columns", "revm", "memory")) for arm in scenario.arms
    }


@pytest.mark.parametrize("name", SMALL)
def test_the_struck_arm_is_struck_the_calm_one_is_not_and_every_invariant_holds(name: str) -> None:
    outcomes = arms(name)
    calm = outcomes.pop("calm")
    [struck] = outcomes.values()
    scenario = load(name)
    assert not any(fact.startswith("fault.") for fact in calm.runtime)
    assert {f"fault.{fault.kind}" for fault in scenario.faults} <= set(struck.runtime)
    assert calm.log.digest() != struck.log.digest()
    for outcome in (calm, struck):
        assert set(outcome.invariants) >= set(scenario.expect) - {"wirings_agree"}
        assert set(outcome.invariants.values()) == {"held"}
        assert {claim.metric for claim in scenario.claims} <= set(outcome.metrics)
