"""Every implementation of the store port, for the shared suites."""

from collections.abc import Sequence
from typing import Any

from system.adapters.memory_store import MemoryStore
from system.adapters.sql_store import SqlStore
from system.ports.store import Store, Table


class StoreBox:
    """Opens stores of one kind over one place, and closes them. ``url`` None is memory."""

    def __init__(self, url: str | None) -> None:
        self.url = url
        self._opened: list[Store] = []

    @property
    def is_durable(self) -> bool:
        return self.url is not None

    def open(self, *tables: Table[Any]) -> Store:
        store = self._new(tables)
        self._opened.append(store)
        return store

    def _new(self, tables: Sequence[Table[Any]]) -> Store:
        return MemoryStore(tables) if self.url is None else SqlStore(self.url, tables)

    def close(self) -> None:
        for store in self._opened:
            store.close()
