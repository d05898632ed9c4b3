"""What a run folder gives a report: read once, in the order in which it is told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from sim.event_queries import query, table
from sim.findings import metrics_of, units_of
from sim.pilot import is_pilot_folder, scenarios_of
from sim.run_document import RUNNING
from sim.run_folder import Json, RunFolder
from system.errors import InputError


@dataclass(frozen=True)
class Source:
    """One run. key: the scenario's name, or the folder's where several runs share a scenario.

    name: the same as readers call it.
    """

    folder: RunFolder
    key: str
    name: str

    @cached_property
    def run(self) -> Json:
        return self.folder.read_run()

    @property
    def scenario(self) -> Json:
        scenario: Json = self.run["scenario"]
        return scenario

    @cached_property
    def records(self) -> list[Json]:
        return self.folder.records()

    @cached_property
    def claims(self) -> list[Json]:
        return self.folder.read_claims()

    @cached_property
    def units(self) -> dict[str, str]:
        return units_of(self.records)

    @cached_property
    def metrics(self) -> Json:
        """Arm -> metric -> mean, ci_low, ci_high, n, unit; arms that others are compared with
        come first."""
        found = metrics_of(self.records, self.units)
        baselines = {claim["baseline"] for claim in self.claims}
        return {arm: found[arm] for arm in sorted(found, key=lambda arm: arm not in baselines)}

    @property
    def arms(self) -> list[str]:
        return list(self.metrics)

    @cached_property
    def map(self) -> Json | None:
        """The map of the assumptions (``run --map``), where there is one."""
        path = self.folder.path / "map.json"
        if not path.is_file():
            return None
        found: Json = json.loads(path.read_text(encoding="utf-8"))
        return found

    @cached_property
    def wall(self) -> Json:
        return self.folder.read_wall()

    def events_of(self, *kinds: str) -> pa.Table:
        """All replications' events of these kinds; only their rows are read."""
        return table(self.folder, "from events where kind in $kinds", {"kinds": list(kinds)})

    def query(self, sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The answer to a question in SQL to the run's events."""
        return query(self.folder, sql, values)

    def mean(self, arm: str, metric: str) -> float | None:
        found = self.metrics.get(arm, {}).get(metric)
        return None if found is None else found["mean"]

    def parts(self, family: str) -> list[str]:
        """What stands behind the dot in the metrics of a family, in order."""
        names = {name for metrics in self.metrics.values() for name in metrics}
        return sorted(n.removeprefix(f"{family}.") for n in names if n.startswith(f"{family}."))


def sources_of(paths: Sequence[Path]) -> list[Source]:
    """The runs in these folders, a pilot's one after the other. Raises InputError."""
    folders = [folder for path in paths for folder in _folders(path)]
    scenarios = [folder.read_run()["scenario"]["name"] for folder in folders]
    keys = [
        scenario if scenarios.count(scenario) == 1 else f"{folder.path.name}-{number}"
        for number, (folder, scenario) in enumerate(zip(folders, scenarios, strict=True), 1)
    ]
    found = [Source(folder, key, key) for folder, key in zip(folders, keys, strict=True)]
    for source in found:
        _check_closed(source)
    return found


def _folders(path: Path) -> list[RunFolder]:
    if is_pilot_folder(path):
        return [RunFolder(path / name) for name in scenarios_of(path)]
    return [RunFolder(path)]


def _check_closed(source: Source) -> None:
    path = source.folder.path
    if source.run["status"] == RUNNING:
        raise InputError("RUN", str(path), f"it was cut off: shapan run --resume {path}")


def check_measured(source: Source) -> None:
    """Raises InputError where no replication finished, so that there is nothing to tell."""
    path = source.folder.path
    if not source.records:
        remedy = f"no replication finished: shapan run --resume {path}, or --format junit"
        raise InputError("RUN", str(path), remedy)
