"""Splits that keep a merchant's rows together, and the future out of training."""

from collections.abc import Iterator

import numpy as np

from system.errors import InputError
from system.kernels.columns import I64, Mask


def folds_of(bad: Mask, group: I64 | None, count: int, seed: int) -> I64:
    """The fold of each row, 0..count-1, with about equal shares of bad rows: int64 (n,).

    group: int64 (n,), rows of one group share a fold; None where every row is its own. Raises
    InputError for fewer groups, good or bad rows than folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    groups = bad.size if group is None else np.unique(group).size
    fewest = min(groups, int(bad.sum()), int((~bad).sum()))
    if fewest < count:
        raise InputError("rows", fewest, f"give {count} good rows, bad rows and groups or more")
    splitter = StratifiedKFold if group is None else StratifiedGroupKFold
    cut = splitter(count, shuffle=True, random_state=seed)
    folds = np.empty(bad.size, dtype=np.int64)
    for number, (_, rows) in enumerate(cut.split(np.zeros((bad.size, 1)), bad, group)):
        folds[rows] = number
    return folds


def splits(folds: I64) -> Iterator[tuple[I64, I64]]:
    """Row numbers to train on and to test on, fold after fold."""
    for number in range(int(folds.max()) + 1):
        yield np.flatnonzero(folds != number), np.flatnonzero(folds == number)


def later_splits(
    folds: I64, observed_day: I64, cut_day: int, window_days: int
) -> Iterator[tuple[I64, I64]]:
    """As ``splits``, and besides: trained on what was known by cut_day, tested on later rows.

    observed_day: int64 (n,).  window_days: until a row's outcome is known; training rows are those
    whose window is over by cut_day, so that no outcome of the test period is learnt from.
    """
    early, late = observed_day + window_days <= cut_day, observed_day > cut_day
    for number in range(int(folds.max()) + 1):
        here = folds == number
        train, test = np.flatnonzero(early & ~here), np.flatnonzero(late & here)
        if test.size:
            yield train, test
