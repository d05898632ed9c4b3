"""Columns with planes as pages of bytes in the store: one page is one plane of 64 accounts.

A page that is not there is all zeros, so new accounts cost nothing before somebody writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from system.ports.book import I64, Frame, Rows
from system.ports.store import Table, Unit

PAGE_ACCOUNTS: Final = 64
# The same bytes on every machine.
_STORED: Final = np.dtype("<i8")
_ZEROS: Final = bytes(PAGE_ACCOUNTS * _STORED.itemsize)


@dataclass(frozen=True, slots=True)
class Page:
    """data: 64 values, little-endian int64, of the accounts from 64 * page on."""

    name: str
    plane: int
    page: int
    data: bytes


@cache
def pages_of(frame: Frame) -> Table[Page]:
    """The table of a frame's pages."""
    return Table(f"{frame.name}_pages", Page, key=("name", "plane", "page"))


def read_pages(unit: Unit, frame: Frame, planes: Sequence[tuple[str, int]], rows: Rows) -> I64:
    """Values of these planes, each a column's name and a number, for accounts that are there:
    (planes, n)."""
    pages, places = _places(rows)
    held = unit.get(pages_of(frame), [(*plane, page) for plane in planes for page in pages])
    return _values(held, len(planes))[:, places]


def write_pages(
    unit: Unit, frame: Frame, name: str, plane_first: int, rows: Rows, values: I64
) -> None:
    """Overwrite planes from plane_first on, for accounts that are there. values: (planes, n)."""
    pages, places = _places(rows)
    planes = range(plane_first, plane_first + len(values))
    keys = [(name, plane, page) for plane in planes for page in pages]
    held = unit.get(pages_of(frame), keys)
    before = _values(held, len(values))
    after = before.copy()
    after[:, places] = values
    shape = (len(keys), PAGE_ACCOUNTS)
    changed = (after.reshape(shape) != before.reshape(shape)).any(axis=1)
    data = after.reshape(shape).astype(_STORED)
    fresh = [Page(*keys[at], data[at].tobytes()) for at in np.flatnonzero(changed).tolist()]
    new = {key for key, page in zip(keys, held, strict=True) if page is None}
    table = pages_of(frame)
    unit.replace(table, [page for page in fresh if (page.name, page.plane, page.page) not in new])
    unit.insert(table, [page for page in fresh if (page.name, page.plane, page.page) in new])


def _places(rows: Rows) -> tuple[list[int], Rows]:
    """The pages on which the rows lie, and where they lie in these pages put side by side."""
    if isinstance(rows, slice):
        if rows.start == rows.stop:
            return [], slice(0, 0)
        first = rows.start // PAGE_ACCOUNTS
        pages = range(first, (rows.stop - 1) // PAGE_ACCOUNTS + 1)
        origin = first * PAGE_ACCOUNTS
        return list(pages), slice(rows.start - origin, rows.stop - origin)
    used, position = np.unique(rows // PAGE_ACCOUNTS, return_inverse=True)
    return used.tolist(), position * PAGE_ACCOUNTS + rows % PAGE_ACCOUNTS


def _values(held: Sequence[Page | None], planes: int) -> I64:
    data = b"".join(_ZEROS if page is None else page.data for page in held)
    return np.frombuffer(data, _STORED).astype(np.int64).reshape(planes, -1)
