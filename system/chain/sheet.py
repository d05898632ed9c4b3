"""Rows that one transaction works on: read once, changed in memory, written together at the end."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from system.errors import MissingRow
from system.ports.store import Key, Table, Unit

R = TypeVar("R")


class Sheet:
    """A write-back view of one open transaction; nothing reaches the store before ``flush``."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self._tables: dict[str, Table[Any]] = {}
        self._rows: dict[str, dict[Key, Any]] = {}
        self._added: dict[str, dict[Key, None]] = {}
        self._changed: dict[str, dict[Key, None]] = {}

    def load(self, table: Table[R], keys: Iterable[Key]) -> None:
        """Fetch many rows at once; those already here keep their changes."""
        rows = self._open(table)
        missing = [key for key in dict.fromkeys(keys) if key not in rows]
        if missing:
            found: list[Any] = self.unit.get(table, missing)
            rows.update(zip(missing, found, strict=True))

    def get(self, table: Table[R], *key: Any) -> R | None:
        """The row, with the changes made here, or None."""
        rows = self._open(table)
        if key not in rows:
            [rows[key]] = self.unit.get(table, [key])
        found: R | None = rows[key]
        return found

    def need(self, table: Table[R], *key: Any) -> R:
        """The row. Raises MissingRow."""
        row = self.get(table, *key)
        if row is None:
            raise MissingRow(table.name, key)
        return row

    def add(self, table: Table[R], row: R) -> None:
        """A new row."""
        key = _key_of(table, row)
        self._open(table)[key] = row
        self._added[table.name][key] = None

    def put(self, table: Table[R], row: R) -> None:
        """A changed row."""
        key = _key_of(table, row)
        self._open(table)[key] = row
        if key not in self._added[table.name]:
            self._changed[table.name][key] = None

    def find(self, table: Table[R], where: Mapping[str, Any]) -> list[R]:
        """Rows of the store with the changes made here, ordered by key."""
        self._flush_table(table)
        rows = self._open(table)
        found = self.unit.find(table, where)
        rows.update((_key_of(table, row), row) for row in found)
        return found

    def flush(self) -> None:
        """Write every change, in the order in which the tables were first used."""
        for table in self._tables.values():
            self._flush_table(table)

    def _flush_table(self, table: Table[Any]) -> None:
        rows = self._open(table)
        added, changed = self._added[table.name], self._changed[table.name]
        if added:
            self.unit.insert(table, [rows[key] for key in added])
            added.clear()
        if changed:
            self.unit.replace(table, [rows[key] for key in changed])
            changed.clear()

    def _open(self, table: Table[Any]) -> dict[Key, Any]:
        name = table.name
        if name not in self._tables:
            self._tables[name] = table
            self._rows[name], self._added[name], self._changed[name] = {}, {}, {}
        return self._rows[name]


def _key_of(table: Table[Any], row: Any) -> Key:
    return tuple(getattr(row, column) for column in table.key)
