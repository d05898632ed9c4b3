"""``shapan verify``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.commands import options
from system.errors import InputError

if TYPE_CHECKING:
    from sim.study import Study
    from sim.verify import Check


def verify(
    run: Annotated[Path, typer.Argument(help="A run folder, a pilot's, or a bundle.")],
    fingerprint: Annotated[
        str | None,
        typer.Option("--fingerprint", help="Of a bundle: who must have signed it, as published."),
    ] = None,
    again: Annotated[bool, typer.Option("--rerun", help="Simulate it again, bit for bit.")] = False,
    store: options.Store = None,
    workers: options.Workers = None,
    json: options.Json = False,
    lang: options.Lang = None,
) -> int:
    """Check a run folder: sums, digests, tables and verdicts; with --rerun, every event.

    Of a bundle also who signed it, and that nothing in it was changed, added or taken away.
    """
    chosen = options.language_of(lang)
    processes = workers or os.cpu_count() or 1
    checks, inside = _signed(run, fingerprint)
    checks += _checks(inside, store, processes if again else 0)
    held = all(found.held for found in checks)
    if json:
        status = "ok" if held else "failed"
        found = [asdict(entry) for entry in checks]
        options.print_json({"run": str(run), "status": status, "checks": found})
    else:
        _show(checks, chosen)
    return 0 if held else 1


def _signed(path: Path, fingerprint: str | None) -> tuple[list[Check], Path]:
    """The checks of a bundle and the folder inside it; none and the path itself for a run."""
    from sim.evidence.check import check_bundle, is_bundle, run_inside

    if is_bundle(path):
        return check_bundle(path, fingerprint), run_inside(path)
    if fingerprint is not None:
        raise InputError("--fingerprint", fingerprint, f"{path} is no bundle: leave it out")
    return [], path


def _checks(path: Path, store: str | None, rerun_workers: int) -> list[Check]:
    from sim.pilot import is_pilot_folder

    look = _pilot_checks if is_pilot_folder(path) else _run_checks
    return look(path, store, rerun_workers)


def _run_checks(run: Path, store: str | None, rerun_workers: int) -> list[Check]:
    """rerun_workers: processes that simulate it again; 0 for none."""
    from sim.prepare import reopen
    from sim.run_folder import RunFolder
    from sim.verify import verify as check

    study = reopen(RunFolder(run), store)
    checks = check(study)
    if rerun_workers:
        checks += _reruns({"verify": study}, rerun_workers).values()
    return checks


def _pilot_checks(path: Path, store: str | None, rerun_workers: int) -> list[Check]:
    """Each run's checks under its scenario's name, and whether pilot.json says what they give."""
    from sim.pilot import reopen_pilot
    from sim.verify import verify as check
    from sim.verify import verify_pilot

    pilot = reopen_pilot(path, store)
    again = _reruns(pilot.studies, rerun_workers) if rerun_workers else {}
    found = [
        replace(entry, name=f"{name}.{entry.name}")
        for name, study in pilot.studies.items()
        for entry in (*check(study), *([again[name]] if again else []))
    ]
    return [*found, verify_pilot(pilot)]


def _reruns(studies: Mapping[str, Study], workers: int) -> dict[str, Check]:
    from sim.commands.progress import progress_of
    from sim.verify import rerun

    totals = {name: len(study.folder.records()) for name, study in studies.items()}
    with progress_of(totals) as on_progress:
        return {
            name: rerun(study, workers, partial(on_progress, name))
            for name, study in studies.items()
        }


def _show(checks: list[Check], lang: str) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from sim.reports.words import words

    word = words(lang)
    table = Table(word["check"], word["state"], word["detail"])
    for check in checks:
        state = f"[green]{word['held']}[/]" if check.held else f"[bold red]{word['broken']}[/]"
        table.add_row(check.name, state, escape(check.detail))
    Console().print(table)
