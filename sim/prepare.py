"""From what the user asked for to a study: everything is checked before anything is written."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from sim.looks import LOOK_GROWTH, looks
from sim.run import Plan
from sim.run_document import OK
from sim.run_folder import Json, RunFolder
from sim.scenario import Replications, Scenario, apply, load, overlay, scenario_of
from sim.scenario_draws import with_draws
from sim.study import MASK, Study
from sim.world import WIRINGS, model_path
from system.errors import InputError

RUNS = Path("runs")
WIRING_DEFAULT = "columns"
EVMS, STORES = ("embedded", "revm"), ("memory", "sqlite")


@dataclass(frozen=True, slots=True)
class Wish:
    """The options of ``run``. None and () mean: as the scenario or the wiring has it, or, where
    ``scenario`` is a run folder, as that run had it."""

    scenario: str
    overlay: Path | None = None
    overrides: tuple[str, ...] = ()
    arms: tuple[str, ...] = ()
    wiring: str | None = None
    evm: str | None = None
    store: str | None = None
    replication: int | None = None
    draw_fitted: bool = False


def prepare(wish: Wish, folder_of: Callable[[Plan], Path]) -> Study:
    """The study of this wish, in a folder that it has yet to create. Raises InputError."""
    if is_run_folder(wish.scenario):
        wish = _filled_in(wish, RunFolder(Path(wish.scenario)).read_run())
    scenario, arms, wiring = _scenario(wish), wish.arms, wish.wiring or WIRING_DEFAULT
    _known("--arms", arms, tuple(scenario.arms))
    _each_once("--arms", arms)
    _known("--wiring", (wiring,), tuple(WIRINGS))
    evm, store = WIRINGS[wiring]
    plan = Plan(
        scenario=scenario,
        arms=tuple(sorted(arms or scenario.arms)),
        wiring=wiring,
        evm=_part("--evm", wish.evm or evm, EVMS),
        store=_part("--store", wish.store or store, STORES),
        model=model_path(scenario),
    )
    folder = RunFolder(folder_of(plan))
    return Study(plan, folder, looks_of(scenario, wish.replication), wish.overrides)


def _filled_in(wish: Wish, run: Json) -> Wish:
    """The wish with the parts that it leaves open as the run had them.

    A wiring of its own brings its own parts.
    """
    wish = replace(wish, arms=wish.arms or tuple(run["arms"]))
    if wish.wiring not in (None, run["wiring"]):
        return wish
    return replace(
        wish,
        wiring=run["wiring"],
        evm=wish.evm or run["evm"],
        store=_store_again(run["store"], wish.store),
    )


def _store_again(recorded: str, given: str | None) -> str:
    """The store that was given, or else the recorded one, whose password is never written down."""
    if given is None and f":{MASK}@" in recorded:
        raise InputError("--store", recorded, "give the URL again, with its password")
    return given or recorded


def reopen(folder: RunFolder, store: str | None) -> Study:
    """The study that a run folder holds, to finish or to check it.

    store: where the recorded URL had a password, which is never written down.
    """
    run = folder.read_run()
    scenario = _scenario_as_run(folder, run)
    file = str(folder.path / "run.json")
    _known("arms", tuple(run["arms"]), tuple(scenario.arms), file)
    _each_once("arms", tuple(run["arms"]), file)
    _known("wiring", (run["wiring"],), tuple(WIRINGS), file)
    plan = Plan(
        scenario=scenario,
        arms=tuple(run["arms"]),
        wiring=run["wiring"],
        evm=_part("evm", run["evm"], EVMS, file),
        store=_part("store", _store_again(run["store"], store), STORES, file),
        model=model_path(scenario),
    )
    spans = tuple(range(first, end) for first, end in run["looks"])
    overrides, extended_from = tuple(run["overrides"]), tuple(run["extended_from"])
    return Study(plan, folder, spans, overrides, extended_from)


def is_run_folder(path: str) -> bool:
    return (Path(path) / "run.json").is_file()


def free_folder(plan: Plan) -> Path:
    """runs/NAME-SEED-DIGEST, or a free one beside it."""
    return free_path(default_folder(plan))


def free_path(base: Path) -> Path:
    """This path, or the first of -2, -3, … that is not there yet."""
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


def check_required(required: tuple[str, ...], claims: Iterable[str]) -> None:
    """Refuse ``--require`` of a claim that is not made."""
    _known("--require", required, tuple(claims))


def _scenario(wish: Wish) -> Scenario:
    if is_run_folder(wish.scenario):
        folder = RunFolder(Path(wish.scenario))
        scenario = _scenario_as_run(folder, folder.read_run())
    else:
        scenario = load(wish.scenario)
    if wish.overlay is not None:
        scenario = overlay(scenario, str(wish.overlay))
    scenario = apply(scenario, list(wish.overrides))
    return with_draws(scenario) if wish.draw_fitted else scenario


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


def looks_of(scenario: Scenario, replication: int | None) -> tuple[range, ...]:
    """The replication numbers up to each planned look, or the one that was asked for."""
    if replication is not None:
        return (range(replication, replication + 1),)
    return _looks_from(scenario.replications, scenario.replications.min)


def more_looks(scenario: Scenario, reached: int) -> tuple[range, ...]:
    """The looks of an extension: as many replications as the scenario asks for, some at least."""
    bounds = scenario.replications
    return _looks_from(bounds, max(bounds.min, math.ceil(reached * LOOK_GROWTH)))


def _looks_from(bounds: Replications, first: int) -> tuple[range, ...]:
    at_max = bounds.stop_when == "max"
    return tuple(range(size) for size in looks(bounds.max if at_max else first, bounds.max))


def _known(
    option: str, chosen: tuple[str, ...], known: tuple[str, ...], file: str | None = None
) -> None:
    for name in chosen:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise InputError(option, name, f"{hint}use one of {', '.join(known)}", file=file)


def _each_once(option: str, chosen: tuple[str, ...], file: str | None = None) -> None:
    if len(set(chosen)) < len(chosen):
        raise InputError(option, ",".join(chosen), "name each arm once", file=file)


def _part(option: str, chosen: str, names: tuple[str, ...], file: str | None = None) -> str:
    if chosen not in names and "://" not in chosen:
        raise InputError(option, chosen, f"use {', '.join(names)} or a URL", file=file)
    return chosen
