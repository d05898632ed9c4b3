"""A failure on disk: its scenario and its record, and the commands that show it again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sim.failure import Failure
from sim.run_folder import write_json
from sim.toml_text import toml_text


@dataclass(frozen=True, slots=True)
class Written:
    """record: for ``shapan shrink``.  replay, shrink: one command each."""

    record: Path
    replay: str
    shrink: str


def write_failure(folder: Path, name: str, failure: Failure, stage: str) -> Written:
    """Keep it as ``name``.toml and ``name``.json in ``folder``, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    scenario, record, task = folder / f"{name}.toml", folder / f"{name}.json", failure.task
    replay = f"shapan run {scenario} --arms {task.arm} --replication {task.replication}"
    if task.wiring != "columns":
        replay += f" --wiring {task.wiring}"
    scenario.write_text(toml_text(task.scenario.as_data()), encoding="utf-8")
    write_json(record, failure.record(stage, replay))
    return Written(record, replay, f"shapan shrink {record}")
