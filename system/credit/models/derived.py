"""Columns that were computed from columns that know the outcome, and so know it too."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from system.credit.models.contract import F64, Table
from system.kernels.columns import I64

# A sum of two columns leaves nothing over but rounding.
_UNEXPLAINED_MAX: Final = 1e-9
# Shares of a flag's rows that a small tree tells right, mean over the flag's values: with the
# source, and without it.
_TOLD_MIN: Final = 0.98
_TOLD_WITHOUT_MAX: Final = 0.90
_LEAVES_MAX: Final = 12
_FLAG_VALUES_MAX: Final = 10
_FOLDS: Final = 3
_ROWS_MAX: Final = 5_000
_ROWS_MIN: Final = 30


def derived_from(table: Table, sources: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Columns that a source gives, alone or with others, with how; found ones are sources too.

    A flag is given by thresholds on a source and other columns, when those alone do not tell it; a
    number by a sum of a source and one other column, when it is nearer to the source than that.
    """
    values = table.values[_spread(table.values.shape[0])]
    position = {name: at for at, name in enumerate(table.names)}
    known = list(sources)
    for source in known:
        for name in table.names:
            if name in known:
                continue
            clean = [one for one in table.names if one not in (*known, name)]
            by = _explained(values, position, name, source, clean)
            if by:
                known.append(name)
                yield name, f"it follows from {by}"


def _spread(rows: int) -> I64:
    """At most _ROWS_MAX row numbers, evenly over the table."""
    step = max(1, -(-rows // _ROWS_MAX))
    return np.arange(0, rows, step)


def _explained(
    values: F64, position: dict[str, int], name: str, source: str, clean: Sequence[str]
) -> str:
    """The columns that give this one, in words; empty where none do."""
    used = np.isfinite(values[:, [position[name], position[source]]]).all(axis=1)
    rows = values[used]
    target, of_source = rows[:, position[name]], rows[:, position[source]]
    distinct = np.unique(target).size
    if target.size < _ROWS_MIN or distinct < 2 or np.ptp(of_source) == 0:
        return ""
    if distinct <= _FLAG_VALUES_MAX:
        others = rows[:, [position[one] for one in clean]]
        return source if _is_flag_of(target, of_source, others) else ""
    if _is_sum(target, of_source[:, None]):
        return source
    for other in clean:
        if _is_sum_with(target, of_source, rows[:, position[other]]):
            return f"{source} and {other}"
    return ""


def _is_flag_of(target: F64, source: F64, others: F64) -> bool:
    with_source = np.column_stack([source, others])
    if _told(target, with_source) < _TOLD_MIN:
        return False
    return not others.shape[1] or _told(target, others) < _TOLD_WITHOUT_MAX


def _told(target: F64, columns: F64) -> float:
    """By a small tree, on rows that it was not grown on."""
    from sklearn.tree import DecisionTreeClassifier

    _, label = np.unique(target, return_inverse=True)
    fold = np.arange(label.size) % _FOLDS
    told = np.empty(label.size, dtype=np.int64)
    tree: Any = DecisionTreeClassifier(
        max_leaf_nodes=_LEAVES_MAX, class_weight="balanced", random_state=0
    )
    for number in range(_FOLDS):
        here = fold == number
        told[here] = tree.fit(columns[~here], label[~here]).predict(columns[here])
    right = [float((told[label == value] == value).mean()) for value in range(label.max() + 1)]
    return float(np.mean(right))


def _is_sum_with(target: F64, source: F64, other: F64) -> bool:
    used = np.isfinite(other)
    if used.sum() < _ROWS_MIN or np.ptp(other[used]) == 0 or np.ptp(source[used]) == 0:
        return False
    target, source, other = target[used], source[used], other[used]
    nearer = abs(_correlation(target, source)) > abs(_correlation(other, source))
    alone = _is_sum(target, other[:, None])
    return nearer and not alone and _is_sum(target, np.column_stack([source, other]))


def _is_sum(target: F64, columns: F64) -> bool:
    design = np.column_stack([columns - columns.mean(axis=0), np.ones(target.size)])
    weights = np.linalg.lstsq(design, target, rcond=None)[0]
    left = target - design @ weights
    return bool(left.var() <= _UNEXPLAINED_MAX * target.var())


def _correlation(one: F64, other: F64) -> float:
    spread = float(one.std() * other.std())
    return float(((one - one.mean()) * (other - other.mean())).mean()) / spread if spread else 0.0
