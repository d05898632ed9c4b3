"""Small credit scenarios, and arms of them that tests share: each is run once."""

from functools import cache

from sim.credit.audit import journal_of
from sim.credit.model import run_arm, setting_of
from sim.credit.stage import Stage
from sim.metrics.credit_run import Run
from sim.scenario import Scenario, apply, load
from system.subledger.records import JournalRow

SMALL = (
    "populations.merchant.count=600",
    "horizon_days=240",
    "warmup_days=120",
)


@cache
def small(*overrides: str) -> Scenario:
    return apply(load("credit"), [*SMALL, *overrides])


@cache
def finished(arm: str, *overrides: str) -> tuple[Stage, Run, tuple[JournalRow, ...]]:
    """The arm at its end, its books still open for questions."""
    stage, run = run_arm(setting_of(small(*overrides), arm, 0), "memory")
    return stage, run, tuple(journal_of(stage))
