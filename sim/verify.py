"""Whether a run folder is what it says: the seal, and all that can be computed again from it.

The seal (SHA256SUMS) finds what was changed without a new seal. Who seals again after a change
meets the other checks: they rebuild each figure from the replications' records, and the records'
digests from the events. Only ``rerun`` can tell whether the events are those of the scenario.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow.compute as pc
import pyarrow.parquet as pq

from sim.assumptions.study import map_differs
from sim.findings import claims_of, judgements, units_of
from sim.looks import ALPHA
from sim.pilot import Pilot, read_summary, summary
from sim.pools.base import WorkerDied
from sim.pools.local import in_processes
from sim.prepare import looks_of, more_looks
from sim.run import Job, Plan, StageFailed, replicate
from sim.run_document import RUNNING
from sim.run_folder import Json, RunFolder, metrics_table, plain
from sim.scenario import apply
from sim.study import Study, findings
from sim.trace import EventLog, first_difference, log_of
from system.errors import InputError

# Verdict figures pass through log and exp, whose last digit differs by machine.
FIGURE_TOLERANCE = 1e-9
DAMAGES = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, InputError)


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
    checks: dict[str, Callable[[], str]] = {
        "plain_files": lambda: "".join(f"{name} is no plain file" for name in folder.strays()[:1]),
        "seal": lambda: differing_sums(folder.sealed_sums(), folder.sealable_sums()),
        "file_sums": lambda: differing_sums(run["files"], folder.sums()),
        "records": lambda: next(_misplaced(study.plan, folder), ""),
        "event_digests": lambda: next(_events_that_differ(study.plan, folder), ""),
        "metrics_table": lambda: _metrics(folder),
        "verdicts": lambda: _verdicts(study),
        "seed": lambda: _same(study.plan.scenario.seed, run["seed"]),
        "alpha": lambda: _same(ALPHA, run["alpha"]),
        "looks": lambda: _looks(study),
        "overrides": lambda: _overrides(study),
        **({"map": lambda: map_differs(study)} if folder.map_status() is not None else {}),
        **{_row(key): _finding(study, run, key) for key in _FOUND},
    }
    return [_check(name, look) for name, look in checks.items()]


def verify_pilot(pilot: Pilot) -> Check:
    """Whether pilot.json says what its runs say."""

    def look() -> str:
        runs, recorded = pilot.runs(), read_summary(pilot.path)
        found = summary(runs)
        return next(filter(None, (_same(found[key], recorded.get(key)) for key in found)), "")

    return _check("pilot", look)


def rerun(study: Study, workers: int, on_progress: Callable[[int], None]) -> Check:
    """Simulate every replication again; the detail names the first event that differs."""
    try:
        numbers = [number for number, _ in study.folder.numbered_records()]
    except DAMAGES as error:
        return Check("rerun", False, f"cannot be read: {error!r}")
    jobs = [Job(study.plan, number, study.folder.path, os.getpid()) for number in numbers]
    found: dict[int, str] = {}
    for job, result in in_processes(rerun_one, jobs, study.plan.at_most() or workers):
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
    recorded = dict(folder.numbered_records())[job.replication]
    try:
        record, logs, _ = replicate(job.plan, job.replication)
    except StageFailed as failed:
        return f"failed at {failed.stage}: {failed.__cause__}"
    try:
        for arm, log in logs.items():
            difference = first_difference(_log(folder, job.replication, arm), log)
            if difference is not None:
                return f"arm {arm}, {difference}"
    except DAMAGES as error:
        return f"its events cannot be read: {error!r}"
    return _same(plain(record), recorded)


def _check(name: str, look: Callable[[], str]) -> Check:
    """A damaged file is a finding, not a crash."""
    try:
        detail = look()
    except DAMAGES as error:
        detail = f"cannot be read: {error!r}"
    return Check(name, not detail, detail)


def differing_sums(recorded: dict[str, str], found: dict[str, str]) -> str:
    for name in sorted(recorded.keys() | found.keys()):
        if name not in found:
            return f"{name} is missing"
        if name not in recorded:
            return f"{name} was added"
        if recorded[name] != found[name]:
            return f"{name} was changed"
    return ""


def _misplaced(plan: Plan, folder: RunFolder) -> Iterator[str]:
    """Records that are not of the replication or of the arms that they should be of."""
    for number, record in folder.numbered_records():
        if record["replication"] != number:
            yield f"the record of replication {number} is that of {record['replication']}"
        if tuple(record["arms"]) != plan.arms:
            yield f"replication {number} has the arms {', '.join(record['arms'])}"


def _events_that_differ(plan: Plan, folder: RunFolder) -> Iterator[str]:
    for record in folder.records():
        number = record["replication"]
        for arm, facts in record["arms"].items():
            log = _log(folder, number, arm)
            if log.digest(plan.digest_prefix(arm, number)) != facts["digest"]:
                yield f"replication {number}, arm {arm}: its events do not give its digest"
            if len(log) != facts["events"]:
                yield f"replication {number}, arm {arm}: {len(log)} events, not {facts['events']}"


def _log(folder: RunFolder, replication: int, arm: str) -> EventLog:
    events = folder.events(replication)
    return log_of(events.filter(pc.equal(events["arm"], arm)))


def _metrics(folder: RunFolder) -> str:
    records = folder.records()
    stored = pq.read_table(folder.path / "metrics.parquet")
    if stored.equals(metrics_table(records, units_of(records))):
        return ""
    return "metrics.parquet is not what the replication records give"


def _verdicts(study: Study) -> str:
    scenario, records = study.plan.scenario, study.folder.records()
    found = plain(claims_of(scenario, judgements(scenario, records, study.alpha_at(len(records)))))
    document = study.folder.read_claims_document()
    if list(document) != ["claims"] or len(document["claims"]) != len(found):
        return "claims.json holds other things than the scenario's claims"
    for now, then in zip(found, document["claims"], strict=True):
        for key in (*now, *(key for key in then if key not in now)):
            if key not in then or key not in now:
                return f"claim {now['id']}: {key} {'is missing' if key in now else 'was added'}"
            if not _close(now[key], then[key]):
                return f"claim {now['id']}: {key} is {now[key]}, not {then[key]}"
    return ""


def _close(left: object, right: object) -> bool:
    if isinstance(left, float) and isinstance(right, int | float):
        return math.isclose(left, right, rel_tol=FIGURE_TOLERANCE, abs_tol=FIGURE_TOLERANCE)
    return left == right


def _looks(study: Study) -> str:
    """The scenario's looks, those of one replication alone, or those of an extension."""
    if study.extended_from:
        more = more_looks(study.plan.scenario, study.extended_from[-1])
        return "" if study.open_looks() == more else _same(_spans(more), _spans(study.looks))
    alone = looks_of(study.plan.scenario, study.looks[0].start)
    planned = looks_of(study.plan.scenario, None)
    return "" if study.looks in (planned, alone) else _same(_spans(planned), _spans(study.looks))


def _spans(looks: Sequence[range]) -> list[list[int]]:
    return [[numbers.start, numbers.stop] for numbers in looks]


def _overrides(study: Study) -> str:
    """What was changed in the scenario has been changed: changing it again gives the same."""
    again = apply(study.plan.scenario, study.overrides)
    if again.digest() == study.plan.scenario.digest():
        return ""
    return f"{', '.join(study.overrides)}: the scenario as run does not have it so"


# run.json's keys that follow from the records.
_FOUND = ("status", "digest", "replications", "failed", "invariants", "events")


def _row(key: str) -> str:
    return "study_digest" if key == "digest" else key


def _finding(study: Study, run: Json, key: str) -> Callable[[], str]:
    return lambda: _same(plain(findings(study)[key]), run[key])


def _same(found: object, recorded: object) -> str:
    return "" if found == recorded else f"gives {found}, recorded is {recorded}"
