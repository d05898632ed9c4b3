"""What only a database can do wrong."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from system.adapters import sql_dialects
from system.adapters.sql_store import SqlStore
from system.errors import InputError, IntegrityError, StoreUnavailable
from system.ports.store import Key, Table
from tests.ports.store_box import StoreBox
from tests.postgres import fresh_schema


@dataclass(frozen=True, slots=True)
class Fact:
    fact_id: str
    text: str


@dataclass(frozen=True, slots=True)
class OtherFact:
    fact_id: str
    number: int


@dataclass(frozen=True, slots=True)
class Pair:
    kind: str
    number: int
    text: str


FACTS = Table("facts", Fact, key=("fact_id",), append_only=True)
PAIRS = Table("pairs", Pair, key=("kind", "number"))


@pytest.mark.parametrize(
    "url", ["mysql://u:secret@h/d", "not a url", "sqlite://", "sqlite:///:memory:"]
)
def test_an_unusable_url_is_an_input_error(url: str) -> None:
    with pytest.raises(InputError, match="store") as refused:
        SqlStore(url, [FACTS])
    assert "secret" not in str(refused.value)


def test_a_place_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is not a database, and long enough to tell" * 99)
    for url in (f"sqlite:///{tmp_path}/no/such/folder.db", f"sqlite:///{tmp_path}/text.db"):
        with pytest.raises(StoreUnavailable):
            SqlStore(url, [FACTS])


def test_a_table_with_other_columns_is_not_used(box: StoreBox) -> None:
    if not box.is_durable:
        pytest.skip("memory starts empty")
    box.open(FACTS).close()
    with pytest.raises(IntegrityError, match="facts"):
        box.open(Table("facts", OtherFact, key=("fact_id",)))


def test_a_database_locked_by_another_is_unavailable_and_usable_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_dialects, "BUSY_S_MAX", 0)
    store = SqlStore(f"sqlite:///{tmp_path}/store.db", [FACTS])
    other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="begin"), store.transaction():
        raise AssertionError("not reached")
    other.execute("ROLLBACK")
    other.close()
    with store.transaction() as unit:
        unit.insert(FACTS, [Fact("a", "b")])


@pytest.mark.postgres
def test_a_server_that_went_away_is_unavailable_and_its_return_is_noticed(
    postgres_url: str,
) -> None:
    """A lost connection came back from the pool again and again, and the caller met the driver's
    own error."""
    with fresh_schema(postgres_url) as url:
        store = SqlStore(url, [FACTS])

        def end_its_connection() -> None:
            with psycopg.connect(postgres_url, autocommit=True) as other:
                other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
                )

        def write(fact: str) -> None:
            with store.transaction() as unit:
                unit.insert(FACTS, [Fact(fact, "")])
                if fact == "lost":
                    end_its_connection()
                with unit.savepoint():
                    unit.insert(FACTS, [Fact(fact + "-2", "")])

        write("a")
        with pytest.raises(StoreUnavailable):
            write("lost")
        write("b")
        with store.transaction() as unit:
            assert [row.fact_id for row in unit.scan(FACTS)] == ["a", "a-2", "b", "b-2"]
        store.close()


@pytest.mark.postgres
def test_a_transaction_that_could_not_begin_leaves_its_connection_usable(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was left inside the transaction that had waited for the writer's lock in vain."""
    monkeypatch.setattr(sql_dialects, "BUSY_S_MAX", 1)
    with fresh_schema(postgres_url) as url:
        one, two = SqlStore(url, [FACTS]), SqlStore(url, [FACTS])
        with one.transaction(), pytest.raises(StoreUnavailable, match="begin"), two.transaction():
            raise AssertionError("not reached")
        with two.transaction() as unit:
            unit.insert(FACTS, [Fact("a", "")])
        one.close()
        two.close()


def test_a_full_disk_is_unavailable_and_leaves_nothing_behind(tmp_path: Path) -> None:
    store = SqlStore(f"sqlite:///{tmp_path}/store.db", [FACTS])
    with store.transaction() as unit:
        unit._cursor.execute("PRAGMA max_page_count = 20")
    with pytest.raises(StoreUnavailable, match="full"), store.transaction() as unit:
        unit.insert(FACTS, [Fact(str(n), "x" * 4_000) for n in range(50)])
    with store.transaction() as unit:
        assert unit.scan(FACTS) == []


@pytest.mark.parametrize("sql", ["UPDATE facts SET text = 'z'", "DELETE FROM facts"])
def test_triggers_guard_append_only_tables_against_every_program(box: StoreBox, sql: str) -> None:
    if not box.is_durable:
        pytest.skip("memory has no other programs")
    store = box.open(FACTS)
    with store.transaction() as unit:
        unit.insert(FACTS, [Fact("a", "b")])
    with pytest.raises(Exception, match="append only"), store.transaction() as unit:
        unit._cursor.execute(sql)  # type: ignore[attr-defined]
    with store.transaction() as unit:
        assert unit.scan(FACTS) == [Fact("a", "b")]


@pytest.mark.parametrize(("table", "key"), [(FACTS, ("a",)), (PAIRS, ("a", 1))])
@pytest.mark.parametrize("count", [1, 2, 48])
def test_rows_are_found_by_their_keys_and_not_by_walking_through_the_table(
    tmp_path: Path, table: Table[Any], key: Key, count: int
) -> None:
    SqlStore(f"sqlite:///{tmp_path}/store.db", [table]).close()
    sql, values = sql_dialects.Sqlite().by_keys("*", table, [key] * count)
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        plan = [str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
    tests = " AND ".join(f"{name}=?" for name in table.key)
    assert f"SEARCH {table.name} USING PRIMARY KEY ({tests})" in plan
