"""Scenarios in a test: run an arm, and break the test when an invariant broke."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sim.failure import attempt
from sim.failure_files import write_failure
from sim.scenario import Scenario, apply, load, scenario_of
from sim.world import WIRINGS, Outcome, Task

FaultEntry = dict[str, Any]


class Trials:
    """The runs of one test. folder: where failures are kept.  replays: commands for what broke."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed, self._folder = seed, folder
        self.replays: list[str] = []

    def scenario(self, name_or_path: str, *overrides: str) -> Scenario:
        """A packaged scenario by name, or a file, with ``path=value`` set and this test's seed.

        Raises InputError.
        """
        return apply(load(name_or_path), [f"seed={self.seed}", *overrides])

    def run(
        self,
        scenario: Scenario,
        arm: str,
        faults: Sequence[FaultEntry] = (),
        *,
        wiring: str = "columns",
    ) -> Outcome:
        """One replication of an arm under these faults instead of the scenario's own.

        Raises AssertionError, with the commands that show it again, where it crashed or an
        invariant broke; InputError for what the scenario or a fault cannot be.
        """
        data = scenario.as_data() | {"faults": list(faults)}
        task = Task(scenario_of(data, scenario.name), arm, 0, wiring, *WIRINGS[wiring])
        outcome, failure = attempt(task)
        if failure is not None:
            name = f"failure-{len(self.replays) // 2}"
            kept = write_failure(self._folder, name, failure, f"simulate {arm}")
            self.replays += [kept.replay, kept.shrink]
            raise AssertionError(f"{failure.what}: {failure.error}\n  replay: {kept.replay}")
        assert outcome is not None
        return outcome


def fault(
    kind: str, *, severity: float, days: float, at: float | None = None, every: float | None = None
) -> FaultEntry:
    """An entry of a fault plan: ``at`` days after the start, or drawn ``every`` so many days.

    days: how long it lasts.  severity: 0..1, see ``docs/SIMULATION.md`` for each kind.
    """
    when = {"at": at} if at is not None else {"every": every}
    return {"kind": kind, "severity": severity, "for": days, **when}
