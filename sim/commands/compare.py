"""``shapan compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sim.commands import options
from system.errors import InputError


def compare(
    runs: Annotated[list[Path], typer.Argument(help="Two or more run folders.")],
    json: options.Json = False,
    lang: options.Lang = None,
) -> int:
    """Runs side by side: parameters that differ, claims, paired differences."""
    from sim.compare import compare as compared
    from sim.run_folder import RunFolder

    chosen = options.language_of(lang)
    if len(runs) < 2:
        raise InputError("RUN", str(runs[0]), "name two or more run folders")
    document = compared([RunFolder(path) for path in runs])
    if json:
        options.print_json(document)
    else:
        _show(document, chosen)
    return 0


def _show(document: dict[str, Any], lang: str) -> None:
    from rich.console import Console

    from sim.reports.comparison import show_comparison

    show_comparison(document, lang, Console())
