"""One replication at one point: every arm with the same luck as at every other point."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import Final

from sim.assumptions.axes import axes_of
from sim.assumptions.points import Point, scenario_at
from sim.run import HELD, Plan, as_child, facts_of
from sim.run_folder import Json
from sim.scenario import Scenario
from sim.world import resolve
from system.errors import InputError

OK: Final = "ok"
# The model refuses the point: its values do not fit together.
OUTSIDE: Final = "outside"
FAILED: Final = "failed"


@dataclass(frozen=True, slots=True)
class Sweep:
    """What every point of a map shares. Both arms see the plan's seed at every point.

    population_scale: of the scenario's counts, 0..1, so that many points can be afforded.
    """

    plan: Plan
    points: int
    replications: int
    population_scale: float


@dataclass(frozen=True, slots=True)
class PointJob:
    """One replication at one point, by a worker of this parent."""

    sweep: Sweep
    point: Point
    replication: int
    parent_pid: int


def work_point(job: PointJob) -> Json:
    """``attempt_point`` in a worker of this machine."""
    as_child(job.parent_pid)
    return attempt_point(job)


def attempt_point(job: PointJob) -> Json:
    """The record of one replication at one point; a refusal and a failure are records too.

    Unlike a study's first replication it runs on one wiring only: a map asks about assumptions.
    """
    record: Json = {"point": job.point.name, "replication": job.replication}
    plan = job.sweep.plan
    try:
        scenario = scenario_at(
            plan.scenario, axes_of(plan.scenario), job.point, job.sweep.population_scale
        )
        return record | {"status": OK, "arms": _arms(plan, scenario, job.replication)}
    except InputError as error:
        return record | {"status": OUTSIDE, "field": error.field, "detail": error.remedy}
    except Exception as error:  # a failed run is a record, not a hole in the table
        return record | {
            "status": FAILED,
            "field": "",
            "detail": "".join(traceback.format_exception(error)),
        }


def _arms(plan: Plan, scenario: Scenario, replication: int) -> Json:
    model = resolve(plan.model)
    arms = {}
    for task in plan.at(scenario).tasks(replication):
        facts = facts_of(plan, task, model(task))
        broken = {name: state for name, state in facts["invariants"].items() if state != HELD}
        arms[task.arm] = {
            "digest": facts["digest"],
            "metrics": facts["metrics"],
            "broken": broken,
        }
    return arms
