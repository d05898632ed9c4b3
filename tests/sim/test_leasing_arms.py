"""Both arms of machine leasing, small: what must hold in each of them, whatever the figures."""

import numpy as np
import pytest

from sim.leasing.audit import audit_stage, journal_of
from sim.leasing.lease_desk import NO_LEASE
from sim.leasing.model import simulate_leasing
from sim.leasing.work import NOWHERE
from sim.metrics import catalog
from sim.metrics.leasing import measure
from sim.trace import first_difference
from tests.sim.leasing_runs import finished, small, task

ARMS = ("fixed", "usage")


@pytest.mark.parametrize("arm", ARMS)
def test_every_invariant_of_the_scenario_holds(arm: str) -> None:
    stage = finished(arm)
    verdicts = audit_stage(stage, journal_of(stage))
    assert set(verdicts.values()) == {"held"}
    assert verdicts.keys() == set(small().expect) - {"wirings_agree"}


@pytest.mark.parametrize("arm", ARMS)
def test_every_metric_of_the_arm_is_in_the_catalogue(arm: str) -> None:
    stage = finished(arm)
    values = measure(stage, journal_of(stage))
    assert [name for name in values if catalog.find(name) is None] == []
    assert values["engine_hours_per_machine_month"] is not None


@pytest.mark.slow
def test_the_same_task_tells_the_same_story() -> None:
    first, again = (simulate_leasing(task("usage")) for _ in range(2))
    assert first_difference(first.log, again.log) is None
    assert first.metrics == again.metrics


def test_both_arms_meet_the_same_machines_projects_and_weather() -> None:
    fixed, usage = (finished(arm).world for arm in ARMS)
    assert (fixed.fleet.value_fen == usage.fleet.value_fen).all()
    assert (fixed.projects.hours == usage.projects.hours).all()
    assert (fixed.projects.pays == usage.projects.pays).all()
    assert (fixed.economy.wet == usage.economy.wet).all()


@pytest.mark.parametrize("arm", ARMS)
def test_a_machine_has_one_contract_at_a_time(arm: str) -> None:
    service = finished(arm).system.leases
    leases = service.view(("machine", "from_day", "end_day"), slice(0, service.leases))
    order = np.lexsort((leases["from_day"], leases["machine"]))
    same = np.diff(leases["machine"][order]) == 0
    ends, begins = leases["end_day"][order][:-1], leases["from_day"][order][1:]
    assert same.any()
    assert (ends[same] > 0).all()
    assert (ends[same] <= begins[same]).all()


@pytest.mark.parametrize("arm", ARMS)
def test_machines_without_a_contract_do_not_run(arm: str) -> None:
    stage = finished(arm)
    machines = stage.world.economy.machines
    held = (machines.lessee != NOWHERE) & ~machines.gone
    assert held.any()
    assert (stage.desk.lease_of[held] != NO_LEASE).all()
    assert (machines.place[machines.lessee == NOWHERE] == NOWHERE).all()


def test_the_fixed_arm_has_no_readings_and_no_alerts() -> None:
    stage = finished("fixed")
    assert stage.readings_count == 0
    assert stage.alerts() == []


@pytest.mark.slow
@pytest.mark.parametrize("arm", ARMS)
def test_both_wirings_agree_on_alerts_and_rent_to_the_fen(arm: str) -> None:
    columns = simulate_leasing(task(arm))
    full = simulate_leasing(task(arm, wiring="full", store="sqlite"))
    assert first_difference(columns.log, full.log) is None
    assert columns.metrics == full.metrics
