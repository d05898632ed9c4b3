"""``shapan fit credit``."""

from __future__ import annotations

from typing import Annotated

import typer

from sim.commands import fit, options


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
    out: fit.Out = None,
    json: options.Json = False,
    lang: options.Lang = None,
) -> int:
    """Models of who fails to pay, side by side on the same folds of real loans."""
    from sim.fit.credit import fit_credit as fitted

    chosen = options.language_of(lang)
    fit.check_new(out)
    result = fitted(data, target, drop=tuple(drop or ()), allow=tuple(allow or ()))
    return fit.deliver(result, out, json, chosen)
