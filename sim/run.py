"""One replication: every arm with the same luck, in the process that is called, persisted at once.

Replication 0 also runs on the other wiring, and the two event logs must be equal. Where the
scenario is too large for that, both wirings run it once more at the size that it names.
"""

from __future__ import annotations

import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import pyarrow as pa

from sim.failure import CRASHED, Failure, breach
from sim.run_folder import Json, RunFolder, plain
from sim.scenario import Scenario, capped
from sim.scenario_draws import drawn, drawn_values
from sim.trace import EventLog, first_difference
from sim.world import WIRINGS, Outcome, Task, is_node, resolve
from system.errors import InputError

HELD = "held"
AGREE = "wirings_agree"


@dataclass(frozen=True, slots=True)
class Plan:
    """What every replication of a study shares. arms: by name, so that digests have one order.

    model: ``package.module:function`` (see sim.world).  evm, store: as in ``sim.world.Task``.
    """

    scenario: Scenario
    arms: tuple[str, ...]
    wiring: str
    evm: str
    store: str
    model: str

    def tasks(self, replication: int) -> list[Task]:
        """Every arm's, with the same drawn parameters."""
        scenario = drawn(self.scenario, replication)
        return [
            Task(scenario, arm, replication, self.wiring, self.evm, self.store) for arm in self.arms
        ]

    def at(self, scenario: Scenario) -> Plan:
        """The same plan for another scenario of the same arms and model."""
        return replace(self, scenario=scenario)

    def at_most(self) -> int | None:
        """Tasks that may run at the same time: one where all share a node, which holds one chain;
        None for any number."""
        return 1 if is_node(self.evm) else None

    def inputs_digest(self) -> str:
        """SHA-256 (hex) of all that can make two studies differ."""
        parts = (self.scenario.digest(), *self.arms, self.wiring, self.evm, self.store, self.model)
        return sha256("\n".join(parts).encode()).hexdigest()

    def digest_prefix(self, arm: str, replication: int) -> str:
        """What an arm's event digest starts from, so that no two tasks share one by accident."""
        return f"{self.scenario.world_digest()} {replication} {arm}"


@dataclass(frozen=True, slots=True)
class Job:
    """One replication to run and persist, by a worker of this parent."""

    plan: Plan
    replication: int
    folder: Path
    parent_pid: int


class StageFailed(Exception):
    """A replication failed at a named stage; the cause is chained."""

    def __init__(self, stage: str) -> None:
        self.stage = stage
        super().__init__(stage)


@dataclass(frozen=True, slots=True)
class Done:
    """A finished replication: its record, every arm's events, its wall-clock facts."""

    record: Json
    events: pa.Table
    runtime: Json


def work(job: Job) -> InputError | None:
    """Run one replication in a worker of this machine and persist it, or how it failed.

    Returns the error when the model refuses the scenario itself: that is nothing to retry.
    """
    as_child(job.parent_pid)
    return keep(job, attempt(job))


def attempt(job: Job) -> Done | InputError | Json:
    """Run one replication, anywhere: what it gave, the model's refusal, or how it failed."""
    try:
        record, logs, runtime = replicate(job.plan, job.replication)
        with _stage("tabulate events"):
            tables = [log.table(arm, job.replication) for arm, log in logs.items()]
            return Done(record, pa.concat_tables(tables), runtime)
    except StageFailed as failed:
        if isinstance(failed.__cause__, InputError):
            return failed.__cause__
        return failure(job, failed.stage, failed.__cause__)


def keep(job: Job, found: Done | InputError | Json) -> InputError | None:
    """Persist what ``attempt`` gave; a refusal is handed back."""
    folder = RunFolder(job.folder)
    if isinstance(found, InputError):
        return found
    if isinstance(found, Done):
        try:
            folder.write_replication(found.record, found.events, found.runtime)
        except OSError as error:
            found = failure(job, "persist", error)
        else:
            found = _breach(job, found.record) or found
    if not isinstance(found, Done):
        folder.write_failure(found)
    return None


def failure(job: Job, stage: str, cause: BaseException | None) -> Json:
    """The record of a failed replication, with all that is needed to see it again."""
    text = "".join(traceback.format_exception_only(cause)).strip()
    trace = "".join(traceback.format_exception(cause))
    task = next((t for t in job.plan.tasks(job.replication) if t.arm in stage.split()), None)
    if task is None:
        task = job.plan.tasks(job.replication)[0]
    return Failure(task, CRASHED, text, trace).record(stage, _replay(job))


def _breach(job: Job, record: Json) -> Json | None:
    """The record of the first invariant that a finished replication has broken, if any."""
    for task in job.plan.tasks(job.replication):
        found = breach(task, record["arms"][task.arm]["invariants"])
        if found is not None:
            return found.record(f"invariants of {task.arm}", _replay(job))
    return None


def _replay(job: Job) -> str:
    return f"shapan run {job.folder} --replication {job.replication}"


def replicate(plan: Plan, replication: int) -> tuple[Json, dict[str, EventLog], Json]:
    """Simulate every arm: the record, the event logs by arm, the wall-clock facts by arm.

    Raises StageFailed.
    """
    arms: Json = {}
    runtime: Json = {}
    logs: dict[str, EventLog] = {}
    with _stage("load the model"):
        model = resolve(plan.model)
    for task in plan.tasks(replication):
        started = perf_counter()
        with _stage(f"simulate {task.arm}"):
            outcome = model(task)
        runtime[task.arm] = outcome.runtime | {"arm_s": perf_counter() - started}
        logs[task.arm] = outcome.log
        arms[task.arm] = facts_of(plan, task, outcome)
        if replication == 0:
            with _stage(f"simulate {task.arm} on both wirings"):
                agreed = _both(model, task, outcome)
            arms[task.arm]["invariants"][AGREE] = agreed
    values = drawn_values(plan.scenario, replication)
    record = {"replication": replication, "arms": arms} | ({"drawn": values} if values else {})
    return record, logs, runtime


def facts_of(plan: Plan, task: Task, outcome: Outcome) -> Json:
    """What one arm came to, as its record keeps it."""
    return {
        "digest": outcome.log.digest(plan.digest_prefix(task.arm, task.replication)),
        "events": len(outcome.log),
        "metrics": dict(sorted(outcome.metrics.items())),
        "invariants": dict(sorted(outcome.invariants.items())),
    }


def _both(model: Callable[[Task], Outcome], task: Task, outcome: Outcome) -> str:
    """ "held", or how the other wiring differs; outcome: of the task as the study runs it."""
    scenario = capped(task.scenario)
    if scenario is not task.scenario:
        task = replace(task, scenario=scenario)
        outcome = model(task)
    other = _other_wiring(task)
    return _agreement(outcome, model(other), other.wiring)


def _other_wiring(task: Task) -> Task:
    name = next(name for name in WIRINGS if name != task.wiring)
    evm, store = WIRINGS[name]
    return replace(task, wiring=name, evm=evm, store=store)


def _agreement(here: Outcome, there: Outcome, wiring: str) -> str:
    """ "held", or the first event or metric that differs on the other wiring."""
    difference = first_difference(here.log, there.log)
    if difference is not None:
        return f"on the wiring {wiring}, {difference}"
    metrics_here, metrics_there = plain(here.metrics), plain(there.metrics)
    for name in sorted(metrics_here.keys() | metrics_there.keys()):
        pair = metrics_here.get(name), metrics_there.get(name)
        if pair[0] != pair[1]:
            return f"on the wiring {wiring}, {name} is {pair[1]} instead of {pair[0]}"
    broken = [f"{name}: {state}" for name, state in there.invariants.items() if state != HELD]
    return f"on the wiring {wiring}, {broken[0]}" if broken else HELD


@contextmanager
def _stage(name: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise StageFailed(name) from error


def as_child(parent_pid: int) -> None:
    """Let this worker process leave Ctrl-C to its parent, and end when the parent is gone."""
    # Workers in the parent's terminal group would otherwise be interrupted as well.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with(parent_pid)


def _die_with(parent_pid: int) -> None:
    """End this worker soon after its parent is gone (kill -9 tells nobody)."""

    def watch() -> None:
        while os.getppid() == parent_pid:
            _pause.wait(1.0)
        os._exit(1)

    if not any(thread.name == _WATCH for thread in threading.enumerate()):
        threading.Thread(target=watch, name=_WATCH, daemon=True).start()


_WATCH = "parent-watch"
_pause = threading.Event()
