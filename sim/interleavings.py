"""Races, explored from seeds: the same program, its tasks in another order at their await points.

Production code runs unmodified over real sockets, as on any virtual loop. Whenever several tasks
could go on, a seed decides who does; now and then one is kept from going on for a while, as a busy
machine would keep it, so that timeouts expire, clients ask again and connections come back. What
is no task's step (sockets, futures, timers) keeps asyncio's order and comes first: only what a
program may not rely on changes. A seed is all that a replay needs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sim.streams import Luck
from sim.virtual_loop import VirtualLoop, run_on

T = TypeVar("T")
Program = Callable[[VirtualLoop], Coroutine[Any, Any, T]]

# Of all steps, so many are late, each by one of these.
_LATE_SHARE: Final = 0.02
_LATE_S: Final = (0.01, 0.7, 3.0, 25.0)
_ACCEPTS: Final = asyncio.SelectorEventLoop._accept_connection2.__qualname__  # type: ignore[attr-defined]


class RacingLoop(VirtualLoop):
    """A virtual loop whose ready tasks take turns as ``seed`` has it.

    late_share: of the steps that wait until later (0..1).
    """

    def __init__(self, start_s: int, seed: int, late_share: float = _LATE_SHARE) -> None:
        self._luck, self._late_share = Luck(seed, 0), late_share
        self._turn = 0
        super().__init__(start_s)

    def _process_events(self, event_list: Any) -> None:
        super()._process_events(event_list)  # type: ignore[misc]
        ready: Any = self._ready  # type: ignore[attr-defined]
        steps = [handle for handle in ready if _is_step(handle)]
        if steps:
            rest = [handle for handle in ready if not _is_step(handle)]
            ready.clear()
            # A step may rely on callbacks that were queued before it, never the other way round.
            ready.extend((*rest, *self._in_turn(steps)))

    def _in_turn(self, steps: list[Any]) -> list[Any]:
        """Those that go on now, in the order that the seed gives; others are put off."""
        luck, self._turn = self._luck, self._turn + 1
        turn, now = self._turn, []
        for n in sorted(range(len(steps)), key=lambda n: luck.unit("turn", turn, n)):
            if self._may_wait(steps[n]) and luck.chance("late", turn, n, share=self._late_share):
                pause_s = _LATE_S[luck.choice_index("late_s", turn, n, n=len(_LATE_S))]
                self.call_at(self.time() + pause_s, self._go_on, steps[n])
            else:
                now.append(steps[n])
        return now

    def _may_wait(self, step: Any) -> bool:
        """Not while somebody holds the clock, nor where a connection is half made."""
        coroutine = step._callback.__self__.get_coro()
        return not self.held and coroutine.__qualname__ != _ACCEPTS

    def _go_on(self, handle: asyncio.Handle) -> None:
        if not handle.cancelled():
            self._ready.append(handle)  # type: ignore[attr-defined]


def _is_step(handle: Any) -> bool:
    return isinstance(getattr(handle._callback, "__self__", None), asyncio.Task)


@dataclass(frozen=True, slots=True)
class Race:
    """An interleaving that breaks. Run ``interleaved`` with this seed to see it again."""

    seed: int
    error: Exception


def interleaved(program: Program[T], start_s: int, seed: int, late_share: float = _LATE_SHARE) -> T:
    """The program to its end in the order that this seed gives."""
    return run_on(lambda: RacingLoop(start_s, seed, late_share), program)


def explore(
    program: Program[Any], start_s: int, seeds: Iterable[int], late_share: float = _LATE_SHARE
) -> Race | None:
    """The first of these seeds under which the program raises, or None."""
    for seed in seeds:
        try:
            interleaved(program, start_s, seed, late_share)
        except Exception as error:
            return Race(seed, error)
    return None
