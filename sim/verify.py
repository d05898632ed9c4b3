"""Whether a run folder is what it says: sums, digests, tables, verdicts, and a re-run."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow.compute as pc
import pyarrow.parquet as pq

from sim.findings import claims_of, invariants_of, judgements, units_of
from sim.pool import WorkerDied, in_processes
from sim.run import Job, Plan, StageFailed, replicate
from sim.run_folder import Json, RunFolder, metrics_table, plain, study_digest
from sim.study import RUNNING, Study
from sim.trace import EventLog, first_difference, log_of

# Verdict figures pass through log and exp, whose last digit differs by machine.
FIGURE_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; detail says what is wrong, or is empty."""

    name: str
    held: bool
    detail: str


def verify(study: Study) -> list[Check]:
    """Every check that needs no simulation. The files speak; nothing is written."""
    folder, run = study.folder, study.folder.read_run()
    if run["status"] == RUNNING:
        remedy = f"the run was cut off: finish it with shapan run --resume {folder.path}"
        return [Check("closed", False, remedy)]
    records = folder.records()
    checks: dict[str, Callable[[], str]] = {
        "file_sums": lambda: _sums(run["files"], folder.sums()),
        "event_digests": lambda: next(_events_that_differ(study.plan, folder, records), ""),
        "study_digest": lambda: _same(
            study_digest(study.plan.scenario.digest(), records), run["digest"]
        ),
        "metrics_table": lambda: _metrics(folder, records),
        "verdicts": lambda: _verdicts(study, folder.read_claims(), records),
        "invariants": lambda: _same(invariants_of(study.plan.scenario, records), run["invariants"]),
    }
    return [_check(name, look) for name, look in checks.items()]


def rerun(study: Study, workers: int, on_progress: Callable[[int], None]) -> Check:
    """Simulate every replication again; the detail names the first event that differs."""
    numbers = [record["replication"] for record in study.folder.records()]
    jobs = [Job(study.plan, number, study.folder.path, os.getpid()) for number in numbers]
    found: dict[int, str] = {}
    for job, result in in_processes(rerun_one, jobs, study.plan.workers(workers)):
        found[job.replication] = (
            f"worker died: {result}" if isinstance(result, WorkerDied) else result
        )
        on_progress(len(found))
    differing = [
        f"replication {number}, {found[number]}" for number in sorted(found) if found[number]
    ]
    more = f" ({len(differing)} of {len(numbers)} replications differ)" if differing else ""
    return Check("rerun", not differing, (differing[0] + more) if differing else "")


def rerun_one(job: Job) -> str:
    """What differs when one replication is run again; empty if nothing does."""
    folder = RunFolder(job.folder)
    recorded = next(r for r in folder.records() if r["replication"] == job.replication)
    try:
        record, logs, _ = replicate(job.plan, job.replication)
    except StageFailed as failed:
        return f"failed at {failed.stage}: {failed.__cause__}"
    for arm, log in logs.items():
        difference = first_difference(_log(folder, job.replication, arm), log)
        if difference is not None:
            return f"arm {arm}, {difference}"
    return _same(plain(record), recorded)


def _check(name: str, look: Callable[[], str]) -> Check:
    """A damaged file is a finding, not a crash."""
    try:
        detail = look()
    except (OSError, ValueError, KeyError, TypeError) as error:
        detail = f"cannot be read: {error!r}"
    return Check(name, not detail, detail)


def _sums(recorded: dict[str, str], found: dict[str, str]) -> str:
    for name in sorted(recorded.keys() | found.keys()):
        if name not in found:
            return f"{name} is missing"
        if name not in recorded:
            return f"{name} was added"
        if recorded[name] != found[name]:
            return f"{name} was changed"
    return ""


def _events_that_differ(plan: Plan, folder: RunFolder, records: Sequence[Json]) -> Iterator[str]:
    for record in records:
        number = record["replication"]
        for arm, facts in record["arms"].items():
            log = _log(folder, number, arm)
            if log.digest(plan.digest_prefix(arm, number)) != facts["digest"]:
                yield f"replication {number}, arm {arm}: its events do not give its digest"


def _log(folder: RunFolder, replication: int, arm: str) -> EventLog:
    events = folder.events(replication)
    return log_of(events.filter(pc.equal(events["arm"], arm)))


def _metrics(folder: RunFolder, records: Sequence[Json]) -> str:
    stored = pq.read_table(folder.path / "metrics.parquet")
    if stored.equals(metrics_table(records, units_of(records))):
        return ""
    return "metrics.parquet is not what the replication records give"


def _verdicts(study: Study, stored: Sequence[Json], records: Sequence[Json]) -> str:
    scenario = study.plan.scenario
    found = plain(claims_of(scenario, judgements(scenario, records, len(study.looks))))
    for now, then in zip(found, stored, strict=True):
        for key, value in now.items():
            if not _close(value, then[key]):
                return f"claim {now['id']}: {key} is {value}, not {then[key]}"
    return ""


def _close(left: object, right: object) -> bool:
    if isinstance(left, float) and isinstance(right, int | float):
        return math.isclose(left, right, rel_tol=FIGURE_TOLERANCE, abs_tol=FIGURE_TOLERANCE)
    return left == right


def _same(found: object, recorded: object) -> str:
    return "" if found == recorded else f"gives {found}, recorded is {recorded}"
