"""A study: replications in parallel processes until every claim is decided, or the plan ends.

The state of a study is the set of replication records in its folder. So a study that was
interrupted, in whatever way, goes on by running what is missing; and since each record depends on
the plan and its number only, workers and order change no result.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from sim.findings import (
    UNCHECKED,
    claims_of,
    decidable,
    events_count,
    invariants_of,
    judgements,
    units_of,
)
from sim.looks import ALPHA, alpha_at
from sim.machine import machine, versions
from sim.pools.base import Pool, WorkerDied
from sim.run import AGREE, HELD, Job, Plan, attempt, failure, keep, work
from sim.run_document import FAILED, OK, PARTIAL, RUNNING
from sim.run_folder import Json, RunFolder, study_digest
from system.errors import InputError

MASK = "***"


@dataclass(frozen=True, slots=True)
class Study:
    """What to run and where.

    looks: the replication numbers up to each planned look.  overrides: what the user changed in
    the scenario, in words (the plan's scenario has them applied).  extended_from: how many
    replications there were each time that more were asked for.
    """

    plan: Plan
    folder: RunFolder
    looks: tuple[range, ...]
    overrides: tuple[str, ...]
    extended_from: tuple[int, ...] = ()

    def open_looks(self) -> tuple[range, ...]:
        """Those at which the study may still end."""
        reached = max(self.extended_from, default=0)
        return tuple(numbers for numbers in self.looks if len(numbers) > reached)

    def alpha_at(self, n: int) -> float:
        """What the look at ``n`` replications may spend."""
        return alpha_at(n, [len(numbers) for numbers in self.looks], self.extended_from)


def begin(study: Study) -> Path:
    """Create the folder and close it as partial; returns the topmost folder that was new.

    So that it can be read, and finished, before its first replication. Raises InputError.
    """
    made = study.folder.create()
    finish_beginning(study)
    return made


def finish_beginning(study: Study) -> None:
    """Close the folder as partial, however much of it is there."""
    study.folder.complete()
    close(study, _wall(perf_counter(), 0))


def conduct(study: Study, pool: Pool, on_progress: Callable[[int], None], *, fresh: bool) -> Json:
    """Run what is missing, judge, close the folder; returns run.json's content.

    on_progress gets the number of finished replications. fresh: create the folder, and take it
    away again when the model refuses the scenario (InputError). KeyboardInterrupt goes on upward
    once the folder is closed with what is there.
    """
    started = perf_counter()
    if fresh:
        study.folder.check_free()  # or an interruption would close a folder that is another's
    made = None
    try:
        made = study.folder.create() if fresh else None
        reopened(study)
        _run_to_decision(study, pool, on_progress)
    except InputError:
        if made is not None:
            shutil.rmtree(made)
        raise
    except KeyboardInterrupt:
        study.folder.complete()
        close(study, _wall(started, pool.at_once))
        raise
    return close(study, _wall(started, pool.at_once))


def _wall(started: float, workers: int) -> Json:
    return {"wall_s": perf_counter() - started, "workers": workers, **machine()}


def _run_to_decision(study: Study, pool: Pool, on_progress: Callable[[int], None]) -> None:
    """Look after each planned size; a failed replication ends the study at its look."""
    for numbers in study.open_looks():
        _run_missing(study, numbers, pool, on_progress)
        if _ends_at(study, numbers):
            return


def _ends_at(study: Study, numbers: range) -> bool:
    """Whether this look, whose replications have all ended, is the last."""
    scenario = study.plan.scenario
    # Only this look's: after an interruption, later ones may be there already.
    seen = [record for record in study.folder.records() if record["replication"] in numbers]
    found = judgements(scenario, seen, study.alpha_at(len(numbers)))
    open_claims = [
        claim.id
        for claim, judgement in zip(scenario.claims, found, strict=True)
        if judgement.verdict == "undecided" and decidable(claim, study.plan)
    ]
    return bool(study.folder.failures()) or not open_claims


def is_complete(study: Study) -> bool:
    """Whether no replication is missing up to the look at which the study ends."""
    folder = study.folder
    ended = {entry["replication"] for entry in (*folder.records(), *folder.failures())}
    for numbers in study.open_looks():
        if not ended.issuperset(numbers):
            return False
        if _ends_at(study, numbers):
            return True
    return True


def _run_missing(
    study: Study, numbers: range, pool: Pool, on_progress: Callable[[int], None]
) -> None:
    finished = {record["replication"] for record in study.folder.records()}
    on_progress(len(finished))
    jobs = [
        Job(study.plan, number, study.folder.path, os.getpid())
        for number in numbers
        if number not in finished
    ]
    # Workers elsewhere do not see the folder: what they give is kept here.
    function = work if pool.is_here else attempt
    for done, (job, result) in enumerate(pool.run(function, jobs, study.plan.at_most()), 1):
        if isinstance(result, WorkerDied):
            result = failure(job, "worker process", result)
        refusal = None if result is None else keep(job, result)
        if refusal is not None:
            raise refusal
        on_progress(len(finished) + done)


def description(study: Study) -> Json:
    """What run.json says of the study before its first replication."""
    plan = study.plan
    return {
        "run": study.folder.path.name,
        "scenario": plan.scenario.as_data(),
        "scenario_digest": plan.scenario.digest(),
        "overrides": list(study.overrides),
        "seed": plan.scenario.seed,
        "arms": list(plan.arms),
        "wiring": plan.wiring,
        "evm": plan.evm,
        "store": without_password(plan.store),
        "looks": [[numbers.start, numbers.stop] for numbers in study.looks],
        "extended_from": list(study.extended_from),
        "alpha": ALPHA,
        "versions": versions(),
    }


def without_password(store: str) -> str:
    return re.sub(r"(//[^:/@]*):[^@]*@", rf"\1:{MASK}@", store)


def findings(study: Study) -> Json:
    """What run.json says of the study once it is closed, all of it from the folder's records."""
    scenario, records, failures = (
        study.plan.scenario,
        study.folder.records(),
        study.folder.failures(),
    )
    invariants = invariants_of(scenario, records)
    mapped = study.folder.read_map() or {}
    is_broken = bool(failures or mapped.get("failed") or mapped.get("broken")) or any(
        state != HELD and not (state == UNCHECKED and _is_beyond(study, name))
        for name, state in invariants.items()
    )
    return {
        "status": _status(study, is_broken),
        "digest": study_digest(scenario.digest(), records),
        "replications": [record["replication"] for record in records],
        "failed": [failed["replication"] for failed in failures],
        "invariants": invariants,
        "events": events_count(records),
    }


def _status(study: Study, is_broken: bool) -> str:
    """A map that was begun and not finished leaves the run unfinished."""
    is_whole = is_complete(study) and study.folder.map_status() in (None, OK)
    return (FAILED if is_broken else OK) if is_whole else PARTIAL


def _is_beyond(study: Study, name: str) -> bool:
    """Whether only an arm or a replication that was left out checks this invariant.

    Then it is shown as unchecked, but breaks nothing.
    """
    if len(study.plan.arms) < len(study.plan.scenario.arms):
        return True
    return name == AGREE and 0 not in study.looks[-1]


def reopened(study: Study) -> None:
    """Mark the folder as being worked on: it is not whole until ``close``."""
    study.folder.write_run(description(study) | {"status": RUNNING})


def close(study: Study, wall: Json) -> Json:
    """Write every table and the seal from what the folder holds; returns run.json's content."""
    scenario, records = study.plan.scenario, study.folder.records()
    run = description(study) | findings(study)
    claims = claims_of(scenario, judgements(scenario, records, study.alpha_at(len(records))))
    study.folder.close(run, claims, units_of(records), wall)
    return run
