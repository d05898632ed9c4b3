"""Leased machines behind a bad line: what the lessor is told and what lessees owe stay the same."""

import pytest

SMALL = (
    "populations.machine.count=6",
    "populations.contractor.count=4",
    "horizon_days=12",
    "warmup_days=5",
)


@pytest.fixture
def machines(shapan_scenario):
    return shapan_scenario("leasing", *SMALL)


def test_repeats_and_disorder_change_nothing(machines, shapan_fault, shapan_run):
    plan = [
        shapan_fault("mqtt_duplicated", severity=0.3, at=0, days=12),
        shapan_fault("mqtt_reordered", severity=0.3, at=0, days=12),
        shapan_fault("broker_killed", severity=0.1, at=0, days=12),
    ]
    calm = shapan_run(machines, "usage")
    struck = shapan_run(machines, "usage", plan, wiring="full")
    assert struck.log.digest() == calm.log.digest()


def test_a_day_without_a_broker_loses_no_reading(machines, shapan_fault, shapan_run):
    outage = shapan_fault("broker_down", severity=1, at=6, days=1)
    # every_reading_arrives is among the invariants that the run holds.
    assert shapan_run(machines, "usage", [outage]).runtime["fault.broker_down"] > 0
