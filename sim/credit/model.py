"""One arm of one replication of merchant credit: the entry for the study engine."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.checks.cash import first_breach
from sim.credit.appraisal import Desk, DeskReason
from sim.credit.audit import audit_stage, journal_of, watch
from sim.credit.bank import CHECKER, MAKER
from sim.credit.facts import NEVER
from sim.credit.happenings import add_journal
from sim.credit.legacy import Legacy
from sim.credit.lender_collateral import CollateralLender
from sim.credit.lender_data import DataLender
from sim.credit.parameters import PROCESSES, parameters_of
from sim.credit.setting import Setting
from sim.credit.stage import Span, Stage
from sim.faults import check_severities, windows_of
from sim.metrics.credit import measure
from sim.metrics.credit_run import Run
from sim.scenario import Scenario
from sim.streams import Luck
from sim.world import Outcome, Task
from system.adapters.sql_place import own_place
from system.credit import registry
from system.credit.proposals import propose
from system.credit.rules import Refusal
from system.errors import InputError
from system.limits import COLUMN_ROWS_MAX

I64 = NDArray[np.int64]

# Fewer legacy merchants leave too few bad loans to learn from.
_COUNT_MIN: Final = {"merchant": 1, "legacy": 300}


def simulate_credit(task: Task) -> Outcome:
    """Run one arm of one replication. Raises InputError for a scenario that does not fit."""
    setting = setting_of(task.scenario, task.arm, task.replication)
    if setting.process == "data":
        _check_learned(task.scenario, setting)
    with _database(task) as url:
        stage, run = run_arm(setting, url)
        journal = journal_of(stage)
        with stage.faults.paused():
            verdicts = first_breach((stage.broken, audit_stage(stage, journal)))
        add_journal(stage.log, journal)
        metrics = measure(run, journal)
        stage.system.close()
    return Outcome(metrics, stage.log, verdicts, stage.faults.counts())


def _check_learned(scenario: Scenario, setting: Setting) -> None:
    """Raises InputError at the population that is too small to learn from."""
    try:
        setting.learned()
    except InputError as error:
        remedy = f"raise it: too few to learn from ({error.field}: {error.remedy})"
        raise scenario.refuse(("populations", "legacy", "count"), setting.legacy, remedy) from error


def setting_of(scenario: Scenario, arm: str, replication: int) -> Setting:
    """The numbers of an arm. Raises InputError that names file and line."""
    process = scenario.arms[arm].word("process")
    if process not in PROCESSES:
        remedy = f"write {' or '.join(PROCESSES)}"
        raise scenario.refuse(("arms", arm, "process"), process, remedy)
    parameters, world = parameters_of(scenario, arm)
    span = Span(scenario.warmup_days, scenario.warmup_days + scenario.horizon_days)
    merchants, legacy = (_count(scenario, name) for name in _COUNT_MIN)
    luck = Luck(scenario.seed, replication)
    windows = windows_of(scenario, arm, luck, world.start_s)
    check_severities(scenario)
    return Setting(
        process, scenario.seed, replication, parameters, world, merchants, legacy, span, windows
    )


def _count(scenario: Scenario, name: str) -> int:
    count, low = scenario.populations[name].whole("count"), _COUNT_MIN[name]
    if not low <= count <= COLUMN_ROWS_MAX:
        remedy = f"write {low} to {COLUMN_ROWS_MAX}"
        raise scenario.refuse(("populations", name, "count"), count, remedy)
    return count


def run_arm(setting: Setting, store_url: str) -> tuple[Stage, Run]:
    """An arm to its end, before it is measured. The caller closes ``stage.system``."""
    stage, desk_reason = play(setting, store_url)
    if setting.process == "collateral":
        return stage, Run(setting, stage, setting.reference(), desk_reason, DeskReason, None)
    reference, learned = setting.reference(), setting.learned()
    return stage, Run(setting, stage, reference, desk_reason, Refusal, learned)


def play(setting: Setting, store_url: str, cores: int = 1) -> tuple[Stage, I64]:
    """All days of an arm. Returns what the collateral lender's rules say to each first application:
    int64 (n,) DeskReason, NEVER where there is no answer."""
    luck = Luck(setting.seed, setting.replication)
    stage = Stage(
        luck, setting.world, setting.merchants, setting.span, store_url, cores, setting.windows
    )
    desk = Desk(stage.economy, luck, setting.parameters, stage.economy.roster().since_day)
    closing = partial(watch, stage) if setting.windows else _nothing
    if setting.process == "collateral":
        collateral = CollateralLender(stage.bank, desk, stage.engine, setting.parameters)
        stage.run(collateral, closing=closing)
        made = stage.facts.applications
        return stage, np.where(made.decided_at_s != NEVER, made.reason, NEVER)
    lender = DataLender(stage.bank, luck, setting.parameters, desk)
    stage.run(lender, lambda: put_in_charge(stage, setting.learned()), closing)
    return stage, lender.shadow_reason


def _nothing() -> None:
    """At the close of an undisturbed day."""


def put_in_charge(stage: Stage, learned: Legacy) -> None:
    """One person proposes the model, another approves it."""
    now_s = stage.engine.now_s
    with stage.system.book.transaction() as unit:
        model_id = propose(
            unit.rows, learned.proposal, MAKER, now_s, command_id="propose the first model"
        )
        registry.approve(unit.rows, model_id, CHECKER, now_s, command_id="approve the first model")
    stage.log.add(now_s, "model_approved", model_id, (learned.scores.size,))


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
