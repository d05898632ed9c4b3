"""Matured outcomes from a bank's own CSV file, to train the champion on again.

One row per merchant and observation day: ``merchant`` (a name), ``observed_on`` (an ISO date),
``bad`` (1 or 0, once the performance window is over), ``region`` and ``size_band`` (whole numbers),
and features of ``system.credit.features.FEATURES``. An empty cell of a feature is not known.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.fit.csv_rows import read_rows
from system.credit.features import FEATURES
from system.credit.policy import DEFAULT_POLICY
from system.credit.training import Sample
from system.errors import InputError
from system.kernels.columns import MISSING

I64 = NDArray[np.int64]

_KEYS: Final = ("merchant", "observed_on", "bad", "region", "size_band")
_EPOCH: Final = date(1970, 1, 1).toordinal()
_INT64_MAX: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    header: list[str]
    lines: tuple[int, ...]
    rows: list[list[str]]

    def numbers(self, name: str, read: Callable[[str], int], remedy: str) -> I64:
        """One column. Raises InputError at the first cell that cannot be read."""
        at = self.header.index(name)
        found = np.empty(len(self.rows), np.int64)
        for row, cells in enumerate(self.rows):
            try:
                found[row] = read(cells[at].strip())
            except (ValueError, OverflowError):
                line = self.lines[row]
                raise InputError(name, cells[at], remedy, file=str(self.path), line=line) from None
        return found


def read_sample(path: Path) -> Sample:
    """The rows of a file. Raises InputError with file, line, column, value and remedy."""
    file = _File(path, *read_rows(path))
    features = _features(file)
    whole = "give a whole number, 0 or more"
    names, merchant = np.unique(_words(file, "merchant"), return_inverse=True)
    if not names[0]:
        raise InputError("merchant", "", "name the merchant of every row", file=str(path))
    return Sample(
        {name: file.numbers(name, _known, "give a whole number, or nothing") for name in features},
        file.numbers("bad", _flag, "give 1 for a merchant that failed, else 0") == 1,
        file.numbers("observed_on", _day, "give a date as 2026-01-31"),
        merchant.astype(np.int64),
        file.numbers("region", _count, whole),
        file.numbers("size_band", _count, whole),
        f"more than 90 days past due within {DEFAULT_POLICY.price.pd_window_days} days of the "
        "observation",
    )


def _features(file: _File) -> Sequence[str]:
    """Which features the file has. Raises InputError for columns that are missing or unknown."""
    for name in _KEYS:
        if file.header.count(name) != 1:
            raise InputError("header", name, "give this column once", file=str(file.path), line=1)
    others = [name for name in file.header if name not in _KEYS]
    for name in others:
        if name not in FEATURES or others.count(name) > 1:
            remedy = f"give each feature once, of: {', '.join(FEATURES)}"
            raise InputError("header", name, remedy, file=str(file.path), line=1)
    return others


def _words(file: _File, name: str) -> list[str]:
    at = file.header.index(name)
    return [cells[at].strip() for cells in file.rows]


def _known(cell: str) -> int:
    value = int(cell) if cell else int(MISSING)
    if cell and not int(MISSING) < value <= _INT64_MAX:
        raise ValueError(cell)
    return value


def _flag(cell: str) -> int:
    return ("0", "1").index(cell)


def _day(cell: str) -> int:
    return date.fromisoformat(cell).toordinal() - _EPOCH


def _count(cell: str) -> int:
    value = int(cell)
    if value < 0:
        raise ValueError(cell)
    return value
