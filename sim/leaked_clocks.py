"""Libraries that read the operating system's clock or own threads, kept in virtual time.

Production code takes its time from the clock port; this is for brokers, clients and servers, which
measure keep-alive and session expiry with ``time.monotonic`` and ``time.time`` and whose ``def``
endpoints go to worker threads. Other threads keep the machine's clock.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch


@contextmanager
def virtual_clocks(now_us: Callable[[], int]) -> Iterator[None]:
    """Inside, ``time.time`` and ``time.monotonic`` give virtual UTC seconds on this thread."""
    with ExitStack() as stack:
        for name in ("time", "monotonic"):
            stack.enter_context(_virtual(name, now_us))
        stack.enter_context(_threads_in_line())
        yield


def _virtual(name: str, now_us: Callable[[], int]) -> Any:
    real = getattr(sys.modules["time"], name)
    home = threading.get_ident()

    def read() -> float:
        return now_us() / 1_000_000 if threading.get_ident() == home else float(real())

    return patch.object(sys.modules["time"], name, read)


def _threads_in_line() -> Any:
    """anyio (Starlette, FastAPI) runs the work of its threads here and now, if it is installed."""
    if importlib.util.find_spec("anyio") is None:
        return ExitStack()

    async def run_sync(func: Callable[..., Any], *args: Any, **_options: Any) -> Any:
        return func(*args)

    return patch("anyio.to_thread.run_sync", run_sync)
