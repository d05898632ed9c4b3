"""``shapan pilot``."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sim.commands import options
from system.errors import InputError

if TYPE_CHECKING:
    from sim.pilot import Pilot


def pilot(
    seed: options.Seed = None,
    replications: options.Replications = None,
    out: options.Out = None,
    engine: options.Engine = "local",
    workers: options.Workers = None,
    require: options.Require = None,
    json: options.Json = False,
    lang: options.Lang = None,
) -> int:
    """The main job: every product's own scenario, and the table of claims of each."""
    from sim import pilot as pilots

    chosen = options.language_of(lang)
    overrides = options.overrides_of(None, seed, replications, None)
    found = pilots.prepare_pilot(pilots.PILOT, overrides, out)
    return conduct(found, True, engine, workers, tuple(require or ()), json, chosen)


def conduct(
    pilot: Pilot,
    fresh: bool,
    engine: str,
    workers: int | None,
    required: tuple[str, ...],
    json: bool,
    lang: str,
) -> int:
    """Run what is missing of the pilot and show what it came to; returns the exit code."""
    from sim.commands.progress import progress_of
    from sim.pilot import conduct_pilot
    from sim.pools.choose import pool_of
    from sim.prepare import check_required
    from sim.reports.document import pilot_document_of

    check_required(required, pilot.claims())
    totals = {name: len(study.looks[-1]) for name, study in pilot.studies.items()}
    with progress_of(totals) as on_progress, pool_of(engine, workers) as pool:
        # Each folder was closed; its status says whether something is missing.
        with suppress(KeyboardInterrupt):
            conduct_pilot(pilot, pool, on_progress, fresh=fresh)
    document = pilot_document_of(pilot)
    if json:
        options.print_json(document)
    else:
        from rich.console import Console

        from sim.reports.terminal import show_pilot

        show_pilot(pilot, document, lang, Console())
    _report(pilot.path, lang)
    return options.exit_code(document, required)


def _report(path: Path, lang: str) -> None:
    """Write the report into the pilot's folder and name it, on stderr: stdout may be JSON's."""
    from sim.reports.words import words
    from sim.reports.write import write_report

    try:
        file = write_report([path], "html", lang)
    except InputError as error:
        # Interrupted before each run had a replication: there is nothing to report on yet.
        typer.echo(str(error), err=True)
    else:
        word = words(lang)
        typer.echo(f"{word['report']}: {file}", err=True)
        typer.echo(f"{word['console']}: shapan serve", err=True)
