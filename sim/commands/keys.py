"""``shapan keys``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

keys = typer.Typer(help="Signing keys of evidence bundles.", no_args_is_help=True)


@keys.callback()
def group() -> None:
    """Signing keys of evidence bundles."""


@keys.command()
def new(
    out: Annotated[
        Path | None,
        typer.Option("--out", help="A new file; where `bundle` looks for it if left out."),
    ] = None,
) -> int:
    """Make an Ed25519 key that only you can read; prints its place and its fingerprint.

    Publish the fingerprint where your readers can find it apart from any bundle.
    """
    from sim.evidence.keys import default_place, fingerprint, new_key

    path = out or default_place(os.environ)
    key = new_key(path)
    typer.echo(f"key: {path}")
    typer.echo(f"fingerprint: {fingerprint(key.public_key())}")
    return 0
