"""The book port on growable NumPy columns: the wiring for a million accounts. Nothing is durable.

A range is read as a view, without a copy; what a write covers is kept for undoing, in the memory
store's own undo log, so that its transactions and savepoints hold for frames as for tables.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from system.adapters.book_shape import (
    assert_each_once,
    assert_plane,
    check_columns,
    check_plane,
    check_values,
    check_zeros,
    columns_by_name,
    found_rows,
    read_only,
)
from system.adapters.memory_store import MemoryStore, MemoryUnit
from system.ports.book import I64, Columns, Frame, Rows
from system.ports.store import Unit

# Values in one piece of the memory that undoing needs: small work fits one, and 8 MB is soon used.
_PIECE_VALUES = 1_000_000
# Room beyond what is asked for, so that many small appends copy each value a few times at most.
_GROWTH_DIVISOR = 4
# Rows that lie closer than one in so many are kept as the range that they span.
_WIDTH_RATIO_MAX = 2


class _Columns:
    """One frame's values: an array (planes, room) per column, zero beyond ``count``."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.by_name = columns_by_name(frame)
        self.count = 0
        self._room = 0
        self.values = {
            name: np.zeros((column.planes, 0), np.int64) for name, column in self.by_name.items()
        }

    def grow(self, n: int) -> slice:
        """Room for n more accounts, all zero."""
        first, self.count = self.count, self.count + n
        if self.count > self._room:
            self._room = max(self.count, first + first // _GROWTH_DIVISOR)
            for name, held in self.values.items():
                # Pages of fresh zeros take no memory until somebody writes to them.
                wider = np.zeros((held.shape[0], self._room), np.int64)
                wider[:, :first] = held[:, :first]
                self.values[name] = wider
        return slice(first, self.count)

    def plane(self, frame: Frame, name: str, plane: int) -> I64:
        """One plane, (1, room)."""
        assert_plane(frame, self.by_name[name], plane)
        return self.values[name][plane : plane + 1]

    def shrink(self, count: int) -> None:
        for held in self.values.values():
            held[:, count : self.count] = 0
        self.count = count


class _Kept:
    """What writes covered. Its memory serves one transaction after another.

    Fresh memory for a million values costs twice as much as copying them.
    """

    def __init__(self) -> None:
        self._pieces: list[I64] = []
        self._piece = self._used = 0

    def copy_of(self, place: I64, rows: slice | I64, n: int) -> I64:
        shape = (*place.shape[:-1], n)
        kept = self._taken(math.prod(shape)).reshape(shape)
        if isinstance(rows, slice):
            kept[...] = place[..., rows]
        else:
            # The rows are known to be there; the usual mode would copy a second time.
            place.take(rows, axis=-1, out=kept, mode="clip")
        return kept

    def _taken(self, n: int) -> I64:
        while self._piece < len(self._pieces):
            piece, start = self._pieces[self._piece], self._used
            if start + n <= piece.size:
                self._used += n
                return piece[start : self._used]
            self._piece, self._used = self._piece + 1, 0
        self._pieces.append(np.empty(max(n, _PIECE_VALUES), np.int64))
        return self._taken(n)

    def forget(self) -> None:
        self._piece = self._used = 0


class ColumnUnit:
    """One open transaction over columns and a memory store."""

    def __init__(self, rows: MemoryUnit, frames: dict[str, _Columns], kept: _Kept) -> None:
        self._rows, self._frames, self._kept = rows, frames, kept

    @property
    def rows(self) -> Unit:
        """The memory store's unit; its savepoints cover the frames too."""
        return self._rows

    def count(self, frame: Frame) -> int:
        return self._frames[frame.name].count

    def append(self, frame: Frame, n: int, columns: Columns) -> slice:
        held = self._frames[frame.name]
        check_columns(frame, held.by_name, columns, n)
        check_zeros(frame, held.by_name, columns, n)
        fresh = held.grow(n)
        for name, values in columns.items():
            held.values[name][:, fresh] = values
        self._rows.on_undo(lambda: held.shrink(fresh.start))
        return fresh

    def read(self, frame: Frame, names: Sequence[str], rows: Rows) -> dict[str, I64]:
        held = self._frames[frame.name]
        rows, _ = found_rows(frame, rows, held.count)
        return {name: _of_rows(held.values[name], rows) for name in names}

    def read_plane(self, frame: Frame, name: str, plane: int, rows: Rows) -> I64:
        [[found]] = self.read_planes(frame, (name,), (plane,), rows)
        return found

    def read_planes(
        self, frame: Frame, names: Sequence[str], planes: Sequence[int], rows: Rows
    ) -> list[list[I64]]:
        held = self._frames[frame.name]
        rows, _ = found_rows(frame, rows, held.count)
        return [
            [_of_rows(held.plane(frame, name, plane), rows) for name in names] for plane in planes
        ]

    @contextmanager
    def edit_planes(
        self, frame: Frame, names: Sequence[str], plane: int, rows: Rows
    ) -> Iterator[tuple[Columns, I64]]:
        held = self._frames[frame.name]
        rows, n = found_rows(frame, rows, held.count)
        assert_each_once(frame, rows)
        for name in names:
            assert_plane(frame, held.by_name[name], plane)
        covered = _nearly_a_range(rows, n)
        part, at = _part_and_places(rows, covered[0], held.count)
        one = slice(plane, plane + 1)
        with self._rows.savepoint():
            columns = {name: self._keep(held, name, one, covered)[part] for name in names}
            yield columns, at
            for name, values in columns.items():
                check_values(frame, held.by_name[name], values)

    def write(self, frame: Frame, rows: Rows, columns: Columns) -> None:
        held = self._frames[frame.name]
        rows, n = found_rows(frame, rows, held.count)
        assert_each_once(frame, rows)
        check_columns(frame, held.by_name, columns, n)
        covered = _nearly_a_range(rows, n)
        for name, values in columns.items():
            self._put(held, name, slice(None), rows, covered, values)

    def write_plane(self, frame: Frame, name: str, plane: int, rows: Rows, values: I64) -> None:
        held = self._frames[frame.name]
        rows, n = found_rows(frame, rows, held.count)
        assert_each_once(frame, rows)
        check_plane(frame, held.by_name[name], plane, values, n)
        self._put(held, name, slice(plane, plane + 1), rows, _nearly_a_range(rows, n), values)

    def _put(
        self,
        held: _Columns,
        name: str,
        planes: slice,
        rows: Rows,
        covered: tuple[Rows, int],
        values: I64,
    ) -> None:
        place = self._keep(held, name, planes, covered)
        # NumPy stores at listed rows twice as fast without a second index.
        place[rows if place.ndim == 1 else (..., rows)] = values

    def _keep(self, held: _Columns, name: str, planes: slice, covered: tuple[Rows, int]) -> I64:
        """The place of these planes, once what stands there can be put back."""
        place = held.values[name][planes]
        if place.shape[0] == 1:
            place = place[0]
        kept, n = covered
        before = self._kept.copy_of(place, kept, n)

        def put_back() -> None:
            # Looked up again: the array may have been replaced by a wider one since.
            held.values[name][planes, kept] = before

        self._rows.on_undo(put_back)
        return place


def _nearly_a_range(rows: Rows, n: int) -> tuple[Rows, int]:
    """What to keep of a write, and how many: listed rows with few gaps, gaps and all.

    A range is copied four times as fast. Undoing goes backwards, so that whatever was written into
    the gaps later has been undone before.
    """
    if isinstance(rows, slice) or n == 0:
        return rows, n
    first, last = int(rows.min()), int(rows.max())
    width = last - first + 1
    return (slice(first, last + 1), width) if width <= _WIDTH_RATIO_MAX * n else (rows, n)


def _part_and_places(rows: Rows, kept: Rows, count: int) -> tuple[slice, I64]:
    """The part of a column that is handed out for changes, and where in it the rows stand."""
    if isinstance(rows, slice):
        return rows, np.arange(rows.stop - rows.start)
    return (kept, rows - kept.start) if isinstance(kept, slice) else (slice(0, count), rows)


def _of_rows(values: I64, rows: Rows) -> I64:
    if values.shape[0] == 1:
        values = values[0]
    found = values[..., rows] if isinstance(rows, slice) else values.take(rows, axis=-1)
    return read_only(found)


class ColumnBook:
    """Frames in memory over one memory store. One transaction at a time, as the store has it."""

    def __init__(self, store: MemoryStore, frames: Sequence[Frame]) -> None:
        self._store = store
        self._frames = {frame.name: _Columns(frame) for frame in frames}
        self._kept = _Kept()
        assert len(self._frames) == len(frames), "two frames with one name"

    @contextmanager
    def transaction(self) -> Iterator[ColumnUnit]:
        with self._store.transaction() as rows:
            self._kept.forget()
            yield ColumnUnit(rows, self._frames, self._kept)
