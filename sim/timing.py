"""Which of two runs is slower, by repeats that take turns, so that drift hits both alike.

Every other round has the order swapped: A B, B A, A B … The verdict allows for noise: a change
counts only where its whole interval lies beyond a floor, and "inconclusive" is an answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final

from sim.compare import BETTER, INCONCLUSIVE, SAME, WORSE
from sim.looks import ALPHA
from sim.run import Plan
from sim.run_folder import Json
from sim.statistics import paired_interval
from sim.world import resolve

# Smaller changes are nobody's business: caches and neighbours make as much.
FLOOR: Final = 0.05
ROUNDS_MIN: Final = 3
Seconds = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Change:
    """ratio: the later run's time over the first's, with its interval; n: rounds."""

    arm: str
    first_s: float
    later_s: float
    ratio: float
    ci_low: float | None
    ci_high: float | None
    n: int
    change: str

    def as_data(self) -> Json:
        return {name: getattr(self, name) for name in self.__slots__}


def timed(plan: Plan, replication: int) -> Seconds:
    """Real seconds of each arm of one replication."""
    model, found = resolve(plan.model), {}
    for task in plan.tasks(replication):
        started = perf_counter()
        model(task)
        found[task.arm] = perf_counter() - started
    return found


def in_turns(
    first: Plan,
    later: Plan,
    rounds: int,
    clock: Callable[[Plan, int], Seconds] = timed,
) -> list[tuple[Seconds, Seconds]]:
    """(first, later) of each round. Each round is another replication, the same for both."""
    found = []
    for number in range(rounds):
        if number % 2:
            there, here = clock(later, number), clock(first, number)
        else:
            here, there = clock(first, number), clock(later, number)
        found.append((here, there))
    return found


def changes(rounds: Sequence[tuple[Seconds, Seconds]]) -> list[Change]:
    """A verdict for each arm that both have; all together err in 5 % of comparisons at most."""
    arms = [arm for arm in rounds[0][0] if arm in rounds[0][1]]
    return [_change(arm, rounds, ALPHA / max(1, len(arms))) for arm in arms]


def _change(arm: str, rounds: Sequence[tuple[Seconds, Seconds]], alpha: float) -> Change:
    logs = [[math.log(side[arm]) for side in pair] for pair in rounds]
    interval = paired_interval([later for _, later in logs], [first for first, _ in logs], alpha)
    assert interval.mean is not None
    low, high = (
        None if end is None else math.exp(end) for end in (interval.ci_low, interval.ci_high)
    )
    first_s, later_s = (math.exp(math.fsum(side) / len(rounds)) for side in zip(*logs, strict=True))
    ratio, verdict = math.exp(interval.mean), _verdict(low, high)
    return Change(arm, first_s, later_s, ratio, low, high, interval.n, verdict)


def _verdict(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return INCONCLUSIVE
    if low > 1 + FLOOR:
        return WORSE
    if high < 1 / (1 + FLOOR):
        return BETTER
    is_within = low >= 1 / (1 + FLOOR) and high <= 1 + FLOOR
    return SAME if is_within else INCONCLUSIVE
