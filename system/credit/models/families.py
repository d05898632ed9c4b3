"""Columns that repeat one measurement (BILL_AMT1 … BILL_AMT6) summed up as a family.

A rule about names alone: the same word with different numbers, three or more, all of numbers. It
knows nothing of any one file and looks at no outcome.
"""

import re
from collections.abc import Iterator

import numpy as np

from system.credit.models.contract import F64, Table

MEMBERS_MIN = 3
_NUMBERED = re.compile(r"(.*\D)(\d+)")


def with_families(table: Table) -> Table:
    """The table, and after its columns those that sum up its families.

    Of each family the mean, greatest, least, slope by number, spread, members above zero and the
    mean of the lower half; of each two families the ratio of their means.
    """
    found = dict(_summaries(table))
    found |= dict(_ratios(table))
    new = {name: column for name, column in found.items() if name not in table.names}
    if not new:
        return table
    values = np.column_stack([table.values, *new.values()])
    return Table((*table.names, *new), values, (*table.categories, *(0 for _ in new)))


def families_of(table: Table) -> dict[str, list[int]]:
    """The positions of each family's columns, in the order of their numbers."""
    found: dict[str, list[tuple[int, int]]] = {}
    for at, name in enumerate(table.names):
        match = _NUMBERED.fullmatch(name)
        if match and not table.categories[at]:
            found.setdefault(match[1], []).append((int(match[2]), at))
    return {
        stem: [at for _, at in sorted(members)]
        for stem, members in found.items()
        if len(members) >= MEMBERS_MIN
    }


def _summaries(table: Table) -> Iterator[tuple[str, F64]]:
    for stem, members in families_of(table).items():
        values = table.values[:, members]
        steps = np.arange(len(members)) - (len(members) - 1) / 2
        yield f"{stem}mean", values.mean(axis=1)
        yield f"{stem}max", values.max(axis=1)
        yield f"{stem}min", values.min(axis=1)
        yield f"{stem}slope", values @ steps / (steps @ steps)
        yield f"{stem}spread", values.std(axis=1)
        # A missing member leaves the count unknown, as it does the others.
        yield f"{stem}positive", (np.sign(values).clip(0)).sum(axis=1)
        yield f"{stem}first_half", values[:, : len(members) // 2].mean(axis=1)


def _ratios(table: Table) -> Iterator[tuple[str, F64]]:
    means = [(stem, table.values[:, at].mean(axis=1)) for stem, at in families_of(table).items()]
    for position, (stem, mean) in enumerate(means):
        for other, base in means[position + 1 :]:
            ratio = np.full(mean.size, np.nan)
            np.divide(mean, base, out=ratio, where=base != 0)
            yield f"{stem}over_{other}", ratio
