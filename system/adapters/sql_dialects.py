"""Where SQLite and PostgreSQL differ: connecting, beginning, key lists, the meaning of errors."""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, ClassVar

from sqlalchemy import URL, Engine, create_engine, event

from system.adapters.sql_schema import check_name, unique_name
from system.adapters.table_shape import check_text
from system.errors import CheckFailed, DuplicateRow, InputError, StoreUnavailable
from system.ports.store import Key, Table

BUSY_S_MAX = 30
# One transaction at a time on a store: read-then-write needs no row locks and cannot deadlock.
# The number is arbitrary; it only has to be the same in every process. A store is a schema, and
# stores in one database do not wait for each other.
POSTGRES_WRITER_LOCK = 0x5AA9A
_SCHEMA = "coalesce(current_schema(), '')"
# Prepared statements that the driver keeps: a product's request needs about a hundred.
_STATEMENTS_KEPT = 1_024
# Pages (4 kB each) in SQLite's log before a commit copies them into the database: that held a busy
# writer for 15 to 30 ms, and ``sql_checkpoints`` does it beside the commits, all but the last ones.
WAL_PAGES_MAX = 8_000
SQLITE_UNAVAILABLE = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_CORRUPT,
)


class Dialect(ABC):
    """One database. ``refusal_undoes_itself``: a refused statement leaves its transaction open."""

    placeholder: ClassVar[str]
    begin: ClassVar[tuple[str, ...]]
    refusal_undoes_itself: ClassVar[bool]

    @abstractmethod
    def engine(self, url: URL) -> Engine:
        """A pool of one connection, on which BEGIN and COMMIT are ours."""

    @abstractmethod
    def by_keys(
        self, columns: str, table: Table[Any], keys: Sequence[Key]
    ) -> tuple[str, list[Any]]:
        """A query for the rows of these keys, each found by its index, and its parameters."""

    @abstractmethod
    def translated(self, error: Exception, table: Table[Any] | None, operation: str) -> Exception:
        """Our typed error for the driver's; the driver's own where it shows a bug."""


class Sqlite(Dialect):
    placeholder = "?"
    begin = ("BEGIN IMMEDIATE",)
    refusal_undoes_itself = True

    def engine(self, url: URL) -> Engine:
        if url.database in (None, "", ":memory:"):
            raise InputError("store", str(url), "give a file: sqlite:///FOLDER/FILE.db")
        engine = create_engine(
            url,
            pool_size=1,
            max_overflow=0,
            pool_timeout=BUSY_S_MAX,
            pool_reset_on_return=None,
            connect_args={"cached_statements": _STATEMENTS_KEPT},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        return engine

    def by_keys(
        self, columns: str, table: Table[Any], keys: Sequence[Key]
    ) -> tuple[str, list[Any]]:
        values = [value for key in keys for value in key]
        return _sqlite_by_keys(columns, table.name, table.key, len(keys)), values

    def translated(self, error: Exception, table: Table[Any] | None, operation: str) -> Exception:
        primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if table is not None and primary == sqlite3.SQLITE_CONSTRAINT:
            return _sqlite_refusal(table, str(error))
        if table is not None and isinstance(error, OverflowError):
            return CheckFailed(table.name, "int64")
        return StoreUnavailable(operation, str(error)) if primary in SQLITE_UNAVAILABLE else error


@lru_cache(_STATEMENTS_KEPT)
def _sqlite_by_keys(columns: str, table: str, key: tuple[str, ...], n: int) -> str:
    """The query for n keys."""
    if n == 1:
        tests = " AND ".join(f'"{name}" = ?' for name in key)
        return f'SELECT {columns} FROM "{table}" WHERE {tests}'  # nosec B608
    if len(key) == 1:
        marks = ", ".join("?" * n)
        return f'SELECT {columns} FROM "{table}" WHERE "{key[0]}" IN ({marks})'  # nosec B608
    # Not ``(a, b) IN (VALUES …)``: for that it walks through the whole table. CROSS JOIN keeps
    # this order, one look into the index for each key.
    rows = ", ".join([f"({', '.join('?' * len(key))})"] * n)
    tests = " AND ".join(f'"{name}" = asked.column{at}' for at, name in enumerate(key, 1))
    source = f'(VALUES {rows}) AS asked CROSS JOIN "{table}"'
    return f"SELECT {columns} FROM {source} WHERE {tests}"  # nosec B608


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # BEGIN and COMMIT are ours
    for pragma in (
        f"busy_timeout = {BUSY_S_MAX * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",  # NORMAL loses acknowledged postings in a power cut
        "temp_store = MEMORY",
        "cache_size = -65536",
        f"wal_autocheckpoint = {WAL_PAGES_MAX}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_refusal(table: Table[Any], message: str) -> Exception:
    rule, _, subject = message.partition(" constraint failed: ")
    if rule == "UNIQUE":
        return DuplicateRow(
            table.name, tuple(name.rpartition(".")[2] for name in subject.split(", "))
        )
    return CheckFailed(table.name, _check_of(table, subject or message))


class Postgres(Dialect):
    placeholder = "%s"
    begin = (
        "BEGIN ISOLATION LEVEL READ COMMITTED",
        f"SELECT pg_advisory_xact_lock({POSTGRES_WRITER_LOCK}, hashtext({_SCHEMA}))",
    )
    refusal_undoes_itself = False

    def engine(self, url: URL) -> Engine:
        if find_spec("psycopg") is None:
            remedy = "install the driver: pip install 'shapan[postgres]'"
            raise InputError("store", url.render_as_string(hide_password=True), remedy)
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=1,
            max_overflow=0,
            pool_timeout=BUSY_S_MAX,
            pool_reset_on_return=None,
        )
        event.listen(engine, "connect", _prepare_postgres)
        return engine

    def by_keys(
        self, columns: str, table: Table[Any], keys: Sequence[Key]
    ) -> tuple[str, list[Any]]:
        select = f'SELECT {columns} FROM "{table.name}"'  # nosec B608
        if len(table.key) == 1:
            return f'{select} WHERE "{table.key[0]}" = ANY(%s)', [[key[0] for key in keys]]
        names = ", ".join(f'"{name}"' for name in table.key)
        rows = ", ".join([f"({', '.join(['%s'] * len(table.key))})"] * len(keys))
        return f"{select} WHERE ({names}) IN ({rows})", [v for key in keys for v in key]

    def translated(self, error: Exception, table: Table[Any] | None, operation: str) -> Exception:
        state = getattr(error, "sqlstate", None) or ""
        if table is not None and state.startswith(("23", "22")):
            return _postgres_refusal(table, state, error)
        # 08 connection, 53 resources, 55 lock, 57 operator; no state: the server is gone.
        if state.startswith(("08", "53", "55", "57")) or (
            not state and type(error).__name__ in ("OperationalError", "InterfaceError")
        ):
            return StoreUnavailable(operation, str(error))
        return error


def _prepare_postgres(connection: Any, _record: Any) -> None:
    connection.autocommit = True  # BEGIN and COMMIT are ours
    # A statement prepared inside a refused batch is gone, and the driver does not notice.
    connection.prepare_threshold = None
    connection.execute("SET synchronous_commit = on")
    connection.execute(f"SET lock_timeout = '{BUSY_S_MAX}s'")


def _postgres_refusal(table: Table[Any], state: str, error: Any) -> Exception:
    constraint = error.diag.constraint_name or ""
    if state == "23505":
        names = {unique_name(table, n): columns for n, columns in enumerate(table.unique)}
        return DuplicateRow(table.name, names.get(constraint, table.key))
    if state == "23514":
        return CheckFailed(table.name, _check_of(table, constraint))
    return CheckFailed(table.name, "int64" if state == "22003" else str(error))


def _check_of(table: Table[Any], constraint: str) -> str:
    texts = {check_name(table, n): check_text(check) for n, check in enumerate(table.checks)}
    return texts.get(constraint, constraint)
