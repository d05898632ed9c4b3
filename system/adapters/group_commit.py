"""Group commit: many clients, one writer, one durable commit for all who wait.

A single durable commit costs a disk flush. The writer runs each request in a savepoint, commits
once, and only then acknowledges: a client that has its answer has it on disk.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from system.errors import StoreUnavailable
from system.ports.store import Store, Unit

T = TypeVar("T")
# Requests in one commit: bounds the wait of the first, and what one failed commit takes along.
GROUP_MAX = 512
Work = Callable[[Unit], Any]
Request = tuple[Work, "Future[Any]"]


class GroupCommitter:
    """The one writer of a store. Close it before the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._queue: SimpleQueue[Request | None] = SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._writer = threading.Thread(target=self._write, name="group-commit", daemon=True)
        self._writer.start()

    def submit(self, work: Callable[[Unit], T]) -> "Future[T]":
        """Queue one request. Its result comes after the commit; its error undoes it alone.

        Raises StoreUnavailable once closed. The result is StoreUnavailable when the commit failed.
        """
        future: Future[T] = Future()
        with self._closing:
            if self._closed:
                raise StoreUnavailable("accept a request", "the writer is closed")
            self._queue.put((work, future))
        return future

    def close(self) -> None:
        """Finish what is queued, then stop."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._writer.join()

    def _write(self) -> None:
        while (first := self._queue.get()) is not None:
            group = [first]
            stop = self._drain_into(group)
            self._commit(
                [request for request in group if request[1].set_running_or_notify_cancel()]
            )
            if stop:
                return

    def _drain_into(self, group: list[Request]) -> bool:
        """True when the queue's end was reached."""
        while len(group) < GROUP_MAX:
            try:
                request = self._queue.get_nowait()
            except Empty:
                return False
            if request is None:
                return True
            group.append(request)
        return False

    def _commit(self, group: list[Request]) -> None:
        try:
            with self._store.transaction() as unit:
                answers = [_answer(unit, work) for work, _ in group]
        except BaseException as error:
            for _, future in group:
                future.set_exception(error)
            return
        for (_, future), (result, refused) in zip(group, answers, strict=True):
            if refused is None:
                future.set_result(result)
            else:
                future.set_exception(refused)


def _answer(unit: Unit, work: Work) -> tuple[Any, Exception | None]:
    try:
        with unit.savepoint():
            return work(unit), None
    except StoreUnavailable:
        raise  # the store has failed for everyone in the group
    except Exception as error:
        return None, error
