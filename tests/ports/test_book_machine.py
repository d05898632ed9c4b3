"""Any sequence of appends, writes, undone work and reads ends the same on every book."""

import itertools
from contextlib import suppress
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from system.errors import StoreError
from system.ports.book import Book, BookUnit, Column, Frame
from tests.ports.book_box import BookBox
from tests.ports.book_model import ModelBook

# Pages hold 64 accounts: appends of up to 70 cross their edges.
APPEND_MAX = 70
COLUMNS = (Column("a", floor=-2), Column("b"), Column("p", 3, floor=-2), Column("q", 2))
PLANES = {column.name: column.planes for column in COLUMNS}
_examples = itertools.count()

numbers = st.integers(0, 2**32)
steps = st.tuples(
    st.sampled_from(
        ["append", "write", "write_range", "write_plane", "edit", "read", "read_plane"]
    ),
    st.sets(st.sampled_from(sorted(PLANES)), min_size=1),
    numbers,
)
savepoints = st.tuples(st.booleans(), st.lists(steps, max_size=4))
transactions = st.tuples(st.booleans(), st.lists(savepoints, max_size=4))


class _Drawn:
    """Arguments that follow from one number and the accounts that are there."""

    def __init__(self, number: int, count: int) -> None:
        self._luck = np.random.Generator(np.random.Philox(number))
        self.count = count

    def below(self, end: int) -> int:
        return int(self._luck.integers(end))

    def values(self, name: str, n: int) -> Any:
        shape = n if PLANES[name] == 1 else (PLANES[name], n)
        # Rarely below the floor; small, so that many writes change only some of the rows.
        return self._luck.integers(-3 if self.below(8) == 0 else -2, 3, shape)

    def rows(self) -> Any:
        # Now and then an account that is not there.
        known = self._luck.permutation(self.count + (self.below(8) == 0))
        return known[: self.below(known.size + 1)]

    def range(self) -> slice:
        start, stop = sorted((self.below(self.count + 1), self.below(self.count + 1)))
        return slice(start, stop + (self.below(8) == 0))


def _step(unit: BookUnit, frame: Frame, kind: str, names: list[str], number: int) -> object:
    drawn = _Drawn(number, unit.count(frame))
    name = names[0]
    if kind == "append":
        n = drawn.below(APPEND_MAX)
        return unit.append(frame, n, {name: drawn.values(name, n) for name in names})
    rows = drawn.range() if kind == "write_range" else drawn.rows()
    n = rows.stop - rows.start if isinstance(rows, slice) else rows.size
    plane = drawn.below(PLANES[name])
    if kind == "write_plane":
        unit.write_plane(frame, name, plane, rows, drawn.values("a", n))
    elif kind == "edit":
        name = next((name for name in names if PLANES[name] > 1), "p")
        plane = drawn.below(PLANES[name])
        with unit.edit_planes(frame, [name], plane, rows) as (columns, at):
            columns[name][at] += drawn.values("a", n)
    elif kind == "read_plane":
        return unit.read_plane(frame, name, plane, rows).tolist()
    elif kind == "read":
        return {name: v.tolist() for name, v in unit.read(frame, names, rows).items()}
    else:
        unit.write(frame, rows, {name: drawn.values(name, n) for name in names})
    return None


def _tried(unit: BookUnit, frame: Frame, step: tuple[str, set[str], int]) -> object:
    kind, names, number = step
    try:
        return _step(unit, frame, kind, sorted(names), number)
    except StoreError as refused:
        return str(refused)


def _run(book: Book, frame: Frame, work: list[Any]) -> list[object]:
    seen: list[object] = []
    for undo_all, parts in work:
        with suppress(ZeroDivisionError), book.transaction() as unit:
            for undo, steps in parts:
                with suppress(ZeroDivisionError), unit.rows.savepoint():
                    seen += [_tried(unit, frame, step) for step in steps]
                    if undo:
                        raise ZeroDivisionError
            if undo_all:
                raise ZeroDivisionError
    with book.transaction() as unit:
        everything = unit.read(frame, list(PLANES), slice(None))
        seen.append({name: values.tolist() for name, values in everything.items()})
    return seen


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(work=st.lists(transactions, min_size=1, max_size=5))
def test_any_work_ends_the_same_on_every_book_and_in_the_model(
    books: BookBox, work: list[Any]
) -> None:
    """A frame of its own for each example, so that each starts from nothing."""
    frame = Frame(f"f{next(_examples)}", COLUMNS)
    assert _run(books.open((frame,)), frame, work) == _run(ModelBook(frame), frame, work)
    books.close()
