"""The book port in its plainest form: whole copies for undoing, one account at a time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import numpy as np

from system.errors import CheckFailed, MissingRow
from system.ports.book import I64, Columns, Frame, Rows


class ModelBook:
    """One frame: per account a dict of column name to its planes. It is its own unit."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.by_name = {column.name: column for column in frame.columns}
        self.accounts: list[dict[str, list[int]]] = []

    @property
    def rows(self) -> Any:
        return self

    @contextmanager
    def savepoint(self) -> Iterator["ModelBook"]:
        before = deepcopy(self.accounts)
        try:
            yield self
        except BaseException:
            self.accounts = before
            raise

    transaction = savepoint

    def count(self, frame: Frame) -> int:
        return len(self.accounts)

    def append(self, frame: Frame, n: int, columns: Columns) -> slice:
        self._check(columns)
        first = len(self.accounts)
        for _ in range(n):
            self.accounts.append({name: [0] * c.planes for name, c in self.by_name.items()})
        self.write(frame, slice(first, first + n), columns)
        return slice(first, first + n)

    def read(self, frame: Frame, names: Sequence[str], rows: Rows) -> dict[str, I64]:
        numbers = self._numbers(rows)
        return {name: self._values(name, numbers) for name in names}

    def read_plane(self, frame: Frame, name: str, plane: int, rows: Rows) -> I64:
        values = [self.accounts[number][name][plane] for number in self._numbers(rows)]
        return np.array(values, np.int64)

    def read_planes(
        self, frame: Frame, names: Sequence[str], planes: Sequence[int], rows: Rows
    ) -> list[list[I64]]:
        return [[self.read_plane(frame, name, plane, rows) for name in names] for plane in planes]

    def write(self, frame: Frame, rows: Rows, columns: Columns) -> None:
        numbers = self._numbers(rows)
        self._check(columns)
        for name, values in columns.items():
            for position, number in enumerate(numbers):
                self.accounts[number][name] = np.atleast_2d(values)[:, position].tolist()

    @contextmanager
    def edit_planes(
        self, frame: Frame, names: Sequence[str], plane: int, rows: Rows
    ) -> Iterator[tuple[Columns, I64]]:
        [held] = self.read_planes(frame, names, [plane], rows)
        columns = dict(zip(names, held, strict=True))
        with self.savepoint():
            yield columns, np.arange(len(self._numbers(rows)))
            for name, values in columns.items():
                self.write_plane(frame, name, plane, rows, values)

    def write_plane(self, frame: Frame, name: str, plane: int, rows: Rows, values: I64) -> None:
        numbers = self._numbers(rows)
        self._check({name: values})
        for number, value in zip(numbers, values.tolist(), strict=True):
            self.accounts[number][name][plane] = value

    def _values(self, name: str, numbers: list[int]) -> I64:
        planes = self.by_name[name].planes
        found = [self.accounts[number][name] for number in numbers]
        by_plane = np.array(found, np.int64).reshape(len(numbers), planes).T
        return by_plane[0] if planes == 1 else by_plane

    def _numbers(self, rows: Rows) -> list[int]:
        numbers = (
            list(range(rows.start or 0, len(self.accounts) if rows.stop is None else rows.stop))
            if isinstance(rows, slice)
            else rows.tolist()
        )
        for number in numbers:
            if not 0 <= number < len(self.accounts):
                raise MissingRow(self.frame.name, (number,))
        return numbers

    def _check(self, columns: Columns) -> None:
        for name, values in columns.items():
            floor = self.by_name[name].floor
            if floor is not None and any(value < floor for value in values.ravel().tolist()):
                raise CheckFailed(self.frame.name, f"{name} >= {floor}")
