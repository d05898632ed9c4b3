"""Tables of the store port as SQL: columns, checks, unique groups, indexes, triggers."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    inspect,
    text,
)
from sqlalchemy import Table as SqlTable
from sqlalchemy.types import TypeEngine

from system.adapters.table_shape import columns_of
from system.errors import IntegrityError
from system.ports.store import Table

# SQLite's STRICT tables refuse a value of another type, but know only these type names.
# PostgreSQL orders text by locale unless told: "C" is the order of Python and of SQLite.
COLUMN_TYPE: dict[type, TypeEngine[Any]] = {
    int: BigInteger().with_variant(Integer(), "sqlite"),
    bool: Boolean().with_variant(Integer(), "sqlite"),
    str: Text().with_variant(Text(collation="C"), "postgresql"),
    bytes: LargeBinary(),
}


def check_name(table: Table[Any], position: int) -> str:
    """The database's name of the table's n-th check."""
    return f"ck_{table.name}_{position}"


def unique_name(table: Table[Any], position: int) -> str:
    """The database's name of the table's n-th unique group."""
    return f"uq_{table.name}_{position}"


def create_schema(engine: Engine, begin: Sequence[str], tables: Sequence[Table[Any]]) -> None:
    """Create what is missing, under the writer's lock.

    Raises IntegrityError when a table exists with other columns.
    """
    metadata = MetaData()
    sql_tables = [_sql_table(metadata, table) for table in tables]
    with engine.begin() as connection:
        for statement in begin:
            connection.exec_driver_sql(statement)
        present = set(inspect(connection).get_table_names())
        metadata.create_all(connection)
        for table in tables:
            if table.name not in present and table.append_only:
                for statement in _append_only(engine.dialect.name, table.name):
                    connection.execute(text(statement))
        for sql_table in sql_tables:
            _assert_columns(inspect(connection).get_columns(sql_table.name), sql_table)


def _sql_table(metadata: MetaData, table: Table[Any]) -> SqlTable:
    parts: list[Any] = [
        Column(column.name, COLUMN_TYPE[column.type], nullable=column.nullable, autoincrement=False)
        for column in columns_of(table)
    ]
    parts.append(PrimaryKeyConstraint(*table.key, name=f"pk_{table.name}"))
    for n, check in enumerate(table.checks):
        bound = check.bound if isinstance(check.bound, int) else f'"{check.bound}"'
        sql = f'"{check.column}" >= {bound}'
        parts.append(CheckConstraint(sql, name=check_name(table, n)))
    for n, columns in enumerate(table.unique):
        parts.append(UniqueConstraint(*columns, name=unique_name(table, n)))
    for n, columns in enumerate(table.index):
        parts.append(Index(f"ix_{table.name}_{n}", *columns))
    return SqlTable(table.name, metadata, *parts, sqlite_strict=True, sqlite_with_rowid=False)


def _append_only(dialect: str, name: str) -> list[str]:
    if dialect == "sqlite":
        return [
            f'CREATE TRIGGER "no_{verb}_{name}" BEFORE {verb} ON "{name}" '
            f"BEGIN SELECT RAISE(ABORT, '{name} is append only'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    return [
        f'CREATE FUNCTION "refuse_{name}"() RETURNS trigger LANGUAGE plpgsql AS '
        f"$$ BEGIN RAISE EXCEPTION '{name} is append only'; END $$",
        f'CREATE TRIGGER "append_only_{name}" BEFORE UPDATE OR DELETE OR TRUNCATE ON "{name}" '
        f'EXECUTE FUNCTION "refuse_{name}"()',
    ]


def _assert_columns(found: Sequence[Any], sql_table: SqlTable) -> None:
    expected_names = [column.name for column in sql_table.columns]
    found_names = [column["name"] for column in found]
    if sorted(found_names) != sorted(expected_names):
        raise IntegrityError(f"columns of table {sql_table.name}", expected_names, found_names)
