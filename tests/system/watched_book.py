"""A book that remembers whose feed was touched, to hold that against the log of accesses."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from system.credit.access import ACCESS_LOG, last_access
from system.credit.feed_records import DAY_WORDS, FEEDS, PERIOD_WORDS
from system.kernels.account_sets import unpack_set
from system.kernels.columns import I64
from system.ports.book import Book, BookUnit, Frame, Rows

FEED_DATA = {*DAY_WORDS, *PERIOD_WORDS}


class _WatchedUnit:
    def __init__(self, unit: BookUnit) -> None:
        self._unit = unit
        self.read_accounts: set[int] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._unit, name)

    def read(self, frame: Frame, names: Sequence[str], rows: Rows) -> dict[str, I64]:
        self._watch(frame, names, rows)
        return self._unit.read(frame, names, rows)

    def read_plane(self, frame: Frame, name: str, plane: int, rows: Rows) -> I64:
        self._watch(frame, [name], rows)
        return self._unit.read_plane(frame, name, plane, rows)

    def read_planes(
        self, frame: Frame, names: Sequence[str], planes: Sequence[int], rows: Rows
    ) -> list[list[I64]]:
        self._watch(frame, names, rows)
        return self._unit.read_planes(frame, names, planes, rows)

    def _watch(self, frame: Frame, names: Sequence[str], rows: Rows) -> None:
        if frame == FEEDS and FEED_DATA.intersection(names):
            self.read_accounts.update(np.arange(self._unit.count(FEEDS))[rows].tolist())


class WatchedBook:
    """``unnoted``: accounts whose feed was read in a transaction that did not note them."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self.unnoted: set[int] = set()

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        with self._book.transaction() as unit:
            watched, before = _WatchedUnit(unit), last_access(unit)
            yield watched
            noted: set[int] = set()
            for row in unit.rows.scan(ACCESS_LOG, after=(before,)):
                noted.update(unpack_set(row.accounts).tolist())
            self.unnoted |= watched.read_accounts - noted
