"""Columns that were computed from columns that know the outcome, and so know it too."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from system.credit.models.contract import F64, Table
from system.kernels.columns import I64

# A sum of two columns leaves nothing over but rounding.
_UNEXPLAINED_MAX: Final = 1e-9
# A few thresholds on two columns tell a flag: the share told, mean over its values.
_TOLD_MIN: Final = 0.98
_LEAVES_MAX: Final = 8
_FLAG_VALUES_MAX: Final = 10
_FOLDS: Final = 3
_ROWS_MAX: Final = 5_000
_ROWS_MIN: Final = 30


def derived_from(table: Table, sources: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Columns that a source and at most one other column give, with how; found ones are sources.

    A column that the other one gives without the source is none.
    """
    values = table.values[_spread(table.values.shape[0])]
    known, waiting = list(sources), [name for name in table.names if name not in sources]
    at = {name: position for position, name in enumerate(table.names)}
    for source in known:
        for name in list(waiting):
            others = [one for one in table.names if one not in (name, source)]
            by = _explained(values, at[name], at[source], [at[one] for one in others])
            if by is not None:
                waiting.remove(name)
                known.append(name)
                beside = f" and {table.names[by]}" if by >= 0 else ""
                yield name, f"it follows from {source}{beside}"


def _spread(rows: int) -> I64:
    """At most _ROWS_MAX row numbers, evenly over the table."""
    step = max(1, -(-rows // _ROWS_MAX))
    return np.arange(0, rows, step)


def _explained(values: F64, name: int, source: int, others: Sequence[int]) -> int | None:
    """The other column with which the source gives the column; -1 for the source alone."""
    for other in (-1, *others):
        with_source = [source] if other < 0 else [source, other]
        if _gives(values, name, with_source) and not (other >= 0 and _gives(values, name, [other])):
            return other
    return None


def _gives(values: F64, name: int, by: Sequence[int]) -> bool:
    used = np.isfinite(values[:, [name, *by]]).all(axis=1)
    target, columns = values[used, name], values[used][:, by]
    distinct, label = np.unique(target, return_inverse=True)
    if target.size < _ROWS_MIN or distinct.size < 2:
        return False
    if distinct.size > _FLAG_VALUES_MAX:
        return _is_sum(target, columns)
    return _is_told(label, columns)


def _is_sum(target: F64, columns: F64) -> bool:
    design = np.column_stack([columns - columns.mean(axis=0), np.ones(target.size)])
    weights = np.linalg.lstsq(design, target, rcond=None)[0]
    left = target - design @ weights
    return bool(left.var() <= _UNEXPLAINED_MAX * target.var())


def _is_told(label: I64, columns: F64) -> bool:
    """By a small tree, on rows that it was not grown on."""
    from sklearn.tree import DecisionTreeClassifier

    fold = np.arange(label.size) % _FOLDS
    told = np.empty(label.size, dtype=np.int64)
    tree: Any = DecisionTreeClassifier(
        max_leaf_nodes=_LEAVES_MAX, class_weight="balanced", random_state=0
    )
    for number in range(_FOLDS):
        here = fold == number
        told[here] = tree.fit(columns[~here], label[~here]).predict(columns[here])
    right = [float((told[label == value] == value).mean()) for value in range(label.max() + 1)]
    return float(np.mean(right)) >= _TOLD_MIN
