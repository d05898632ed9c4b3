"""Every implementation of the book port, for the shared suites."""

from collections.abc import Sequence
from typing import Any

from system.adapters.column_book import ColumnBook
from system.adapters.memory_store import MemoryStore
from system.adapters.sql_book import SqlBook, frame_tables
from system.adapters.sql_store import SqlStore
from system.ports.book import Book, Frame
from system.ports.store import Store, Table


class BookBox:
    """Opens books of one kind over one place, and closes them. ``url`` None is columns."""

    def __init__(self, url: str | None) -> None:
        self.url = url
        self._opened: list[Store] = []

    @property
    def is_durable(self) -> bool:
        return self.url is not None

    def open(self, frames: Sequence[Frame], tables: Sequence[Table[Any]] = ()) -> Book:
        if self.url is None:
            memory = MemoryStore(tables)
            self._opened.append(memory)
            return ColumnBook(memory, frames)
        store = SqlStore(self.url, [*tables, *frame_tables(frames)])
        self._opened.append(store)
        return SqlBook(store, frames)

    def close(self) -> None:
        for store in self._opened:
            store.close()
