"""``shapan soak``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.commands import options

if TYPE_CHECKING:
    from sim.failure import Failure
    from sim.failure_files import Written
    from sim.soak import Soaked


def soak(
    minutes: Annotated[float, typer.Option("--minutes", min=0, help="For how long.")] = 10,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Equal seeds, equal trials.")] = 1,
    trials: Annotated[
        int | None, typer.Option("--trials", min=1, help="Stop after this many.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where failures go; runs/soak-SEED if left out.")
    ] = None,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML here.")] = None,
    json: options.Json = False,
) -> int:
    """Random faults over small scenarios until the time is up; exit code 1 if anything breaks."""
    from sim.reports.junit_soak import junit_of_soak
    from sim.soak import soak as run
    from sim.soak_document import soak_document

    folder = out or Path("runs") / f"soak-{seed}"
    typer.echo(f"seed {seed}", err=True)
    kept: dict[int, Written] = {}
    seen = run(seed, minutes, trials, lambda so_far, failure: _note(folder, kept, so_far, failure))
    document = soak_document(seen, kept)
    if junit is not None:
        junit.write_text(junit_of_soak(document), encoding="utf-8")
    if json:
        options.print_json(document)
    else:
        _show(document)
    return options.BROKEN if seen.failures else 0


def _note(folder: Path, kept: dict[int, Written], so_far: Soaked, failure: Failure | None) -> None:
    """One line per trial; a failure is written at once, so that an interrupted soak keeps it."""
    number = so_far.trials - 1
    state = "held" if failure is None else f"{failure.what}: {failure.error}"
    typer.echo(f"trial {number}, {so_far.wall_s:.0f} s: {state}", err=True)
    if failure is None:
        return
    from sim.failure_files import write_failure

    kept[number] = write_failure(folder, f"{number:06d}", failure, f"soak trial {number}")
    typer.echo(f"  replay: {kept[number].replay}", err=True)
    typer.echo(f"  shrink: {kept[number].shrink}", err=True)


def _show(document: dict[str, Any]) -> None:
    coverage = document["coverage"]
    broken, wall_s = len(document["failed"]), document["wall_s"]
    typer.echo(f"{document['trials']} trials, {broken} broken, {wall_s:.0f} s")
    for place, trials in coverage["trials_by_place"].items():
        typer.echo(f"  {place:28} {trials:4} trials")
    for kind, trials in coverage["trials_by_fault"].items():
        strikes = coverage["strikes"][kind]
        typer.echo(f"  {kind:28} in {trials:4} trials, struck {strikes:8,} times")
    typer.echo(f"{len(coverage['events'])} kinds of events were seen")
