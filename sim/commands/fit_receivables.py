"""``shapan fit receivables``."""

from __future__ import annotations

from typing import Annotated

import typer

from sim.commands import fit, options
from system.errors import InputError


def fit_receivables(
    data: fit.Data,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", help="FIELD=COLUMN where detection fails; may be repeated."),
    ] = None,
    out: fit.Out = None,
    json: options.Json = False,
    lang: options.Lang = None,
) -> int:
    """How debtors pay, from settled invoices, with the quality of the fit."""
    from sim.fit.receivables import fit_receivables as fitted

    chosen = options.language_of(lang)
    fit.check_new(out)
    return fit.deliver(fitted(data, _columns(column or [])), out, json, chosen)


def _columns(pairs: list[str]) -> dict[str, str]:
    """FIELD=COLUMN flags as a mapping."""
    found = {}
    for pair in pairs:
        field, equals, column = pair.partition("=")
        if not (field and equals and column):
            raise InputError("--column", pair, "write FIELD=COLUMN")
        found[field] = column
    return found
