"""Bins with a weight of evidence each, by optbinning: what a scorecard is made of."""

import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from system.credit.models.contract import F64, Table
from system.kernels.columns import I64, Mask

# Rows of average risk that every bin is given besides its own: a bin of a few rows stays modest,
# an empty one says nothing.
SMOOTHING_ROWS: Final = 20.0


@dataclass(frozen=True, slots=True)
class FeatureBins:
    """edges: ascending; bin j + 1 holds edges[j-1] <= value < edges[j], bin 0 what is not known.

    woe: one per bin, log of good odds over average good odds.  direction: 1 where risk never
    falls as the value grows, -1 where it never rises, 0 for neither.
    """

    name: str
    edges: F64
    woe: F64
    direction: int

    def bins(self, values: F64) -> I64:
        """The bin of each value: int64 (n,)."""
        found = np.searchsorted(self.edges, values, side="right") + 1
        return np.where(np.isnan(values), 0, found)

    def transform(self, values: F64) -> F64:
        """The weight of evidence of each value."""
        return self.woe.take(self.bins(values))


def fit_bins(table: Table, bad: Mask) -> tuple[FeatureBins, ...]:
    """Monotone bins of every column; a column that tells nothing gets one bin."""
    from optbinning import BinningProcess

    ordered = [name for name, count in zip(table.names, table.categories, strict=True) if not count]
    process = BinningProcess(
        list(table.names),
        categorical_variables=[name for name in table.names if name not in ordered],
        binning_fit_params={name: {"monotonic_trend": "auto_asc_desc"} for name in ordered},
    )
    with warnings.catch_warnings():
        # The library still writes words into a column of numbers, which pandas will refuse one day.
        warnings.filterwarnings("ignore", "Setting an item of incompatible dtype")
        process.fit(table.values, bad.astype(np.int64))
    return tuple(
        _bins_of_column(table, column, process.get_binned_variable(name), bad)
        for column, name in enumerate(table.names)
    )


def _bins_of_column(table: Table, column: int, fitted: Any, bad: Mask) -> FeatureBins:
    values, count = table.values[:, column], table.categories[column]
    if count:
        return _category_bins(table.names[column], values, count, fitted.splits, bad)
    edges = np.asarray(fitted.splits, dtype=np.float64)
    raw = FeatureBins(table.names[column], edges, np.zeros(edges.size + 2), 0)
    woe = _woe(raw.bins(values), edges.size + 2, bad)
    return FeatureBins(raw.name, edges, woe, _direction(woe[1:]))


def _category_bins(name: str, values: F64, count: int, groups: Any, bad: Mask) -> FeatureBins:
    """One bin per code, so that codes need no order; codes of a group share its weight.

    A code that training did not see shares the weight of what is not known.
    """
    group_of_code = np.zeros(count + 2, dtype=np.int64)
    for number, codes in enumerate(groups, 1):
        group_of_code[np.asarray(codes, dtype=np.float64).astype(np.int64) + 1] = number
    edges = np.arange(1, count + 1, dtype=np.float64) - 0.5
    raw = FeatureBins(name, edges, np.zeros(count + 2), 0)
    woe = _woe(group_of_code[raw.bins(values)], len(groups) + 1, bad)
    return FeatureBins(name, edges, woe[group_of_code], 0)


def _woe(bins: I64, count: int, bad: Mask) -> F64:
    share = bad.mean()
    bads = np.bincount(bins, bad, count) + SMOOTHING_ROWS * share
    goods = np.bincount(bins, ~bad, count) + SMOOTHING_ROWS * (1 - share)
    found: F64 = np.log(goods / bads) - np.log((1 - share) / share)
    return found


def _direction(woe: F64) -> int:
    step = np.diff(woe)
    falls, rises = bool((step > 0).any()), bool((step < 0).any())
    return int(rises) - int(falls)
