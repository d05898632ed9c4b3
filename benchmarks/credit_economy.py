"""The merchants' economy by itself, beside the same economy as plain Mesa agents.

Both must end with the same books, to the last bit. A bare NumPy walk (one normal and one update per
agent and day) shows what no economy can be faster than.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.credit_agents import BOOKS, MerchantModel
from benchmarks.workload import CPU, WALL, Answer, Clock, Contender, Work, Workload
from sim.credit.economy import Economy
from sim.credit.world_parameters import WorldParameters, world_parameters_of
from sim.scenario import load
from sim.streams import Luck

MESA, WALK = "plain Mesa agents", "one normal and one update, NumPy"
LUCK = Luck(20260105, 0)


def _world() -> WorldParameters:
    return world_parameters_of({k: v.value for k, v in load("credit").parameters.items()})


@contextmanager
def _columns(n: int, days: int, threads: int) -> Iterator[Work]:
    _lived(Economy(LUCK, _world(), 1), 1)  # its loops are compiled, or read from the disk
    economy = Economy(LUCK, _world(), n, threads)

    def work() -> Answer:
        _lived(economy, days)
        return Answer(n * days, lambda: _story(lambda name: getattr(economy.books, name)))

    yield work


def _lived(economy: Economy, days: int) -> None:
    for day in range(economy.p.start_day, economy.p.start_day + days):
        economy.morning(day)
        economy.evening(day)


def _story(book: Callable[[str], NDArray[Any]]) -> list[tuple[str, str]]:
    """A fingerprint of every column of the books, bit for bit."""
    return [(name, sha256(book(name).tobytes()).hexdigest()) for name in BOOKS]


@contextmanager
def _agents(n: int, days: int) -> Iterator[Work]:
    model = MerchantModel(LUCK, _world(), n)

    def work() -> Answer:
        for _ in range(days):
            model.step()
        return Answer(n * days, lambda: _story(model.book))

    yield work


@contextmanager
def _walk(n: int, days: int) -> Iterator[Work]:
    position = np.zeros(n)

    def work() -> Answer:
        for day in range(days):
            np.add(position, _normals(day, n), out=position)
        return Answer(n * days, position.tolist)

    yield work


def _normals(day: int, n: int) -> NDArray[np.float64]:
    return LUCK.generator("bench_walk", day).standard_normal(n)


def _sized(n: int, days: int, rounds: int, clock: Clock, threads: int, peer: str) -> Contender:
    title = f"columns, {n:,} merchants, {threads} thread{'s' if threads > 1 else ''}"
    open_ = partial(_columns, n, days, threads)
    return Contender(title, open_, rounds, clock, peer=peer, tale=f"{n} for {days} days")


def _small() -> Iterable[Contender]:
    n, days = 1_000, 45
    tale = f"{n} for {days} days"
    yield Contender(MESA, partial(_agents, n, days), 1, CPU, tale=tale)
    yield _sized(n, days, 1, CPU, 1, MESA)
    yield Contender(WALK, partial(_walk, n, days), 1, CPU, tale=WALK, peer=MESA)


def _full() -> Iterable[Contender]:
    """As many agents as columns for the same tale; a million columns for fewer days."""
    n, days = 100_000, 14
    tale = f"{n} for {days} days"
    yield Contender(MESA, partial(_agents, n, days), 1, CPU, tale=tale)
    yield _sized(n, days, 3, CPU, 1, MESA)
    yield _sized(1_000_000, days, 3, CPU, 1, MESA)
    yield Contender(WALK, partial(_walk, n, days), 3, CPU, tale=WALK, peer=MESA)
    yield _sized(n, days, 3, WALL, 2, "")
    yield _sized(1_000_000, days, 3, WALL, 2, "")


ECONOMY = Workload("credit-economy", "merchant-days", {"small": _small, "full": _full})
