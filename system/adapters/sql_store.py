"""The store port on SQL: SQLite in one file, or PostgreSQL by URL.

SQLAlchemy makes the schema and keeps the connection; statements go straight to the driver, since
that is the hot path.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import islice
from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from system.adapters.sealed_columns import ColumnSeal
from system.adapters.sql_dialects import Dialect, Postgres, Sqlite
from system.adapters.sql_schema import create_schema
from system.adapters.table_shape import assert_searchable, columns_of
from system.errors import CheckFailed, InputError, MissingRow, StoreUnavailable
from system.ports.cipher import FieldCipher
from system.ports.store import Key, Table

R = TypeVar("R")
# Keys in one SELECT: below the parameter limits of both databases (32,766 and 65,535).
KEYS_MAX = 512
DIALECTS: dict[str, type[Dialect]] = {"sqlite": Sqlite, "postgresql": Postgres}


class _Statements:
    """One table's SQL and the way from row to parameters and back."""

    def __init__(self, table: Table[Any], mark: str) -> None:
        columns = columns_of(table)
        names = [column.name for column in columns]
        self.table = table
        self.bools = tuple(n for n, column in enumerate(columns) if column.type is bool)
        self.values_of = _tuple_of(names)
        self.key_of = _tuple_of(table.key)
        rest = [name for name in names if name not in table.key]
        self.update_values_of = _tuple_of([*rest, *table.key])
        self.columns = listed = ", ".join(f'"{name}"' for name in names)
        self.select = f'SELECT {listed} FROM "{table.name}"'  # nosec B608
        marks = ", ".join([mark] * len(names))
        self.insert = f'INSERT INTO "{table.name}" ({listed}) VALUES ({marks})'  # nosec B608
        sets = ", ".join(f'"{name}" = {mark}' for name in rest)
        tests = " AND ".join(f'"{name}" = {mark}' for name in table.key)
        self.update = f'UPDATE "{table.name}" SET {sets} WHERE {tests}'  # nosec B608
        self.order = ", ".join(f'"{name}"' for name in table.key)
        self.order_back = ", ".join(f'"{name}" DESC' for name in table.key)
        key_marks = ", ".join([mark] * len(table.key))
        self.above = f"({self.order}) > ({key_marks})"
        self._seal: ColumnSeal | None = None

    def seal_with(self, cipher: FieldCipher) -> None:
        if self.table.sealed:
            self._seal = ColumnSeal(self.table, cipher)

    def closed(self, rows: Sequence[R]) -> Sequence[R]:
        """The rows as the database keeps them."""
        return rows if self._seal is None else [self._seal.closed(row) for row in rows]

    def records(self, rows: list[tuple[Any, ...]]) -> list[Any]:
        record = self.table.record
        if self.bools:
            found = [record(*self._with_bools(row)) for row in rows]
        else:
            found = [record(*row) for row in rows]
        return found if self._seal is None else [self._seal.opened(row) for row in found]

    def _with_bools(self, row: tuple[Any, ...]) -> list[Any]:
        values = list(row)
        for position in self.bools:
            if values[position] is not None:
                values[position] = bool(values[position])
        return values


def _tuple_of(names: Sequence[str]) -> Any:
    getter = attrgetter(*names)
    return getter if len(names) > 1 else lambda row: (getter(row),)


class SqlUnit:
    """One open transaction on one connection."""

    def __init__(self, cursor: Any, dialect: Dialect, statements: dict[str, _Statements]) -> None:
        self._cursor, self._dialect, self._statements = cursor, dialect, statements

    def insert(self, table: Table[R], rows: Sequence[R]) -> None:
        held = self._statements[table.name]
        if rows:
            with self._whole(table, len(rows)):
                self._send(held.insert, [held.values_of(row) for row in held.closed(rows)])

    def replace(self, table: Table[R], rows: Sequence[R]) -> None:
        held = self._statements[table.name]
        if table.append_only:
            raise CheckFailed(table.name, "append only")
        if not rows:
            return
        with self._whole(table, len(rows)):
            values = [held.update_values_of(row) for row in held.closed(rows)]
            found = self._send(held.update, values)
            if found != len(rows):
                raise MissingRow(table.name, self._missing(table, rows))

    def _missing(self, table: Table[R], rows: Sequence[R]) -> Key:
        keys: list[Key] = [self._statements[table.name].key_of(row) for row in rows]
        found = self.get(table, keys)
        return next(key for key, row in zip(keys, found, strict=True) if row is None)

    @contextmanager
    def _whole(self, table: Table[Any], rows: int) -> Iterator[None]:
        """A refused batch leaves nothing behind, and the transaction usable."""
        try:
            if rows == 1 and self._dialect.refusal_undoes_itself:
                yield
            else:
                with self.savepoint():
                    yield
        except (MissingRow, StoreUnavailable):
            raise
        except Exception as error:
            raise self._dialect.translated(error, table, f"write {table.name}") from error

    def _send(self, sql: str, values: list[Any]) -> int:
        """Rows written."""
        if len(values) == 1:
            self._cursor.execute(sql, values[0])
        else:
            self._cursor.executemany(sql, values)
        return int(self._cursor.rowcount)

    def get(self, table: Table[R], keys: Sequence[Key]) -> list[R | None]:
        held = self._statements[table.name]
        if len(keys) == 1:
            rows = self._read(table, *self._dialect.by_keys(held.columns, table, keys))
            return [rows[0] if rows else None]
        found: dict[Key, R] = {}
        wanted = iter(dict.fromkeys(keys))
        while part := list(islice(wanted, KEYS_MAX)):
            # Few different lengths, so that the driver finds a statement that it has prepared.
            part += part[-1:] * ((1 << (len(part) - 1).bit_length()) - len(part))
            for row in self._read(table, *self._dialect.by_keys(held.columns, table, part)):
                found[held.key_of(row)] = row
        return [found.get(key) for key in keys]

    def find(
        self, table: Table[R], where: Mapping[str, Any], *, limit: int | None = None
    ) -> list[R]:
        assert_searchable(table, where)
        held, mark = self._statements[table.name], self._dialect.placeholder
        tests = [
            f'"{name}" IS NULL' if value is None else f'"{name}" = {mark}'
            for name, value in where.items()
        ]
        values = [value for value in where.values() if value is not None]
        sql = f"{held.select} WHERE {' AND '.join(tests)} ORDER BY {held.order}"
        return self._read(table, sql + _limit(limit), values)

    def scan(
        self, table: Table[R], *, after: Key | None = None, limit: int | None = None
    ) -> list[R]:
        held = self._statements[table.name]
        where = "" if after is None else f" WHERE {held.above}"
        sql = f"{held.select}{where} ORDER BY {held.order}{_limit(limit)}"
        return self._read(table, sql, list(after or ()))

    def last(self, table: Table[R]) -> R | None:
        held = self._statements[table.name]
        rows = self._read(table, f"{held.select} ORDER BY {held.order_back} LIMIT 1", [])
        return rows[0] if rows else None

    def _read(self, table: Table[R], sql: str, values: list[Any]) -> list[R]:
        try:
            self._cursor.execute(sql, values)
            rows = self._cursor.fetchall()
        except Exception as error:
            raise self._dialect.translated(error, None, f"read {table.name}") from error
        return self._statements[table.name].records(rows)

    def savepoint(self) -> AbstractContextManager[None]:
        return _Savepoint(self._cursor, self._dialect)


class _Savepoint:
    """One block of a transaction. A class and no generator: every request has a dozen of them.

    All have one name: both databases take the innermost.
    """

    __slots__ = ("_cursor", "_dialect")

    def __init__(self, cursor: Any, dialect: Dialect) -> None:
        self._cursor, self._dialect = cursor, dialect

    def __enter__(self) -> None:
        self._execute("SAVEPOINT s")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._execute("RELEASE s")
            return
        # A full disk may already have ended the transaction, and the savepoint with it.
        with suppress(Exception):
            self._cursor.execute("ROLLBACK TO s")
            self._cursor.execute("RELEASE s")

    def _execute(self, sql: str) -> None:
        try:
            self._cursor.execute(sql)
        except Exception as error:
            raise self._dialect.translated(error, None, "mark a place") from error


def _limit(limit: int | None) -> str:
    return "" if limit is None else f" LIMIT {int(limit)}"


class SqlStore:
    """Tables in SQLite or PostgreSQL, created when missing.

    url: ``sqlite:///FOLDER/FILE.db`` or ``postgresql://USER@HOST/DATABASE``. Raises InputError for
    another kind of URL, StoreUnavailable when it cannot be opened, and IntegrityError when the
    database holds a table of the same name with other columns.
    """

    def __init__(self, url: str, tables: Sequence[Table[Any]]) -> None:
        parsed = parse_url(url)
        self._dialect = DIALECTS[parsed.get_backend_name()]()
        mark = self._dialect.placeholder
        self._statements = {table.name: _Statements(table, mark) for table in tables}
        assert len(self._statements) == len(tables), "two tables with one name"
        self._engine = self._dialect.engine(parsed)
        try:
            create_schema(self._engine, self._dialect.begin, tables)
        except DBAPIError as error:
            cause = error.orig if isinstance(error.orig, Exception) else error
            raise self._dialect.translated(cause, None, "open") from error

    def seal_with(self, cipher: FieldCipher) -> None:
        """From now on the tables' sealed fields are sealed in the database, by this cipher."""
        for held in self._statements.values():
            held.seal_with(cipher)

    @contextmanager
    def transaction(self) -> Iterator[SqlUnit]:
        connection = self._connection()
        try:
            cursor = connection.cursor()
            try:
                self._run(cursor, self._dialect.begin, "begin")
                yield SqlUnit(cursor, self._dialect, self._statements)
                self._run(cursor, ("COMMIT",), "commit")
            except BaseException:
                self._undo(connection, cursor)
                raise
        finally:
            connection.close()

    def _connection(self) -> Any:
        try:
            return self._engine.raw_connection()
        except PoolTimeout:
            raise StoreUnavailable("begin", "another transaction is still open") from None
        except Exception as error:
            # The driver's own error: outside of its connections SQLAlchemy wraps nothing.
            cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
            raise self._dialect.translated(cause, None, "connect") from error

    def _run(self, cursor: Any, statements: tuple[str, ...], operation: str) -> None:
        try:
            for statement in statements:
                cursor.execute(statement)
        except Exception as error:
            raise self._dialect.translated(error, None, operation) from error

    def _undo(self, connection: Any, cursor: Any) -> None:
        try:
            cursor.execute("ROLLBACK")
        except Exception:
            # Nothing is left to undo, or nobody is left to ask: the next one connects anew.
            connection.invalidate()

    def close(self) -> None:
        self._engine.dispose()


def parse_url(url: str) -> URL:
    """The parts of a store's URL. Raises InputError for a kind that is not known."""
    remedy = "write sqlite:///FOLDER/FILE.db or postgresql://USER@HOST/DATABASE"
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise InputError("store", url, remedy) from None
    if parsed.get_backend_name() not in DIALECTS:
        raise InputError("store", parsed.render_as_string(hide_password=True), remedy)
    return parsed
