"""A failed run as a record: all that is needed to see it again, and to make it smaller."""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sim.faults import windows_of
from sim.scenario import scenario_of
from sim.streams import Luck
from sim.world import Outcome, Task, simulate
from system.errors import InputError
from system.limits import DAY_S

HELD: Final = "held"
CRASHED: Final = "crashed"


@dataclass(frozen=True, slots=True)
class Failure:
    """One arm of one replication that broke.

    what: the invariant, or ``crashed`` with the kind of error in ``error``'s first word.
    """

    task: Task
    what: str
    error: str
    trace: str = ""

    def is_same(self, other: Failure | None) -> bool:
        """Whether the other one broke in the same way; where and when do not matter."""
        if other is None or self.what != other.what:
            return False
        return self.what != CRASHED or _kind(self.error) == _kind(other.error)

    def record(self, stage: str, replay: str) -> dict[str, Any]:
        """What stands in ``failures/``."""
        task = self.task
        return {
            "arm": task.arm,
            "replication": task.replication,
            "wiring": task.wiring,
            "evm": task.evm,
            "store": task.store,
            "seed": task.scenario.seed,
            "stage": stage,
            "what": self.what,
            "error": self.error,
            "traceback": self.trace,
            "fault_plan": scheduled(task),
            "replay": replay,
            "scenario": task.scenario.as_data(),
        }


def scheduled(task: Task) -> list[dict[str, Any]]:
    """The task's faults, drawn ones included, as ``[[faults]]`` on schedule."""
    luck = Luck(task.scenario.seed, task.replication)
    return [
        {
            "kind": window.kind,
            "at": window.from_s / DAY_S,
            "for": (window.until_s - window.from_s) / DAY_S,
            "severity": window.severity,
        }
        for window in windows_of(task.scenario, task.arm, luck, 0)
    ]


def attempt(task: Task) -> tuple[Outcome | None, Failure | None]:
    """Run the task; what came of it, and the first thing that broke, if any.

    Raises InputError for a scenario that the model cannot use: that is no failure of the system.
    """
    try:
        outcome = simulate(task)
    except InputError:
        raise
    except Exception as error:
        text = "".join(traceback.format_exception_only(error)).strip()
        return None, Failure(task, CRASHED, text, "".join(traceback.format_exception(error)))
    return outcome, breach(task, outcome.invariants)


def breach(task: Task, invariants: Mapping[str, str]) -> Failure | None:
    """The first broken invariant by name, if any."""
    for name, sentence in sorted(invariants.items()):
        if sentence != HELD:
            return Failure(task, name, sentence)
    return None


def read(path: Path) -> Failure:
    """A failure from its record. Raises InputError."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        scenario = scenario_of(record["scenario"], str(path))
        fields = (str(record[name]) for name in ("wiring", "evm", "store"))
        task = Task(scenario, str(record["arm"]), int(record["replication"]), *fields)
        return Failure(task, str(record["what"]), str(record["error"]), str(record["traceback"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        remedy = f"name a file of a run's failures/ ({type(error).__name__}: {error})"
        raise InputError("FAILURE", str(path), remedy) from None


def _kind(error: str) -> str:
    return error.partition(":")[0]
