"""All models on the same folds, and out of time where the rows have a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from system.credit.models.boosting import Boosting, BoostingBag, MonotoneBoosting
from system.credit.models.contract import Estimator, Prediction, Table
from system.credit.models.families import with_families
from system.credit.models.folds import folds_of, later_splits, splits
from system.credit.models.forest import NaiveForest, TunedForest
from system.credit.models.scorecard import Scorecard
from system.errors import InputError
from system.kernels.columns import I64, Mask

FOLDS: Final = 5
# Folds inside the training rows, for calibration: three cards cost less than the gain of ten.
INNER_FOLDS: Final = 3
# The bag's boosters each learn from four fifths.
BAG_FOLDS: Final = 5
# The latest quarter of the rows is held out by day.
LATER_SHARE: Final = 0.25
IN_FOLDS: Final = "folds"
LATER: Final = "later"
_MINORITY_MIN: Final = 10


@dataclass(frozen=True, slots=True)
class Contender:
    """families: the columns that sum up numbered families are added for it."""

    estimator: Estimator
    families: bool = True
    inner_folds: int = INNER_FOLDS


# By readability: the first is in use unless a policy says otherwise, for its points and reasons.
CONTENDERS: Final[dict[str, Contender]] = {
    one.estimator.name: one
    for one in (
        Contender(Scorecard()),
        Contender(NaiveForest(), families=False),
        Contender(TunedForest(), families=False),
        Contender(Boosting()),
        Contender(MonotoneBoosting()),
        Contender(BoostingBag(), inner_folds=BAG_FOLDS),
    )
}


@dataclass(frozen=True, slots=True)
class Task:
    """One contender on one fold. train, test: row numbers."""

    contender: str
    split: str
    train: I64
    test: I64


@dataclass(frozen=True, slots=True)
class Loans:
    """What is learnt from. group: rows of one group never part; observed_day: of each row."""

    table: Table
    bad: Mask
    group: I64 | None = None
    observed_day: I64 | None = None


def tasks_of(loans: Loans, seed: int, window_days: int = 0) -> list[Task]:
    """Every contender on each of FOLDS folds, and on later rows where rows have a day.

    window_days: as ``later_splits``. Raises InputError for too few groups, good or bad rows.
    """
    folds = folds_of(loans.bad, loans.group, FOLDS, seed)
    found = [(IN_FOLDS, *rows) for rows in splits(folds)]
    if loans.observed_day is not None:
        cut_day = int(np.quantile(loans.observed_day, 1 - LATER_SHARE, method="lower"))
        later = list(later_splits(folds, loans.observed_day, cut_day, window_days))
        _check_later(loans.bad, later)
        found += [(LATER, *rows) for rows in later]
    return [Task(name, *one) for name in CONTENDERS for one in found]


def _check_later(bad: Mask, later: Sequence[tuple[I64, I64]]) -> None:
    held_out = np.concatenate([test for _, test in later]) if later else np.zeros(0, np.int64)
    parts = [("later rows", bad[held_out]), *(("earlier rows", bad[train]) for train, _ in later)]
    for part, outcomes in parts:
        fewest = min(int(outcomes.sum()), int((~outcomes).sum()))
        if fewest < _MINORITY_MIN:
            raise InputError(part, fewest, f"give {_MINORITY_MIN} bad and good ones each")


def run_task(loans: Loans, task: Task, seed: int) -> Prediction:
    """What the contender, fitted on the task's training rows, says of its test rows."""
    contender = CONTENDERS[task.contender]
    table = with_families(loans.table) if contender.families else loans.table
    bad = loans.bad[task.train]
    group = None if loans.group is None else loans.group[task.train]
    inner = folds_of(bad, group, contender.inner_folds, seed)
    model = contender.estimator.fit(table.rows(task.train), bad, inner, seed)
    return model.predict(table.rows(task.test))
