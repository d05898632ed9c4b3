"""Small credit runs with faults, for tests: every run lends by one model that was learned once."""

import hashlib
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from sim.credit.audit import audit_stage, journal_of
from sim.credit.happenings import add_journal
from sim.credit.legacy import Legacy
from sim.credit.model import play, setting_of
from sim.scenario import Scenario, apply, load, scenario_of
from sim.trace import EventLog
from system.credit.feed_records import FEEDS, PERIOD_WORDS
from system.credit.records import LINES

_SIZES = (
    "populations.merchant.count=200",
    "populations.legacy.count=6000",
    "horizon_days=90",
    "warmup_days=60",
)


@dataclass(frozen=True)
class Played:
    """state, feeds: SHA-256 (hex) of every plain column of every line, and of the feed's sums."""

    log: EventLog
    state: str
    feeds: str
    verdicts: dict[str, str]
    struck: dict[str, int]


def credit_with(*faults: dict[str, Any]) -> Scenario:
    data = apply(load("credit"), _SIZES).as_data()
    data["faults"] = list(faults)
    return scenario_of(data, "test")


@cache
def taught() -> Legacy:
    return setting_of(credit_with(), "data", 0).learned()


def played(scenario: Scenario, arm: str = "data") -> Played:
    setting = replace(setting_of(scenario, arm, 0), taught=taught())
    stage, _ = play(setting, "memory")
    journal = journal_of(stage)
    names = tuple(column.name for column in LINES.columns if column.planes == 1)
    with stage.faults.paused():
        verdicts = audit_stage(stage, journal)
        view = stage.bank.service.view(names, stage.bank.rows)
    add_journal(stage.log, journal)
    state = hashlib.sha256(b"".join(np.ascontiguousarray(view[name]).tobytes() for name in names))
    with stage.system.book.transaction() as unit:
        sums = unit.read(FEEDS, PERIOD_WORDS, stage.bank.rows)
    feeds = hashlib.sha256(b"".join(np.ascontiguousarray(sums[n]).tobytes() for n in PERIOD_WORDS))
    stage.system.close()
    struck = dict(stage.faults.struck)
    return Played(stage.log, state.hexdigest(), feeds.hexdigest(), verdicts, struck)


@cache
def calm(arm: str = "data") -> Played:
    """The undisturbed run."""
    return played(credit_with(), arm)
