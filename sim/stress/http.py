"""A lean HTTP/1.1 client on kept connections: the load must not be what limits.

It speaks to our own gateway: every answer has a Content-Length or no body. One request at a time
on a connection; a connection that broke is dropped, and its request fails for the caller to repeat.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import orjson

_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"
_ANSWER_S_MAX: Final = 30.0


class Unanswered(Exception):
    """No answer came: nobody knows whether the request was taken."""


@dataclass(frozen=True, slots=True)
class Answer:
    """status: of HTTP.  body: as it came."""

    status: int
    body: bytes

    def json(self) -> Any:
        """The body as a document."""
        return orjson.loads(self.body)


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.waiting: asyncio.Future[Answer] | None = None
        self._seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop has a class of its own.
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._seen += data
        head, found, rest = self._seen.partition(_HEAD_END)
        if not found:
            return
        length = _length_of(head)
        if len(rest) < length:
            return
        self._seen = rest[length:]
        waiting, self.waiting = self.waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(Answer(int(head[9:12]), rest[:length]))

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        waiting, self.waiting = self.waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(Unanswered("the connection broke"))


def _length_of(head: bytes) -> int:
    lower = head.lower()
    at = lower.find(_LENGTH)
    if at < 0:
        return 0
    return int(lower[at + len(_LENGTH) : (lower + b"\r\n").index(b"\r\n", at)])


class Http:
    """Connections to one server. connections_max: at most so many requests are under way."""

    def __init__(self, host: str, port: int, connections_max: int = 256) -> None:
        self._host, self._port = host, port
        self._idle: deque[_Connection] = deque()
        self._room = asyncio.Semaphore(connections_max)

    async def send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Answer:
        """The server's answer. Raises Unanswered where none came."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        length = f"Content-Length: {len(body)}\r\n" if body or method == "POST" else ""
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\n{lines}{length}\r\n"
        async with self._room:
            return await self._ask(head.encode() + body)

    async def _ask(self, request: bytes) -> Answer:
        connection = await self._connection()
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        connection.waiting = waiting
        assert connection.transport is not None
        connection.transport.write(request)
        try:
            answer = await asyncio.wait_for(waiting, _ANSWER_S_MAX)
        except BaseException as error:
            if connection.transport is not None:
                connection.transport.abort()
            if isinstance(error, TimeoutError):
                raise Unanswered(f"no answer for {_ANSWER_S_MAX:.0f} s") from None
            raise
        self._idle.append(connection)
        return answer

    async def _connection(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.transport is not None and not connection.transport.is_closing():
                return connection
        try:
            _, made = await asyncio.get_running_loop().create_connection(
                _Connection, self._host, self._port
            )
        except OSError as error:
            raise Unanswered(str(error)) from None
        return made

    def close(self) -> None:
        """Hang up on all that is idle."""
        while self._idle:
            connection = self._idle.pop()
            if connection.transport is not None:
                connection.transport.close()
