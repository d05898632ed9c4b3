"""``shapan stress``."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from sim.commands import options
from system.errors import InputError

if TYPE_CHECKING:
    from sim.stress.result import Result

_PROFILE = "steady, peak, spike, soak, faults or recovery."
_THRESHOLDS = "TOML with what must hold; sim/stress/profiles.toml has the usual ones."
_RATE = "Factor on all rates; 1 is a third of what each stream must bear alone."
_ONLY = "One stream alone, at the rate that it must bear: money, decisions, financing, telemetry."
_STORE = "A database URL for the bank; a file of its own if left out. It must be empty."
_EVM = "revm, or the address of a node (http://HOST:PORT)."
_BROKER = "The address of a broker (mqtt://HOST:PORT); one in the gateway's process if left out."

_KILLS = "kill -9 at random: the gateway, and what serves its chain's state, as often."
_RESTART = (
    "PART=COMMAND, may be repeated: strike once by this shell command, which takes a broker, "
    "database or node down and ends with 0 once it is up again."
)


def stress(
    profile: Annotated[str, typer.Argument(help=_PROFILE)] = "steady",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of all arrivals and faults.")] = 1,
    duration_s: Annotated[
        float | None, typer.Option("--duration", min=1, help="Seconds; the profile's if left out.")
    ] = None,
    rate: Annotated[float, typer.Option("--rate", min=0.001, help=_RATE)] = 1.0,
    only: Annotated[str | None, typer.Option("--only", help=_ONLY)] = None,
    kills: Annotated[int | None, typer.Option("--kills", min=0, help=_KILLS)] = None,
    merchants: Annotated[
        int, typer.Option("--merchants", min=16, help="Of the bank; half have a line.")
    ] = 2_000,
    thresholds: Annotated[Path | None, typer.Option("--thresholds", help=_THRESHOLDS)] = None,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML here.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page here.")] = None,
    store: Annotated[str | None, typer.Option("--store", help=_STORE)] = None,
    evm: Annotated[str, typer.Option("--evm", help=_EVM)] = "revm",
    broker: Annotated[str | None, typer.Option("--broker", help=_BROKER)] = None,
    restart: Annotated[list[str] | None, typer.Option("--restart", help=_RESTART)] = None,
    json: options.Json = False,
) -> int:
    """Put a running bank under load, in real time, over HTTP, MQTT and the chain.

    Founds a bank, starts its gateway as a process of its own, and audits its books at the end.
    Exit code 1 when a threshold is missed or the books do not agree with what clients were told.
    """
    from sim.stress import profile as profiles
    from sim.stress import report
    from sim.stress.run import Wish
    from sim.stress.run import stress as run

    limits = profiles.thresholds(thresholds)
    chosen = profiles.profile(profile, duration_s)
    rates = profiles.rates_per_s(rate, only)
    settings = {"SHAPAN_EVM": evm}
    settings |= {"SHAPAN_STORE": store} if store else {}
    settings |= {"SHAPAN_BROKER": broker} if broker else {}
    with TemporaryDirectory(prefix="shapan-stress-") as folder:
        place, restarts = Path(folder), _restarts(restart or [])
        wish = Wish(chosen, seed, rates, place, settings, kills, merchants, restarts)
        result = run(wish, lambda text: typer.echo(text, err=True))
    document = result.document(limits)
    if junit is not None:
        junit.write_text(report.junit(document), encoding="utf-8")
    if html is not None:
        html.write_text(report.html(document), encoding="utf-8")
    if json:
        options.print_json(document)
    else:
        _show(result, document)
    return 0 if document["status"] == "ok" else options.BROKEN


def _restarts(given: list[str]) -> dict[str, str]:
    """Part -> command. Raises InputError."""
    found = dict(one.partition("=")[::2] for one in given)
    for part, command in found.items():
        if not part.isidentifier() or not command:
            raise InputError("restart", f"{part}={command}", "write PART=COMMAND")
    return found


def _show(result: Result, document: dict[str, object]) -> None:
    for stream in result.streams:
        held = result.quiet(stream.name)
        shown = " ".join(f"p{p} {held.percentile_us(p) / 1_000:.1f}" for p in (50, 99))
        count = result.loaded.measures[stream.name].asked * stream.each
        typer.echo(f"{stream.name:10} {count:9,} {stream.unit:12} {shown} ms")
    from sim.stress import report

    if missing := report.left_out(document):
        typer.echo(missing)
    checks = document["checks"]
    assert isinstance(checks, list)
    for check in checks:
        mark = "held  " if check["holds"] else "MISSED"
        typer.echo(
            f"{mark} {check['name']}: {check['value']} of {check['limit']} {check['detail']}"
        )
