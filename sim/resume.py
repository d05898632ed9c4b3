"""Finishing a run: only as it was begun, and by the same code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from reprlib import repr as short
from typing import Any

from sim.prepare import Wish, looks_of, prepare, reopen
from sim.run_folder import RunFolder, plain
from sim.study import Study, description
from system.errors import InputError

# The scenario stands for its digest, and for the words of the changes that led to it.
_NOT_COMPARED = ("run", "overrides", "scenario_digest", "seed")


def resume(wish: Wish, path: Path) -> Study:
    """The study in the run folder ``path``, with which the wish must agree.

    A wish that names no scenario, or this folder as its scenario, agrees wherever it is silent.
    Raises InputError with the first input that differs, or the first package whose version does:
    replications by two versions are a sample of neither.
    """
    study = reopen(RunFolder(path), wish.store)
    wish = replace(wish, scenario=wish.scenario or str(path))
    if wish.replication is None and Path(wish.scenario) == path:
        wish = replace(wish, replication=_replication_of(study))
    wished = prepare(wish, lambda plan: path)
    asked, begun = plain(description(wished)), study.folder.read_run()
    for key in asked:
        if key not in _NOT_COMPARED:
            at = "" if key == "scenario" else key
            for name, was, now in _differences(begun[key], asked[key], at):
                raise InputError(name, now, f"{path} was begun with {short(was)}: {_remedy(name)}")
    return study


def _replication_of(study: Study) -> int | None:
    """The only replication of a study that replays one."""
    if study.looks == looks_of(study.plan.scenario, None):
        return None
    return study.looks[0].start


def _differences(was: Any, now: Any, at: str) -> Iterator[tuple[str, Any, Any]]:
    """Dotted path, old and new value of everything that differs."""
    if isinstance(was, dict) and isinstance(now, dict):
        for key in {**was, **now}:
            place = f"{at}.{key}" if at else key
            yield from _differences(was.get(key), now.get(key), place)
    elif was != now:
        yield at, was, now


def _remedy(name: str) -> str:
    if name.startswith("versions."):
        return "install that version to resume it, or start a new run"
    return "resume it with that, or start a new run"
