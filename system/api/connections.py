"""What one connection may take of the gateway: time, memory and a place among the others.

The server itself reads a head of any length, waits for ever for the rest of a request and for an
answer to be taken, and turns everybody away once silent connections are many.
"""

import asyncio
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from system.api.bodies import BODY_BYTES_MAX
from system.api.problems import MEDIA_TYPE, Code, Problem
from system.canonical import canonical_json

# How often we look for who is late, in what they may take.
_SWEEP_SHARE: Final = 1 / 16


@dataclass(frozen=True, slots=True)
class Bounds:
    """wait_s_max: how long a connection may keep us waiting for a request, for its end, or for its
    answer to be taken. message_bytes_max: a body with what frames it. connections_max: of which the
    one that has kept us waiting longest makes room for a new one."""

    wait_s_max: float = 30.0
    head_bytes_max: int = 16_384
    message_bytes_max: int = 4 * BODY_BYTES_MAX
    connections_max: int = 1_000


class Room:
    """The connections of one server. Those that keep it waiting stand in order of since when."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self._all: set[Connection] = set()
        self._waiting: dict[Connection, float] = {}
        self._sweep: asyncio.TimerHandle | None = None

    def enter(self, connection: "Connection") -> None:
        """A new one, which waits."""
        self._all.add(connection)
        self.waits(connection)
        if len(self._all) > self.bounds.connections_max:
            next(iter(self._waiting)).cut_off()
        if self._sweep is None:
            self._call_look(connection.loop)

    def leave(self, connection: "Connection") -> None:
        """It is gone."""
        self._all.discard(connection)
        self._waiting.pop(connection, None)

    def waits(self, connection: "Connection") -> None:
        """From now on we wait for its other end."""
        self._waiting.pop(connection, None)
        self._waiting[connection] = connection.loop.time()

    def works(self, connection: "Connection") -> None:
        """From now on its other end waits for us."""
        self._waiting.pop(connection, None)

    def _call_look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._sweep = loop.call_later(self.bounds.wait_s_max * _SWEEP_SHARE, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        since_s = loop.time() - self.bounds.wait_s_max
        late = []
        for connection, began_s in self._waiting.items():
            if began_s > since_s:
                break
            late.append(connection)
        for connection in late:
            connection.cut_off()
        self._sweep = None
        if self._all:
            self._call_look(loop)


class Connection(HttpToolsProtocol):
    """One HTTP/1.1 connection within the bounds of its room."""

    def __init__(self, room: Room, **server: Any) -> None:
        super().__init__(**server)
        self._room = room
        self._head_is_open = True
        self._message_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._room.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._room.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._message_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        bounds = self._room.bounds
        if self._head_is_open and self._message_bytes > bounds.head_bytes_max:
            detail = f"Send a head of at most {bounds.head_bytes_max} bytes."
            self._refuse(Problem(Code.HEAD_TOO_LARGE, detail))
        elif self._message_bytes > bounds.message_bytes_max:
            # Its body was refused long before.
            self._end()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_is_open = True
        self._room.waits(self)

    def on_headers_complete(self) -> None:
        self._head_is_open = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._head_is_open, self._message_bytes = True, 0
        if not self.cycle.response_complete:
            self._room.works(self)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete:
            self._room.waits(self)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._room.waits(self)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.cycle is not None and not self.cycle.response_complete:
            self._room.works(self)

    def send_400_response(self, msg: str) -> None:
        self._refuse(Problem(Code.MALFORMED, "This is not HTTP/1.1."))

    def cut_off(self) -> None:
        """It has kept us waiting for too long."""
        if self._message_bytes and self._may_still_answer():
            seconds = f"{self._room.bounds.wait_s_max:g}"
            self._refuse(Problem(Code.TOO_SLOW, f"Send a request within {seconds} s."))
        else:
            self._end()

    def _may_still_answer(self) -> bool:
        """Whether what is waited for is a request's rest, and nothing was said to it yet."""
        if self.transport.is_closing():
            return False
        if self.cycle is None or not self.cycle.response_started:
            return True
        return self._head_is_open and bool(self.cycle.response_complete)

    def _refuse(self, problem: Problem) -> None:
        """Answer without the app, which has not seen a whole request, and end."""
        body = canonical_json(problem.document()).encode()
        status = HTTPStatus(problem.code.status)
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: {MEDIA_TYPE}\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()
        # For this answer to be taken.
        self._room.waits(self)

    def _end(self) -> None:
        # Not by closing, which would wait for what the other end does not take.
        self._room.works(self)
        self.transport.abort()


def connections_within(bounds: Bounds) -> Any:
    """What uvicorn makes a server's connections of."""
    return partial(Connection, Room(bounds))
