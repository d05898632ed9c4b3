"""Run folders that nothing was simulated for: every file of a real run, with made-up figures.

They are what a report or the console reads, so many can be had in seconds: for tests of what is
told of a product, and for the console's benchmark over a thousand runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from sim.prepare import Wish, prepare
from sim.run import HELD
from sim.run_folder import Json
from sim.statements import BOOK, CATEGORIES, KIND, VINTAGE
from sim.study import Study, close
from sim.trace import EventLog
from system.limits import DAY_S, PERIOD_DAYS

Metrics = Mapping[str, float | int | None]
START_S: Final = 1_767_225_600
_SUBJECTS: Final = 500
_KINDS: Final = ("asked", "decided", "drawn", "repaid")


def made_run(
    path: Path,
    scenario: str,
    replications: int = 2,
    *,
    metrics_of: Callable[[str, int], Metrics] | None = None,
    events: int = 100,
    overrides: Sequence[str] = (),
    more: Callable[[EventLog], None] = lambda log: None,
) -> Study:
    """A closed run of a packaged scenario, or of a file, at ``path``.

    metrics_of: what an arm measured in a replication; the claims' metrics alone by default.
    events: of each arm of each replication, the statements of its book beside them.
    more: adds events to each log.
    """
    study = prepare(Wish(scenario, overrides=tuple(overrides)), lambda plan: path)
    study.folder.create()
    for number in range(replications):
        arms: Json = {}
        tables = []
        for arm in study.plan.arms:
            log = _log(events, number)
            more(log)
            found = metrics_of(arm, number) if metrics_of else _claimed(study, arm, number)
            arms[arm] = {
                "digest": log.digest(study.plan.digest_prefix(arm, number)),
                "events": len(log),
                "metrics": dict(sorted(found.items())),
                "invariants": dict.fromkeys(study.plan.scenario.expect, HELD),
            }
            tables.append(log.table(arm, number))
        record = {"replication": number, "arms": arms}
        runtime = {arm: {"arm_s": 1.0 + number / 10} for arm in arms}
        study.folder.write_replication(record, pa.concat_tables(tables), runtime)
    close(study, {"wall_s": 2.0 * replications, "workers": 1})
    return study


def _claimed(study: Study, arm: str, number: int) -> Metrics:
    """A value for every metric that a claim speaks of; equal luck gives equal values."""
    names = {claim.metric for claim in study.plan.scenario.claims}
    seed = (study.plan.scenario.seed, number, study.plan.arms.index(arm))
    luck = np.random.Generator(np.random.Philox(np.random.SeedSequence(seed)))
    return {name: float(luck.uniform(0.01, 0.9)) for name in sorted(names)}


def _log(events: int, number: int) -> EventLog:
    """Events in equal steps over a year, and a statement of the book once a period."""
    log, year_s = EventLog(), 360 * DAY_S
    for at in range(events):
        at_s = START_S + at * year_s // max(events, 1)
        subject = f"merchant/{(at * 7 + number) % _SUBJECTS}"
        log.add(at_s, _KINDS[at % len(_KINDS)], subject, (at, number))
    for period in range(13):
        at_s = START_S + period * PERIOD_DAYS * DAY_S
        for subject, share in ((BOOK, 10), (f"{VINTAGE}1", 7), (f"{VINTAGE}2", 3)):
            log.add(at_s, KIND, subject, _statement(period * share * 1_000, period + number))
    return log


def _statement(balance_fen: int, bad_ppt: int) -> tuple[int, ...]:
    """bad_ppt: of a thousand fen, how many are non-performing."""
    bad_fen = balance_fen * bad_ppt // 1_000
    worse = [bad_fen // 2, bad_fen - bad_fen // 2, 0]
    normal_fen = balance_fen - sum(worse)
    by_category = (normal_fen, 0, *worse)
    assert len(by_category) == len(CATEGORIES)
    return (balance_fen, bad_fen, *by_category)
