"""The joint economy on the full wiring: SQL, py-evm, four stores."""

import pytest

from sim.checks.auditor import HELD
from sim.joint.model import simulate_joint
from tests.sim.joint_runs import task

SMALL = (
    "horizon_days=25",
    "warmup_days=2",
    "populations.core.count=1",
    "populations.tier1.count=3",
    "populations.tier2.count=1",
    "populations.tier3.count=1",
    "parameters.core_slide_days=120",
    "parameters.consent_share=1",
    "parameters.order_interval_days=5",
    "parameters.term_days_options=[30]",
)


@pytest.mark.slow
def test_all_three_products_give_the_same_events_on_both_wirings() -> None:
    fast, full = (
        simulate_joint(task("joint-contagion", "joint", *SMALL, wiring=wiring))
        for wiring in ("columns", "full")
    )
    assert set(full.invariants.values()) == {HELD}
    assert full.log.digest("") == fast.log.digest("")
    assert full.metrics == fast.metrics
