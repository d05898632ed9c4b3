"""What only columns in memory can do wrong: memory that is shared, replaced or used again."""

from contextlib import suppress

import numpy as np

from system.ports.book import Book, Column, Frame
from tests.ports.book_box import BookBox

WIDE = Frame("wide", (Column("a"), Column("b", planes=2)))
N = 700_000


def opened() -> Book:
    return BookBox(None).open((WIDE,))


def test_a_range_is_a_view_of_the_book_itself() -> None:
    with opened().transaction() as unit:
        unit.append(WIDE, N, {})
        for name in ("a", "b"):
            one, other = (unit.read(WIDE, [name], slice(5, N))[name] for _ in range(2))
            assert np.shares_memory(one, other)
        assert unit.read_plane(WIDE, "b", 1, slice(None)).flags.c_contiguous


def test_work_larger_than_a_piece_of_kept_memory_is_undone_again_and_again() -> None:
    book, mine = opened(), np.arange(N, dtype=np.int64)
    with book.transaction() as unit:
        unit.append(WIDE, N, {"a": mine, "b": np.stack([mine, -mine])})
    for round_ in range(3):
        with suppress(ZeroDivisionError), book.transaction() as unit:
            for rows in (slice(0, 10), slice(None), slice(N // 2, None)):
                n = unit.read(WIDE, ["a"], rows)["a"].size
                unit.write(WIDE, rows, {"a": np.full(n, round_), "b": np.full((2, n), 7)})
            unit.append(WIDE, N, {"a": mine})
            unit.write(WIDE, slice(N - 5, N + 5), {"a": np.full(10, 9)})
            raise ZeroDivisionError
        with book.transaction() as unit:
            assert unit.count(WIDE) == N
            found = unit.read(WIDE, ["a", "b"], slice(None))
            np.testing.assert_array_equal(found["a"], mine)
            np.testing.assert_array_equal(found["b"], np.stack([mine, -mine]))
