"""The whole of merchant credit by day: economy, feed, consent, features, model, lines, end of day.

The arm that lends on data, on columns, with a model that was learned before the clock starts. What
runs is what a study runs; only its questions to the journal afterwards are left out.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import numpy as np

from benchmarks.workload import CPU, WALL, Answer, Clock, Contender, Work, Workload
from sim.credit.facts import VIEW
from sim.credit.happenings import checksum
from sim.credit.model import play, setting_of
from sim.credit.stage import Span, Stage
from sim.scenario import load


@contextmanager
def _lending(n: int, span: Span, cores: int) -> Iterator[Work]:
    setting = setting_of(load("credit"), "data", 0)
    learned = setting.learned()
    sized = replace(setting, merchants=n, span=span, taught=learned)
    stages: list[Stage] = []

    def work() -> Answer:
        stages.append(play(sized, "memory", cores)[0])
        return Answer(n * span.days, partial(_story, stages[-1]))

    yield work
    for stage in stages:
        stage.system.close()


def _story(stage: Stage) -> list[tuple[str, int]]:
    """A checksum of every column of the lines and of all cash."""
    rows = np.arange(stage.facts.granted_day.size)
    columns = stage.bank.service.view(VIEW, stage.bank.rows)
    columns["cash_fen"] = stage.economy.books.cash_fen
    return [(name, checksum(rows, column)) for name, column in sorted(columns.items())]


def _sized(n: int, days: int, clock: Clock, cores: int) -> Contender:
    # Three months of data before the first loan: the policy asks for as much.
    span = Span(96, days)
    title = f"lending on data, {n:,} merchants, {days} days, {cores} core{'s'[: cores - 1]}"
    open_ = partial(_lending, n, span, cores)
    return Contender(title, open_, 1, clock, tale=f"{n} for {days} days")


def _small() -> Iterable[Contender]:
    yield _sized(2_000, 120, CPU, 1)
    yield _sized(2_000, 120, CPU, 2)


def _full() -> Iterable[Contender]:
    yield _sized(100_000, 365, WALL, 2)
    yield _sized(1_000_000, 365, WALL, 2)


MODEL = Workload("credit-model", "merchant-days", {"small": _small, "full": _full})
