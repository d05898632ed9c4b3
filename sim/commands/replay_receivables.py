"""``shapan replay receivables``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.commands import options

if TYPE_CHECKING:
    from sim.replay.receivables import Terms


def replay_receivables(
    data: Annotated[
        list[Path],
        typer.Argument(help="Invoices: .xml (UBL 2.1), .json, .jsonl, .ndjson, or folders."),
    ],
    policy_from: Annotated[
        str | None,
        typer.Option("--policy-from", help="Scenario whose prices, limits and risk apply."),
    ] = None,
    json: options.Json = False,
    lang: options.Lang = None,
) -> int:
    """Recorded invoices through the production code, in shadow mode: decisions and alerts."""
    from sim.commands.progress import invoices_progress
    from sim.replay.documents import read_recording
    from sim.replay.receivables import replay_receivables as replayed
    from sim.reports.replay import document_of, show_replay

    chosen = options.language_of(lang)
    terms = _terms(policy_from)
    recording = read_recording(data)
    with invoices_progress(len(recording.invoices)) as on_progress:
        done = replayed(recording, terms, on_progress)
    if json:
        options.print_json(document_of(done, chosen))
    else:
        from rich.console import Console

        show_replay(done, chosen, Console())
    return 0


def _terms(policy_from: str | None) -> Terms:
    from sim.replay.receivables import Terms, terms_of
    from sim.scenario import load

    return Terms() if policy_from is None else terms_of(load(policy_from))
