"""One arm of one replication of machine leasing: the entry for the study engine."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from tempfile import TemporaryDirectory
from time import perf_counter

from sim.checks.cash import first_breach
from sim.column_events import checksum
from sim.faults import check_severities, windows_of
from sim.leasing.audit import audit_stage, journal_of, watch
from sim.leasing.parameters import PROCESSES, parameters_of
from sim.leasing.stage import Setting, Span, Stage, by_broker, by_columns
from sim.metrics.leasing import measure
from sim.scenario import Scenario
from sim.streams import Luck
from sim.world import Outcome, Task
from system.adapters.sql_place import own_place
from system.leasing.records import AlertKind
from system.limits import COLUMN_ROWS_MAX
from system.subledger.records import JournalRow, happened


def simulate_leasing(task: Task) -> Outcome:
    """Run one arm of one replication. Raises InputError for a scenario that does not fit."""
    setting = setting_of(task.scenario, task.arm, task.replication)
    with _database(task) as url:
        stage = Stage(setting, url, by_broker if task.wiring == "full" else by_columns)
        started = perf_counter()
        stage.run(partial(watch, stage) if setting.windows else _nothing)
        elapsed_s = perf_counter() - started
        journal = journal_of(stage)
        _note(stage, journal)
        with stage.faults.paused():
            verdicts = first_breach((stage.broken, audit_stage(stage, journal)))
        outcome = Outcome(
            measure(stage, journal),
            stage.log,
            verdicts,
            {"readings_per_s": stage.readings_count / elapsed_s, **stage.faults.counts()},
        )
        stage.close()
    return outcome


def setting_of(scenario: Scenario, arm: str, replication: int) -> Setting:
    """The numbers of an arm. Raises InputError that names file and line."""
    process = scenario.arms[arm].word("process")
    if process not in PROCESSES:
        remedy = f"write {' or '.join(PROCESSES)}"
        raise scenario.refuse(("arms", arm, "process"), process, remedy)
    machines, contractors = (_count(scenario, name) for name in ("machine", "contractor"))
    span = Span(scenario.warmup_days, scenario.warmup_days + scenario.horizon_days)
    parameters = parameters_of(scenario, arm)
    luck = Luck(scenario.seed, replication)
    windows = windows_of(scenario, arm, luck, parameters.world.start_s)
    check_severities(scenario)
    sizes = (machines, contractors)
    return Setting(process, scenario.seed, replication, parameters, *sizes, span, windows)


def _nothing(day: int) -> None:
    """At the close of an undisturbed day."""


def _count(scenario: Scenario, name: str) -> int:
    count = scenario.populations[name].whole("count")
    if not 1 <= count <= COLUMN_ROWS_MAX:
        remedy = f"write 1 to {COLUMN_ROWS_MAX}"
        raise scenario.refuse(("populations", name, "count"), count, remedy)
    return count


def _note(stage: Stage, journal: Sequence[JournalRow]) -> None:
    """Every fact of the leases, and every alert: what the bank was told, and how it ended."""
    for fact in map(happened, journal):
        values = (fact.accounts.size, fact.total, checksum(fact.accounts, fact.amounts))
        stage.log.add(fact.at_s, str(fact.kind), fact.cause.replace(" ", "_"), values)
    for alert in stage.alerts():
        subject = f"{alert.machine}/{AlertKind(alert.kind).name.lower()}"
        told = (alert.start_ms, alert.found_ms, alert.end_ms, alert.state)
        stage.log.add(alert.raised_at_s, "alert", subject, told)


@contextmanager
def _database(task: Task) -> Iterator[str]:
    """The URL of an empty store, as ``task.store`` asks for."""
    if task.store == "memory":
        yield task.store
    elif task.store == "sqlite":
        with TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/system.db"
    else:
        with own_place(task.store, f"{task.arm}-{task.replication}") as url:
            yield url
