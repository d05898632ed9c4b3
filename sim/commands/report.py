"""``shapan report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from sim.commands import options


def report(
    runs: Annotated[
        list[Path], typer.Argument(help="Run folders, or pilots'; several are set side by side.")
    ],
    kind: Annotated[
        Literal["html", "pdf", "junit", "json"],
        typer.Option(
            "--format",
            help="html: interactive, offline, one file. pdf: archival. junit, json: for CI.",
        ),
    ] = "html",
    profile: Annotated[
        Literal["regulator", "qa"] | None,
        typer.Option("--profile", help="What regulators or QA ask for, after the answer."),
    ] = None,
    dossier: Annotated[
        Path | None,
        typer.Option("--dossier", help="For regulators: what the pilot's owner knows, as TOML."),
    ] = None,
    load: Annotated[
        list[Path] | None,
        typer.Option("--load", help="For QA: what `shapan stress --json` printed, as a file."),
    ] = None,
    soak: Annotated[
        list[Path] | None,
        typer.Option("--soak", help="For QA: what `shapan soak --json` printed, as a file."),
    ] = None,
    require: options.Require = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="The file; report.html in the folder if left out.")
    ] = None,
    lang: options.Lang = None,
) -> int:
    """The report on a run, a pilot, or a comparison of runs: one self-contained file."""
    from sim.reports.write import write_report

    chosen = options.language_of(lang)
    file = write_report(
        runs,
        kind,
        chosen,
        out,
        profile=profile or "",
        dossier=dossier,
        loads=tuple(load or ()),
        soaks=tuple(soak or ()),
        required=tuple(require or ()),
    )
    typer.echo(str(file))
    return 0
