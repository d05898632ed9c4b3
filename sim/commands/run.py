"""``shapan run``."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.commands import options
from system.errors import InputError

if TYPE_CHECKING:
    from sim.assumptions.study import MapWish
    from sim.pools.base import Pool
    from sim.prepare import Wish
    from sim.study import Study


def run(
    scenario: Annotated[
        str | None, typer.Argument(help="A packaged name, a .toml file, or a run folder.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Argument(help="With --resume: the run folder to finish.")
    ] = None,
    sets: options.Set = None,
    overlay: options.With = None,
    draw_fitted: options.DrawFitted = False,
    seed: options.Seed = None,
    replications: options.Replications = None,
    horizon_days: options.HorizonDays = None,
    arms: options.Arms = None,
    wiring: options.Wiring = None,
    evm: options.Evm = None,
    store: options.Store = None,
    out: options.Out = None,
    resume: options.Resume = False,
    replication: options.Replication = None,
    map_: options.Map = False,
    points: options.Points = None,
    map_replications: options.MapReplications = None,
    map_scale: options.MapScale = None,
    engine: options.Engine = "local",
    workers: options.Workers = None,
    require: options.Require = None,
    json: options.Json = False,
    lang: options.Lang = None,
) -> int:
    """Run a study: a scenario's arms over replications, and the verdict on each claim."""
    from sim.commands.pilot import conduct as conduct_pilot
    from sim.pilot import resume_pilot
    from sim.pools.choose import pool_of
    from sim.prepare import Wish

    chosen = options.language_of(lang)
    wish = Wish(
        scenario=scenario or "",
        overlay=overlay,
        overrides=options.overrides_of(sets, seed, replications, horizon_days),
        arms=() if arms is None else tuple(arms.split(",")),
        wiring=wiring,
        evm=evm,
        store=store,
        replication=replication,
        draw_fitted=draw_fitted,
    )
    required = tuple(require or ())
    if resume and (path := _pilot_folder(wish, folder or out)) is not None:
        found = resume_pilot(path, wish)
        return conduct_pilot(found, False, engine, workers, required, json, chosen)
    study = _resumed(wish, folder or out) if resume else _new(wish, folder, out)
    asked = options.map_wish(map_, points, map_replications, map_scale)
    pool = pool_of(engine, workers)
    return _conduct(study, not resume, asked, pool, required, json, chosen)


def _pilot_folder(wish: Wish, out: Path | None) -> Path | None:
    """The folder to finish, if it is a whole pilot's."""
    from sim.pilot import is_pilot_folder

    path = out or Path(wish.scenario)
    return path if is_pilot_folder(path) else None


def _new(wish: Wish, folder: Path | None, out: Path | None) -> Study:
    from sim.prepare import free_folder, prepare

    if folder is not None:
        raise InputError("FOLDER", str(folder), "a second argument goes with --resume only")
    if not wish.scenario:
        raise InputError("SCENARIO", None, "name a scenario; `shapan scenarios` lists them")
    return prepare(wish, lambda plan: out or free_folder(plan))


def _resumed(wish: Wish, out: Path | None) -> Study:
    """The study of a run folder, or of the inputs whose unfinished run is to be found."""
    from sim.prepare import is_run_folder, latest_folder, prepare
    from sim.resume import resume

    if out is None and is_run_folder(wish.scenario):
        out = Path(wish.scenario)
    if out is None:
        out = prepare(wish, latest_folder).folder.path
    return resume(wish, out)


def _conduct(
    study: Study,
    fresh: bool,
    asked: MapWish,
    pool: Pool,
    required: tuple[str, ...],
    json: bool,
    lang: str,
) -> int:
    from sim.assumptions.study import conduct_map, map_of
    from sim.commands.progress import map_progress, progress_of
    from sim.prepare import check_required, is_run_folder
    from sim.reports.document import document_of
    from sim.study import conduct

    scenario = study.plan.scenario
    check_required(required, (claim.id for claim in scenario.claims))
    found = map_of(study, asked)
    # The folder was closed; its status says whether something is missing.
    with suppress(KeyboardInterrupt), pool:
        with progress_of({scenario.name: len(study.looks[-1])}) as on_progress:
            conduct(study, pool, partial(on_progress, scenario.name), fresh=fresh)
        if found is not None:
            with map_progress(scenario.name) as on_points:
                conduct_map(found, pool, on_points)
    if not is_run_folder(str(study.folder.path)):
        return options.INTERRUPTED  # before there was anything to show
    document = document_of(study.folder)
    if json:
        options.print_json(document)
    else:
        from rich.console import Console

        from sim.reports.terminal import show_run

        show_run(study.folder, lang, Console())
    return options.exit_code(document, required)
