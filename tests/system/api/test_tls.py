"""The gateway speaks TLS by its settings, and asks for a certificate where it is told to."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from system.__main__ import config_of
from system.api.connections import Bounds
from system.client.transport import HttpTransport
from system.settings import Listener
from tests.mosquitto import free_port
from tests.privacy.certificates import write_certificate


async def hello(_: Request) -> Response:
    return Response("hello")


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A server that knows one client's certificate."""
    for name in ("bank", "erp", "stranger"):
        write_certificate(tmp_path, name)
    files = [str(tmp_path / name) for name in ("bank.pem", "bank.key", "erp.pem")]
    listener = Listener("127.0.0.1", free_port(), *files)
    server = uvicorn.Server(config_of(Starlette(routes=[Route("/", hello)]), listener, Bounds()))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield f"https://127.0.0.1:{listener.port}"
    server.should_exit = True
    thread.join()


def test_a_client_with_its_certificate_is_let_in_and_nobody_else(
    address: str, tmp_path: Path
) -> None:
    def ask(name: str | None) -> bytes:
        certificate = str(tmp_path / f"{name}.pem") if name else None
        key = str(tmp_path / f"{name}.key") if name else None
        authority = str(tmp_path / "bank.pem")
        line = HttpTransport(address, authority=authority, certificate=certificate, key=key)
        return line.send("GET", "/", {}, b"").body

    assert ask("erp") == b"hello"
    for name in (None, "stranger"):
        with pytest.raises(OSError, match=r"(?i)alert|reset|eof|certificate|broken|closed"):
            ask(name)
    with pytest.raises(OSError, match=r"(?i)certificate"):
        HttpTransport(address).send("GET", "/", {}, b"")
