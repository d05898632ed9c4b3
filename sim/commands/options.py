"""Options that several commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from system.errors import InputError

if TYPE_CHECKING:
    from sim.assumptions.study import MapWish

BROKEN, INTERRUPTED, NOT_SUPPORTED = 1, 130, 3

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Lang = Annotated[
    str | None, typer.Option("--lang", help="en or zh; the locale's language if left out.")
]
Seed = Annotated[int | None, typer.Option("--seed", help="Root seed of all luck.")]
Replications = Annotated[
    int | None, typer.Option("--replications", help="Exactly this many, one look at the end.")
]
Arms = Annotated[str | None, typer.Option("--arms", help="Only these, separated by commas.")]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Finish the run in FOLDER, --out or runs/; with more --replications or --points, add "
        "them to a finished one.",
    ),
]
Replication = Annotated[
    int | None, typer.Option("--replication", min=0, help="Only this one (replays a failure).")
]
HorizonDays = Annotated[int | None, typer.Option("--horizon-days", help="Days that are measured.")]
Set = Annotated[
    list[str] | None, typer.Option("--set", help="path=value in the scenario; may be repeated.")
]
With = Annotated[
    Path | None, typer.Option("--with", help="TOML overlay of [parameters], as fit writes it.")
]
DrawFitted = Annotated[
    bool,
    typer.Option(
        "--draw-fitted",
        help="Each replication draws every fitted parameter from its interval, instead of taking "
        "the value as if it were known.",
    ),
]
Wiring = Annotated[
    str | None,
    typer.Option(
        "--wiring",
        help="Parts of every replication: full (SQL, py-evm) or columns (memory, revm; the "
        "default). "
        "Replication 0 also runs on the other wiring, and both must agree.",
    ),
]
Evm = Annotated[
    str | None,
    typer.Option(
        "--evm",
        help="Instead of the wiring's chain: embedded, revm, or the URL of an anvil started with "
        "--order fifo, whose blocks are forgotten before each task, one task at a time.",
    ),
]
Store = Annotated[
    str | None,
    typer.Option(
        "--store",
        help="Instead of the wiring's store: memory, sqlite (a temporary file), "
        "sqlite:///FOLDER/FILE.db (kept as FILE-ARM-REPLICATION.db, overwritten by the next run) "
        "or postgresql://USER@HOST/DATABASE (a schema for each task, dropped at its end).",
    ),
]
Out = Annotated[Path | None, typer.Option("--out", help="A new folder for the run.")]
Map = Annotated[
    bool,
    typer.Option(
        "--map",
        help="Then vary every assumption at once: which move each claim, in which box it holds, "
        "where it turns.",
    ),
]
Points = Annotated[int | None, typer.Option("--points", min=1, help="Of the map; 128 if left out.")]
MapReplications = Annotated[
    int | None,
    typer.Option("--map-replications", min=1, help="At each point of the map; 2 if left out."),
]
MapScale = Annotated[
    float | None,
    typer.Option(
        "--map-scale",
        help="Populations of the map as a part of the scenario's, above 0 to 1: a smaller economy "
        "is a quicker map; its figures at the scenario's own values stand beside it.",
    ),
]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Processes; the number of cores if left out.")
]
Engine = Annotated[
    str,
    typer.Option(
        "--engine",
        help="Where replications run: local (processes of this machine), dask:ADDR (the address of "
        "a scheduler) or ray:ADDR.",
    ),
]
Require = Annotated[
    list[str] | None,
    typer.Option("--require", help="Claim that must be supported (exit code 3); may be repeated."),
]


def language_of(chosen: str | None) -> str:
    """The language of this call's output. Raises InputError."""
    from sim.reports.words import language, words

    lang = language(chosen, os.environ)
    words(lang)
    return lang


def overrides_of(
    sets: list[str] | None,
    seed: int | None,
    replications: int | None,
    horizon_days: int | None,
) -> tuple[str, ...]:
    """All changes to the scenario as ``path=value``; the named options come last and win."""
    named = [
        ("seed", seed),
        ("horizon_days", horizon_days),
        ("replications.min", replications),
        ("replications.max", replications),
    ]
    return (*(sets or []), *(f"{path}={value}" for path, value in named if value is not None))


def map_wish(
    asked: bool, points: int | None, replications: int | None, scale: float | None
) -> MapWish:
    """What is asked of a map. Raises InputError."""
    from sim.assumptions.study import MapWish

    if scale is not None and not 0 < scale <= 1:
        raise InputError("--map-scale", scale, "write a part of the populations: above 0, up to 1")
    # Who says how large a map is to be wants one.
    asked = asked or any(given is not None for given in (points, replications, scale))
    return MapWish(asked, points, replications, scale)


def json_text(document: object) -> str:
    """The document in one line. NaN is a bug here."""
    import json

    return json.dumps(document, ensure_ascii=False, allow_nan=False)


def print_json(document: object) -> None:
    """The only thing that a ``--json`` command writes to stdout."""
    typer.echo(json_text(document))


def exit_code(document: dict[str, Any], required: tuple[str, ...]) -> int:
    """What a finished study or pilot tells the shell."""
    if document["status"] != "ok":
        return INTERRUPTED if document["status"] == "partial" else BROKEN
    supported = {claim["id"] for claim in document["claims"] if claim["verdict"] == "supported"}
    return 0 if supported.issuperset(required) else NOT_SUPPORTED
