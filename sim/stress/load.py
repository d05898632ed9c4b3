"""Open loop: each arrival starts when it was meant to, however slow the system is."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import uvloop
from numpy.typing import NDArray

from sim.stress.financing import NotDone
from sim.stress.gateway import Refused
from sim.stress.http import Unanswered
from sim.stress.measure import Measure
from sim.stress.streams import NobodyLeft, Stream
from sim.stress.telemetry import BROKEN

_FAILURES = (Refused, Unanswered, NotDone, NobodyLeft, *BROKEN)


@dataclass(slots=True)
class Loaded:
    """measures: by stream.  started_s: by the loop's clock.  late_us_max: how late the load itself
    was at worst in starting an arrival, which is no fault of the system's."""

    measures: dict[str, Measure] = field(default_factory=dict)
    started_s: float = 0.0
    late_us_max: int = 0
    wall_s: float = 0.0


def run(work: Callable[[], Any]) -> Any:
    """Run a coroutine function on a fast loop of its own."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work())


async def drive(
    streams: Sequence[Stream],
    instants_s: Mapping[str, NDArray[Any]],
    beside: Callable[[Loaded], Any],
) -> Loaded:
    """Open all streams, let every arrival come at its instant, and wait for all answers.

    beside: a coroutine function that runs from the first instant on, and is awaited at the end.
    """
    clock = asyncio.get_running_loop().time
    for stream in streams:
        await stream.open()
    loaded = Loaded({stream.name: Measure(stream.name) for stream in streams}, clock())
    try:
        other = asyncio.create_task(beside(loaded))
        await asyncio.gather(
            *(_arrivals(stream, instants_s[stream.name].tolist(), loaded) for stream in streams)
        )
        await other
    finally:
        for stream in streams:
            await stream.close()
    loaded.wall_s = clock() - loaded.started_s
    return loaded


async def _arrivals(stream: Stream, instants_s: list[float], loaded: Loaded) -> None:
    clock = asyncio.get_running_loop().time
    measure, tasks = loaded.measures[stream.name], set()
    for number, at_s in enumerate(instants_s):
        ahead_s = loaded.started_s + at_s - clock()
        if ahead_s > 0:
            await asyncio.sleep(ahead_s)
        else:
            loaded.late_us_max = max(loaded.late_us_max, int(-ahead_s * 1e6))
        task = asyncio.create_task(_one(stream, number, loaded.started_s, at_s, measure))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    if tasks:
        await asyncio.gather(*tasks)


async def _one(
    stream: Stream, number: int, started_s: float, at_s: float, measure: Measure
) -> None:
    measure.asked += 1
    try:
        done_s = await stream.arrive(number, at_s)
    except _FAILURES as error:
        measure.failed(at_s, error)
    else:
        measure.done(at_s, done_s - started_s - at_s)
