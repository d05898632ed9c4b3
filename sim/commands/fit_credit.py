"""``shapan fit credit``."""

from __future__ import annotations

from typing import Annotated

import typer

from sim.commands import fit, options
from sim.commands.progress import fits_progress


def fit_credit(
    data: fit.Data,
    target: Annotated[
        str, typer.Option("--target", help="The column that says who failed to pay: 1 or true.")
    ],
    drop: Annotated[
        list[str] | None,
        typer.Option("--drop", help="A column to leave out; may be repeated."),
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option("--allow", help="A suspected leak that is none; may be repeated."),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option("--time", help="A column of days: the latest rows are foretold as well."),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option("--group", help="The column that says whose loan it is: never parted."),
    ] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes.")] = 2,
    out: fit.Out = None,
    json: options.Json = False,
    lang: options.Lang = None,
) -> int:
    """Models of who fails to pay, side by side on the same folds of real loans."""
    from sim.fit.credit import fit_credit as fitted

    chosen = options.language_of(lang)
    fit.check_new(out)
    with fits_progress() as report:
        result = fitted(
            data,
            target,
            drop=tuple(drop or ()),
            allow=tuple(allow or ()),
            time=time,
            group=group,
            workers=workers,
            report=report,
        )
    return fit.deliver(result, out, json, chosen)
