"""What ``shapan fit`` does with a fit, whatever the product."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Protocol

import typer

from sim.commands import options
from system.errors import InputError

Data = Annotated[Path, typer.Argument(help="CSV of the user's real records.")]
Out = Annotated[Path | None, typer.Option("--out", help="Write the overlay for run --with here.")]


class Fit(Protocol):
    """A fit to real data: all of it for JSON, and its parameters for ``run --with``."""

    def as_json(self) -> dict[str, Any]: ...

    def as_overlay_toml(self) -> str: ...


def check_new(out: Path | None) -> None:
    """Before the work: raises InputError for a file that is there already."""
    if out is not None and out.exists():
        raise InputError("--out", str(out), "name a file that does not exist yet")


def deliver(result: Fit, out: Path | None, json: bool, lang: str) -> int:
    """Write the overlay, show the fit; returns the exit code. Raises InputError."""
    # All that can fail comes first: a call that fails leaves no overlay behind.
    text = options.json_text(result.as_json())
    if out is not None:
        _write(out, result.as_overlay_toml())
    if json:
        typer.echo(text)
    else:
        _show(result.as_json(), out, lang)
    return 0


def _write(out: Path, text: str) -> None:
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError("--out", str(out), f"cannot be written: {error.strerror}") from None


def _show(document: dict[str, Any], out: Path | None, lang: str) -> None:
    from rich.console import Console
    from rich.pretty import pprint
    from rich.table import Table

    from sim.reports.figures import plain_number
    from sim.reports.words import words

    console, word = Console(), words(lang)
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
