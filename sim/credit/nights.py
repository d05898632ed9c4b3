"""The merchants' nights: here, one after the other, or in a process of their own.

From the close of business to the next morning merchants and bank have nothing to do with each
other, so a second core can have the merchants. It is a process and not a thread: on blocks that fit
a cache NumPy's calls are so short that two threads would mostly hand the interpreter's lock to and
fro. The two processes share the economy's columns; the results are the same.
"""

import mmap
from collections.abc import Iterable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Final, Protocol

import numpy as np

from sim.credit.columns import I64, NEVER
from sim.credit.economy import Economy, Feed
from sim.credit.feed_channel import SPACE_COLUMNS, Space, as_batch, fresh_space
from sim.credit.lender import Lender
from system.credit.feed_records import FeedBatch

# Two deliveries: the bank still hears one while the next is written.
_DELIVERIES: Final = 2
# Rows per merchant in a delivery for which addresses are kept free; only what is written to takes
# memory. A delivery that is larger still goes through the pipe.
_ROWS_PER_MERCHANT: Final = 3


class Nights(Protocol):
    """One night at a time: ``begin``, ``end``, ``delivery``."""

    def begin(self, day: int, is_last: bool) -> None:
        """The evening of this day, and unless it is the last, the next morning."""
        ...

    def end(self) -> None:
        """Until the next morning is there."""
        ...

    def delivery(self) -> FeedBatch | None:
        """What the platform reports that morning, as far as it reaches the lender."""
        ...


class NightsHere:
    """In this process."""

    def __init__(self, economy: Economy, lender: Lender, space: Space = fresh_space) -> None:
        self._economy, self._lender, self._space = economy, lender, space
        self._morning = NEVER
        self._feed: Feed | None = None
        self._batch: FeedBatch | None = None

    def begin(self, day: int, is_last: bool) -> None:
        self._economy.evening(day)
        self._morning = NEVER if is_last else day + 1

    def end(self) -> None:
        self.wake()
        self._batch = self.ship()

    def delivery(self) -> FeedBatch | None:
        return self._batch

    def wake(self) -> None:
        """The morning by itself; after the last night there is none."""
        self._feed = None if self._morning == NEVER else self._economy.morning(self._morning)

    def ship(self) -> FeedBatch | None:
        """Its delivery."""
        return None if self._feed is None else self._lender.ship(self._feed, self._space)

    def draw_ahead(self) -> None:
        """What luck the morning after the next night brings."""
        if self._morning != NEVER:
            self._economy.draw_ahead(self._morning + 1)


class NightsBeside:
    """In a process that is forked off here and shares the economy's columns; POSIX only.

    From now on the economy's mornings and evenings happen there alone. The process ends with its
    last night, or with this one.
    """

    def __init__(self, economy: Economy, lender: Lender) -> None:
        economy.move(shared_columns)
        self._room = _Room(economy.n)
        fork = get_context("fork")
        self._pipe, theirs = fork.Pipe()
        work = NightsHere(economy, lender, self._room.space), self._room, theirs, self._pipe
        self._process = fork.Process(target=_work, args=work, daemon=True)
        self._process.start()
        theirs.close()
        self._is_last = False

    def begin(self, day: int, is_last: bool) -> None:
        self._is_last = is_last
        self._pipe.send((day, is_last))

    def end(self) -> None:
        self._told()
        if self._is_last:
            self.delivery()
            self._process.join()
            self._pipe.close()

    def delivery(self) -> FeedBatch | None:
        found = self._told()
        return self._room.read(*found) if isinstance(found, tuple) else found

    def _told(self) -> Any:
        """Raises what went wrong there; EOFError where the process was lost."""
        found = self._pipe.recv()
        if isinstance(found, BaseException):
            raise found
        return found


def shared_columns(columns: Iterable[I64]) -> list[I64]:
    """Copies in memory that a process forked off later has in common with this one."""
    return [_shared(column) for column in columns]


def _shared(column: I64) -> I64:
    shared: I64 = np.frombuffer(mmap.mmap(-1, max(column.nbytes, 1)), column.dtype, column.size)
    shared[:] = column
    return shared


class _Room:
    """Shared memory for the last deliveries, taken in turns."""

    def __init__(self, n: int) -> None:
        self._rows_max = _ROWS_PER_MERCHANT * n
        shape = (_DELIVERIES, SPACE_COLUMNS, self._rows_max)
        memory = mmap.mmap(-1, 8 * int(np.prod(shape)))
        self._values = np.frombuffer(memory, np.int64).reshape(shape)
        self._turn = 0

    def space(self, rows: int) -> I64:
        """For the next delivery; elsewhere, if it is too large."""
        if rows > self._rows_max:
            return fresh_space(rows)
        self._turn += 1
        return self._part(self._turn, rows)

    def place_of(self, batch: FeedBatch) -> tuple[str, int, int] | None:
        """How ``read`` finds a delivery; None for one that is not here."""
        if not np.may_share_memory(batch.accounts, self._values):
            return None
        return batch.command_id, self._turn, batch.accounts.size

    def read(self, command_id: str, turn: int, rows: int) -> FeedBatch:
        return as_batch(command_id, self._part(turn, rows))

    def _part(self, turn: int, rows: int) -> I64:
        part: I64 = self._values[turn % _DELIVERIES, :, :rows]
        return part


def _work(here: NightsHere, room: _Room, pipe: Connection, theirs: Connection) -> None:
    """Night after night, until the last one or until nobody asks any more."""
    theirs.close()
    is_last = False
    while not is_last:
        try:
            day, is_last = pipe.recv()
        except EOFError:
            return
        try:
            here.begin(day, is_last)
            here.wake()
            pipe.send(None)
            # From here on the other process has merchants and bank to itself.
            pipe.send(_told(here.ship(), room))
            here.draw_ahead()
        except Exception as error:
            pipe.send(error)
            return


def _told(batch: FeedBatch | None, room: _Room) -> object:
    """A delivery as it goes through the pipe: where it stands, if it stands in the room."""
    return None if batch is None else room.place_of(batch) or batch
