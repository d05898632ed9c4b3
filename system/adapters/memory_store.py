"""The store port on dictionaries: the wiring for very large populations.

Rows live in one dict per table; an index is built on its first use and kept from then on; an undo
log makes transactions and savepoints. Nothing is durable.
"""

import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import attrgetter
from types import TracebackType
from typing import Any, TypeVar

from system.adapters.table_shape import assert_searchable, row_guard
from system.errors import CheckFailed, DuplicateRow, MissingRow, StoreUnavailable
from system.ports.store import Key, Table

R = TypeVar("R")
Undo = list[Callable[[], None]]
# A transaction opened inside another one never gets the lock: say so rather than hang.
WAIT_S_MAX = 30


class _Unique:
    """Values of one unique column group. None never collides, as in SQL."""

    def __init__(self, table: Table[Any], columns: tuple[str, ...]) -> None:
        self.table_name, self.columns = table.name, columns
        self.value_of = attrgetter(*columns)
        self.single = len(columns) == 1
        self.taken: set[Any] = set()

    def values(self, rows: Sequence[Any]) -> list[Any]:
        found = map(self.value_of, rows)
        if self.single:
            return [value for value in found if value is not None]
        return [value for value in found if None not in value]

    def add(self, rows: Sequence[Any]) -> None:
        values = self.values(rows)
        fresh = set(values)
        if len(fresh) != len(values) or not self.taken.isdisjoint(fresh):
            raise DuplicateRow(self.table_name, self.columns)
        self.taken |= fresh

    def remove(self, rows: Sequence[Any]) -> None:
        self.taken.difference_update(self.values(rows))


class _Index:
    """Keys by the value of one column group."""

    def __init__(self, columns: tuple[str, ...], rows: dict[Any, Any]) -> None:
        self.value_of = attrgetter(*columns)
        self.keys: dict[Any, dict[Any, None]] = {}
        self.add(rows)

    def add(self, rows: Mapping[Any, Any]) -> None:
        keys, value_of = self.keys, self.value_of
        for key, row in rows.items():
            value = value_of(row)
            bucket = keys.get(value)
            if bucket is None:
                keys[value] = {key: None}
            else:
                bucket[key] = None

    def remove(self, rows: Mapping[Any, Any]) -> None:
        for key, row in rows.items():
            value = self.value_of(row)
            bucket = self.keys[value]
            del bucket[key]
            if not bucket:
                del self.keys[value]


class _Rows:
    """One table's rows. Keys of one column are kept bare, which halves the cost of a lookup."""

    def __init__(self, table: Table[Any]) -> None:
        self.table = table
        self.rows: dict[Any, Any] = {}
        self.key_of = attrgetter(*table.key)
        self.single = len(table.key) == 1
        self.guard = row_guard(table)
        self.uniques = [_Unique(table, columns) for columns in table.unique]
        self.indexes: dict[tuple[str, ...], _Index] = {}
        # Keys in ascending order, or None when unknown; cheap for keys that arrive in order.
        self.order: list[Any] | None = []

    def insert(self, batch: Sequence[Any], undo: Undo) -> None:
        fresh = dict(zip(map(self.key_of, batch), batch, strict=True))
        if len(fresh) != len(batch) or not self.rows.keys().isdisjoint(fresh):
            raise DuplicateRow(self.table.name, self.table.key)
        self.guard(batch)
        self._take_uniques(batch)
        self.rows.update(fresh)
        for index in self.indexes.values():
            index.add(fresh)
        if self.order is not None:
            self._extend_order(fresh)
        undo.append(lambda: self._remove(fresh))

    def _take_uniques(self, batch: Sequence[Any]) -> None:
        done: list[_Unique] = []
        for unique in self.uniques:
            try:
                unique.add(batch)
            except DuplicateRow:
                for earlier in done:
                    earlier.remove(batch)
                raise
            done.append(unique)

    def _extend_order(self, fresh: Mapping[Any, Any]) -> None:
        order = self.order
        assert order is not None
        for key in fresh:
            if order and key < order[-1]:
                self.order = None
                return
            order.append(key)

    def _remove(self, fresh: dict[Any, Any]) -> None:
        for key in reversed(fresh):
            del self.rows[key]
            if self.order and self.order[-1] == key:
                self.order.pop()
            else:
                self.order = None
        for index in self.indexes.values():
            index.remove(fresh)
        for unique in self.uniques:
            unique.remove(list(fresh.values()))

    def replace(self, batch: Sequence[Any], undo: Undo) -> None:
        if self.table.append_only:
            raise CheckFailed(self.table.name, "append only")
        fresh = dict(zip(map(self.key_of, batch), batch, strict=True))
        self.guard(batch)
        try:
            old = {key: self.rows[key] for key in fresh}
        except KeyError as error:
            key = error.args[0]
            raise MissingRow(self.table.name, (key,) if self.single else key) from None
        self._move_uniques(old, fresh)
        self._put(old, fresh)
        undo.append(lambda: self._unreplace(old, fresh))

    def _move_uniques(self, old: dict[Any, Any], fresh: dict[Any, Any]) -> None:
        """Row by row, as a database does it: a value may move only after its owner has left."""
        moved: list[tuple[_Unique, Any, Any]] = []
        for unique in self.uniques:
            for key, row in fresh.items():
                before = old[key]
                if unique.value_of(before) == unique.value_of(row):
                    continue
                unique.remove([before])
                moved.append((unique, before, row))
                try:
                    unique.add([row])
                except DuplicateRow:
                    unique.add([before])
                    for earlier, was, now in reversed(moved[:-1]):
                        earlier.remove([now])
                        earlier.add([was])
                    raise

    def _put(self, old: dict[Any, Any], fresh: dict[Any, Any]) -> None:
        self.rows.update(fresh)
        for index in self.indexes.values():
            value_of = index.value_of
            moved = [key for key in fresh if value_of(old[key]) != value_of(fresh[key])]
            index.remove({key: old[key] for key in moved})
            index.add({key: fresh[key] for key in moved})

    def _unreplace(self, old: dict[Any, Any], fresh: dict[Any, Any]) -> None:
        self._put(fresh, old)
        for unique in self.uniques:
            unique.remove(list(fresh.values()))
            unique.add(list(old.values()))

    def find(self, where: Mapping[str, Any]) -> list[Any]:
        columns = tuple(where)
        index = self.indexes.get(columns)
        if index is None:
            assert_searchable(self.table, columns)
            index = self.indexes[columns] = _Index(columns, self.rows)
        value = where[columns[0]] if len(columns) == 1 else tuple(where.values())
        bucket = index.keys.get(value)
        return sorted(bucket) if bucket else []

    def ordered(self) -> list[Any]:
        if self.order is None:
            self.order = sorted(self.rows)
        return self.order


class MemoryUnit:
    """One open transaction over dictionaries."""

    def __init__(self, tables: dict[str, _Rows]) -> None:
        self._tables = tables
        self._undo: Undo = []

    def insert(self, table: Table[R], rows: Sequence[R]) -> None:
        if rows:
            self._tables[table.name].insert(rows, self._undo)

    def replace(self, table: Table[R], rows: Sequence[R]) -> None:
        if rows:
            self._tables[table.name].replace(rows, self._undo)

    def get(self, table: Table[R], keys: Sequence[Key]) -> list[R | None]:
        held = self._tables[table.name]
        row_at = held.rows.get
        if held.single:
            return [row_at(key) for (key,) in keys]
        return [row_at(key) for key in keys]

    def find(
        self, table: Table[R], where: Mapping[str, Any], *, limit: int | None = None
    ) -> list[R]:
        held = self._tables[table.name]
        return [held.rows[key] for key in held.find(where)[:limit]]

    def scan(
        self, table: Table[R], *, after: Key | None = None, limit: int | None = None
    ) -> list[R]:
        held = self._tables[table.name]
        order = held.ordered()
        start = 0
        if after is not None:
            start = bisect_right(order, after[0] if held.single else after)
        stop = None if limit is None else start + limit
        return [held.rows[key] for key in order[start:stop]]

    def last(self, table: Table[R]) -> R | None:
        held = self._tables[table.name]
        order = held.ordered()
        return held.rows[order[-1]] if order else None

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        mark = len(self._undo)
        try:
            yield
        except BaseException:
            self.undo_to(mark)
            raise

    def on_undo(self, step: Callable[[], None]) -> None:
        """Take this step when what was done so far is undone: for what lives beside the tables."""
        self._undo.append(step)

    def undo_to(self, mark: int) -> None:
        """Take back every write after the mark, newest first."""
        while len(self._undo) > mark:
            self._undo.pop()()


class _Transaction:
    """A class rather than a generator: entering and leaving is half of a small transaction."""

    def __init__(self, tables: dict[str, _Rows], lock: threading.Lock) -> None:
        self._lock = lock
        self._unit = MemoryUnit(tables)

    def __enter__(self) -> MemoryUnit:
        if not self._lock.acquire(timeout=WAIT_S_MAX):
            raise StoreUnavailable("begin", "another transaction is still open")
        return self._unit

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is not None:
                self._unit.undo_to(0)
        finally:
            self._lock.release()


class MemoryStore:
    """Tables in memory. One transaction at a time; a second thread waits for the first."""

    def __init__(self, tables: Sequence[Table[Any]]) -> None:
        self._tables = {table.name: _Rows(table) for table in tables}
        assert len(self._tables) == len(tables), "two tables with one name"
        self._lock = threading.Lock()

    def transaction(self) -> _Transaction:
        return _Transaction(self._tables, self._lock)

    def close(self) -> None:
        self._tables = {}
