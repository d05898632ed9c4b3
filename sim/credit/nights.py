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
from typing import Final, Protocol

import numpy as np

from sim.credit.columns import I64, NEVER
from sim.credit.economy import Economy
from sim.credit.lender import Lender
from system.credit.feed_records import FEED_FIELDS, FeedBatch

_KEYS: Final = ("accounts", "days", "revisions")
# Two deliveries: the bank still hears one while the next is written.
_DELIVERIES: Final = 2
# Rows per merchant in a delivery for which addresses are kept free; only what is written to takes
# memory. A delivery that is larger still goes through the pipe.
_ROWS_PER_MERCHANT: Final = 3


class Nights(Protocol):
    """One night at a time: ``begin``, then ``end``."""

    def begin(self, day: int, is_last: bool) -> None:
        """The evening of this day, and unless it is the last, the next morning."""
        ...

    def end(self) -> FeedBatch | None:
        """What the platform reports the next morning, as far as it reaches the lender."""
        ...


class NightsHere:
    """In this process."""

    def __init__(self, economy: Economy, lender: Lender) -> None:
        self._economy, self._lender = economy, lender
        self._morning = NEVER

    def begin(self, day: int, is_last: bool) -> None:
        self._economy.evening(day)
        self._morning = NEVER if is_last else day + 1

    def end(self) -> FeedBatch | None:
        if self._morning == NEVER:
            return None
        return self._lender.ship(self._economy.morning(self._morning))


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
        work = NightsHere(economy, lender), self._room, theirs, self._pipe
        self._process = fork.Process(target=_work, args=work, daemon=True)
        self._process.start()
        theirs.close()
        self._is_last = False

    def begin(self, day: int, is_last: bool) -> None:
        self._is_last = is_last
        self._pipe.send((day, is_last))

    def end(self) -> FeedBatch | None:
        """Raises what went wrong there; EOFError where the process was lost."""
        found = self._pipe.recv()
        if self._is_last:
            self._process.join()
            self._pipe.close()
        if isinstance(found, BaseException):
            raise found
        return self._room.read(*found) if isinstance(found, tuple) else found


def shared_columns(columns: Iterable[I64]) -> list[I64]:
    """Copies in memory that a process forked off later has in common with this one."""
    return [_shared(column) for column in columns]


def _shared(column: I64) -> I64:
    shared: I64 = np.frombuffer(mmap.mmap(-1, max(column.nbytes, 1)), column.dtype, column.size)
    shared[:] = column
    return shared


class _Room:
    """Shared memory for the last deliveries."""

    def __init__(self, n: int) -> None:
        self.rows_max = _ROWS_PER_MERCHANT * n
        shape = (_DELIVERIES, len(_KEYS) + len(FEED_FIELDS), self.rows_max)
        memory = mmap.mmap(-1, 8 * int(np.prod(shape)))
        self._values = np.frombuffer(memory, np.int64).reshape(shape)

    def write(self, turn: int, batch: FeedBatch) -> None:
        columns = (*(getattr(batch, key) for key in _KEYS), *batch.columns.values())
        assert tuple(batch.columns) == FEED_FIELDS, "columns in the feed's own order"
        for at, column in enumerate(columns):
            self._values[turn % _DELIVERIES, at, : column.size] = column

    def read(self, command_id: str, turn: int, n: int) -> FeedBatch:
        values = self._values[turn % _DELIVERIES, :, :n]
        accounts, days, revisions, *columns = values
        return FeedBatch(
            command_id, accounts, days, revisions, dict(zip(FEED_FIELDS, columns, strict=True))
        )


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
            pipe.send(_told(here.end(), day, room))
        except Exception as error:
            pipe.send(error)
            return


def _told(batch: FeedBatch | None, turn: int, room: _Room) -> object:
    """A delivery as it goes through the pipe: where it stands, if there is room for it."""
    if batch is None or batch.accounts.size > room.rows_max:
        return batch
    room.write(turn, batch)
    return batch.command_id, turn, batch.accounts.size
