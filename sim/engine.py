"""Virtual time: one SimPy environment in whole seconds, and what runs on it.

Order of simultaneous events: priority (small first), then order of scheduling. SimPy's and Mesa's
own randomness is never used; luck comes from ``sim.streams``.
"""

from collections.abc import Callable, Generator
from heapq import heapreplace
from operator import index
from typing import Any, NoReturn

import mesa
import simpy
from simpy.events import EventPriority

from sim.calendar import Calendar
from system.limits import DAY_S

# SimPy's own timeouts and process steps have this priority; 0 comes before them.
NORMAL = 1

Process = Generator[simpy.Event, Any, Any]


class VirtualClock:
    """The clock port (``system.ports.clock``) in virtual time."""

    __slots__ = ("_environment",)

    def __init__(self, environment: simpy.Environment) -> None:
        self._environment = environment

    def now_s(self) -> int:
        """UTC seconds of the event that is being processed."""
        return int(self._environment.now)


class Engine:
    """Owner of virtual time. ``start_s`` is a UTC second.

    A failed event that nobody handles, or an exception in a callback, stops the run.
    """

    def __init__(self, start_s: int) -> None:
        self._environment = simpy.Environment(initial_time=index(start_s))
        self.clock = VirtualClock(self._environment)

    @property
    def now_s(self) -> int:
        """UTC seconds of the event that is being processed."""
        return int(self._environment.now)

    def at(self, time_s: int, callback: Callable[[], object], priority: int = NORMAL) -> None:
        """Call back at ``time_s``, which must not lie in the past."""
        delay_s = index(time_s) - self.now_s
        assert delay_s >= 0, f"{time_s} is before now ({self.now_s})"
        event = simpy.Event(self._environment)
        event._ok, event._value = True, None
        event.callbacks.append(lambda _: _run(callback))
        self._environment.schedule(event, EventPriority(priority), delay_s)

    def process(self, generator: Process) -> simpy.Process:
        """Run a generator that yields ``sleep``, ``event`` or other processes."""
        return self._environment.process(generator)

    def sleep(self, delay_s: int) -> simpy.Timeout:
        """An event that happens after ``delay_s`` whole seconds (0 or more)."""
        return self._environment.timeout(index(delay_s))

    def event(self) -> simpy.Event:
        """An event that the caller makes happen with ``succeed`` or ``fail``."""
        return self._environment.event()

    def run(self, until_s: int) -> None:
        """Process every event before ``until_s``; afterwards it is ``until_s``."""
        assert until_s >= self.now_s, f"{until_s} is before now ({self.now_s})"
        if until_s > self.now_s:
            self._environment.run(until=index(until_s))


def _run(callback: Callable[[], object]) -> None:
    callback()


class ClerkPool:
    """Clerks who take jobs in order of submission and work in office hours only.

    Completion times follow from a heap of the times at which the clerks are free: one O(log n)
    step per job, where a SimPy Resource slows down with the number of waiting users.
    """

    def __init__(self, engine: Engine, calendar: Calendar, clerks: int) -> None:
        assert clerks >= 1, "a desk without clerks never answers"
        self._engine, self._calendar = engine, calendar
        self._free_at_s = [engine.now_s] * clerks

    def submit(self, job_key: str, work_s: int, done: Callable[[str], object]) -> int:
        """Queue a job of ``work_s`` office seconds; ``done(job_key)`` is called when it is ready.

        Returns the UTC second at which it will be ready.
        """
        start_s = max(self._engine.now_s, self._free_at_s[0])
        ready_s = self._calendar.add_working_s(start_s, work_s)
        heapreplace(self._free_at_s, ready_s)
        self._engine.at(ready_s, lambda: done(job_key))
        return ready_s


class _NoLuck:
    """Stands where Mesa keeps its own generators: any use is a bug."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(f"Mesa's own random ({name}) is never used: draw from sim.streams")


class EconomyModel(mesa.Model):  # type: ignore[misc]  # Mesa has no types
    """A Mesa model whose step is a SimPy process: one step per virtual day, from the start on.

    Subclasses define ``step``. Agents are activated with ``agents.do``, in order of creation.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__(rng=0)
        self.random = self.rng = self.agents.random = _NoLuck()
        self.engine = engine
        engine.process(self._days())

    def _days(self) -> Process:
        while True:
            self.step()
            yield self.engine.sleep(DAY_S)
