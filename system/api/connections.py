"""What one connection may take of the gateway: time, memory and a place among the others.

The server itself reads a head of any length and any number of requests at once, waits for ever for
the rest of a request and for an answer to be taken, and turns everybody away once silent
connections are many. With TLS a connection comes here after its handshake.
"""

import asyncio
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from itertools import takewhile
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from system.api.problems import MEDIA_TYPE, Code, Problem
from system.canonical import canonical_json

# How often we look for who is late, in what they may take.
_SWEEP_SHARE: Final = 1 / 16
# Whoever moves this much in that time is slow, but goes on.
_PROGRESS_BYTES: Final = 65_536
# Requests of one connection that wait for the answer to an earlier one.
_PIPELINE_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class Bounds:
    """wait_s_max: how long a connection may keep us waiting for a request, for its end, or for its
    answer to be taken. head_bytes_max: of what stands around a body, before and after it.
    connections_max: of which the one that has kept us waiting longest makes room for a new one."""

    wait_s_max: float = 30.0
    head_bytes_max: int = 16_384
    connections_max: int = 400


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
        self.waits_anew(connection)
        if len(self._all) > self.bounds.connections_max:
            next(iter(self._waiting)).end()
        if self._sweep is None:
            self._call_look(connection.loop)

    def leave(self, connection: "Connection") -> None:
        """It is gone."""
        self._all.discard(connection)
        self._waiting.pop(connection, None)

    def waits(self, connection: "Connection") -> None:
        """We wait for its other end: from now on, unless we do already."""
        self._waiting.setdefault(connection, connection.loop.time())

    def waits_anew(self, connection: "Connection") -> None:
        """From now on we wait for its other end."""
        self._waiting.pop(connection, None)
        self._waiting[connection] = connection.loop.time()

    def works(self, connection: "Connection") -> None:
        """From now on its other end waits for us."""
        self._waiting.pop(connection, None)

    def _call_look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._sweep = loop.call_later(self.bounds.wait_s_max * _SWEEP_SHARE, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._sweep = None
        if not self._all:
            return
        self._call_look(loop)
        since_s = loop.time() - self.bounds.wait_s_max
        # They stand in order of time.
        late = takewhile(lambda one: one[1] <= since_s, list(self._waiting.items()))
        for connection, _ in late:
            if connection.makes_progress():
                self.waits_anew(connection)
            else:
                connection.cut_off()


class Connection(HttpToolsProtocol):
    """One HTTP/1.1 connection within the bounds of its room."""

    def __init__(self, room: Room, **server: Any) -> None:
        super().__init__(**server)
        self._room = room
        self._has_begun = False
        self._head_is_open = True
        # Of the message that is being read: all, around its body, and not yet told by the parser.
        self._message_bytes = self._head_bytes = self._piled_bytes = 0
        # What had been read of it, and what was unsent, when somebody last looked for progress.
        self._read_then = self._unsent_then = 0
        self._too_large = False

    # As the loop calls it.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._room.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._room.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._message_bytes += len(data)
        self._piled_bytes += len(data)
        super().data_received(data)
        around = self._message_bytes if self._head_is_open else self._piled_bytes
        if around > self._room.bounds.head_bytes_max and not self.transport.is_closing():
            self._too_large = True
            self._refuse(self._unreadable())

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unsent_then = self.transport.get_write_buffer_size()
        self._room.waits_anew(self)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._settle()

    # As the parser calls it. What is raised here reaches ``send_400_response``.

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if len(self.pipeline) >= _PIPELINE_MAX:
            raise ValueError("too many requests at once")
        self._has_begun = self._head_is_open = True
        self._head_bytes = self._read_then = 0
        if self.cycle is None or (self.cycle.response_complete and not self.flow.write_paused):
            self._room.waits_anew(self)

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._count(len(name) + len(value) + 4)

    def on_headers_complete(self) -> None:
        self._head_is_open = False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._piled_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._has_begun, self._head_is_open = False, True
        self._message_bytes = self._piled_bytes = 0
        self._settle()

    def _count(self, more_bytes: int) -> None:
        self._piled_bytes = 0
        self._head_bytes += more_bytes
        if self._head_bytes > self._room.bounds.head_bytes_max:
            self._too_large = True
            raise ValueError("too large a head")

    # As the server calls it.

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._settle()

    def send_400_response(self, msg: str) -> None:
        self._refuse(self._unreadable())

    # As the room calls it.

    def makes_progress(self) -> bool:
        """Whether enough was moved since this was last asked, of a request or of an answer."""
        unsent = self.transport.get_write_buffer_size()
        is_read = self.cycle is not None and not self.cycle.response_complete
        grew = is_read and self._message_bytes - self._read_then >= _PROGRESS_BYTES
        shrank = self._unsent_then - unsent >= _PROGRESS_BYTES
        self._read_then, self._unsent_then = self._message_bytes, unsent
        return grew or shrank

    def cut_off(self) -> None:
        """It has kept us waiting for too long."""
        seconds = f"{self._room.bounds.wait_s_max:g}"
        if self._has_begun:
            self._refuse(Problem(Code.TOO_SLOW, f"Send a request within {seconds} s."))
        else:
            self.end()

    def end(self) -> None:
        """At once: closing would wait for what the other end does not take."""
        self._room.works(self)
        self.transport.abort()

    def _settle(self) -> None:
        """Its other end waits for us where a whole request is under way, and takes answers."""
        cycle = self.cycle
        # What is under way before a pipeline was read to its end.
        is_whole = bool(self.pipeline) or (
            cycle is not None and not cycle.response_complete and not cycle.more_body
        )
        if is_whole and not self.flow.write_paused:
            self._room.works(self)
        else:
            self._room.waits(self)

    def _unreadable(self) -> Problem:
        if self._too_large:
            detail = f"Send a head of at most {self._room.bounds.head_bytes_max} bytes."
            return Problem(Code.HEAD_TOO_LARGE, detail)
        return Problem(Code.MALFORMED, "This is not HTTP/1.1.")

    def _refuse(self, problem: Problem) -> None:
        """Answer without the app, which has not seen a whole request, and end."""
        if not self._may_answer():
            self.end()
            return
        body = canonical_json(problem.document()).encode()
        status = HTTPStatus(problem.code.status)
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: {MEDIA_TYPE}\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()

    def _may_answer(self) -> bool:
        """Whether what was not read is a request's rest, and no other answer is under way."""
        if self.transport.is_closing() or self.pipeline or self.flow.write_paused:
            return False
        if self.cycle is None or self.cycle.response_complete:
            return self._head_is_open
        return bool(self.cycle.more_body and not self.cycle.response_started)


def connections_within(bounds: Bounds) -> Any:
    """What uvicorn makes a server's connections of."""
    return partial(Connection, Room(bounds))
