"""Finishing a run, or adding replications: only as it was begun, and by the same code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from reprlib import repr as short
from typing import Any

from sim.prepare import Wish, looks_of, more_looks, prepare, reopen
from sim.run_folder import RunFolder, plain
from sim.scenario import Replications
from sim.study import Study, description, is_complete
from system.errors import InputError

# The scenario stands for its digest, and for the words of the changes that led to it.
_NOT_COMPARED = ("run", "overrides", "scenario_digest", "seed")
# What differs when more replications are asked for, and nothing else.
_MORE = {"replications.min", "replications.max", "replications.stop_when", "looks", "extended_from"}


def resume(wish: Wish, path: Path) -> Study:
    """The study in the run folder ``path``, with which the wish must agree.

    A wish that names no scenario, or this folder as its scenario, agrees wherever it is silent. A
    wish for more replications than a finished study has makes it go on.
    Raises InputError with the first input that differs, or the first package whose version does:
    replications by two versions are a sample of neither.
    """
    study = reopen(RunFolder(path), wish.store)
    wish = replace(wish, scenario=wish.scenario or str(path))
    if wish.replication is None and Path(wish.scenario) == path:
        wish = replace(wish, replication=_replication_of(study))
    wished = prepare(wish, lambda plan: path)
    differing = list(_differing(study, wished))
    asks = any(override.startswith("replications.") for override in wish.overrides)
    names = {name for name, _, _ in differing}
    if asks and names and names <= _MORE and _is_more(study, wished):
        return _extended(study, wished, wish.overrides)
    for name, was, now in differing:
        raise InputError(name, now, f"{path} was begun with {short(was)}: {_remedy(name)}")
    return study


def _differing(study: Study, wished: Study) -> Iterator[tuple[str, Any, Any]]:
    """Dotted path, old and new value of each input that differs."""
    if study.extended_from and _bounds(wished) == _bounds(study):
        wished = replace(wished, looks=study.looks, extended_from=study.extended_from)
    asked, begun = plain(description(wished)), study.folder.read_run()
    for key in asked:
        if key not in _NOT_COMPARED:
            yield from _differences(begun[key], asked[key], "" if key == "scenario" else key)


def _bounds(study: Study) -> Replications:
    return study.plan.scenario.replications


def _is_more(study: Study, wished: Study) -> bool:
    return _bounds(wished).max > _reached(study)


def _reached(study: Study) -> int:
    return len(study.folder.records()) + len(study.folder.failures())


def _extended(study: Study, wished: Study, overrides: tuple[str, ...]) -> Study:
    """The same study with more looks. Raises InputError before it has ended as planned."""
    if not is_complete(study):
        remedy = f"finish what was planned first: shapan run --resume {study.folder.path}"
        raise InputError("--replications", _bounds(wished).max, remedy)
    reached = _reached(study)
    scenario = wished.plan.scenario
    kept = tuple(numbers for numbers in study.looks if len(numbers) <= reached)
    return replace(
        study,
        plan=study.plan.at(scenario),
        looks=kept + more_looks(scenario, reached),
        overrides=study.overrides + overrides,
        extended_from=(*study.extended_from, reached),
    )


def _replication_of(study: Study) -> int | None:
    """The only replication of a study that replays one."""
    if study.extended_from or study.looks == looks_of(study.plan.scenario, None):
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
