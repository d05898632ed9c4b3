"""``shapan serve``: the console over runs, and a bank's gateway with all products, to try out."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

_PORT = "Answer on this port of the loopback interface."
_EVM = "embedded, revm, or the address of a node (http://HOST:PORT)."
_MQTT = "Devices connect to this port of the loopback interface."
_BROKER = "embedded, or the address of a broker (mqtt://HOST:PORT)."
_SHOP = "Begin with a shop that has traded for months (merchant 0), and a scorecard to promote."
_PLATFORM = "platform-1"
_CONSOLE = "/console"
_RUNS = "The folder of runs that the console shows, and puts new ones in."
_STORE = (
    "A database URL. Chains in process forget at exit, so with them it is a new file each time."
)


def serve(
    port: Annotated[int, typer.Option(help=_PORT, min=1, max=65_535)] = 8_000,
    evm: Annotated[str, typer.Option(help=_EVM)] = "revm",
    store: Annotated[str | None, typer.Option(help=_STORE)] = None,
    mqtt_port: Annotated[int, typer.Option(help=_MQTT, min=1, max=65_535)] = 1_883,
    broker: Annotated[str, typer.Option(help=_BROKER)] = "embedded",
    runs: Annotated[Path, typer.Option(help=_RUNS)] = Path("runs"),
    shop: Annotated[bool, typer.Option("--shop", help=_SHOP)] = False,
) -> int:
    """The console over your runs, and the bank's gateway: REST for every product, on loopback.

    Prints the first client's secret, with which all others are admitted. In production run
    ``python -m system`` with settings of your own (docs/OPERATIONS.md).
    """
    from starlette.responses import RedirectResponse

    from sim.console.app import Console
    from sim.stress.bank import found_shop
    from system.__main__ import bounds_within, open_many_files
    from system.__main__ import serve as answer
    from system.adapters.os_clock import OsClock
    from system.adapters.rail_embedded import RailTerms
    from system.api.start import Opening, Process
    from system.settings import BrokerPlace, Listener, Settings, rail_terms_from

    with TemporaryDirectory(prefix="shapan-") as folder:
        url = store or f"sqlite:///{Path(folder) / 'bank.db'}"
        if shop:
            found_shop(url, OsClock().now_s(), _PLATFORM)
        settings = replace(Settings(), store_url=url, evm=evm)
        place = BrokerPlace(broker, mqtt_port, Path(folder) / "mqtt.db")
        terms = RailTerms(**rail_terms_from(os.environ))
        opening = Opening(OsClock(), settings, os.urandom(32), broker=place, rail_terms=terms)
        process = Process(opening)
        process.app.mount(_CONSOLE, Console(runs, _CONSOLE, lambda: process.gateway.services).app())
        process.app.add_route("/", lambda _: RedirectResponse(f"{_CONSOLE}/"))
        print(f"its secret: {process.administrator_secret()}", file=sys.stderr)
        print(f"console: http://127.0.0.1:{port}{_CONSOLE}/", file=sys.stderr)
        answer(process, Listener("127.0.0.1", port), bounds_within(open_many_files()))
    return 0
