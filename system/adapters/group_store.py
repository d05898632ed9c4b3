"""A store whose transactions, while a group is open, are savepoints of one durable commit.

A durable commit costs a disk flush. Services open a transaction for each command; the gateway
opens a group around the commands that wait, and acknowledges them once the group is on disk.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from system.ports.store import Store, Unit


class GroupStore:
    """Passes everything on to ``store``; for one thread, as that is."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._unit: Unit | None = None

    @contextmanager
    def group(self) -> Iterator[None]:
        """Transactions inside are durable when this block has ended without an exception."""
        assert self._unit is None, "a group is open already"
        with self._store.transaction() as unit:
            self._unit = unit
            try:
                yield
            finally:
                self._unit = None

    @contextmanager
    def transaction(self) -> Iterator[Unit]:
        """As the port has it; durable at the end of the group where one is open."""
        if self._unit is None:
            with self._store.transaction() as unit:
                yield unit
        else:
            with self._unit.savepoint():
                yield self._unit

    def close(self) -> None:
        self._store.close()
