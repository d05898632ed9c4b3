"""``shapan replay credit``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, cast

import typer

from sim.commands import options


def replay_credit(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="Merchants, one a row: .csv, .json, .jsonl, .ndjson or .parquet."
        ),
    ],
    model: Annotated[
        Path | None,
        typer.Option("--model", help="A scorecard (JSON); else one learned in the simulation."),
    ] = None,
    json: options.Json = False,
    lang: options.Lang = None,
) -> int:
    """Your own merchants through the production code: score, limit, price and reasons."""
    from sim.replay.credit import learned_model, model_of
    from sim.replay.credit import replay_credit as replayed
    from sim.replay.merchants import read_merchants
    from sim.reports.replay_credit import credit_document_of, show_credit_replay

    chosen = cast(Literal["en", "zh"], options.language_of(lang))
    merchants = read_merchants(data)
    scorecard = learned_model() if model is None else model_of(model)
    done = replayed(merchants, scorecard, learned=model is None)
    if json:
        options.print_json(credit_document_of(done, chosen))
    else:
        from rich.console import Console

        show_credit_replay(done, chosen, Console())
    return 0
