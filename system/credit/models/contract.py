"""What every model of who fails to pay has in common: fit once, then predict rows.

An estimator is a recipe; fitting it gives a model. The shared checks of the tests run over all.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from system.errors import InputError
from system.kernels.columns import I64, Mask

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of a sample. values: float64 (n, k), NaN where not known.

    categories: per column the number of its categories, whose codes 0.. are the values; 0 for a
    column of numbers. A code that training never saw counts as not known.
    """

    names: tuple[str, ...]
    values: F64
    categories: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.names):
            shape = self.values.shape
            raise InputError("values", shape, f"give {len(self.names)} columns, one per name")
        if len(self.categories) != len(self.names):
            raise InputError("categories", self.categories, "give one number per column")
        if np.isinf(self.values).any():
            found = [self.names[at] for at in np.flatnonzero(np.isinf(self.values).any(axis=0))]
            raise InputError("values", found, "give finite numbers, NaN where not known")

    def rows(self, chosen: I64 | Mask) -> "Table":
        """The table of some of its rows."""
        return Table(self.names, self.values[chosen], self.categories)


@dataclass(frozen=True, slots=True)
class Prediction:
    """One row each, float64 (n,). risk: orders rows, higher is worse. low <= pd <= high, in 0..1.

    low and high enclose the PD as the calibration rows allow it (Venn-Abers); a model without
    calibration has them equal to pd.
    """

    risk: F64
    pd: F64
    low: F64
    high: F64


class Model(Protocol):
    """A fitted model. Rows are independent: order and neighbours change nothing."""

    def predict(self, table: Table) -> Prediction:
        """Risk and PD of each row. table: the columns that it was fitted on."""
        ...

    def drivers(self, table: Table) -> F64:
        """How much each column adds to a row's risk: (n, k), in the model's own unit."""
        ...

    @property
    def directions(self) -> tuple[int, ...]:
        """Per column what the model vouches for: PD never falls (1) or never rises (-1) as the
        value grows; 0 for no promise."""
        ...


class Estimator(Protocol):
    """A recipe. Equal input gives an equal model, whatever the number of cores."""

    @property
    def name(self) -> str:
        """As the leaderboard shows it."""
        ...

    def fit(self, table: Table, bad: Mask, folds: I64, seed: int) -> Model:
        """folds: int64 (n,), 0..k-1, for calibration inside the training rows; rows of one
        merchant share a fold. Raises InputError for one class alone."""
        ...


def check_both_classes(bad: Mask, at_least: int = 2) -> None:
    """Raises InputError where good or bad rows are too few to learn from."""
    for what, count in (("bad rows", int(bad.sum())), ("good rows", int((~bad).sum()))):
        if count < at_least:
            raise InputError(what, count, f"give at least {at_least}")
