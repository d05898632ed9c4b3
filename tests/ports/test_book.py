"""The guarantees of the book port, on every adapter."""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pytest

from system.errors import CheckFailed, DuplicateRow, MissingRow
from system.ports.book import I64, Book, BookUnit, Column, Frame
from system.ports.store import Table
from tests.ports.book_box import BookBox

INT64 = np.iinfo(np.int64)


@dataclass(frozen=True, slots=True)
class Note:
    note_id: int
    text: str


NOTES = Table("notes", Note, key=("note_id",))
LINES = Frame("lines", (Column("principal_fen", floor=0), Column("day"), Column("rate_ppm", 1, -5)))
FEEDS = Frame("feeds", (Column("gross_fen", 4, floor=0), Column("since_day"), Column("orders", 2)))


def column(*values: int) -> I64:
    return np.array(values, np.int64)


@pytest.fixture
def book(books: BookBox) -> Book:
    return books.open((LINES, FEEDS), (NOTES,))


def lines(book: Book) -> dict[str, list[int]]:
    with book.transaction() as unit:
        found = unit.read(LINES, ["principal_fen", "day", "rate_ppm"], slice(None))
        return {name: values.tolist() for name, values in found.items()}


def gross(unit: BookUnit) -> list[list[int]]:
    return unit.read(FEEDS, ["gross_fen"], slice(None))["gross_fen"].tolist()  # type: ignore[no-any-return]


def test_accounts_are_numbered_from_zero_without_gaps_and_start_at_zero(book: Book) -> None:
    with book.transaction() as unit:
        assert unit.count(LINES) == 0
        assert unit.append(LINES, 2, {"day": column(7, 8)}) == slice(0, 2)
        assert unit.append(LINES, 0, {}) == slice(2, 2)
        assert unit.append(LINES, 3, {}) == slice(2, 5)
        assert (unit.count(LINES), unit.count(FEEDS)) == (5, 0)
    assert lines(book) == {
        "principal_fen": [0] * 5,
        "day": [7, 8, 0, 0, 0],
        "rate_ppm": [0] * 5,
    }


def test_whole_numbers_of_64_bits_come_back(book: Book) -> None:
    with book.transaction() as unit:
        unit.append(LINES, 2, {"day": column(INT64.min, INT64.max)})
        unit.append(FEEDS, 2, {"orders": np.stack([column(INT64.min, -1), column(1, INT64.max)])})
        assert unit.read(LINES, ["day"], slice(0, 2))["day"].tolist() == [INT64.min, INT64.max]
        assert unit.read_plane(FEEDS, "orders", 1, slice(0, 2)).tolist() == [1, INT64.max]


@pytest.mark.parametrize("count", [1, 63, 64, 65, 200])
def test_ranges_and_lists_of_accounts_answer_in_the_order_asked(book: Book, count: int) -> None:
    own = np.arange(count, dtype=np.int64)
    planes = own + 1_000 * np.arange(4, dtype=np.int64)[:, None]
    with book.transaction() as unit:
        unit.append(LINES, count, {"day": own})
        unit.append(FEEDS, count, {"gross_fen": planes, "since_day": -own})
        for rows in (slice(None), slice(count // 2, None), slice(0, 1), own[::-3], own[:0]):
            assert unit.read(LINES, ["day"], rows)["day"].tolist() == own[rows].tolist()
            found = unit.read(FEEDS, ["since_day", "gross_fen"], rows)
            assert list(found) == ["since_day", "gross_fen"]
            assert found["gross_fen"].tolist() == planes[:, rows].tolist()
            assert found["since_day"].tolist() == (-own[rows]).tolist()
            third = unit.read_plane(FEEDS, "gross_fen", 2, rows)
            assert third.tolist() == planes[2, rows].tolist()
            several = unit.read_planes(FEEDS, ["orders", "gross_fen"], [1, 0], rows)
            assert [[one.tolist() for one in plane] for plane in several] == [
                [[0] * third.size, planes[plane, rows].tolist()] for plane in (1, 0)
            ]


def test_writes_reach_the_named_columns_of_the_named_accounts_only(book: Book) -> None:
    with book.transaction() as unit:
        unit.append(LINES, 5, {"rate_ppm": column(1, 2, 3, 4, 5)})
        unit.write(LINES, column(4, 1), {"principal_fen": column(40, 10), "day": column(4, 1)})
        unit.write(LINES, slice(2, 4), {"day": column(22, 33)})
        unit.write(LINES, column(), {"day": column()})
    assert lines(book) == {
        "principal_fen": [0, 10, 0, 0, 40],
        "day": [0, 1, 22, 33, 4],
        "rate_ppm": [1, 2, 3, 4, 5],
    }


def test_a_plane_is_written_alone_and_all_planes_together(book: Book) -> None:
    with book.transaction() as unit:
        unit.append(FEEDS, 70, {})
        unit.write_plane(FEEDS, "gross_fen", 3, column(69, 0), column(9, 8))
        unit.write_plane(FEEDS, "since_day", 0, slice(1, 3), column(5, 6))
        assert [row[0] for row in gross(unit)] == [0, 0, 0, 8]
        assert [row[69] for row in gross(unit)] == [0, 0, 0, 9]
        unit.write_plane(FEEDS, "orders", 1, column(69, 0), column(6, 5))
        unit.write_plane(FEEDS, "gross_fen", 1, column(69, 0), column(4, 3))
        assert unit.read_plane(FEEDS, "orders", 1, column(0, 69)).tolist() == [5, 6]
        assert [row[69] for row in gross(unit)] == [0, 4, 0, 9]
        both = np.arange(8, dtype=np.int64).reshape(4, 2)
        unit.write(FEEDS, column(69, 1), {"gross_fen": both, "since_day": column(1, 2)})
        assert [row[1] for row in gross(unit)] == [1, 3, 5, 7]
        assert [row[69] for row in gross(unit)] == [0, 2, 4, 6]
        assert unit.read_plane(FEEDS, "since_day", 0, column(69, 1, 2)).tolist() == [1, 2, 6]


@pytest.mark.parametrize(
    "rows", [slice(10, 13), column(10, 11, 12), column(3, 5, 6), column(69, 0), column()]
)
def test_a_plane_is_edited_in_place_where_its_rows_stand(book: Book, rows: I64 | slice) -> None:
    numbers = np.arange(70)[rows]
    with book.transaction() as unit:
        unit.append(FEEDS, 70, {"gross_fen": np.arange(280).reshape(4, 70)})
        before = gross(unit)
        with unit.edit_planes(FEEDS, ["gross_fen", "orders"], 1, rows) as (columns, at):
            assert columns["gross_fen"][at].tolist() == (70 + numbers).tolist()
            columns["gross_fen"][at] *= 2
            columns["orders"][at] = numbers
        before[1] = [2 * fen if i in numbers else fen for i, fen in enumerate(before[1])]
        assert gross(unit) == before
        orders = unit.read(FEEDS, ["orders"], slice(None))["orders"]
        assert orders[0].tolist() == [0] * 70
        assert orders[1].tolist() == [i if i in numbers else 0 for i in range(70)]


def edit_badly(unit: BookUnit, rows: I64 | slice, fault: type[Exception]) -> None:
    with unit.edit_planes(FEEDS, ["orders", "gross_fen"], 1, rows) as (columns, at):
        columns["orders"][at] = 1
        columns["gross_fen"][at] = -1
        if fault is ZeroDivisionError:
            raise ZeroDivisionError


@pytest.mark.parametrize("rows", [slice(0, 2), column(0, 2), column(2, 0)])
@pytest.mark.parametrize("fault", [ZeroDivisionError, CheckFailed])
def test_an_edit_that_fails_leaves_nothing(
    book: Book, rows: I64 | slice, fault: type[Exception]
) -> None:
    with book.transaction() as unit:
        unit.append(FEEDS, 9, {"gross_fen": np.full((4, 9), 7)})
        with pytest.raises(fault):
            edit_badly(unit, rows, fault)
        assert gross(unit) == [[7] * 9] * 4
        assert not unit.read_plane(FEEDS, "orders", 1, slice(None)).any()


def test_what_was_read_cannot_be_written_to(book: Book) -> None:
    with book.transaction() as unit:
        unit.append(FEEDS, 2, {})
        for rows in (slice(None), column(0, 1)):
            for found in (
                *unit.read(FEEDS, ["gross_fen", "since_day"], rows).values(),
                unit.read_plane(FEEDS, "orders", 0, rows),
                *unit.read_planes(FEEDS, ["orders"], [0], rows)[0],
            ):
                with pytest.raises(ValueError, match="read-only"):
                    found[...] = 1


def test_an_array_given_to_the_book_may_change_afterwards(book: Book) -> None:
    mine = column(1, 2)
    with book.transaction() as unit:
        unit.append(LINES, 2, {"day": mine})
        unit.write(LINES, slice(None), {"principal_fen": mine})
        mine[:] = 99
    assert lines(book)["day"] == lines(book)["principal_fen"] == [1, 2]


@pytest.mark.parametrize(
    ("rows", "first_missing"),
    [(column(1, 7, 3, 9), 7), (column(0, -1), -1), (slice(1, 5), 3), (slice(6, 8), 6)],
)
def test_an_account_that_is_not_there_is_named_and_nothing_is_written(
    book: Book, rows: I64 | slice, first_missing: int
) -> None:
    with book.transaction() as unit:
        unit.append(LINES, 3, {"day": column(1, 2, 3)})
        unit.append(FEEDS, 3, {})
        n = rows.stop - rows.start if isinstance(rows, slice) else rows.size
        for attempt in (
            lambda: unit.read(LINES, ["day"], rows),
            lambda: unit.read_plane(FEEDS, "orders", 1, rows),
            lambda: unit.write(LINES, rows, {"day": np.zeros(n, np.int64)}),
            lambda: unit.write_plane(FEEDS, "orders", 1, rows, np.ones(n, np.int64)),
            lambda: unit.edit_planes(FEEDS, ["orders"], 1, rows).__enter__(),
        ):
            with pytest.raises(MissingRow) as refused:
                attempt()
            assert refused.value.key == (first_missing,)
        assert not unit.read_plane(FEEDS, "orders", 1, slice(None)).any()
    assert lines(book)["day"] == [1, 2, 3]


def test_a_floor_holds_on_every_way_in_and_a_refused_write_leaves_nothing_half_done(
    book: Book,
) -> None:
    with book.transaction() as unit:
        unit.append(LINES, 2, {"rate_ppm": column(-5, 3)})
        unit.append(FEEDS, 2, {})
        low = np.array([[1, 1], [1, 1], [1, -1], [1, 1]], np.int64)
        for attempt, check in (
            (lambda: unit.append(LINES, 1, {"rate_ppm": column(-6)}), "rate_ppm >= -5"),
            (
                lambda: unit.write(
                    LINES, slice(None), {"day": column(4, 4), "principal_fen": column(1, -1)}
                ),
                "principal_fen >= 0",
            ),
            (lambda: unit.append(FEEDS, 2, {"gross_fen": low}), "gross_fen >= 0"),
            (
                lambda: unit.write(FEEDS, column(1, 0), {"orders": low[:2], "gross_fen": low}),
                "gross_fen >= 0",
            ),
            (
                lambda: unit.write_plane(FEEDS, "gross_fen", 2, column(0), column(-1)),
                "gross_fen >= 0",
            ),
        ):
            with pytest.raises(CheckFailed) as refused:
                attempt()
            assert refused.value.check == check
        assert (unit.count(FEEDS), np.any(gross(unit))) == (2, False)
        assert not any(
            unit.read_plane(FEEDS, "orders", plane, slice(None)).any() for plane in (0, 1)
        )
    assert lines(book) == {"principal_fen": [0, 0], "day": [0, 0], "rate_ppm": [-5, 3]}


def test_a_column_with_a_floor_above_zero_must_be_given(books: BookBox) -> None:
    aged = Frame("aged", (Column("age_days", floor=1),))
    with books.open((aged,)).transaction() as unit:
        with pytest.raises(CheckFailed):
            unit.append(aged, 1, {})
        assert unit.append(aged, 1, {"age_days": column(1)}) == slice(0, 1)


def test_an_exception_undoes_frames_and_tables_together(book: Book) -> None:
    with book.transaction() as unit:
        unit.append(LINES, 3, {"day": column(1, 2, 3)})
        unit.append(FEEDS, 1, {})
    with suppress(ZeroDivisionError), book.transaction() as unit:
        unit.write(LINES, slice(None), {"day": column(4, 5, 6)})
        unit.append(LINES, 2, {"day": column(7, 8)})
        unit.write(LINES, column(4, 0), {"day": column(9, 9), "principal_fen": column(1, 1)})
        unit.write_plane(FEEDS, "gross_fen", 1, slice(None), column(5))
        unit.rows.insert(NOTES, [Note(1, "undone")])
        raise ZeroDivisionError
    with book.transaction() as unit:
        assert unit.count(LINES) == 3
        assert gross(unit) == [[0], [0], [0], [0]]
        assert unit.rows.scan(NOTES) == []
        assert unit.append(LINES, 2, {}) == slice(3, 5)
    assert lines(book)["day"] == [1, 2, 3, 0, 0]
    assert lines(book)["principal_fen"] == [0] * 5


def test_an_undone_write_leaves_the_accounts_between_its_own_as_they_were(book: Book) -> None:
    with book.transaction() as unit:
        unit.append(LINES, 5, {})
        unit.write(LINES, column(1, 3), {"day": column(1, 1)})
        with suppress(ZeroDivisionError), unit.rows.savepoint():
            unit.write(LINES, column(0, 2, 4), {"day": column(2, 2, 2)})
            unit.write(LINES, column(1, 3), {"day": column(3, 3)})
            _ = 1 // 0
        with suppress(ZeroDivisionError), unit.rows.savepoint():
            unit.write(LINES, column(4, 1, 2), {"day": column(4, 4, 4)})
            _ = 1 // 0
        unit.write(LINES, column(2, 4), {"day": column(5, 5)})
    assert lines(book)["day"] == [0, 1, 5, 1, 5]


def test_a_savepoint_of_the_tables_covers_the_frames(book: Book) -> None:
    with book.transaction() as unit:
        unit.append(LINES, 2, {"day": column(1, 2)})
        with suppress(DuplicateRow), unit.rows.savepoint():
            unit.rows.insert(NOTES, [Note(1, "a")])
            unit.write(LINES, column(0), {"day": column(50)})
            unit.append(LINES, 1, {})
            unit.rows.insert(NOTES, [Note(1, "again")])
        unit.write(LINES, column(1), {"day": column(60)})
        assert unit.rows.scan(NOTES) == []
    assert lines(book)["day"] == [1, 60]


def test_what_was_committed_is_there_when_opened_again(books: BookBox) -> None:
    if not books.is_durable:
        pytest.skip("columns forget by design")
    with books.open((LINES, FEEDS)).transaction() as unit:
        unit.append(LINES, 2, {"day": column(1, 2)})
        unit.append(FEEDS, 1, {"gross_fen": np.ones((4, 1), np.int64)})
    books.close()
    again = books.open((LINES, FEEDS), (NOTES,))
    assert lines(again)["day"] == [1, 2]
    with again.transaction() as unit:
        assert gross(unit) == [[1], [1], [1], [1]]


def test_what_no_caller_may_give_is_a_bug(book: Book) -> None:
    with book.transaction() as unit:
        unit.append(LINES, 3, {})
        unit.append(FEEDS, 3, {})
        for attempt in (
            lambda: unit.write(LINES, column(1, 1), {"day": column(1, 2)}),
            lambda: unit.write(LINES, column(2, 0, 2), {"day": column(1, 2, 3)}),
            lambda: unit.write(LINES, slice(None), {"day": column(1, 2)}),
            lambda: unit.write(LINES, slice(None), {"day": np.zeros(3, np.int32)}),  # type: ignore[dict-item]
            lambda: unit.write(FEEDS, slice(None), {"orders": np.zeros(3, np.int64)}),
            lambda: unit.read(LINES, ["day"], slice(0, 3, 2)),
            lambda: unit.read(LINES, ["day"], slice(2, 1)),
            lambda: unit.read(LINES, ["day"], np.zeros(1, np.int32)),  # type: ignore[arg-type]
            lambda: unit.read_plane(FEEDS, "orders", 2, slice(None)),
            lambda: unit.write_plane(FEEDS, "orders", -1, column(0), column(1)),
            lambda: unit.edit_planes(FEEDS, ["orders"], 2, column(0)).__enter__(),
            lambda: unit.edit_planes(FEEDS, ["orders"], 1, column(0, 0)).__enter__(),
        ):
            with pytest.raises(AssertionError):
                attempt()
