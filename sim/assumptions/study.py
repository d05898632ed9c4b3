"""The map of a study's assumptions: run what is missing, look, halve the lines, close.

Its state is the set of records in the run folder. A record depends on its point and replication
only, so a map that was interrupted goes on, and one that is finished grows by more points.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

from sim.assumptions.axes import Axis, axes_of
from sim.assumptions.break_even import wanted
from sim.assumptions.document import map_document, points_table, spec_of
from sim.assumptions.points import (
    BASE,
    Point,
    base_point,
    design,
    designed_points,
    line_place,
    line_point,
)
from sim.assumptions.readings import Reading, line_replications, readings, seen_on_line
from sim.assumptions.store import MapStore, map_digest
from sim.assumptions.work import OUTSIDE, PointJob, Sweep, attempt_point, work_point
from sim.pools.base import Pool, WorkerDied
from sim.run_document import OK, PARTIAL, RUNNING
from sim.run_folder import plain
from sim.study import Study, close, reopened
from system.errors import InputError

Json = dict[str, Any]
Task = tuple[Point, int]
FIGURE_TOLERANCE: Final = 1e-5


@dataclass(frozen=True, slots=True)
class MapWish:
    """What the user asks for; None: as the map was begun, or the default."""

    asked: bool = False
    points: int | None = None
    replications: int | None = None
    population_scale: float | None = None


@dataclass(frozen=True, slots=True)
class Map:
    """A sweep, and the study in whose folder it is kept."""

    study: Study
    sweep: Sweep

    @property
    def store(self) -> MapStore:
        return MapStore(self.study.folder.path)


def map_of(study: Study, wish: MapWish) -> Map | None:
    """The map that is asked for, or that the study's folder holds already; None for neither.

    A map may grow in points and replications; its populations stay. Raises InputError.
    """
    begun = study.folder.read_map()
    if begun is None and not wish.asked:
        return None
    plan = study.plan.scenario.map
    spec: Json = {
        "points": plan.points,
        "replications": plan.replications,
        "population_scale": 1.0,
    }
    spec |= begun["spec"] if begun else {}
    scale = wish.population_scale or spec["population_scale"]
    if begun and scale != spec["population_scale"]:
        remedy = f"the map was begun with {spec['population_scale']}: go on with that"
        raise InputError("--map-scale", scale, remedy)
    sweep = Sweep(
        plan=study.plan,
        points=wish.points or spec["points"],
        replications=wish.replications or spec["replications"],
        population_scale=scale,
    )
    if not axes_of(study.plan.scenario):
        remedy = "no parameter is assumed or has a range, so there is nothing to map"
        raise InputError("--map", study.plan.scenario.name, remedy)
    return Map(study, sweep)


def conduct_map(found: Map, pool: Pool, on_progress: Callable[[int, int], None]) -> None:
    """Run what is missing of the map and close the folder with it.

    on_progress gets the number of finished runs and how many are planned so far. Raises InputError,
    with the map taken away again, when the model refuses the scenario as it stands;
    KeyboardInterrupt goes on upward, the folder closed with what is there.
    """
    started = perf_counter()
    axes = axes_of(found.sweep.plan.scenario)
    reopened(found.study)
    found.store.write({"status": RUNNING, "spec": spec_of(found.sweep)})
    try:
        _run_missing(found, _first(found.sweep, axes), pool, on_progress)
        read = readings(found.sweep, axes, found.store.records())
        while tasks := _on_lines(found, axes, read):
            _run_missing(found, tasks, pool, on_progress)
    except InputError:
        found.store.discard()
        close(found.study, found.study.folder.read_wall())
        raise
    except KeyboardInterrupt:
        _close(found, axes, PARTIAL, perf_counter() - started)
        raise
    _close(found, axes, OK, perf_counter() - started)


def _first(sweep: Sweep, axes: Sequence[Axis]) -> list[Task]:
    """The scenario as it stands and every designed point."""
    units = design(len(axes), sweep.plan.scenario.seed, sweep.points)
    points = [base_point(), *designed_points(axes, units)]
    return _times(points, sweep.replications)


def _on_lines(found: Map, axes: Sequence[Axis], read: Sequence[Reading]) -> list[Task]:
    """The places at which the claims' lines are to be looked at next, as far as not yet seen."""
    records = found.store.records()
    places = {}
    for reading in read:
        axis = reading.turning_axis(axes)
        if axis is not None:
            seen = seen_on_line(reading.claim, found.sweep, axis, records)
            places.update({(axis.name, at): (axis, at) for at in wanted(axis, seen)})
    points = [line_point(*places[key]) for key in sorted(places)]
    tasks = _times(points, line_replications(found.sweep))
    return [task for task in tasks if (task[0].name, task[1]) not in records]


def _times(points: Iterable[Point], replications: int) -> list[Task]:
    return [(point, number) for point in points for number in range(replications)]


def _run_missing(
    found: Map, tasks: Sequence[Task], pool: Pool, on_progress: Callable[[int, int], None]
) -> None:
    finished = found.store.records().keys()
    jobs = [
        PointJob(found.sweep, point, number, os.getpid())
        for point, number in tasks
        if (point.name, number) not in finished
    ]
    total = len(finished) + len(jobs)
    on_progress(len(finished), total)
    runs = pool.run(work_point if pool.is_here else attempt_point, jobs, found.sweep.plan.at_most())
    for done, (job, result) in enumerate(runs, 1):
        record = _lost(job, result) if isinstance(result, WorkerDied) else result
        if record["point"] == BASE and record["status"] == OUTSIDE:
            raise InputError(record["field"], None, record["detail"])
        found.store.write_record(record)
        on_progress(len(finished) + done, total)


def _lost(job: PointJob, died: WorkerDied) -> Json:
    return {
        "point": job.point.name,
        "replication": job.replication,
        "status": "failed",
        "field": "",
        "detail": f"the worker process died: {died}",
    }


def map_differs(study: Study) -> str:
    """What of map.json the finished runs of its points do not give; empty if nothing."""
    found = map_of(study, MapWish())
    assert found is not None, "a study without a map"
    axes, recorded = axes_of(study.plan.scenario), found.store.read()
    again = plain(_document(found, axes, recorded["status"]))
    for key in again:
        if not _alike(again[key], recorded.get(key)):
            return f"map.json: {key} is not what the runs of its points give"
    return ""


def _alike(found: object, recorded: object) -> bool:
    """Figures pass through sums whose last digit differs by machine."""
    if isinstance(found, dict) and isinstance(recorded, dict):
        return found.keys() == recorded.keys() and all(
            _alike(found[key], recorded[key]) for key in found
        )
    if isinstance(found, float) and isinstance(recorded, int | float):
        return math.isclose(found, recorded, rel_tol=FIGURE_TOLERANCE, abs_tol=FIGURE_TOLERANCE)
    return found == recorded


def _document(found: Map, axes: Sequence[Axis], status: str) -> Json:
    sweep, records = found.sweep, found.store.records()
    spec = spec_of(sweep)
    head = {"status": status, "spec": spec, "digest": map_digest(spec, records)}
    return head | map_document(sweep, axes, records, readings(sweep, axes, records))


def _close(found: Map, axes: Sequence[Axis], status: str, map_s: float) -> None:
    store, sweep = found.store, found.sweep
    records = store.records()
    document = _document(found, axes, status)
    store.fold(records, points_table(sweep, _all_points(sweep, axes, records), axes, records))
    store.write(document)
    close(found.study, found.study.folder.read_wall() | {"map_s": map_s})


def _all_points(
    sweep: Sweep, axes: Sequence[Axis], records: Iterable[tuple[str, int]]
) -> list[Point]:
    """Those that were planned, and the places on lines that were looked at."""
    by_name = {axis.name: axis for axis in axes}
    places = sorted(
        place for name in {name for name, _ in records} if (place := line_place(name)) is not None
    )
    units = design(len(axes), sweep.plan.scenario.seed, sweep.points)
    return [
        base_point(),
        *designed_points(axes, units),
        *(line_point(by_name[name], at) for name, at in places if name in by_name),
    ]
