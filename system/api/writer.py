"""The one writer of the books: what waits at the same time commits together.

Everything that touches the books runs here, on the loop's own thread, one piece after the other.
Pieces that arrive while the loop is busy form a group, each in a savepoint of one durable commit;
nobody has an answer before it is on disk. After a group the loop belongs to others for a while, so
that under load groups are larger, and what each piece costs is less.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from system.adapters.group_store import GroupStore
from system.api.problems import Problem
from system.errors import InputError, OperationalError, StoreUnavailable

T = TypeVar("T")
# Bounds the wait of the first request, and what one failed commit takes along.
GROUP_MAX: Final = 256
# Above this, new requests are turned away at once instead of waiting for seconds.
QUEUE_MAX: Final = 4_096
# How long others have the loop after a group, in what it took.
_REST_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Together:
    """How requests of one kind are done as one. Its ``item`` is what one of them asks for.

    do: the results, one per item in order. Where it raises, each is done alone.
    """

    do: Callable[[list[Any]], list[Any]]
    item: Any


@dataclass(frozen=True, slots=True)
class _Piece:
    work: Callable[[], Any]
    future: "asyncio.Future[Any]"
    together: Together | None


_Answer = tuple[Any, Exception | None]


class Writer:
    """on_lost: called when work was undone by an error that is nobody's refusal, before its callers
    learn of it: what services remember of it must be forgotten. Where the store or the chain is
    away it may raise an OperationalError; it is called again then before anything else is done."""

    def __init__(self, store: GroupStore, on_lost: Callable[[], None]) -> None:
        self._store, self._on_lost = store, on_lost
        self._waiting: deque[_Piece] = deque()
        # How long others have the loop now, and until when by its clock.
        self._rest_s = self._rest_until_s = 0.0
        self._beside = asyncio.Lock()
        self._owes_forgetting = False

    async def run(self, work: Callable[[], T], together: Together | None = None) -> T:
        """The work's result once it is durable; its own error undoes it alone.

        together: how to do it with others of its kind, where several wait.
        Raises StoreUnavailable where the queue is full or the commit failed.
        """
        if len(self._waiting) >= QUEUE_MAX:
            raise StoreUnavailable("take on a request", f"{QUEUE_MAX} are waiting already")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if not self._waiting:
            self._call_flush(loop)
        self._waiting.append(_Piece(work, future, together))
        return await future

    async def give_way(self) -> None:
        """Returns when the requests that are here have their answers: call it before each piece of
        work that is nobody's request, so that no two of them run without a group between."""
        async with self._beside:
            await self._requests_first()

    async def in_pieces(self, work: Iterator[None]) -> None:
        """Do the work, each piece of it after the requests that are here then. Who else gives way
        waits for the whole: else each piece would wait for all of them."""
        async with self._beside:
            await self._requests_first()
            for _ in work:
                await self._requests_first()

    async def _requests_first(self) -> None:
        # What has come by now is read in one turn of the loop, and waits here after the next.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if self._waiting:
            await asyncio.wait([self._waiting[-1].future])

    def _call_flush(self, loop: asyncio.AbstractEventLoop) -> None:
        # Never longer than the rest, should this be another loop with a clock of its own.
        rest_s = min(self._rest_until_s - loop.time(), self._rest_s)
        if rest_s > 0:
            loop.call_later(rest_s, self._flush)
        else:
            loop.call_soon(self._flush)

    def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        group = [self._waiting.popleft() for _ in range(min(len(self._waiting), GROUP_MAX))]
        # Whoever went away while waiting asked for nothing.
        self._commit([piece for piece in group if not piece.future.done()])
        ended_s = loop.time()
        self._rest_s = (ended_s - began_s) * _REST_SHARE
        self._rest_until_s = ended_s + self._rest_s
        if self._waiting:
            self._call_flush(loop)

    def _commit(self, group: list[_Piece]) -> None:
        try:
            if self._owes_forgetting:
                self._forget()
            with self._store.group():
                answers = self._answers(group)
        except Exception as error:
            self._lose()
            for piece in group:
                piece.future.set_exception(error)
            return
        if any(failed for _, failed in answers):
            self._lose()
        for piece, (result, failed) in zip(group, answers, strict=True):
            if failed is None:
                piece.future.set_result(result)
            else:
                piece.future.set_exception(failed)

    def _lose(self) -> None:
        self._owes_forgetting = True
        # The callers wait for an answer, not for the store or the chain.
        with suppress(OperationalError):
            self._forget()

    def _forget(self) -> None:
        self._on_lost()
        self._owes_forgetting = False

    def _answers(self, group: list[_Piece]) -> list[_Answer]:
        """One per piece. Pieces of a group have no order among them: nobody was answered yet."""
        alike: dict[Callable[[list[Any]], list[Any]], list[int]] = {}
        for n, piece in enumerate(group):
            if piece.together is not None:
                alike.setdefault(piece.together.do, []).append(n)
        answers: dict[int, _Answer] = {}
        for do, numbers in alike.items():
            if len(numbers) > 1:
                answers |= self._done_together(do, group, numbers)
        return [
            answers[n] if n in answers else self._answer(piece.work)
            for n, piece in enumerate(group)
        ]

    def _done_together(
        self, do: Callable[[list[Any]], list[Any]], group: list[_Piece], numbers: list[int]
    ) -> dict[int, _Answer]:
        """By number; nothing where one of them failed, and so all were undone."""
        pieces = [group[n].together for n in numbers]
        items = [piece.item for piece in pieces if piece is not None]
        results, failed = self._answer(lambda: do(items))
        if isinstance(failed, InputError | Problem):
            return {}
        if failed is not None:
            self._lose()
            return {}
        return {n: (result, None) for n, result in zip(numbers, results, strict=True)}

    def _answer(self, work: Callable[[], Any]) -> _Answer:
        try:
            with self._store.transaction():
                return work(), None
        except StoreUnavailable:
            raise  # the store has failed for everyone in the group
        except Exception as error:
            return None, error
