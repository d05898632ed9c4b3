"""``shapan compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.commands import options
from system.errors import InputError

if TYPE_CHECKING:
    from sim.run_folder import RunFolder


def compare(
    runs: Annotated[list[Path], typer.Argument(help="Two or more run folders, or pilots'.")],
    repeats: Annotated[
        int,
        typer.Option(
            "--repeats",
            help="Run so many replications of both runs again, in turns, and say which is slower.",
            min=0,
            max=100,
        ),
    ] = 0,
    json: options.Json = False,
    lang: options.Lang = None,
) -> int:
    """Runs side by side: parameters that differ, claims, paired differences; speed on request."""
    from sim.compare import compare as compared
    from sim.pilot import is_pilot_folder
    from sim.run_folder import RunFolder

    chosen = options.language_of(lang)
    if len(runs) < 2:
        raise InputError("RUN", str(runs[0]), "name two or more run folders")
    if repeats and (len(runs) != 2 or any(map(is_pilot_folder, runs))):
        raise InputError("--repeats", repeats, "name exactly two run folders")
    if any(map(is_pilot_folder, runs)):
        by_scenario = {name: compared(folders) for name, folders in _by_scenario(runs).items()}
        document: dict[str, Any] = {"scenarios": by_scenario}
        shown = list(by_scenario.values())
    else:
        document = compared([RunFolder(path) for path in runs])
        if repeats:
            document["speed"] = _speed(runs[0], runs[1], repeats)
        shown = [document]
    if json:
        options.print_json(document)
    else:
        _show(shown, chosen)
    return 0


def _by_scenario(paths: list[Path]) -> dict[str, list[RunFolder]]:
    """The runs of each scenario that two or more of these folders hold. Raises InputError."""
    from sim.pilot import is_pilot_folder, scenarios_of
    from sim.run_folder import RunFolder

    found: dict[str, list[RunFolder]] = {}
    for path in paths:
        inner = [path / name for name in scenarios_of(path)] if is_pilot_folder(path) else [path]
        for folder in map(RunFolder, inner):
            found.setdefault(folder.read_run()["scenario"]["name"], []).append(folder)
    shared = {name: folders for name, folders in found.items() if len(folders) > 1}
    if not shared:
        raise InputError("RUN", str(paths[-1]), "name runs of a scenario that the pilot ran")
    return shared


def _speed(first: Path, later: Path, repeats: int) -> list[dict[str, Any]]:
    """Which arm became slower, by repeats in turns."""
    from sim.prepare import reopen
    from sim.run_folder import RunFolder
    from sim.timing import changes, in_turns

    here, there = (reopen(RunFolder(path), None).plan for path in (first, later))
    return [change.as_data() for change in changes(in_turns(here, there, repeats))]


def _show(documents: list[dict[str, Any]], lang: str) -> None:
    from rich.console import Console

    from sim.reports.comparison import show_comparison

    for document in documents:
        show_comparison(document, lang, Console())
