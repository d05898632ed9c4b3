"""A store or a book whose transactions fail on plan, and take the service with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sim.faults import Faults
from system.errors import StoreUnavailable


class Killed(BaseException):
    """kill -9 at this instant: production code cannot catch it, and nothing in memory is left."""


class FaultyTransactions:
    """Stands in for a ``Store`` or a ``Book``: the same transactions, until one fails.

    locked: refused at the beginning.  disk full: refused at the commit, all undone.  killed: just
    before the commit, all undone; or just after, all done and nobody told.
    """

    def __init__(self, inner: Any, faults: Faults) -> None:
        self._inner, self._faults = inner, faults

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        faults = self._faults
        if faults.strikes("store_locked"):
            raise StoreUnavailable("begin", "database is locked")
        killed = False
        with self._inner.transaction() as unit:
            yield unit
            if faults.strikes("disk_full"):
                raise StoreUnavailable("commit", "disk is full")
            killed = faults.strikes("service_killed")
            if killed and faults.chance("killed_before", "service_killed", 0.5):
                raise Killed
        if killed:
            raise Killed
