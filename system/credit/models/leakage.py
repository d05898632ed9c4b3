"""Columns that know the outcome: written, rounded or filled in after it was known.

Each sign is one that honest columns do not show by their level alone; what remains is for a person
to judge, so every suspicion comes with its figures. A share counts only as far as chance allows.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from system.credit.models.contract import F64, Table
from system.credit.models.derived import derived_from
from system.credit.models.measures import auc
from system.kernels.columns import I64, Mask

Sign = Literal["name", "missing", "value", "rounding", "alone", "derived"]

# Names under which lenders' files keep what came after: charge-off, recovery, final status.
_OUTCOME_NAME: Final = re.compile(
    r"ch(ar)?ge?_?off|write_?off|written_?off|recover|mis_?status|loan_?status|final_?status"
    r"|paid_?in_?full|balance_?gross|out_?prncp|total_?pymnt|total_?rec_|last_?pymnt|settlement"
    r"|days_?to_?settle|days_?late|settled_?(on|date)|default_?date|collection_?(fee|amount)",
    re.IGNORECASE,
)
# A single honest column does not sort borrowers this well; whole models on open data stay below.
AUC_ALONE_MAX: Final = 0.90
# Gaps between bad and good rows: of the share not known, of the share on one value, of the share
# on round numbers. The largest honest ones on the open files are 0.00, 0.34 and 0.26.
MISSING_GAP_MAX: Final = 0.50
VALUE_GAP_MAX: Final = 0.50
ROUNDING_GAP_MAX: Final = 0.40
# What a value that only one outcome has says of the rows on it, or off it.
_PURE_SHARE: Final = 0.98
# Whole dozens (terms in months), hands, weeks, months of days and round sums.
_STEPS: Final = (2, 5, 6, 7, 10, 12, 30, 100, 1_000)
_DISTINCT_MIN: Final = 20
_SLICES: Final = 10
_ENCODED_ROWS_MIN: Final = 20
_FOLDS: Final = 5
# Shares are taken three standard errors nearer to each other.
_Z: Final = 3.0


@dataclass(frozen=True, slots=True)
class Suspect:
    """A column and why it may know the outcome. evidence: the figures, in one line."""

    column: str
    sign: Sign
    evidence: str


def suspects(table: Table, bad: Mask) -> tuple[Suspect, ...]:
    """The columns that show a sign, in the table's order, one sign each."""
    found = {}
    for at, name in enumerate(table.names):
        for one in _signs(name, table.values[:, at], bool(table.categories[at]), bad):
            found[name] = one
            break
    for name, evidence in derived_from(table, tuple(found)):
        found[name] = Suspect(name, "derived", evidence)
    return tuple(found[name] for name in table.names if name in found)


def _signs(name: str, values: F64, category: bool, bad: Mask) -> Iterator[Suspect]:
    if _OUTCOME_NAME.search(name):
        yield Suspect(name, "name", "its name is that of something known only after the outcome")
    unknown = np.isnan(values)
    gap, shares = _gap(unknown, bad)
    if gap > MISSING_GAP_MAX:
        yield Suspect(name, "missing", f"it is empty for {shares}")
    yield from _value_sign(name, values, bad)
    if not category:
        yield from _rounding_sign(name, values, bad)
    alone = alone_auc(values, bad)
    if alone > AUC_ALONE_MAX:
        yield Suspect(name, "alone", f"by itself it sorts the rows with an AUC of {alone:.3f}")


def _value_sign(name: str, values: F64, bad: Mask) -> Iterator[Suspect]:
    """One value (a zero, a code) that nearly only one outcome has, or lacks."""
    distinct, count = np.unique(values[~np.isnan(values)], return_counts=True)
    if not distinct.size:
        return
    value = float(distinct[count.argmax()])
    on = values == value
    gap, shares = _gap(on, bad)
    pure = max(max(bad[rows].mean(), 1 - bad[rows].mean()) for rows in (on, ~on) if rows.any())
    if gap > VALUE_GAP_MAX and pure >= _PURE_SHARE:
        yield Suspect(name, "value", f"it is {value:g} for {shares}")


def _rounding_sign(name: str, values: F64, bad: Mask) -> Iterator[Suspect]:
    """Round numbers in one outcome only: the others were overwritten when it was known.

    Taken within slices of like values, since long terms may be both rounder and safer.
    """
    used = np.isfinite(values) & (values != 0)
    numbers, outcome = values[used], bad[used]
    if np.unique(numbers).size < _DISTINCT_MIN or (numbers != np.floor(numbers)).any():
        return
    slices = _slices(numbers)
    gaps = {step: _pooled_gap(numbers % step == 0, outcome, slices) for step in _STEPS}
    step = max(_STEPS, key=lambda one: gaps[one])
    if gaps[step] > ROUNDING_GAP_MAX:
        _, shares = _gap(numbers % step == 0, outcome)
        yield Suspect(name, "rounding", f"it is a multiple of {step} for {shares}")


def _slices(numbers: F64) -> I64:
    cuts = np.quantile(numbers, np.arange(1, _SLICES) / _SLICES)
    return np.searchsorted(cuts, numbers, side="left")


def _pooled_gap(flags: Mask, bad: Mask, slices: I64) -> float:
    """Gap of shares inside slices, weighted as Mantel and Haenszel do, less chance."""
    total = weight = variance = 0.0
    for number in range(_SLICES):
        good_ones = flags[(slices == number) & ~bad]
        bad_ones = flags[(slices == number) & bad]
        if not good_ones.size or not bad_ones.size:
            continue
        each = good_ones.size * bad_ones.size / (good_ones.size + bad_ones.size)
        total += each * (good_ones.mean() - bad_ones.mean())
        weight += each
        variance += each**2 * _variance(good_ones, bad_ones)
    return abs(total) / weight - _Z * variance**0.5 / weight if weight else 0.0


def _gap(flags: Mask, bad: Mask) -> tuple[float, str]:
    """Gap of a share between good and bad rows, less chance, and the shares in words."""
    good_ones, bad_ones = flags[~bad], flags[bad]
    good_share, bad_share = float(good_ones.mean()), float(bad_ones.mean())
    words = f"{good_share:.1%} of the good rows and {bad_share:.1%} of the bad ones"
    chance = _Z * _variance(good_ones, bad_ones) ** 0.5
    return abs(good_share - bad_share) - chance, words


def _variance(one: Mask, other: Mask) -> float:
    """Of the difference of two shares. Half a row each way, so that a pure share has one too."""
    shares = [(flags.sum() + 0.5) / (flags.size + 1) for flags in (one, other)]
    return float(sum(p * (1 - p) / x.size for p, x in zip(shares, (one, other), strict=True)))


def alone_auc(values: F64, bad: Mask) -> float:
    """How well one column sorts the rows, by the bad shares of its frequent values and its slices.

    values: float64 (n,), NaN where not known. Shares come from other rows than those they sort.
    """
    codes = _levels(values)
    fold = np.arange(bad.size) % _FOLDS
    count = int(codes.max()) + 1
    all_rows, all_bads = np.bincount(codes, minlength=count), np.bincount(codes, bad, count)
    risk = np.empty(bad.size)
    for number in range(_FOLDS):
        here = fold == number
        rows = all_rows - np.bincount(codes[here], minlength=count)
        bads = all_bads - np.bincount(codes[here], bad[here], count)
        risk[here] = ((bads + bad.mean()) / (rows + 1))[codes[here]]
    return auc(risk, bad)


def _levels(values: F64) -> I64:
    """A code per row: its own for a frequent value, that of its slice for a rare one."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    own = count[place] >= _ENCODED_ROWS_MIN
    codes = np.where(own, _SLICES + 1 + place, _SLICES)
    rare = ~own & ~np.isnan(values)
    if rare.any():
        codes[rare] = _slices(values[rare])
    _, dense = np.unique(codes, return_inverse=True)
    return dense.astype(np.int64)
