"""``shapan bundle``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.commands import options

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def bundle(
    run: Annotated[Path, typer.Argument(help="A finished run folder, or a pilot's.")],
    out: Annotated[Path, typer.Option("--out", help="A new folder for the bundle.")],
    key: Annotated[
        Path | None,
        typer.Option("--key", help="Signing key; $SHAPAN_KEY or the one of `keys new`."),
    ] = None,
    json: options.Json = False,
) -> int:
    """Signed evidence of a run: results, report, seeds and pins in a folder that anyone can check.

    Without a key, one is made first, as `shapan keys new` makes it.
    """
    from sim.evidence.bundle import write_bundle

    signer = write_bundle(run, out, _key(key))
    if json:
        options.print_json({"bundle": str(out), "fingerprint": signer})
    else:
        typer.echo(f"bundle: {out}")
        typer.echo(f"fingerprint: {signer}")
        typer.echo(f"check: shapan verify {out} --fingerprint {signer}")
    return 0


def _key(named: Path | None) -> Ed25519PrivateKey:
    from sim.evidence.keys import default_place, load_key, new_key

    if named is not None:
        return load_key(named)
    path = default_place(os.environ)
    if path.exists():
        return load_key(path)
    typer.echo(f"no signing key yet, so one is made: {path}", err=True)
    return new_key(path)
