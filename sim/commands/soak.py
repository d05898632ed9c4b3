"""``shapan soak``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.commands import options

if TYPE_CHECKING:
    from sim.failure import Failure
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
    json: options.Json = False,
) -> int:
    """Random faults over small scenarios until the time is up; exit code 1 if anything breaks."""
    from sim.soak import soak as run

    folder = out or Path("runs") / f"soak-{seed}"
    typer.echo(f"seed {seed}", err=True)
    seen = run(seed, minutes, trials, lambda so_far, failure: _note(folder, so_far, failure))
    if json:
        options.print_json(_document(seen, folder))
    else:
        _show(seen)
    return options.BROKEN if seen.failures else 0


def _note(folder: Path, so_far: Soaked, failure: Failure | None) -> None:
    """One line per trial; a failure is written at once, so that an interrupted soak keeps it."""
    number = so_far.trials - 1
    state = "held" if failure is None else f"{failure.what}: {failure.error}"
    typer.echo(f"trial {number}, {so_far.wall_s:.0f} s: {state}", err=True)
    if failure is None:
        return
    from sim.failure_files import write_failure

    kept = write_failure(folder, f"{number:06d}", failure, f"soak trial {number}")
    typer.echo(f"  replay: {kept.replay}", err=True)
    typer.echo(f"  shrink: {kept.shrink}", err=True)


def _document(seen: Soaked, folder: Path) -> dict[str, object]:
    return {
        "seed": seen.seed,
        "trials": seen.trials,
        "failed": [
            {
                "trial": number,
                "what": failure.what,
                "error": failure.error,
                "failure": str(folder / f"{number:06d}.json"),
            }
            for number, failure in sorted(seen.failures.items())
        ],
        "coverage": {
            "trials_by_fault": dict(sorted(seen.trials_by_kind.items())),
            "strikes": dict(sorted(seen.strikes.items())),
            "events": dict(sorted(seen.events.items())),
        },
        "wall_s": seen.wall_s,
    }


def _show(seen: Soaked) -> None:
    from sim.fault_kinds import KINDS

    typer.echo(f"{seen.trials} trials, {len(seen.failures)} broken, {seen.wall_s:.0f} s")
    for kind in KINDS:
        trials, strikes = seen.trials_by_kind[kind], seen.strikes[kind]
        typer.echo(f"  {kind:20} in {trials:4} trials, struck {strikes:8,} times")
    typer.echo(f"{len(seen.events)} kinds of events were seen")
