"""Which rows of a feed can be taken as they stand, and how a batch splits into days."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from system.kernels.account_sets import is_ascending
from system.kernels.columns import I64, Mask

_FLOAT_WHOLE_MAX: Final = 2**53


def whole_numbers(
    columns: Mapping[str, NDArray[Any]], at: I64
) -> tuple[dict[str, I64], Mask | None]:
    """The columns as int64, and which of the rows ``at`` have a value that is no whole number
    (there taken as 0).

    columns: integers or floats (n,).  at: (m,); of floats nothing else is looked at, nor kept.  A
    float beyond 2**53 has lost its last digits: not whole.
    """
    whole: dict[str, I64] = {}
    broken: list[Mask] = []
    for name, values in columns.items():
        if values.dtype.kind == "f":
            some = values[at]
            is_whole = (np.abs(some) < _FLOAT_WHOLE_MAX) & (np.floor(some) == some)
            broken.append(~is_whole)
            values = np.zeros(values.size, np.int64)
            values[at] = np.where(is_whole, some, 0)
        whole[name] = values.astype(np.int64, copy=False)
    return whole, np.logical_or.reduce(broken) if broken else None


def stretches(accounts: I64, days: I64) -> tuple[tuple[int, int], ...]:
    """The usual delivery, one day by account and older days after it, in two: the older ones first.

    accounts, days: int64 (n,).  Returns (start, end) of each. Any other batch comes back whole.
    Sorting the few that were held up costs less without those that need no sorting.
    """
    n = accounts.size
    goes_on = (accounts[1:] > accounts[:-1]) & (days[1:] == days[:-1])
    end = n if goes_on.all() else int(np.argmin(goes_on)) + 1
    if end < n and bool((days[end:] < days[0]).all()):
        return (end, n), (0, end)
    return ((0, n),)


def is_one_day(accounts: I64, days: I64) -> bool:
    """Whether rows, one or more, are of one day and in order of accounts, each once."""
    return bool((days == days[0]).all()) and is_ascending(accounts)


def one_day_at_a_time(accounts: I64, days: I64) -> Iterator[I64 | slice]:
    """Positions in groups of one day, each account once in a group, each (account, day) in order.

    accounts, days: int64 (n,).  A batch that is one such group already comes back whole.
    """
    if not accounts.size:
        return
    if is_one_day(accounts, days):
        yield slice(None)
        return
    order = np.lexsort((accounts, days))
    turns = _turns(accounts[order], days[order])
    for turn in range(int(turns.max()) + 1):
        at = order[turns == turn]
        starts = np.flatnonzero(np.diff(days[at])) + 1
        yield from np.split(at, starts)


def _turns(accounts: I64, days: I64) -> I64:
    """How often each (account, day) came before, in columns ordered by it. int64 (n,)."""
    is_first = np.ones(accounts.size, np.bool_)
    is_first[1:] = (accounts[1:] != accounts[:-1]) | (days[1:] != days[:-1])
    positions = np.arange(accounts.size)
    return positions - np.maximum.accumulate(np.where(is_first, positions, 0))
