"""Serves the state of a kept chain to pyrevm, which asks a node for each slot that it first meets.

    python -m system.adapters.evm_state_server FILE LISTENING_FD

A process of its own, since pyrevm holds Python's lock while it waits. Its first line of input is
the word that every address must begin with; it ends when its input does, as its parent has then.
The few requests are those of pyrevm's fork, which opens a connection for each; the block that they
name is the shelf's last.
"""

import asyncio
import hmac
import os
import socket
import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path
from threading import Thread
from typing import Any, Final, cast

import httptools
import orjson
import uvloop

_SLOT: Final = "SELECT '0x' || hex(value) FROM slot WHERE address = ? AND key = ?"
# Of an account: what to look for, and what an account that is not there has.
_QUERIES: Final = {
    "eth_getTransactionCount": ("SELECT nonce FROM account WHERE address = ?", "0x0"),
    "eth_getBalance": ("SELECT balance FROM account WHERE address = ?", "0x0"),
    "eth_getCode": ("SELECT '0x' || hex(code) FROM account WHERE address = ?", "0x"),
}
_NO_VALUE: Final = "0x" + "0" * 64
_OK: Final = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
_REFUSED: Final = b"HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
# Of a request of pyrevm's some 400.
_BYTES_MAX: Final = 65_536
# Who connects and says nothing takes up a place.
_SILENT_S_MAX: Final = 5.0


class State:
    """file: a shelf of ``evm_shelf``, read only."""

    def __init__(self, file: str) -> None:
        address = f"{Path(file).resolve().as_uri()}?mode=ro"
        self._db = sqlite3.connect(address, uri=True, isolation_level=None)

    def told(self, method: str, address: str, *rest: str) -> str:
        """The result of one of the four methods. address: in lower case."""
        if method == "eth_getStorageAt":
            key = int(rest[0], 16).to_bytes(32)
            return self._one(_SLOT, address, key) or _NO_VALUE
        query, absent = _QUERIES[method]
        return self._one(query, address) or absent

    def _one(self, query: str, *values: str | bytes) -> str | None:
        row = self._db.execute(query, values).fetchone()
        return None if row is None else str(row[0])


class Answering(asyncio.Protocol):
    """One connection, one request, one answer."""

    def __init__(self, state: State, word: str) -> None:
        self._state, self._path = state, f"/{word}".encode()
        self._parser = httptools.HttpRequestParser(self)
        self._url = self._body = b""
        self._received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of a class of their own.
        self._transport = cast(asyncio.Transport, transport)
        loop = asyncio.get_running_loop()
        self._late = loop.call_later(_SILENT_S_MAX, self._transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._late.cancel()

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._end(_REFUSED)
        if self._received > _BYTES_MAX:
            self._end(_REFUSED)

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        if not hmac.compare_digest(self._url, self._path):
            self._end(_REFUSED)
            return
        asked: Mapping[str, Any] = orjson.loads(self._body)
        result = self._state.told(asked["method"], *asked["params"])
        told = orjson.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result})
        self._end(_OK + b"content-length: %d\r\n\r\n" % len(told) + told)

    def _end(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)
            self._transport.close()


def _end_with_the_parent() -> None:
    sys.stdin.read()
    os._exit(0)


async def serve(file: str, listening: socket.socket, word: str) -> None:
    """Until the process ends."""
    state, loop = State(file), asyncio.get_running_loop()
    server = await loop.create_server(lambda: Answering(state, word), sock=listening)
    await server.serve_forever()


def main(file: str, listening_fd: str) -> None:
    word = sys.stdin.readline().strip()
    Thread(target=_end_with_the_parent, daemon=True).start()
    uvloop.run(serve(file, socket.socket(fileno=int(listening_fd)), word))


if __name__ == "__main__":
    main(*sys.argv[1:])
