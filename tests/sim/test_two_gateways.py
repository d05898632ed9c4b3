"""Two gateway processes on PostgreSQL, Mosquitto and anvil: money walks across both."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.stress_parts import accounts, node
from benchmarks.telemetry_rigs import mosquitto_at
from sim.checks.auditor import HELD
from sim.streams import Luck
from sim.stress.arrivals import ranks
from sim.stress.audit import audit
from sim.stress.bank import Bank, found_bank
from sim.stress.client import Client
from sim.stress.financing import Financing
from sim.stress.gateway import Gateway
from sim.stress.http import Http
from sim.stress.load import Loaded, drive, run
from sim.stress.run import SECRET
from sim.stress.server import LOOPBACK, Server
from sim.stress.streams import Money
from system.adapters.os_clock import OsClock
from system.kernels.business_day import business_day
from tests import mosquitto
from tests.ports.evm_worlds import required_anvil
from tests.postgres import fresh_schema

pytestmark = pytest.mark.postgres
_MOVES, _APPLICATIONS = 40, 6


class Alternating(Gateway):
    """Each request goes to another process than the one before it."""

    def __init__(self, gateways: list[Gateway]) -> None:
        super().__init__(Http(LOOPBACK, 1))
        self._next = cycle(gateways)

    async def command(self, client: Client, path: str, body: Any, key: str) -> Any:
        return await next(self._next).command(client, path, body, key)

    async def read(self, client: Client, path: str) -> Any:
        return await next(self._next).read(client, path)


@pytest.fixture
def settings(postgres_url: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    required_anvil()
    mosquitto.program("mosquitto")
    with ExitStack() as parts:
        chain, _ = parts.enter_context(node(tmp_path))
        yield {
            "SHAPAN_STORE": parts.enter_context(fresh_schema(postgres_url)),
            "SHAPAN_BROKER": parts.enter_context(mosquitto_at(tmp_path, accounts())),
            "SHAPAN_EVM": chain,
            "SHAPAN_CONFIRMATIONS": "0",
        }


def test_money_walks_across_two_processes_of_one_bank(
    settings: dict[str, str], tmp_path: Path
) -> None:
    now_s, url = OsClock().now_s(), settings["SHAPAN_STORE"]
    bank = found_bank(url, SECRET, now_s, merchants=32, lined=16)
    # The bank is one client of the broker: the second process keeps an unused one of its own.
    others = {name: value for name, value in settings.items() if name != "SHAPAN_BROKER"}
    servers = [Server.of(tmp_path, SECRET, settings), Server.of(tmp_path, SECRET, others)]
    try:
        for server in servers:
            server.start()
        money, financing = run(lambda: _walk(servers, bank, now_s))
    finally:
        for server in servers:
            server.stop()
    assert len(financing.disbursed) == _APPLICATIONS
    found = audit(url, bank, business_day(now_s), money, financing, None)
    assert set(found.values()) == {HELD}, found


async def _walk(servers: list[Server], bank: Bank, now_s: int) -> tuple[Money, Financing]:
    gateways = [Gateway(Http(LOOPBACK, server.port)) for server in servers]
    both, now = Alternating(gateways), asyncio.get_running_loop().time
    money = Money(both, bank, ranks(Luck(1, 0), "money", len(bank.lined), _MOVES), now, "walk")
    financing = Financing(both, bank.administrator, now, now_s, 2, "walk")
    instants = {"money": np.arange(_MOVES) / 4, "financing": np.arange(_APPLICATIONS) / 1.0}
    loaded = await drive([money, financing], instants, _nothing)
    assert {name: dict(one.errors) for name, one in loaded.measures.items()} == {
        "money": {},
        "financing": {},
    }
    account, body = bank.lined[0], {"amount_fen": 50_000}
    client, path = bank.platform_of(account), f"/credit/merchants/{account}/draws"
    answers = [await one.command(client, path, body, "walk-twice") for one in gateways]
    assert answers[0] == answers[1]
    money.received_fen[account] += answers[0]["amount_fen"]
    return money, financing


async def _nothing(_: Loaded) -> None:
    """Nobody strikes."""
