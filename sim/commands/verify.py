"""``shapan verify``."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.commands import options

if TYPE_CHECKING:
    from sim.verify import Check


def verify(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    again: Annotated[bool, typer.Option("--rerun", help="Simulate it again, bit for bit.")] = False,
    store: options.Store = None,
    workers: options.Workers = None,
    json: options.Json = False,
    lang: options.Lang = None,
) -> int:
    """Check a run folder: sums, digests, tables and verdicts; with --rerun, every event."""
    from sim.commands.progress import progress_of
    from sim.prepare import reopen
    from sim.run_folder import RunFolder
    from sim.verify import rerun
    from sim.verify import verify as check

    chosen = options.language_of(lang)
    study = reopen(RunFolder(run), store)
    checks = check(study)
    if again:
        records = study.folder.records()
        with progress_of("verify", range(len(records))) as on_progress:
            checks.append(rerun(study, workers or os.cpu_count() or 1, on_progress))
    held = all(found.held for found in checks)
    if json:
        status = "ok" if held else "failed"
        found = [asdict(entry) for entry in checks]
        options.print_json({"run": str(run), "status": status, "checks": found})
    else:
        _show(checks, chosen)
    return 0 if held else 1


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
