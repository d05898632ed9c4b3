"""The book port: very many alike accounts as int64 columns, inside one transaction.

Row numbers are account numbers: dense from 0, never reused. A frame's columns are int64 and start
at zero; a column with ``planes`` above 1 is an array of shape (planes, n), one plane contiguous.
The columnar adapter keeps whole arrays in memory (a million accounts); the SQL adapter keeps rows
and pages behind the store port (thousands of accounts, durable). Both pass ``tests/ports``.

What is read may be a view of the book itself: it holds until the next write or append to its frame
and never beyond the transaction. Copy what must live longer. A refused call leaves nothing half
done and the transaction usable. Arrays of another shape or dtype, an account twice in one write
and a range that leaves accounts out are bugs, and assert.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from system.ports.store import Unit

I64 = NDArray[np.int64]
Columns = Mapping[str, I64]
# Account numbers (each at most once in one call), or a contiguous range of them.
Rows = I64 | slice


@dataclass(frozen=True, slots=True)
class Column:
    """planes: 1 for a plain column. floor: the lowest value that the book itself admits.

    Behind SQL the database checks the floors of plain columns too, against every program.
    """

    name: str
    planes: int = 1
    floor: int | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """A named block of columns over the accounts."""

    name: str
    columns: tuple[Column, ...]


class BookUnit(Protocol):
    """One open transaction over the frames and, through ``rows``, over the store's tables."""

    @property
    def rows(self) -> Unit:
        """The store's unit of this same transaction: journal, consents, models, audit, ledger.

        Its savepoints cover the frames: what they undo, they undo in both.
        """
        ...

    def count(self, frame: Frame) -> int:
        """Accounts in the frame."""
        ...

    def append(self, frame: Frame, n: int, columns: Columns) -> slice:
        """Add n accounts; columns that are not given are zero. Returns their numbers.

        Raises CheckFailed for a value, given or zero, below its column's floor.
        """
        ...

    def read(self, frame: Frame, names: Sequence[str], rows: Rows) -> dict[str, I64]:
        """The named columns, in the order of ``rows``: (n,) or (planes, n). Do not write to them.

        Raises MissingRow for an account number that is not there.
        """
        ...

    def read_plane(self, frame: Frame, name: str, plane: int, rows: Rows) -> I64:
        """One plane of a column: (n,). Do not write to it. Raises MissingRow."""
        ...

    def read_planes(
        self, frame: Frame, names: Sequence[str], planes: Sequence[int], rows: Rows
    ) -> list[list[I64]]:
        """These planes of several columns with planes, all at once: for each plane, in the order
        asked, one (n,) per name. Do not write to them. Raises MissingRow."""
        ...

    def edit_planes(
        self, frame: Frame, names: Sequence[str], plane: int, rows: Rows
    ) -> AbstractContextManager[tuple[Columns, I64]]:
        """The same plane of several columns with planes, to be changed in place.

        Yields the columns by name and where in each of them the rows stand, int64 (n,): whatever
        else is in there is not to be looked at. What the block wrote holds from its end on, and
        nothing of it where the block raises. The frame is not to be used otherwise in the block.
        Raises MissingRow, and CheckFailed at its end.
        """
        ...

    def write(self, frame: Frame, rows: Rows, columns: Columns) -> None:
        """Overwrite the named columns of these accounts. Raises MissingRow or CheckFailed."""
        ...

    def write_plane(self, frame: Frame, name: str, plane: int, rows: Rows, values: I64) -> None:
        """Overwrite one plane of a column. Raises MissingRow or CheckFailed."""
        ...


class Book(Protocol):
    """A book opened over a fixed set of frames and tables. One transaction at a time."""

    def transaction(self) -> AbstractContextManager[BookUnit]:
        """All or nothing, frames and tables together: an exception undoes every write."""
        ...
