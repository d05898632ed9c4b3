"""What every store needs to know about a table: its columns, their types, its legal searches."""

import struct
import types
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from system.errors import CheckFailed
from system.ports.store import AtLeast, Table

COLUMN_TYPES = (int, str, bytes, bool)


@dataclass(frozen=True, slots=True)
class ColumnShape:
    """One column: its Python type (int, str, bytes or bool), and whether it may be None."""

    name: str
    type: type
    nullable: bool


def columns_of(table: Table[Any]) -> tuple[ColumnShape, ...]:
    """The table's columns in field order, from the record's annotations."""
    hints = get_type_hints(table.record)
    shape = tuple(_column(table, f.name, hints[f.name]) for f in fields(table.record))
    _assert_sealable(table, shape)
    return shape


def _assert_sealable(table: Table[Any], shape: tuple[ColumnShape, ...]) -> None:
    """What is sealed is a text that nothing is found by."""
    found_by = {name for names in (table.key, *table.index, *table.unique) for name in names}
    texts = {column.name for column in shape if column.type is str and not column.nullable}
    assert set(table.sealed) <= texts - found_by, f"{table.name}: {table.sealed} cannot be sealed"


def _column(table: Table[Any], name: str, annotation: Any) -> ColumnShape:
    options = (annotation,)
    if get_origin(annotation) in (types.UnionType, Union):
        options = get_args(annotation)
    bases = {_base(option) for option in options if option is not type(None)}
    if len(bases) != 1 or not bases <= set(COLUMN_TYPES):
        raise TypeError(f"{table.name}.{name}: {annotation} is not a column type")
    return ColumnShape(name, bases.pop(), type(None) in options)


def _base(option: Any) -> Any:
    return type(get_args(option)[0]) if get_origin(option) is Literal else option


def assert_searchable(table: Table[Any], columns: Iterable[str]) -> None:
    """A search outside the declared indexes would scan: that is a bug, so it asserts."""
    wanted = frozenset(columns)
    declared = [*table.index, *table.unique]
    declared += [table.key[: n + 1] for n in range(len(table.key))]
    assert wanted in map(frozenset, declared), f"{table.name}: no index on {sorted(wanted)}"


def check_text(check: AtLeast) -> str:
    """The check's name in CheckFailed, the same on every store."""
    return f"{check.column} >= {check.bound}"


def row_guard(table: Table[Any]) -> Callable[[Sequence[Any]], None]:
    """A function that raises CheckFailed when a row breaks a check or leaves 64 bits.

    For stores without a database behind them. None passes every check, as in SQL.
    """
    guards = [_int64_guard(table), *(_check_guard(table.name, check) for check in table.checks)]
    present = [guard for guard in guards if guard is not None]

    def guard_rows(rows: Sequence[Any]) -> None:
        for guard in present:
            guard(rows)

    return guard_rows


def _int64_guard(table: Table[Any]) -> Callable[[Sequence[Any]], None] | None:
    columns = [column for column in columns_of(table) if column.type in (int, bool)]
    if not columns:
        return None
    # One C call per row: struct refuses what a BIGINT column would refuse.
    pack = struct.Struct(f"{len(columns)}q").pack
    value_of = attrgetter(*(column.name for column in columns))
    single, nullable = len(columns) == 1, any(column.nullable for column in columns)

    def guard(rows: Sequence[Any]) -> None:
        for row in rows:
            values = (value_of(row),) if single else value_of(row)
            if nullable:
                values = tuple(value or 0 for value in values)
            try:
                pack(*values)
            except struct.error:
                raise CheckFailed(table.name, "int64") from None

    return guard


def _check_guard(name: str, check: AtLeast) -> Callable[[Sequence[Any]], None]:
    if isinstance(check.bound, int):
        return _number_guard(name, check, check.bound)
    pair_of = attrgetter(check.column, check.bound)

    def guard(rows: Sequence[Any]) -> None:
        for value, bound in map(pair_of, rows):
            if value is not None and bound is not None and value < bound:
                raise CheckFailed(name, check_text(check))

    return guard


def _number_guard(name: str, check: AtLeast, bound: int) -> Callable[[Sequence[Any]], None]:
    value_of = attrgetter(check.column)

    def guard(rows: Sequence[Any]) -> None:
        for value in map(value_of, rows):
            if value is not None and value < bound:
                raise CheckFailed(name, check_text(check))

    return guard
