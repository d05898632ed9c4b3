"""The store port: typed tables in one transactional store.

A table is bound to a frozen dataclass; a row is an instance of it. Fields are ``int``, ``str``,
``bytes``, ``bool``, or one of these or None. The SQL adapter and the in-memory adapter give the
same guarantees, and pass the same suite (``tests/ports``).
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

R = TypeVar("R")
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A check that the database itself enforces: column >= bound (a column name or a number)."""

    column: str
    bound: str | int


@dataclass(frozen=True, slots=True)
class Table(Generic[R]):
    """A named set of rows. ``index`` lists the column groups by which ``find`` may search.

    sealed: texts about people, and secrets, which a database that holds a key keeps sealed.
    """

    name: str
    record: type[R]
    key: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...] = ()
    index: tuple[tuple[str, ...], ...] = ()
    checks: tuple[AtLeast, ...] = ()
    append_only: bool = False
    sealed: tuple[str, ...] = ()


class Unit(Protocol):
    """One open transaction. Reads see its own writes."""

    def insert(self, table: Table[R], rows: Sequence[R]) -> None:
        """Add rows. Raises DuplicateRow (nothing is added) or CheckFailed."""
        ...

    def replace(self, table: Table[R], rows: Sequence[R]) -> None:
        """Overwrite rows by key. Raises MissingRow or CheckFailed; append-only tables refuse."""
        ...

    def get(self, table: Table[R], keys: Sequence[Key]) -> list[R | None]:
        """One entry per key, in order."""
        ...

    def find(
        self, table: Table[R], where: Mapping[str, Any], *, limit: int | None = None
    ) -> list[R]:
        """Rows equal to ``where`` on a declared index (or key prefix), ordered by key."""
        ...

    def scan(
        self, table: Table[R], *, after: Key | None = None, limit: int | None = None
    ) -> list[R]:
        """All rows ordered by key, optionally only those whose key is above ``after``."""
        ...

    def last(self, table: Table[R]) -> R | None:
        """The row with the greatest key."""
        ...

    def savepoint(self) -> AbstractContextManager[None]:
        """Nested transaction: an exception inside undoes its writes and goes on upward."""
        ...


class Store(Protocol):
    """A store opened over a fixed set of tables."""

    def transaction(self) -> AbstractContextManager[Unit]:
        """All or nothing: commits durably at the end of the block, undone by an exception."""
        ...

    def close(self) -> None: ...
