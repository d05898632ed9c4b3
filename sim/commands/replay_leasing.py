"""``shapan replay leasing``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, cast

import typer

from sim.commands import options
from system.errors import InputError


def replay_leasing(
    data: Annotated[
        Path, typer.Argument(metavar="FILE", help="A log of machines: CSV, a reading a row.")
    ],
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            help="FIELD=COLUMN, for columns of other names: at (COLUMN+COLUMN joins two), lat, "
            "lon, device, engine_h, idle_h, fuel_l, tank_pct, load_pct, voltage_v, hdop, running, "
            "tamper; may be repeated.",
        ),
    ] = None,
    fence: Annotated[
        Path | None,
        typer.Option(
            "--fence",
            help="GeoJSON: Polygon, MultiPolygon, or Point with radius_m among its properties.",
        ),
    ] = None,
    json: options.Json = False,
    lang: options.Lang = None,
) -> int:
    """A recorded log through the production twins and rules: the alerts that it would raise."""
    from sim.replay.leasing import replay_leasing as replayed
    from sim.replay.machine_log import mapping_of, read_machine_log
    from sim.reports.replay_leasing import leasing_document_of, show_leasing_replay

    chosen = cast(Literal["en", "zh"], options.language_of(lang))
    done = replayed(read_machine_log(data, mapping_of(columns or [])), _fence_text(fence))
    if json:
        options.print_json(leasing_document_of(done, chosen))
    else:
        from rich.console import Console

        show_leasing_replay(done, chosen, Console())
    return 0


def _fence_text(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("--fence", str(path), f"cannot be read: {error}") from None
