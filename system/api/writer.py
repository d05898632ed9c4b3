"""The one writer of the books: what waits at the same time commits together.

Everything that touches the books runs here, on the loop's own thread, one piece after the other.
Pieces that arrive while the loop is busy form a group, each in a savepoint of one durable commit;
nobody has an answer before it is on disk.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final, TypeVar

from system.adapters.group_store import GroupStore
from system.errors import StoreUnavailable

T = TypeVar("T")
# Bounds the wait of the first request, and what one failed commit takes along.
GROUP_MAX: Final = 256
# Above this, new requests are turned away at once instead of waiting for seconds.
QUEUE_MAX: Final = 4_096
_Piece = tuple[Callable[[], Any], "asyncio.Future[Any]"]


class Writer:
    """on_lost: called when work was undone by an error that is nobody's refusal, before its callers
    learn of it: what services remember of it must be forgotten."""

    def __init__(self, store: GroupStore, on_lost: Callable[[], None]) -> None:
        self._store, self._on_lost = store, on_lost
        self._waiting: deque[_Piece] = deque()

    async def run(self, work: Callable[[], T]) -> T:
        """The work's result once it is durable; its own error undoes it alone.

        Raises StoreUnavailable where the queue is full or the commit failed.
        """
        if len(self._waiting) >= QUEUE_MAX:
            raise StoreUnavailable("take on a request", f"{QUEUE_MAX} are waiting already")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._flush)
        self._waiting.append((work, future))
        return await future

    def _flush(self) -> None:
        group = [self._waiting.popleft() for _ in range(min(len(self._waiting), GROUP_MAX))]
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._flush)
        # Whoever went away while waiting asked for nothing.
        self._commit([piece for piece in group if not piece[1].done()])

    def _commit(self, group: list[_Piece]) -> None:
        try:
            with self._store.group():
                answers = [self._answer(work) for work, _ in group]
        except Exception as error:
            self._on_lost()
            for _, future in group:
                future.set_exception(error)
            return
        if any(failed for _, failed in answers):
            self._on_lost()
        for (_, future), (result, failed) in zip(group, answers, strict=True):
            if failed is None:
                future.set_result(result)
            else:
                future.set_exception(failed)

    def _answer(self, work: Callable[[], Any]) -> tuple[Any, Exception | None]:
        try:
            with self._store.transaction():
                return work(), None
        except StoreUnavailable:
            raise  # the store has failed for everyone in the group
        except Exception as error:
            return None, error
