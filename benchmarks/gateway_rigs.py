"""The gateway and a bare FastAPI app as processes of their own, and clients that keep them busy."""

import asyncio
import json
import os
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import Request, urlopen

from sim.stress.bank import Bank, found_bank
from sim.stress.client import Client
from sim.stress.http import Http
from sim.stress.server import LOOPBACK, Server, free_port
from system.adapters.os_clock import OsClock

SECRET = b"a secret for benchmarks"
CONNECTIONS = 64
_BARE = """
import sys, uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict
class Amount(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    amount_fen: int
app = FastAPI()
@app.post("/credit/merchants/{account}/draws")
async def draw(account: int, body: Amount) -> dict[str, int]:
    return {"account": account, "amount_fen": body.amount_fen}
uvicorn.run(app, port=int(sys.argv[1]), log_level="error")
"""
# method, path, headers, body
Asked = tuple[str, str, dict[str, str], bytes]


@contextmanager
def bare() -> Iterator[int]:
    """A FastAPI app that reads the same body, answers, and does nothing. Yields its port."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", _BARE, str(port)], env=dict(os.environ))
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait(port: int) -> None:
    for _ in range(1_000):
        try:
            with urlopen(f"http://{LOOPBACK}:{port}/openapi.json", timeout=1):
                return
        except OSError:
            time.sleep(0.02)
    raise AssertionError("the bare app does not answer")


@dataclass(frozen=True, slots=True)
class Rig:
    """A running bank. tokens: of its platforms, in order."""

    server: Server
    bank: Bank
    tokens: tuple[str, ...]


@contextmanager
def bank(merchants: int, lined: int) -> Iterator[Rig]:
    """``python -m system`` on SQLite with synchronous FULL, with open lines."""
    with TemporaryDirectory() as folder:
        server = Server.of(Path(folder), SECRET, {})
        now_s = OsClock().now_s()
        made = found_bank(f"sqlite:///{folder}/bank.db", SECRET, now_s, merchants, lined)
        server.start()
        try:
            yield Rig(server, made, tuple(_token(server.port, one) for one in made.platforms))
        finally:
            server.stop()


def _token(port: int, client: Client) -> str:
    basic = b64encode(f"{client.client_id}:{client.secret}".encode()).decode()
    request = Request(
        f"http://{LOOPBACK}:{port}/oauth/token",
        b"grant_type=client_credentials",
        {"Authorization": f"Basic {basic}"},
    )
    with urlopen(request) as answer:
        return str(json.load(answer)["access_token"])


def drive(port: int, asked: list[Asked]) -> list[int]:
    """Send all from CONNECTIONS clients that each wait for their answer. Returns the statuses."""
    statuses = [0] * len(asked)

    async def client(http: Http, first: int) -> None:
        for n in range(first, len(asked), CONNECTIONS):
            statuses[n] = (await http.send(*asked[n])).status

    async def go() -> None:
        http = Http(LOOPBACK, port, CONNECTIONS)
        await asyncio.gather(*(client(http, first) for first in range(CONNECTIONS)))
        http.close()

    _run(go)
    return statuses


def _run(go: Callable[[], object]) -> None:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(go())  # type: ignore[arg-type]
