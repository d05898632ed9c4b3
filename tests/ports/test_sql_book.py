"""What only a book in a database can do wrong, and what others may do with its tables."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from system.adapters.sql_book import SqlBook, frame_tables
from system.adapters.sql_store import SqlStore
from system.ports.book import Column, Frame

LINES = Frame("lines", (Column("principal_fen", floor=0), Column("day")))
FEEDS = Frame("feeds", (Column("gross_fen", planes=3), Column("day")))
FRAMES = (LINES, FEEDS)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A database that holds 130 accounts."""
    book = SqlBook(SqlStore(f"sqlite:///{tmp_path}/book.db", frame_tables(FRAMES)), FRAMES)
    with book.transaction() as unit:
        unit.append(LINES, 130, {"principal_fen": np.arange(130)})
        unit.append(FEEDS, 130, {})
        unit.write_plane(FEEDS, "gross_fen", 2, np.array([129]), np.array([2**40]))
    return tmp_path / "book.db"


def test_an_analyst_finds_an_account_per_row_and_a_column_per_name(place: Path) -> None:
    with sqlite3.connect(place) as connection:
        sql = "SELECT account, principal_fen, day FROM lines WHERE principal_fen > 127"
        assert connection.execute(sql).fetchall() == [(128, 128, 0), (129, 129, 0)]


def test_the_database_itself_refuses_what_lies_below_a_floor(place: Path) -> None:
    with sqlite3.connect(place) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute("UPDATE lines SET principal_fen = -1 WHERE account = 3")


def test_only_pages_with_something_on_them_are_kept(place: Path) -> None:
    with sqlite3.connect(place) as connection:
        rows = connection.execute("SELECT name, plane, page, data FROM feeds_pages").fetchall()
    ((name, plane, page, data),) = rows
    assert (name, plane, page) == ("gross_fen", 2, 2)
    assert np.frombuffer(data, "<i8").tolist() == [0, 2**40] + [0] * 62


def test_rows_that_stay_as_they_are_are_not_written(place: Path) -> None:
    store = SqlStore(f"sqlite:///{place}", frame_tables(FRAMES))
    book = SqlBook(store, FRAMES)
    values = np.arange(130)
    values[7] = 0
    with book.transaction() as unit:
        unit.write(LINES, slice(None), {"principal_fen": values})
        unit.write(FEEDS, slice(None), {"gross_fen": np.zeros((3, 130), np.int64)})
        changes = unit.rows._cursor.connection.total_changes  # type: ignore[attr-defined]
        unit.write(LINES, slice(None), {"principal_fen": values})
        unit.write_plane(FEEDS, "gross_fen", 2, slice(None), np.zeros(130, np.int64))
        assert unit.rows._cursor.connection.total_changes == changes  # type: ignore[attr-defined]
    store.close()
