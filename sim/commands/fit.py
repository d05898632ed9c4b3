"""``shapan fit``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.commands import options
from system.errors import InputError

if TYPE_CHECKING:
    from sim.fit.receivables import FitResult


def fit(
    product: Annotated[str, typer.Argument(help="receivables")],
    data: Annotated[Path, typer.Argument(help="CSV of the user's real records.")],
    column: Annotated[
        list[str] | None,
        typer.Option("--column", help="FIELD=COLUMN where detection fails; may be repeated."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the overlay for run --with here.")
    ] = None,
    json: options.Json = False,
    lang: options.Lang = None,
) -> int:
    """Fit a product's parameters to real data, with the quality of the fit."""
    from sim.fit.receivables import fit_receivables

    chosen = options.language_of(lang)
    if product != "receivables":
        raise InputError("PRODUCT", product, "use receivables")
    if out is not None and out.exists():
        raise InputError("--out", str(out), "name a file that does not exist yet")
    result = fit_receivables(data, _columns(column or []))
    # All that can fail comes first: a call that fails leaves no overlay behind.
    text = options.json_text(result.as_json())
    if out is not None:
        _write(out, result.as_overlay_toml())
    if json:
        typer.echo(text)
    else:
        _show(result, out, chosen)
    return 0


def _write(out: Path, text: str) -> None:
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError("--out", str(out), f"cannot be written: {error.strerror}") from None


def _columns(pairs: list[str]) -> dict[str, str]:
    """FIELD=COLUMN flags as a mapping."""
    found = {}
    for pair in pairs:
        field, equals, column = pair.partition("=")
        if not (field and equals and column):
            raise InputError("--column", pair, "write FIELD=COLUMN")
        found[field] = column
    return found


def _show(result: FitResult, out: Path | None, lang: str) -> None:
    from rich.console import Console
    from rich.pretty import pprint
    from rich.table import Table

    from sim.reports.figures import plain_number
    from sim.reports.words import words

    console, word, document = Console(), words(lang), result.as_json()
    table = Table(word["parameter"], word["value"], word["interval"])
    for name, found in document["parameters"].items():
        low, high = plain_number(found["ci_low"]), plain_number(found["ci_high"])
        table.add_row(name, plain_number(found["value"]), f"{low} … {high}")
    console.print(f"{word['rows']}: {document['rows']}")
    console.print(table)
    console.print(f"{word['validation']}:")
    pprint(document["validation"], console=console, expand_all=True)
    if out is not None:
        console.print(f"{word['written']}: {out}\n{word['next']}:", markup=False)
        console.print(f"  shapan run {document['product']} --with {out}", markup=False)
