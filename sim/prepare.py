"""From what the user asked for to a study: everything is checked before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from sim.run import Plan
from sim.run_folder import Json, RunFolder
from sim.scenario import Scenario, apply, load, overlay, scenario_of
from sim.statistics import looks
from sim.study import MASK, OK, Study
from sim.world import WIRINGS, model_path
from system.errors import InputError

RUNS = Path("runs")


@dataclass(frozen=True, slots=True)
class Wish:
    """The options of ``run``. None and () mean: as the scenario or the wiring has it."""

    scenario: str
    overlay: Path | None = None
    overrides: tuple[str, ...] = ()
    arms: tuple[str, ...] = ()
    wiring: str = "columns"
    evm: str | None = None
    store: str | None = None
    replication: int | None = None


def prepare(wish: Wish, folder_of: Callable[[Plan], Path]) -> Study:
    """The study of this wish, in a folder that it has yet to create. Raises InputError."""
    scenario, arms = _scenario(wish), wish.arms
    if arms:
        _known("--arms", arms, tuple(scenario.arms))
    _known("--wiring", (wish.wiring,), tuple(WIRINGS))
    evm, store = WIRINGS[wish.wiring]
    plan = Plan(
        scenario=scenario,
        arms=tuple(sorted(arms or scenario.arms)),
        wiring=wish.wiring,
        evm=_part("--evm", wish.evm or evm, ("embedded", "revm")),
        store=_part("--store", wish.store or store, ("memory", "sqlite")),
        model=model_path(scenario),
    )
    folder = RunFolder(folder_of(plan))
    return Study(plan, folder, _looks(scenario, wish.replication), wish.overrides)


def reopen(folder: RunFolder, store: str | None) -> Study:
    """The study that a run folder holds, to finish or to check it.

    store: where the recorded URL had a password, which is never written down.
    """
    run = folder.read_run()
    scenario = _scenario_as_run(folder, run)
    if store is None and f":{MASK}@" in run["store"]:
        raise InputError("--store", run["store"], "give the URL again, with its password")
    plan = Plan(
        scenario=scenario,
        arms=tuple(run["arms"]),
        wiring=run["wiring"],
        evm=run["evm"],
        store=store or run["store"],
        model=model_path(scenario),
    )
    spans = tuple(range(first, end) for first, end in run["looks"])
    return Study(plan, folder, spans, tuple(run["overrides"]))


def is_run_folder(path: str) -> bool:
    return (Path(path) / "run.json").is_file()


def free_folder(plan: Plan) -> Path:
    """runs/NAME-SEED-DIGEST, or the first of -2, -3, … that is not there yet."""
    base = default_folder(plan)
    number, path = 1, base
    while path.exists():
        number += 1
        path = base.with_name(f"{base.name}-{number}")
    return path


def latest_folder(plan: Plan) -> Path:
    """The newest folder of these very inputs that is not finished, for ``--resume``."""
    base = default_folder(plan)
    for path in sorted(RUNS.glob(f"{base.name}*"), key=lambda path: len(path.name), reverse=True):
        if is_run_folder(str(path)) and RunFolder(path).read_run()["status"] != OK:
            return path
    raise InputError("--resume", str(base), "no unfinished run of these inputs; run without it")


def default_folder(plan: Plan) -> Path:
    """Named by scenario, seed and a digest of all inputs."""
    inputs = plan.inputs_digest()[:8]
    return RUNS / f"{plan.scenario.name}-{plan.scenario.seed}-{inputs}"


def check_required(required: tuple[str, ...], scenario: Scenario) -> None:
    """Refuse ``--require`` of a claim that the scenario does not make."""
    _known("--require", required, tuple(claim.id for claim in scenario.claims))


def _scenario(wish: Wish) -> Scenario:
    if is_run_folder(wish.scenario):
        folder = RunFolder(Path(wish.scenario))
        scenario = _scenario_as_run(folder, folder.read_run())
    else:
        scenario = load(wish.scenario)
    if wish.overlay is not None:
        scenario = overlay(scenario, str(wish.overlay))
    return apply(scenario, list(wish.overrides))


def _scenario_as_run(folder: RunFolder, run: Json) -> Scenario:
    scenario = scenario_of(run["scenario"], str(folder.path / "run.json"))
    if scenario.digest() != run["scenario_digest"]:
        raise InputError(
            "scenario_digest",
            run["scenario_digest"],
            f"run.json's scenario has digest {scenario.digest()}: it was edited, or this version "
            "reads it differently; start a new run",
            file=str(folder.path / "run.json"),
        )
    return scenario


def _looks(scenario: Scenario, replication: int | None) -> tuple[range, ...]:
    if replication is not None:
        return (range(replication, replication + 1),)
    bounds = scenario.replications
    at_max = bounds.stop_when == "max"
    sizes = looks(bounds.max if at_max else bounds.min, bounds.max)
    return tuple(range(size) for size in sizes)


def _known(option: str, chosen: tuple[str, ...], known: tuple[str, ...]) -> None:
    for name in chosen:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise InputError(option, name, f"{hint}use one of {', '.join(known)}")


def _part(option: str, chosen: str, names: tuple[str, ...]) -> str:
    if chosen not in names and "://" not in chosen:
        raise InputError(option, chosen, f"use {', '.join(names)} or a URL")
    return chosen
