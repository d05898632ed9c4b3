import sqlite3
from pathlib import Path

import pytest

from system.adapters.sql_store import SqlStore
from system.compliance import audit
from system.compliance.records import AUDIT, AUDIT_TABLES, AuditEntry

NOW_S = 1_767_225_600


@pytest.fixture
def log(tmp_path: Path) -> SqlStore:
    store = SqlStore(f"sqlite:///{tmp_path}/log.db", AUDIT_TABLES)
    for day in range(3):
        entries = [AuditEntry("clerk", "approve", f"loan {n}", {"fen": n}) for n in range(2)]
        with store.transaction() as unit:
            audit.append(unit, entries, NOW_S + day)
    return store


def first_altered(store: SqlStore) -> int | None:
    with store.transaction() as unit:
        return audit.verify(unit)


def forge(tmp_path: Path, sql: str) -> None:
    """Write past the application and its triggers, as one with the file in hand could."""
    with sqlite3.connect(tmp_path / "log.db") as connection:
        connection.execute("DROP TRIGGER no_UPDATE_audit")
        connection.execute("DROP TRIGGER no_DELETE_audit")
        connection.execute(sql)


def test_an_untouched_chain_is_whole_and_an_empty_one_too(log: SqlStore, tmp_path: Path) -> None:
    assert first_altered(log) is None
    assert first_altered(SqlStore(f"sqlite:///{tmp_path}/new.db", AUDIT_TABLES)) is None


@pytest.mark.parametrize("column", ["at_s", "actor", "action", "subject", "payload_hash", "hash"])
def test_a_change_of_any_field_is_found_where_it_was_made(
    log: SqlStore, tmp_path: Path, column: str
) -> None:
    forge(tmp_path, f"UPDATE audit SET {column} = {column} + 1 WHERE sequence = 4")
    assert first_altered(log) == 4


def test_a_removed_link_is_found(log: SqlStore, tmp_path: Path) -> None:
    forge(tmp_path, "DELETE FROM audit WHERE sequence = 2")
    assert first_altered(log) == 2


def test_a_link_forged_with_its_own_hash_is_found_at_the_next_one(
    log: SqlStore, tmp_path: Path
) -> None:
    other = SqlStore(f"sqlite:///{tmp_path}/other.db", AUDIT_TABLES)
    with other.transaction() as unit, log.transaction() as original:
        for link in original.scan(AUDIT, limit=2):
            unit.insert(AUDIT, [link])
        audit.append(unit, [AuditEntry("thief", "approve", "loan 0", {"fen": 0})], NOW_S + 1)
        forged = audit.head(unit)
    assert forged is not None
    forge(tmp_path, f"UPDATE audit SET actor='thief', hash='{forged.hash}' WHERE sequence = 3")
    assert first_altered(log) == 4


@pytest.mark.parametrize("verb", ["UPDATE audit SET at_s = 0", "DELETE FROM audit"])
def test_the_database_refuses_to_change_the_past(log: SqlStore, tmp_path: Path, verb: str) -> None:
    with sqlite3.connect(tmp_path / "log.db") as connection:
        with pytest.raises(sqlite3.IntegrityError, match="append only"):
            connection.execute(verb)


def test_the_payload_hash_does_not_depend_on_the_order_of_keys() -> None:
    entries = [
        AuditEntry("a", "b", "c", payload) for payload in ({"x": 1, "y": 2}, {"y": 2, "x": 1})
    ]
    assert audit.payload_hash_of(entries[0]) == audit.payload_hash_of(entries[1])
