"""The book port on the store port: thousands of accounts, as durable as the store is.

A frame's plain columns are one table with a row for each account and a column for each name, which
an analyst can query. Columns with planes are pages of 64 accounts, kept as bytes: the sums and
days of a feed would make hundreds of columns. Nothing is remembered between two calls, so what
the store undoes, or another process writes, is never overlooked.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, make_dataclass
from functools import cache
from operator import attrgetter
from typing import Any, Final

import numpy as np

from system.adapters.book_pages import pages_of, read_pages, write_pages
from system.adapters.book_shape import (
    assert_each_once,
    assert_numbers,
    assert_plane,
    check_columns,
    check_plane,
    check_zeros,
    columns_by_name,
    found_rows,
    read_only,
)
from system.errors import MissingRow
from system.ports.book import I64, Column, Columns, Frame, Rows
from system.ports.store import AtLeast, Store, Table, Unit

ACCOUNT: Final = "account"


def frame_tables(frames: Sequence[Frame]) -> tuple[Table[Any], ...]:
    """The tables with which a store must be opened to hold these frames."""
    return tuple(table for frame in frames for table in (_shape(frame).table, pages_of(frame)))


@dataclass(frozen=True, slots=True)
class _Shape:
    """names: the plain columns, in the order in which a row has them after its account."""

    by_name: dict[str, Column]
    table: Table[Any]
    names: tuple[str, ...]

    def is_partial(self, columns: Columns) -> bool:
        """Whether some plain columns are among them, and not all."""
        given = sum(name in columns for name in self.names)
        return 0 < given < len(self.names)


@cache
def _shape(frame: Frame) -> _Shape:
    plain = [column for column in frame.columns if column.planes == 1]
    names = tuple(column.name for column in plain)
    fields = [(name, int) for name in (ACCOUNT, *names)]
    # Not frozen: nobody but the store sees these rows, and freezing takes a third of the time.
    record = make_dataclass(f"{frame.name}_row", fields, slots=True)
    checks = (AtLeast(column.name, column.floor) for column in plain if column.floor is not None)
    table: Table[Any] = Table(frame.name, record, key=(ACCOUNT,), checks=tuple(checks))
    return _Shape(columns_by_name(frame), table, names)


class SqlBookUnit:
    """One open transaction over frames that are tables of the store."""

    def __init__(self, rows: Unit, shapes: dict[str, _Shape]) -> None:
        self._rows, self._shapes = rows, shapes

    @property
    def rows(self) -> Unit:
        """The store's unit; its savepoints cover the frames, which are tables of it."""
        return self._rows

    def count(self, frame: Frame) -> int:
        last = self._rows.last(self._shapes[frame.name].table)
        return 0 if last is None else int(last.account) + 1

    def append(self, frame: Frame, n: int, columns: Columns) -> slice:
        shape = self._shapes[frame.name]
        check_columns(frame, shape.by_name, columns, n)
        check_zeros(frame, shape.by_name, columns, n)
        first = self.count(frame)
        fresh = slice(first, first + n)
        block = np.zeros((n, 1 + len(shape.names)), np.int64)
        block[:, 0] = np.arange(fresh.start, fresh.stop)
        _set_columns(block, shape, columns)
        with self._rows.savepoint():
            self._rows.insert(shape.table, _records(shape, block))
            self._write_planes(frame, fresh, columns)
        return fresh

    def read(self, frame: Frame, names: Sequence[str], rows: Rows) -> dict[str, I64]:
        shape = self._shapes[frame.name]
        block = None
        if any(shape.by_name[name].planes == 1 for name in names):
            rows, block = self._block(frame, rows)
        else:
            rows, _ = found_rows(frame, rows, self.count(frame))
        found = {}
        for name in names:
            if shape.by_name[name].planes == 1:
                assert block is not None
                values = np.ascontiguousarray(block[:, 1 + shape.names.index(name)])
            else:
                planes = [(name, plane) for plane in range(shape.by_name[name].planes)]
                values = read_pages(self._rows, frame, planes, rows)
            found[name] = read_only(values)
        return found

    def read_plane(self, frame: Frame, name: str, plane: int, rows: Rows) -> I64:
        column = self._shapes[frame.name].by_name[name]
        assert_plane(frame, column, plane)
        if column.planes == 1:
            return self.read(frame, [name], rows)[name]
        rows, _ = found_rows(frame, rows, self.count(frame))
        return read_only(read_pages(self._rows, frame, [(name, plane)], rows)[0])

    def read_planes(
        self, frame: Frame, names: Sequence[str], planes: Sequence[int], rows: Rows
    ) -> list[list[I64]]:
        wanted = [(name, plane) for plane in planes for name in names]
        for name, plane in wanted:
            column = self._shapes[frame.name].by_name[name]
            assert_plane(frame, column, plane)
            assert column.planes > 1, f"{frame.name}.{name} has one plane: read it"
        rows, _ = found_rows(frame, rows, self.count(frame))
        values = iter(map(read_only, read_pages(self._rows, frame, wanted, rows)))
        return [[next(values) for _ in names] for _ in planes]

    @contextmanager
    def edit_planes(
        self, frame: Frame, names: Sequence[str], plane: int, rows: Rows
    ) -> Iterator[tuple[Columns, I64]]:
        rows, n = found_rows(frame, rows, self.count(frame))
        assert_each_once(frame, rows)
        [held] = self.read_planes(frame, names, [plane], rows)
        columns = {name: values.copy() for name, values in zip(names, held, strict=True)}
        yield columns, np.arange(n)
        with self._rows.savepoint():
            for name, values in columns.items():
                self.write_plane(frame, name, plane, rows, values)

    def write(self, frame: Frame, rows: Rows, columns: Columns) -> None:
        shape, before = self._shapes[frame.name], None
        if shape.is_partial(columns):
            rows, before = self._block(frame, rows)
            n = len(before)
        else:
            # Nothing stays of what is there: it need not be read.
            rows, n = found_rows(frame, rows, self.count(frame))
        assert_each_once(frame, rows)
        check_columns(frame, shape.by_name, columns, n)
        with self._rows.savepoint():
            if not columns.keys().isdisjoint(shape.names):
                self._write_plain(shape, rows, columns, n, before)
            self._write_planes(frame, rows, columns)

    def write_plane(self, frame: Frame, name: str, plane: int, rows: Rows, values: I64) -> None:
        column = self._shapes[frame.name].by_name[name]
        if column.planes == 1:
            assert_plane(frame, column, plane)
            self.write(frame, rows, {name: values})
            return
        rows, n = found_rows(frame, rows, self.count(frame))
        assert_each_once(frame, rows)
        check_plane(frame, column, plane, values, n)
        write_pages(self._rows, frame, name, plane, rows, values[np.newaxis])

    def _block(self, frame: Frame, rows: Rows) -> tuple[Rows, I64]:
        """Which rows they are, and these as they are stored: (n, 1 + plain columns).

        Raises MissingRow. What is asked for by number is not counted first: it is there or not.
        """
        shape = self._shapes[frame.name]
        held: Sequence[Any]
        if isinstance(rows, slice):
            found, n = found_rows(frame, rows, self.count(frame))
            assert isinstance(found, slice)
            rows, after = found, (found.start - 1,) if found.start else None
            held = self._rows.scan(shape.table, after=after, limit=n)
            assert len(held) == n, f"{frame.name}: accounts are numbered without gaps"
        else:
            assert_numbers(frame, rows)
            held = self._rows.get(shape.table, [(account,) for account in rows.tolist()])
            if None in held:
                raise MissingRow(frame.name, (int(rows[held.index(None)]),))
        values_of = attrgetter(ACCOUNT, *shape.names)
        row = np.dtype((np.int64, (1 + len(shape.names),)))
        return rows, np.fromiter(map(values_of, held), row, len(held))

    def _write_plain(
        self, shape: _Shape, rows: Rows, columns: Columns, n: int, before: I64 | None
    ) -> None:
        """before: the rows as they are stored; None where all their columns are given."""
        if before is None:
            after = np.empty((n, 1 + len(shape.names)), np.int64)
            after[:, 0] = np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows
        else:
            after = before.copy()
        _set_columns(after, shape, columns)
        changed = after if before is None else after[(after != before).any(axis=1)]
        self._rows.replace(shape.table, _records(shape, changed))

    def _write_planes(self, frame: Frame, rows: Rows, columns: Columns) -> None:
        plain = self._shapes[frame.name].names
        for name, values in columns.items():
            if name not in plain:
                write_pages(self._rows, frame, name, 0, rows, values)


def _set_columns(block: I64, shape: _Shape, columns: Columns) -> None:
    for position, name in enumerate(shape.names, 1):
        if name in columns:
            block[:, position] = columns[name]


def _records(shape: _Shape, block: I64) -> list[Any]:
    return [shape.table.record(*row) for row in block.tolist()]


class SqlBook:
    """Frames in a store that was opened with ``frame_tables`` of them, among others."""

    def __init__(self, store: Store, frames: Sequence[Frame]) -> None:
        self._store = store
        self._shapes = {frame.name: _shape(frame) for frame in frames}
        assert len(self._shapes) == len(frames), "two frames with one name"

    @contextmanager
    def transaction(self) -> Iterator[SqlBookUnit]:
        with self._store.transaction() as rows:
            yield SqlBookUnit(rows, self._shapes)
