"""The console over a thousand runs, one of them with a million events: what a visitor waits for.

The pages are asked for over ASGI in this process, so what is timed is the server's work: everything
before the first paint but the browser's own share. The limit of the page's first paint is 0.5 s.
CPU time, which others on the machine disturb least: on a core of its own, what a visitor waits for.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

import httpx

from benchmarks.run_library import Metrics, made_run
from benchmarks.workload import CPU, Answer, Contender, Work, Workload
from sim.console import views
from sim.console.app import Console
from sim.console.library import Library
from sim.run_folder import RunFolder

_SCENARIO: Final = "credit"
_ROUNDS: Final = 5
_COMPARED: Final = 50


@dataclass(frozen=True, slots=True)
class Size:
    """runs: in the library.  events: of the large one, all arms and replications together."""

    runs: int
    events: int


SIZES: Final = {"small": Size(12, 800), "full": Size(1_000, 1_000_000)}


@cache
def library_of(size: Size) -> Path:
    """A folder of runs, made once in a process: one large run, copies of a small one."""
    root = Path(mkdtemp(prefix="shapan-library-"))
    made_run(root / "large", _SCENARIO, 2, events=size.events // 4)
    made_run(root / "run-0000", _SCENARIO, 2, events=50, metrics_of=_many)
    for number in range(1, size.runs - 1):
        path = root / f"run-{number:04d}"
        shutil.copytree(root / "run-0000", path)
        folder = RunFolder(path)
        run = folder.read_run()
        run["scenario"]["parameters"]["funding_rate_ppm"]["value"] += number
        overrides = [f"parameters.funding_rate_ppm={number}"]
        folder.write_run(run | {"run": path.name, "overrides": overrides})
    return root


def _many(arm: str, number: int) -> Metrics:
    """As many metrics as a real run of credit has, and none that differs between the runs."""
    return {
        f"{name}.size_{part}": (part + 1 + number) / 100
        for name in ("approval_rate", "good_approval_rate", "default_rate", "bank_profit_fen")
        for part in range(30)
    } | {"npl_ratio": 0.01 * (1 + number), "approval_rate": 0.4 + 0.1 * number}


def _pages(size: Size) -> dict[str, str]:
    compared = "&".join(f"run=run-{number:04d}" for number in range(min(_COMPARED, size.runs - 1)))
    large = "/runs/large"
    return {
        "list": "/",
        "search": f"/?search=funding_rate_ppm={size.runs // 2}",
        "compare 50": f"/compare?{compared}",
        "run of a million events": large,
        "its events by kind and day": f"{large}/events",
        "its subjects of a kind": f"{large}/events?kind=drawn",
        "one subject's life": f"{large}/events?kind=drawn&subject=merchant/14",
        "its charts": f"{large}/charts",
        "its moving picture": f"{large}/watch.json",
    }


@contextmanager
def _visit(size: Size, path: str) -> Iterator[Work]:
    """The first visit reads what later ones remember; it is not timed."""
    app = Console(library_of(size)).app()
    loop = asyncio.new_event_loop()

    async def get() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
        ) as client:
            return await client.get(path, timeout=600)

    def work() -> Answer:
        answer = loop.run_until_complete(get())
        assert answer.status_code == 200, answer.text
        return Answer(1, lambda: answer.status_code)

    try:
        work()
        yield work
    finally:
        loop.close()


@contextmanager
def _first_list(size: Size) -> Iterator[Work]:
    """The list when no run has been read yet, without the reading ahead that follows it."""
    root = library_of(size)

    def work() -> Answer:
        shown = views.runs(Library(root), (), "")
        return Answer(1, lambda: len(shown["entries"]))

    yield work


def _contenders(size: Size) -> Iterator[Contender]:
    first = partial(_first_list, size)
    yield Contender("list, for the first time", first, _ROUNDS, CPU, tale="entries")
    for name, path in _pages(size).items():
        yield Contender(name, partial(_visit, size, path), _ROUNDS, CPU)


PAGES = Workload(
    "console",
    "pages",
    {name: partial(_contenders, size) for name, size in SIZES.items()},
)
