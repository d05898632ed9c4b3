"""The pilot: the products' own scenarios one after the other, each a run folder below one folder.

    pilot.json     the scenarios in order, and what their runs came to
    SCENARIO/      a run folder like any other

Every run is described and closed as partial before the first replication, so that a pilot which
was interrupted, in whatever way, can be read, and finished from what it holds.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

from sim.pools.base import Pool
from sim.prepare import RUNS, Wish, free_path, is_run_folder, prepare, reopen
from sim.resume import resume
from sim.run_document import FAILED, OK, PARTIAL, RUNNING
from sim.run_folder import Json, RunFolder, write_json
from sim.study import Study, begin, conduct, finish_beginning
from system.errors import InputError, IntegrityError

# The scenarios of the main job: one for each product that is built.
PILOT: Final = ("receivables", "credit", "leasing")
_BEST_FIRST: Final = (OK, PARTIAL, RUNNING, FAILED)
_SUMMARY: Final = "pilot.json"


@dataclass(frozen=True, slots=True)
class Pilot:
    """Studies by the name of their scenario, in the order in which they run."""

    path: Path
    studies: Mapping[str, Study]

    def runs(self) -> dict[str, Json]:
        """Each study's run.json."""
        return {name: study.folder.read_run() for name, study in self.studies.items()}

    def claims(self) -> list[str]:
        """The name of each scenario's each claim in the pilot."""
        ids = {
            name: [claim.id for claim in study.plan.scenario.claims]
            for name, study in self.studies.items()
        }
        return [name for names in unique_claims(ids).values() for name in names.values()]


def is_pilot_folder(path: Path) -> bool:
    return (path / _SUMMARY).is_file()


def prepare_pilot(scenarios: Sequence[str], overrides: tuple[str, ...], out: Path | None) -> Pilot:
    """The pilot of these scenarios, in a folder that it has yet to create.

    Raises InputError, and IntegrityError for scenarios whose results could not be told apart.
    """
    found = [prepare(Wish(name, overrides=overrides), lambda _: RUNS) for name in scenarios]
    _check_arms(found)
    path = out or free_path(RUNS / _name(found))
    return Pilot(path, {study.plan.scenario.name: _below(path, study) for study in found})


def _check_arms(studies: Sequence[Study]) -> None:
    """Metrics go by arm: two products with one arm's name would be one line."""
    arms = Counter(arm for study in studies for arm in study.plan.arms)
    shared = [arm for arm, count in arms.items() if count > 1]
    if shared:
        raise IntegrityError("arms of the pilot's scenarios", "names of their own", shared)


def _name(studies: Sequence[Study]) -> str:
    inputs = "\n".join(study.plan.inputs_digest() for study in studies)
    return f"pilot-{studies[0].plan.scenario.seed}-{sha256(inputs.encode()).hexdigest()[:8]}"


def _below(path: Path, study: Study) -> Study:
    return replace(study, folder=RunFolder(path / study.plan.scenario.name))


def resume_pilot(path: Path, wish: Wish) -> Pilot:
    """The pilot in this folder, each run of which the wish must fit as it must fit a single run.

    Raises InputError.
    """
    silent = replace(wish, scenario="")
    return Pilot(path, {name: resume(silent, path / name) for name in scenarios_of(path)})


def reopen_pilot(path: Path, store: str | None) -> Pilot:
    """The pilot that a folder holds, to check it. Raises InputError."""
    names = scenarios_of(path)
    return Pilot(path, {name: reopen(RunFolder(path / name), store) for name in names})


def conduct_pilot(
    pilot: Pilot, pool: Pool, on_progress: Callable[[str, int], None], *, fresh: bool
) -> None:
    """Run what is missing in each study. KeyboardInterrupt goes on upward, all folders closed.

    on_progress gets a scenario's name and the number of its finished replications. fresh: create
    the folders, and take them away again when a model refuses its scenario (InputError).
    """
    if fresh:
        RunFolder(pilot.path).check_free()
    made: list[Path] = []
    try:
        made = _begin(pilot) if fresh else []
        for name, study in pilot.studies.items():
            conduct(study, pool, partial(on_progress, name), fresh=False)
    except InputError:
        _take_away(made, pilot.path)
        raise
    except KeyboardInterrupt:
        if fresh:
            _finish_beginning(pilot)
        raise
    finally:
        if is_pilot_folder(pilot.path):
            _write_summary(pilot)


def _take_away(made: Sequence[Path], path: Path) -> None:
    for folder in made:
        # The topmost folder that was made may hold the others.
        shutil.rmtree(folder, ignore_errors=True)
    (path / _SUMMARY).unlink(missing_ok=True)


def _begin(pilot: Pilot) -> list[Path]:
    made = [begin(study) for study in pilot.studies.values()]
    _write_summary(pilot)
    return made


def _finish_beginning(pilot: Pilot) -> None:
    """What was interrupted before all folders were there has them all, and can be finished."""
    for study in pilot.studies.values():
        if not is_run_folder(str(study.folder.path)):
            finish_beginning(study)
    _write_summary(pilot)


def _write_summary(pilot: Pilot) -> None:
    write_json(pilot.path / _SUMMARY, summary(pilot.runs()))


def summary(runs: Mapping[str, Json]) -> Json:
    """What pilot.json says of these runs: order, worst status, one digest."""
    return {
        "scenarios": list(runs),
        "status": max((run["status"] for run in runs.values()), key=_BEST_FIRST.index),
        "digest": _digest(runs),
    }


def _digest(runs: Mapping[str, Json]) -> str:
    """SHA-256 over the runs' digests, by the scenarios' names. A run that is cut off has none."""
    lines = [f"{name} {runs[name].get('digest', '')}" for name in sorted(runs)]
    return sha256("\n".join(lines).encode()).hexdigest()


def read_summary(path: Path) -> Json:
    """pilot.json as it stands. Raises InputError where it cannot be used."""
    file = path / _SUMMARY
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        remedy = f"cannot be read ({error}); restore it or start a new pilot"
        raise InputError("file", _SUMMARY, remedy, file=str(file)) from None
    names = found.get("scenarios") if isinstance(found, dict) else None
    if not (isinstance(names, list) and names and all(isinstance(name, str) for name in names)):
        raise InputError("scenarios", names, "write a list of names: restore it", file=str(file))
    return dict(found)


def scenarios_of(path: Path) -> list[str]:
    """The names in pilot.json, in order. Raises InputError."""
    return list(read_summary(path)["scenarios"])


def unique_claims(ids_by_scenario: Mapping[str, Sequence[str]]) -> dict[str, dict[str, str]]:
    """Scenario -> claim -> its name in the pilot: with the scenario's where two make the same."""
    counts = Counter(name for ids in ids_by_scenario.values() for name in ids)
    return {
        scenario: {name: name if counts[name] == 1 else f"{scenario}.{name}" for name in ids}
        for scenario, ids in ids_by_scenario.items()
    }
