"""The edges under virtual time: an asyncio loop whose clock is its timers, over real sockets.

Real brokers, clients and servers run on it in one process and never know. Callbacks run; bytes that
are under way between two ends of this process arrive; and only when nothing is left to do now, and
nobody holds the clock, does time jump to the next timer. So an hour of waiting costs nothing, and
what happens depends on neither the machine's speed nor its load:

- ready sockets are served in the order in which they were opened, once all that was sent has
  arrived (``sim.loopback``); simultaneous timers fire in the order in which they were set;
- work for threads (``run_in_executor``, ``def`` endpoints) runs in line: no time passes meanwhile;
- work elsewhere (own threads, outside processes) holds the clock with ``hold()``;
- ``time.time`` and ``time.monotonic`` are virtual for the code on the loop (``sim.leaked_clocks``);
- a program that waits for what can no longer happen is told so (``Stalled``).

Housekeeping ticks of a second or less are what costs: stretch them (uvicorn ticks every 0.1 s).
Known limits: TLS, UDP and sockets of other processes are not accounted, so hold the clock there.
"""

from __future__ import annotations

import asyncio
import os
import selectors
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context
from heapq import heappush
from typing import Any, TypeVar

from sim.leaked_clocks import virtual_clocks
from sim.loopback import WINDOW_BYTES, Traffic

T = TypeVar("T")

_US = 1_000_000
# While bytes are under way the kernel is asked this often, and this many times at most.
_WAIT_S, _WAITS_MAX = 0.001, 30_000


class Stalled(RuntimeError):
    """Nothing is left that could happen, yet the program waits."""


class LoopClock:
    """The clock port (``system.ports.clock``) on a virtual loop."""

    __slots__ = ("_loop",)

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now_s(self) -> int:
        """UTC seconds of the callback that runs."""
        return self._loop.now_us // _US


class _Timer(asyncio.TimerHandle):
    """A timer that comes after those of the same time that were set before it."""

    number: int

    def __lt__(self, other: object) -> bool:
        assert isinstance(other, _Timer)
        return (self.when(), self.number) < (other.when(), other.number)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop that begins at ``start_s`` (UTC seconds)."""

    def __init__(self, start_s: int) -> None:
        self._start_us = start_s * _US
        self._passed_us = 0
        self._holds = self._timers = 0
        self._rest_us: int | None = None
        self.traffic = Traffic()
        super().__init__(_Selector(self))
        # Time is kept in whole microseconds, whatever the floats of timers say.
        self._clock_resolution = 1 / _US
        self.clock = LoopClock(self)

    @property
    def now_us(self) -> int:
        """UTC microseconds of the callback that runs."""
        return self._start_us + self._passed_us

    def time(self) -> float:
        """Seconds since the start."""
        return self._passed_us / _US

    @contextmanager
    def hold(self) -> Iterator[None]:
        """No time passes inside: something is under way that the loop cannot see."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
            self.call_soon_threadsafe(_nothing)

    def advance(self, until_s: int) -> None:
        """Run all that is due up to and including this UTC second, and come to rest at it.

        For a driver that owns virtual time and is not itself on the loop (the event engine).
        """
        self._rest_us = until_s * _US - self._start_us
        assert self._rest_us >= self._passed_us, f"{until_s} is before now"
        try:
            with virtual_clocks(lambda: self.now_us):
                self.run_forever()
        finally:
            self._rest_us = None

    def next_jump(self, timeout: float | None) -> None:
        """Let time pass to the next timer, ``timeout`` seconds away, or to where it must rest."""
        passed_us = None if timeout is None else self._passed_us + max(1, round(timeout * _US))
        if self._rest_us is not None and (passed_us is None or passed_us > self._rest_us):
            self._passed_us = self._rest_us
            self.stop()
        elif passed_us is None:
            raise Stalled(
                "no callback, no traffic and no timer is left: what is awaited never comes"
            )
        else:
            self._passed_us = passed_us

    @property
    def held(self) -> bool:
        return self._holds > 0

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> _Timer:
        self._check_closed()  # type: ignore[attr-defined]
        timer = _Timer(when, callback, args, self, context)
        self._timers += 1
        timer.number = self._timers
        heappush(self._scheduled, timer)  # type: ignore[attr-defined]
        timer._scheduled = True  # type: ignore[attr-defined]
        return timer

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        with self.hold():
            await super().sock_connect(sock, address)

    def run_in_executor(  # type: ignore[override]
        self, executor: object, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """The function runs here and now, so that neither its pace nor its thread shows."""
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    def _start_serving(self, protocol_factory: Any, sock: socket.socket, *rest: Any) -> None:
        self.traffic.ports[sock.getsockname()[1]] = sock
        super()._start_serving(protocol_factory, sock, *rest)  # type: ignore[misc]

    def _make_socket_transport(self, sock: socket.socket, *rest: Any, **options: Any) -> Any:
        counted = self.traffic.adopt(sock)
        transport = super()._make_socket_transport(counted, *rest, **options)  # type: ignore[misc]
        transport.max_size = WINDOW_BYTES
        return transport


class _Selector(selectors.DefaultSelector):
    """Serves sockets in the order of opening; waits for traffic and holds, never for timers."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop
        self._opened: dict[int, int] = {}
        self._count = 0

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = super().register(fileobj, events, data)
        self._count += 1
        self._opened[key.fd] = self._count
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = self._settle()
        if not found and timeout != 0:
            if self._loop.held:
                found = super().select(None)
            else:
                self._loop.next_jump(timeout)
        return sorted(found, key=lambda entry: self._opened[entry[0].fd])

    def _settle(self) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready once everything that was sent has arrived."""
        for _ in range(_WAITS_MAX):
            found = [
                entry for key, events in super().select(0) if (entry := self._open(key, events))
            ]
            ready = {key.fd for key, events in found if events & selectors.EVENT_READ}
            if self._loop.traffic.settled(ready, self._reads):
                return found
            if found:
                os.sched_yield()
            else:
                super().select(_WAIT_S)
        raise Stalled("bytes that were sent never arrived")

    def _open(
        self, key: selectors.SelectorKey, events: int
    ) -> tuple[selectors.SelectorKey, int] | None:
        """The entry without readiness to write where our own window is full."""
        if events & selectors.EVENT_WRITE and self._loop.traffic.blocked(key.fd):
            events &= ~selectors.EVENT_WRITE
        return (key, events) if events else None

    def _reads(self, number: int) -> bool:
        key = self.get_map().get(number)
        return key is not None and bool(key.events & selectors.EVENT_READ)


def _nothing() -> None:
    """Wakes a loop that waits for a hold to end."""


def run_virtual(main: Callable[[VirtualLoop], Coroutine[Any, Any, T]], start_s: int) -> T:
    """Run ``main(loop)`` to its end on a fresh virtual loop that begins at ``start_s``."""
    return run_on(lambda: VirtualLoop(start_s), main)


def run_on(
    make: Callable[[], VirtualLoop], main: Callable[[VirtualLoop], Coroutine[Any, Any, T]]
) -> T:
    """Run ``main(loop)`` to its end on the loop that ``make`` gives."""
    with asyncio.Runner(loop_factory=make) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        with virtual_clocks(lambda: loop.now_us):
            return runner.run(main(loop))
