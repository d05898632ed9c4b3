"""The smallest failing case: delta debugging over fault plan, horizon and population.

A candidate counts when it breaks in the same way. Everything is deterministic: equal failures give
equal smallest cases. Drawn faults are first written down as scheduled ones; since luck is keyed by
a window's beginning, taking one away changes no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from sim.failure import Failure, attempt, scheduled
from sim.scenario import scenario_of
from system.errors import InputError

Data = dict[str, Any]
_ROUNDS_MAX = 4
# A quarter of an hour is short enough for anybody.
_DAYS_MIN = 0.01


@dataclass(frozen=True, slots=True)
class Smallest:
    """failure: of the smallest case found. trials: how many candidates were run."""

    failure: Failure
    trials: int


class Shrinker:
    """Works on one failure. on_step is told of each candidate that still fails, in words."""

    def __init__(
        self, failure: Failure, trials_max: int, on_step: Callable[[int, str], None]
    ) -> None:
        self._goal, self._best = failure, failure
        self._data = failure.task.scenario.as_data()
        self._trials_max, self._on_step = trials_max, on_step
        self.trials = 0

    def run(self) -> Smallest:
        """Shrink until nothing gets smaller. Raises InputError for what does not fail again."""
        if not self._try(self._data, "the failure as recorded"):
            remedy = "it does not fail again: was it recorded by another version or under a patch?"
            raise InputError("FAILURE", self._goal.what, remedy)
        self._try(self._data | {"faults": scheduled(self._goal.task)}, "drawn faults as a schedule")
        for _ in range(_ROUNDS_MAX):
            before = self._best.task.scenario.digest()
            self._fewer_faults()
            self._lower_numbers()
            self._shorter_faults()
            if self._best.task.scenario.digest() == before:
                break
        return Smallest(self._best, self.trials)

    def _try(self, data: Data, words: str) -> bool:
        """Whether the candidate fails in the same way; then it is the best one."""
        if self.trials >= self._trials_max:
            return False
        self.trials += 1
        task = self._goal.task
        try:
            scenario = scenario_of(data, "shrink")
            _, failure = attempt(replace(task, scenario=scenario))
        except InputError:
            return False
        if failure is None or not self._goal.is_same(failure):
            return False
        self._data, self._best = data, failure
        self._on_step(self.trials, words)
        return True

    def _fewer_faults(self) -> None:
        """ddmin: leave out ever smaller parts of the plan."""
        parts = 1
        while (n := len(self._data["faults"])) and parts <= n:
            for first, end in _cuts(n, parts):
                faults = self._data["faults"]
                rest = faults[:first] + faults[end:]
                if self._try(self._data | {"faults": rest}, f"{len(rest)} of {n} faults"):
                    parts = max(1, parts - 1)
                    break
            else:
                if parts == n:
                    return
                parts = min(n, parts * 2)

    def _lower_numbers(self) -> None:
        """Fewer days and fewer actors, each as few as still fail."""
        self._lower(("horizon_days",), 1)
        self._lower(("warmup_days",), 0)
        for name in self._data.get("populations", {}):
            self._lower(("populations", name, "count"), 0)

    def _lower(self, path: tuple[str, ...], low: int) -> None:
        step = _at(self._data, path) - low
        while step > 0:
            value = _at(self._data, path) - step
            if value < low or not self._try(_with(self._data, path, value), f"{path[-2:]} {value}"):
                step //= 2

    def _shorter_faults(self) -> None:
        for index in range(len(self._data["faults"])):
            path = ("faults", index, "for")
            while (days := _at(self._data, path) / 2) >= _DAYS_MIN:
                if not self._try(_with(self._data, path, days), f"fault {index} for {days} days"):
                    break


def _cuts(n: int, parts: int) -> Iterator[tuple[int, int]]:
    edges = [n * part // parts for part in range(parts + 1)]
    return pairwise(edges)


def _at(data: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        data = data[step]
    return data


def _with(data: Data, path: tuple[str | int, ...], value: Any) -> Data:
    changed = deepcopy(data)
    _at(changed, path[:-1])[path[-1]] = value
    return changed
