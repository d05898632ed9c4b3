"""What every book checks before it touches anything: both refuse the same, in the same words.

Rows and columns that no caller may ever give are bugs, and assert.
"""

from collections.abc import Mapping

import numpy as np

from system.adapters.table_shape import check_text
from system.errors import CheckFailed, MissingRow
from system.ports.book import I64, Column, Columns, Frame, Rows
from system.ports.store import AtLeast

ColumnsByName = Mapping[str, Column]


def columns_by_name(frame: Frame) -> dict[str, Column]:
    """The frame's columns; a name may stand there once."""
    by_name = {column.name: column for column in frame.columns}
    assert len(by_name) == len(frame.columns), f"{frame.name}: two columns with one name"
    assert all(column.planes >= 1 for column in frame.columns), f"{frame.name}: no planes"
    return by_name


def found_rows(frame: Frame, rows: Rows, count: int) -> tuple[Rows, int]:
    """The rows, a range with both its ends given, and how many they are.

    Raises MissingRow with the first account number that is not there.
    """
    if isinstance(rows, slice):
        return _found_range(frame, rows, count)
    assert_numbers(frame, rows)
    if rows.size and (rows.min() < 0 or rows.max() >= count):
        outside = rows[(rows < 0) | (rows >= count)]
        raise MissingRow(frame.name, (int(outside[0]),))
    return rows, rows.size


def assert_numbers(frame: Frame, rows: I64) -> None:
    """Rows by number are int64 (n,)."""
    assert rows.dtype == np.int64, f"{frame.name}: rows are {rows.dtype}"
    assert rows.ndim == 1, f"{frame.name}: rows have {rows.ndim} dimensions"


def _found_range(frame: Frame, rows: slice, count: int) -> tuple[slice, int]:
    start = 0 if rows.start is None else int(rows.start)
    stop = count if rows.stop is None else int(rows.stop)
    assert rows.step in (None, 1), f"{frame.name}: {rows} leaves rows out"
    assert start <= stop, f"{frame.name}: {rows} runs backwards"
    if start < 0:
        raise MissingRow(frame.name, (start,))
    if stop > count:
        raise MissingRow(frame.name, (max(start, count),))
    return slice(start, stop), stop - start


def assert_each_once(frame: Frame, rows: Rows) -> None:
    """Two values for one account in one write have no order: a bug."""
    if isinstance(rows, slice) or rows.size < 2 or bool((rows[1:] > rows[:-1]).all()):
        return
    ordered = np.sort(rows)
    assert bool((ordered[1:] > ordered[:-1]).all()), f"{frame.name}: an account given twice"


def check_columns(frame: Frame, by_name: ColumnsByName, columns: Columns, n: int) -> None:
    """Values for n accounts. Raises CheckFailed where one lies below its column's floor."""
    for name, values in columns.items():
        column = by_name[name]
        assert values.shape == ((n,) if column.planes == 1 else (column.planes, n)), (
            f"{frame.name}.{name}: shape {values.shape} for {n} accounts"
        )
        check_values(frame, column, values)


def assert_plane(frame: Frame, column: Column, plane: int) -> None:
    """A plane that the column does not have is a bug."""
    assert 0 <= plane < column.planes, f"{frame.name}.{column.name}: no plane {plane}"


def check_plane(frame: Frame, column: Column, plane: int, values: I64, n: int) -> None:
    """Values of one plane for n accounts. Raises CheckFailed."""
    assert_plane(frame, column, plane)
    assert values.shape == (n,), f"{frame.name}.{column.name}: {values.shape} for {n} accounts"
    check_values(frame, column, values)


def check_values(frame: Frame, column: Column, values: I64) -> None:
    """Raises CheckFailed where a value lies below the column's floor."""
    assert values.dtype == np.int64, f"{frame.name}.{column.name}: {values.dtype}"
    if column.floor is not None and values.size and int(values.min()) < column.floor:
        raise _below_floor(frame, column, column.floor)


def check_zeros(frame: Frame, by_name: ColumnsByName, columns: Columns, n: int) -> None:
    """Columns that are not given start at zero, which their floor must admit."""
    for name, column in by_name.items():
        if n and name not in columns and column.floor is not None and column.floor > 0:
            raise _below_floor(frame, column, column.floor)


def _below_floor(frame: Frame, column: Column, floor: int) -> CheckFailed:
    return CheckFailed(frame.name, check_text(AtLeast(column.name, floor)))


def read_only(values: I64) -> I64:
    """The same values, of which a caller cannot make others by mistake."""
    values.flags.writeable = False
    return values
