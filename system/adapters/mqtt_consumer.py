"""The consumer: from the broker into the service, acknowledged after the commit; letters out.

All that has come while a commit ran is the next commit. Nothing here knows a time but the loop's,
and nothing is kept that the broker or the book does not hold too.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol

from system.errors import OperationalError
from system.ports.broker import Delivery, Link

_LOG = logging.getLogger(__name__)
# Messages of one commit: bounds how long the loop is busy with it, and what a failure repeats.
BATCH_MAX: Final = 1_000
_WAIT_S_MIN, _WAIT_S_MAX = 0.25, 15.0
_PAUSE_S_MAX: Final = 0.1
# Deliveries of the first commit whose time is bounded; from then on as many as the time allows.
_PART_FIRST: Final = 8
# Returns when others on the loop have had their turn.
GiveWay = Callable[[], Awaitable[None]]


async def _at_once() -> None:
    """Nobody else is on the loop."""


class OutLetter(Protocol):
    @property
    def topic(self) -> str: ...
    @property
    def payload(self) -> bytes: ...


class Desk(Protocol):
    """The service as the consumer needs it."""

    def take(self, deliveries: Sequence[Delivery]) -> Any:
        """Commit their effects. Raises OperationalError where it should be tried again."""
        ...

    def set_aside(self, delivery: Delivery, error: Exception) -> None: ...
    def due(self) -> Sequence[OutLetter]: ...
    def tick(self, *, is_linked: bool) -> Any: ...


class Consumer:
    """``run`` until cancelled, or until the link says that it will not come back.

    poll_s: how often it looks for letters that others have put into the outbox; it looks after each
    commit in any case, and when ``nudge`` is called.  tick_s: how often the service looks for what
    did not come.  None for never.  gather_s: how long at least what comes is gathered for the next
    commit: a message costs less in company.  hold_s: about how long one commit may hold the loop;
    what would take longer, as after an outage, is committed in parts. None for all at once.
    give_way: awaited before each commit.
    """

    def __init__(
        self,
        link: Link,
        desk: Desk,
        *,
        batch_max: int = BATCH_MAX,
        poll_s: float | None = 1.0,
        tick_s: float | None = 60.0,
        gather_s: float = 0.0,
        hold_s: float | None = None,
        give_way: GiveWay = _at_once,
    ) -> None:
        self._link, self._desk, self._batch_max = link, desk, batch_max
        self._poll_s, self._tick_s, self._gather_s = poll_s, tick_s, gather_s
        self._give_way = give_way
        self._hold_s = hold_s
        self._part_max = batch_max if hold_s is None else min(_PART_FIRST, batch_max)
        self._wanted = asyncio.Event()
        self.taken = 0

    def nudge(self) -> None:
        """There may be letters."""
        self._wanted.set()

    async def run(self) -> None:
        """Raises BrokerUnavailable where the broker refuses the account."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._bring_in())
            tasks.create_task(self._send_out())
            if self._tick_s is not None:
                tasks.create_task(self._tick(self._tick_s))

    async def _bring_in(self) -> None:
        while True:
            deliveries = await self._link.receive(self._batch_max)
            while deliveries:
                part = deliveries[: self._part_max]
                deliveries = deliveries[len(part) :]
                took_s = await self._take_in(part)
                # Who else is on this loop gets as long as the commit took, and a turn at least: so
                # a dear commit is a large one, and a broker in the process is never starved.
                rest_s = min(took_s, _PAUSE_S_MAX)
                await asyncio.sleep(rest_s if deliveries else max(rest_s, self._gather_s))

    async def _take_in(self, deliveries: Sequence[Delivery]) -> float:
        """Commit, acknowledge, and say how long that took."""
        await self._give_way()
        now = asyncio.get_running_loop().time
        began_at = now()
        await self._commit(deliveries)
        took_s = now() - began_at
        self._link.acknowledge(deliveries)
        self.taken += len(deliveries)
        self.nudge()
        self._learn(len(deliveries), took_s)
        return took_s

    def _learn(self, count: int, took_s: float) -> None:
        """Somewhat more deliveries next time, or a quarter fewer. Not by what one took: a commit
        has a cost of its own, by which a part of one would look dearest and stay alone."""
        if self._hold_s is None:
            return
        if took_s > self._hold_s:
            self._part_max = max(1, min(count, self._part_max) * 3 // 4)
        elif count == self._part_max:
            self._part_max = min(self._batch_max, count + 1 + count // 8)

    async def _commit(self, deliveries: Sequence[Delivery]) -> None:
        """All at once; where our own code fails on them, by halves, until it is found on which."""
        try:
            await self._patiently(lambda: self._desk.take(deliveries))
        except Exception as error:
            if len(deliveries) == 1:
                _LOG.exception("set aside a delivery on %s", deliveries[0].topic)
                failed, poison = error, deliveries[0]
                await self._patiently(lambda: self._desk.set_aside(poison, failed))
                return
            middle = len(deliveries) // 2
            await self._commit(deliveries[:middle])
            await self._commit(deliveries[middle:])

    async def _patiently(self, work: Any) -> Any:
        """Until the outside world lets it be done; nothing is acknowledged meanwhile."""
        failures = 0
        while True:
            try:
                return work()
            except OperationalError as error:
                _LOG.warning("%s", error)
                await asyncio.sleep(min(_WAIT_S_MIN * 2 ** min(failures, 16), _WAIT_S_MAX))
                failures += 1

    async def _send_out(self) -> None:
        while True:
            self._wanted.clear()
            letters = await self._patiently(self._desk.due)
            # One letter of each machine and alert at most: their order is kept by the outbox.
            await asyncio.gather(
                *(self._link.publish(letter.topic, letter.payload) for letter in letters)
            )
            if not letters:
                await self._until_wanted()

    async def _until_wanted(self) -> None:
        try:
            async with asyncio.timeout(self._poll_s):
                await self._wanted.wait()
        except TimeoutError:
            return

    async def _tick(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            await self._patiently(lambda: self._desk.tick(is_linked=self._link.is_connected))
            self.nudge()
