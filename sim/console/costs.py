"""How long a run would take, by what runs of its scenario have taken on this machine.

An estimate: the seconds of an arm are taken as a fixed part and a part for each actor and day,
fitted to runs of different sizes where there are such, else in proportion to the one size that is
known. What parameters do to it is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np

from sim.console.library import Library
from sim.run_document import OK
from sim.run_folder import RunFolder
from sim.scenario import Scenario

# The latest runs are enough, and older ones may be of an older version.
_RUNS_MAX: Final = 20
_WIRING: Final = "columns"


@dataclass(frozen=True, slots=True)
class Size:
    """days: warm-up included.  actors: of all populations."""

    days: int
    actors: int

    @property
    def work(self) -> int:
        return self.days * max(self.actors, 1)


@dataclass(frozen=True, slots=True)
class Cost:
    """seconds: of the whole run.  each_s: of one replication.  runs: whose times it rests on, the
    latest first.  sizes: how many different ones they have."""

    seconds: float
    each_s: float
    runs: tuple[str, ...]
    sizes: int


@dataclass(frozen=True, slots=True)
class _Took:
    """One run. once_s: beside its replications: to start, and to compare both wirings."""

    id: str
    size: Size
    arm_s: Mapping[str, float]
    once_s: float
    workers: int


def counts_of(scenario: Scenario) -> dict[str, int]:
    """How many actors each population has."""
    found = scenario.populations.items()
    return {name: one.whole("count") for name, one in found if "count" in one}


def cost_of(
    library: Library, scenario: Scenario, arms: Sequence[str], size: Size, replications: int
) -> Cost | None:
    """Of a run of these arms; None where no run of the scenario has all of them."""
    found = [one for one in _runs(library, scenario.name) if one.arm_s.keys() >= set(arms)]
    if not found or not arms:
        return None
    each_s = sum(_seconds([(one.size, one.arm_s[arm]) for one in found], size) for arm in arms)
    rounds = -(-replications // found[0].workers)
    once_s = float(np.median([one.once_s for one in found]))
    sizes = len({one.size.work for one in found})
    return Cost(once_s + rounds * each_s, each_s, tuple(one.id for one in found), sizes)


def _seconds(took: Sequence[tuple[Size, float]], size: Size) -> float:
    """What an arm of this size would take: a fixed part and one for the work, neither negative."""
    work = np.array([one.work for one, _ in took], np.float64)
    seconds = np.array([each_s for _, each_s in took])
    in_proportion = float(np.mean(seconds / work)) * size.work
    if np.unique(work).size < 2:
        return in_proportion
    # The same error in a hundred counts alike in small and in large runs.
    each, fixed = np.polyfit(work, seconds, 1, w=1 / seconds)
    if fixed < 0:
        return in_proportion
    return float(fixed + each * size.work) if each > 0 else float(np.mean(seconds))


def _runs(library: Library, scenario: str) -> Iterator[_Took]:
    finished = (
        entry.id
        for entry in library.entries()
        if (entry.scenario, entry.status, entry.wiring) == (scenario, OK, _WIRING)
    )
    for id_ in islice(finished, _RUNS_MAX):
        took = _took(id_, library.folder(id_))
        if took is not None:
            yield took


def _took(id_: str, folder: RunFolder) -> _Took | None:
    """None for a run whose times are not known."""
    run, wall = folder.read_run(), folder.read_wall()
    times = list(wall.get("replications", {}).values())
    arm_s = {
        arm: float(np.mean([one[arm]["arm_s"] for one in times]))
        for arm in run["arms"]
        if times and all("arm_s" in one.get(arm, {}) for one in times)
    }
    if len(arm_s) < len(run["arms"]):
        return None
    scenario = run["scenario"]
    actors = sum(one.get("count", 0) for one in scenario.get("populations", {}).values())
    workers = max(1, int(wall.get("workers", 1)))
    rounds = -(-len(times) // workers)
    once_s = wall["wall_s"] - wall.get("map_s", 0.0) - rounds * sum(arm_s.values())
    size = Size(scenario["warmup_days"] + scenario["horizon_days"], actors)
    return _Took(id_, size, arm_s, max(0.0, once_s), workers)
