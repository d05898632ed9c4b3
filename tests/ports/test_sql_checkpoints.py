"""SQLite's log is copied beside the commits: it begins again, and nothing waits or is lost."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

import pytest

from system.adapters import sql_checkpoints
from system.adapters.sql_checkpoints import Checkpoints
from system.adapters.sql_store import SqlStore
from system.ports.store import Table


@dataclass(frozen=True, slots=True)
class Page:
    number: int
    text: str


PAGES = Table("pages", Page, key=("number",))
TEXT = "x" * 4_000


def write(store: SqlStore, numbers: range) -> None:
    for number in numbers:
        with store.transaction() as unit:
            unit.insert(PAGES, [Page(number, TEXT)])


def test_a_log_that_was_copied_begins_again(tmp_path: Path) -> None:
    url, log = f"sqlite:///{tmp_path}/bank.db", tmp_path / "bank.db-wal"
    store, checkpoints = SqlStore(url, [PAGES]), Checkpoints(url)
    write(store, range(1_000))
    grown = log.stat().st_size
    for start in range(1_000, 4_000, 500):
        checkpoints.copy()
        write(store, range(start, start + 500))
    assert log.stat().st_size == grown
    store.close()


def test_a_copy_waits_for_no_open_transaction_and_takes_nothing_from_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bank.db"
    store, checkpoints = SqlStore(url, [PAGES]), Checkpoints(url)
    write(store, range(1_000))
    with store.transaction() as unit:
        unit.insert(PAGES, [Page(1_000, TEXT)])
        checkpoints.copy()
    with store.transaction() as unit:
        assert len(unit.scan(PAGES)) == 1_001
    store.close()


def test_a_commit_copies_nothing_while_the_log_is_small(tmp_path: Path) -> None:
    store = SqlStore(f"sqlite:///{tmp_path}/bank.db", [PAGES])
    before = (tmp_path / "bank.db").stat().st_size
    write(store, range(1_500))
    assert (tmp_path / "bank.db").stat().st_size == before
    store.close()


def test_a_log_that_cannot_be_copied_is_told_and_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"sqlite:///{tmp_path}/bank.db"
    store = SqlStore(url, [PAGES])
    write(store, range(1_200))

    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(sql_checkpoints.sqlite3, "connect", full)
    Checkpoints(url).copy()
    assert "was not copied: disk I/O error" in caplog.text
    store.close()


def test_a_database_that_is_not_sqlites_is_left_alone() -> None:
    Checkpoints("postgresql://bank@127.0.0.1:1/bank").copy()
