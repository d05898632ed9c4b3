"""Every implementation of the store port, for the shared suites."""

from collections.abc import Sequence
from typing import Any

from system.adapters.field_cipher import AesGcmCipher
from system.adapters.memory_store import MemoryStore
from system.adapters.sealed_columns import STORE_KEYS, column_cipher
from system.adapters.sql_store import SqlStore
from system.ports.cipher import FieldCipher
from system.ports.store import Store, Table

BANK = AesGcmCipher({1: b"b" * 32}, b"i" * 32)


class StoreBox:
    """Opens stores of one kind over one place, and closes them. ``url`` None is memory.

    bank: the key of a bank that keeps sealed columns sealed.
    """

    def __init__(self, url: str | None, bank: FieldCipher | None = None) -> None:
        self.url, self._bank = url, bank
        self._opened: list[Store] = []

    @property
    def is_durable(self) -> bool:
        return self.url is not None

    def open(self, *tables: Table[Any]) -> Store:
        store = self._new(tables)
        self._opened.append(store)
        return store

    def _new(self, tables: Sequence[Table[Any]]) -> Store:
        if self.url is None:
            return MemoryStore(tables)
        if self._bank is None:
            return SqlStore(self.url, tables)
        store = SqlStore(self.url, (*tables, STORE_KEYS))
        store.seal_with(column_cipher(store, self._bank))
        return store

    def close(self) -> None:
        for store in self._opened:
            store.close()
