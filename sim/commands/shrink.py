"""``shapan shrink``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.commands import options

if TYPE_CHECKING:
    from sim.shrink import Smallest

_SUFFIX = ".min.toml"


def shrink(
    failure: Annotated[Path, typer.Argument(help="A file of a run's or a soak's failures/.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="The .toml to write; beside FAILURE if left out.")
    ] = None,
    trials: Annotated[
        int, typer.Option("--trials", min=1, help="Run at most this many candidates.")
    ] = 400,
    json: options.Json = False,
) -> int:
    """Make a failure as small as it can be: fewer faults, days and actors that still break it."""
    from sim.failure import read
    from sim.shrink import Shrinker
    from sim.toml_text import toml_text

    found = read(failure)
    smallest = Shrinker(found, trials, _say).run()
    path = out or failure.with_name(failure.name.removesuffix(".json") + _SUFFIX)
    path.write_text(toml_text(smallest.failure.task.scenario.as_data()), encoding="utf-8")
    _show(smallest, path, json)
    return 0


def _say(trials: int, words: str) -> None:
    typer.echo(f"candidate {trials} still fails: {words}", err=True)


def _show(smallest: Smallest, path: Path, json: bool) -> None:
    task = smallest.failure.task
    scenario = task.scenario
    replay = f"shapan run {path} --arms {task.arm} --replication {task.replication}"
    if json:
        options.print_json(
            {
                "scenario": str(path),
                "replay": replay,
                "trials": smallest.trials,
                "what": smallest.failure.what,
                "error": smallest.failure.error,
                "faults": scenario.as_data()["faults"],
                "horizon_days": scenario.horizon_days,
                "warmup_days": scenario.warmup_days,
                "populations": scenario.as_data().get("populations", {}),
            }
        )
        return
    days = scenario.warmup_days + scenario.horizon_days
    typer.echo(f"{smallest.failure.what}: {smallest.failure.error}")
    typer.echo(f"{len(scenario.faults)} faults, {days} days, after {smallest.trials} candidates")
    typer.echo(f"replay: {replay}")
