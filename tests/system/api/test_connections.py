"""What one connection may take of the gateway, over real sockets."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from system.__main__ import config_of
from system.api.connections import Bounds
from system.settings import Listener
from tests.mosquitto import free_port

_UNHURRIED_S = 3.0
_BOUNDS = Bounds(0.4, head_bytes_max=4_000, connections_max=8)
_LARGE = 64 * 1_048_576
_HEAD = b"POST /whole HTTP/1.1\r\nHost: bank\r\nContent-Length: 10\r\n\r\n"


async def _whole(request: Request) -> Response:
    return Response(await request.body())


async def _refused(_: Request) -> Response:
    return Response(status_code=413)


async def _slow(_: Request) -> Response:
    await asyncio.sleep(_BOUNDS.wait_s_max * 3)
    return Response(b"done")


async def _large(_: Request) -> Response:
    return Response(bytes(_LARGE))


async def _large_in_parts(_: Request) -> Response:
    """Half of it, then for long nothing, then the rest."""

    async def parts() -> AsyncIterator[bytes]:
        for n in range(64):
            yield bytes(_LARGE // 64)
            if n == 32:
                await asyncio.sleep(_BOUNDS.wait_s_max * 3)

    return StreamingResponse(parts())


@dataclass(frozen=True)
class Gate:
    """A running server, and sockets to it."""

    server: uvicorn.Server
    port: int

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def count(self) -> int:
        return len(self.server.server_state.connections)

    def until(self, holds: Callable[[], bool]) -> None:
        ends_s = time.monotonic() + 20
        while not holds():
            assert time.monotonic() < ends_s
            time.sleep(0.01)


@contextmanager
def _running(bounds: Bounds) -> Iterator[Gate]:
    routes = [
        Route("/whole", _whole, methods=["POST"]),
        Route("/refused", _refused, methods=["POST"]),
        Route("/slow", _slow),
        Route("/large", _large),
        Route("/large-in-parts", _large_in_parts),
    ]
    listener = Listener("127.0.0.1", free_port())
    server = uvicorn.Server(config_of(Starlette(routes=routes), listener, bounds))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield Gate(server, listener.port)
    server.should_exit = True
    thread.join()


@pytest.fixture
def gate() -> Iterator[Gate]:
    with _running(_BOUNDS) as gate:
        yield gate


@pytest.fixture
def unhurried() -> Iterator[Gate]:
    """For who is slow but goes on: pauses are far from the bound, all of them together beyond."""
    with _running(replace(_BOUNDS, wait_s_max=_UNHURRIED_S)) as gate:
        yield gate


@pytest.fixture
def patient() -> Iterator[Gate]:
    """Waits for longer than any test takes."""
    with _running(replace(_BOUNDS, wait_s_max=600.0)) as gate:
        yield gate


def _read_to_end(line: socket.socket) -> bytes:
    """All that comes until the other end closes or breaks the connection."""
    raw = b""
    try:
        while part := line.recv(1_048_576):
            raw += part
    except ConnectionError:
        pass
    return raw


def _read_until(line: socket.socket, mark: bytes, times: int) -> bytes:
    raw = b""
    while raw.count(mark) < times:
        part = line.recv(65_536)
        assert part
        raw += part
    return raw


def _send_for_ever(line: socket.socket, part: bytes, pause_s: float = 0.0, *more: bytes) -> None:
    while True:
        for one in (part, *more):
            line.sendall(one)
            time.sleep(pause_s)


def _problem(raw: bytes) -> tuple[int, str]:
    head, _, body = raw.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    document = json.loads(body)
    assert int(head.split()[1]) == document["status"]
    return document["status"], document["code"]


def test_a_silent_connection_ends_and_takes_no_place(gate: Gate) -> None:
    with gate.connect() as line:
        gate.until(lambda: gate.count() == 1)
        assert _read_to_end(line) == b""
    gate.until(lambda: gate.count() == 0)


@pytest.mark.parametrize("part", [b"GET /who", _HEAD, _HEAD + b"half"])
def test_a_request_that_does_not_end_is_told_so(gate: Gate, part: bytes) -> None:
    with gate.connect() as line:
        line.sendall(part)
        assert _problem(_read_to_end(line)) == (408, "too_slow")


def test_so_is_the_second_on_its_connection(gate: Gate) -> None:
    with gate.connect() as line:
        line.sendall(_HEAD + b"1234567890")
        assert line.recv(65_536).endswith(b"1234567890")
        line.sendall(b"GET /who")
        assert _problem(_read_to_end(line)) == (408, "too_slow")


@pytest.mark.parametrize("first", [b"", _HEAD + b"1234567890"])
def test_a_connection_that_only_sends_empty_lines_ends(gate: Gate, first: bytes) -> None:
    with gate.connect() as line:
        line.sendall(first)
        with pytest.raises(ConnectionError):
            _send_for_ever(line, b"\r\n", 0.02)


def test_who_waits_for_us_is_not_cut_off(gate: Gate) -> None:
    """Nor for what it has begun to send beside."""
    with gate.connect() as line:
        line.sendall(b"GET /slow HTTP/1.1\r\nHost: bank\r\n\r\nGET /who")
        first, _, second = _read_to_end(line).partition(b"done")
        assert first.startswith(b"HTTP/1.1 200")
        assert _problem(second) == (408, "too_slow")


def test_a_body_that_does_not_end_after_its_refusal_is_not_refused_again(gate: Gate) -> None:
    with gate.connect() as line:
        line.sendall(_HEAD.replace(b"/whole", b"/refused") + b"half")
        assert _read_to_end(line).count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    "head",
    [
        b"X-Long: " + b"x" * 4_000,
        b"a:b\r\n" * 1_000,
        b"x" * 200_000,
        b"X-Long: " + b"x" * 200_000 + b"\r\n\r\n",
    ],
)
def test_a_large_head_is_refused_with_or_without_an_end(patient: Gate, head: bytes) -> None:
    with patient.connect() as line:
        line.sendall(b"GET /whole HTTP/1.1\r\n" + head)
        assert _problem(_read_to_end(line)) == (431, "head_too_large")


@pytest.mark.parametrize("trailer", [b"x" * 4_096, b"a:b\r\n" * 1_000])
def test_neither_does_what_comes_after_a_body_go_on_for_ever(patient: Gate, trailer: bytes) -> None:
    head = b"POST /refused HTTP/1.1\r\nHost: bank\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    with patient.connect() as line:
        line.sendall(head + b"X-Long: ")
        with pytest.raises(ConnectionError):
            _send_for_ever(line, trailer)


def test_a_body_without_an_end_ends_though_it_was_refused(gate: Gate) -> None:
    head = b"POST /refused HTTP/1.1\r\nHost: bank\r\nTransfer-Encoding: chunked\r\n\r\n"
    with gate.connect() as line:
        line.sendall(head)
        with pytest.raises(ConnectionError):
            _send_for_ever(line, b"1000\r\n" + b"x" * 4_096 + b"\r\n")


def test_a_refusal_reaches_who_sends_all_before_it_reads(patient: Gate) -> None:
    line = HTTPConnection("127.0.0.1", patient.port, timeout=20)
    line.request("POST", "/refused", bytes(16 * 1_048_576))
    assert line.getresponse().status == 413
    line.close()


def test_a_slow_upload_that_goes_on_arrives(unhurried: Gate) -> None:
    with unhurried.connect() as line:
        line.sendall(b"POST /whole HTTP/1.1\r\nHost: bank\r\nContent-Length: 1000000\r\n\r\n")
        for _ in range(10):
            line.sendall(b"x" * 100_000)
            time.sleep(_UNHURRIED_S / 8)
        assert line.recv(65_536).startswith(b"HTTP/1.1 200")


def test_many_requests_at_once_are_turned_away(patient: Gate) -> None:
    with patient.connect() as line:
        line.sendall(b"GET /slow HTTP/1.1\r\nHost: bank\r\n\r\n" * 4)
        assert _read_until(line, b"done", times=4).count(b"200 OK") == 4
        line.sendall(b"GET /slow HTTP/1.1\r\nHost: bank\r\n\r\n" * 400)
        assert b"200 OK" not in _read_to_end(line)


def test_who_takes_no_answers_and_asks_again_is_given_up(gate: Gate) -> None:
    """Neither a further whole request nor the head of one makes us wait anew."""
    ask = b"GET /large HTTP/1.1\r\nHost: bank\r\n\r\n"
    with gate.connect() as line:
        line.sendall(ask)
        gate.until(lambda: gate.count() == 1)
        with pytest.raises(ConnectionError):
            _send_for_ever(line, ask[:10], 0.1, ask[10:])
        gate.until(lambda: gate.count() == 0)


def test_a_body_that_never_comes_behind_answers_that_were_taken_ends(gate: Gate) -> None:
    with gate.connect() as line:
        line.sendall(b"GET /large HTTP/1.1\r\nHost: bank\r\n\r\n" + _HEAD)
        assert _read_to_end(line).count(b"HTTP/1.1 200") == 1
    gate.until(lambda: gate.count() == 0)


@pytest.mark.parametrize("path", [b"/large", b"/large-in-parts"])
def test_an_answer_that_nobody_takes_is_given_up(gate: Gate, path: bytes) -> None:
    with gate.connect() as line:
        line.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: bank\r\n\r\n")
        gate.until(lambda: gate.count() == 1)
        gate.until(lambda: gate.count() == 0)
        assert len(_read_to_end(line)) < _LARGE


def test_a_slow_download_that_goes_on_arrives_whole(unhurried: Gate) -> None:
    with unhurried.connect() as line:
        line.sendall(b"GET /large HTTP/1.1\r\nHost: bank\r\nConnection: close\r\n\r\n")
        taken = 0
        while part := line.recv(_LARGE // 16, socket.MSG_WAITALL):
            taken += len(part)
            time.sleep(_UNHURRIED_S / 10)
        assert taken > _LARGE


@pytest.mark.parametrize("path", ["/large", "/large-in-parts"])
def test_a_large_answer_that_is_taken_arrives_whole(gate: Gate, path: str) -> None:
    line = HTTPConnection("127.0.0.1", gate.port, timeout=20)
    line.request("GET", path)
    assert len(line.getresponse().read()) == _LARGE
    line.close()


def test_who_is_gone_takes_no_place(patient: Gate) -> None:
    with patient.connect() as first:
        patient.until(lambda: patient.count() == 1)
        for _ in range(_BOUNDS.connections_max * 2):
            patient.connect().close()
            patient.until(lambda: patient.count() == 1)
        first.sendall(_HEAD + b"1234567890")
        assert first.recv(65_536).endswith(b"1234567890")


def test_a_newcomer_finds_a_place_among_the_silent(patient: Gate) -> None:
    most = _BOUNDS.connections_max
    lines = [patient.connect() for _ in range(most * 5)]
    patient.until(lambda: patient.count() <= most)
    newcomer = HTTPConnection("127.0.0.1", patient.port, timeout=20)
    newcomer.request("POST", "/whole", b"here")
    assert newcomer.getresponse().read() == b"here"
    assert patient.count() <= most
    # Who came last is still there; who was silent for longest is not.
    lines[-1].sendall(_HEAD + b"1234567890")
    assert lines[-1].recv(65_536).endswith(b"1234567890")
    assert _read_to_end(lines[0]) == b""
    for one in [newcomer, *lines]:
        one.close()


def test_what_is_not_http_gets_a_problem_too(gate: Gate) -> None:
    with gate.connect() as line:
        line.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        assert _problem(_read_to_end(line)) == (400, "malformed")
