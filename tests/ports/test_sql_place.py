"""One URL serves many pieces of work, each with an empty database of its own."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from system.adapters.sql_place import own_place
from system.adapters.sql_store import SqlStore
from system.errors import DuplicateRow, InputError, StoreUnavailable
from system.ledger.outbox import OUTBOX, OUTBOX_TABLES, message
from tests.postgres import fresh_database


@pytest.fixture
def database(postgres_url: str) -> Iterator[str]:
    with fresh_database(postgres_url) as url:
        yield url


def write_one(url: str) -> None:
    """Refused as a duplicate where somebody has written before."""
    store = SqlStore(url, OUTBOX_TABLES)
    with store.transaction() as unit:
        unit.insert(OUTBOX, [message("m", "t", "k", 1, "", 0)])
    store.close()


def fail_within(url: str) -> None:
    with own_place(url, "a") as own_url:
        write_one(own_url)
        write_one(own_url)


def schemas(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        like = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'shapan_task_%' ORDER BY 1"
        return [name for (name,) in connection.execute(like)]


def test_a_file_is_named_after_the_work_emptied_first_and_kept(tmp_path: Path) -> None:
    for _ in range(2):
        with own_place(f"sqlite:///{tmp_path}/books.db", "chain-0") as url:
            write_one(url)
    assert [path.name for path in tmp_path.iterdir()] == ["books-chain-0.db"]


def test_a_file_needs_a_name() -> None:
    with pytest.raises(InputError, match="give a file"), own_place("sqlite://", "chain-0"):
        pass


@pytest.mark.postgres
def test_a_schema_lasts_as_long_as_its_work(database: str) -> None:
    for _ in range(2):
        with own_place(database, "chain-0") as url:
            write_one(url)
            assert len(schemas(database)) == 1
    assert schemas(database) == []


@pytest.mark.postgres
def test_works_at_the_same_time_neither_meet_nor_wait(database: str) -> None:
    with own_place(database, "a") as one, own_place(database, "b") as two:
        assert one != two
        store = SqlStore(one, OUTBOX_TABLES)
        with store.transaction():
            write_one(two)
        store.close()


@pytest.mark.postgres
def test_what_failed_work_left_is_dropped_by_the_next(database: str) -> None:
    with pytest.raises(DuplicateRow):
        fail_within(database)
    assert len(schemas(database)) == 1, "left to be looked into"
    with own_place(database, "a") as url:
        write_one(url)
    assert schemas(database) == []


@pytest.mark.postgres
def test_a_user_who_may_not_create_is_told_so(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        guest = f"guest_{os.getpid()}"
        connection.execute(f"CREATE ROLE {guest}")
        try:
            role = {"options": f"-crole={guest}"}
            as_guest = make_url(database).update_query_dict(role).render_as_string(False)
            with pytest.raises(InputError, match="grant"), own_place(as_guest, "a"):
                pass
        finally:
            connection.execute(f"DROP ROLE {guest}")


def test_a_server_that_is_not_there_is_unavailable() -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    with pytest.raises(StoreUnavailable), own_place(nowhere, "a"):
        pass
