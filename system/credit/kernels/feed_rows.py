"""Which rows of a feed can be taken as they stand, and how a batch splits into days."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from system.kernels.account_sets import is_ascending
from system.kernels.columns import I64, Mask
from system.limits import (
    FEED_DAY_COUNT_MAX,
    FEED_DAY_FEN_MAX,
    FEED_LATE_DAYS_MAX,
    FEED_RATING_MILLI_MAX,
    FEED_REVISION_MAX,
)

# In precedence order; feed_records.FeedRefusal has a code for each.
CONTENT_CHECKS = (
    "DAY_BEFORE_START",
    "DAY_IN_FUTURE",
    "DAY_TOO_LATE",
    "REVISION_OUT_OF_RANGE",
    "AMOUNT_NEGATIVE",
    "AMOUNT_TOO_LARGE",
    "RATING_IMPOSSIBLE",
)
_MONEY = ("gross_fen", "refund_fen", "stock_fen")
_COUNTS = ("orders", "buyers", "rating_count")
_HIGHEST = (
    *((name, FEED_DAY_FEN_MAX) for name in _MONEY),
    *((name, FEED_DAY_COUNT_MAX) for name in _COUNTS),
)
_FLOAT_WHOLE_MAX: Final = 2**53
Columns = Mapping[str, I64]


def whole_numbers(columns: Mapping[str, NDArray[Any]]) -> tuple[dict[str, I64], Mask | None]:
    """The columns as int64, and the rows with a value that is no whole number (there taken as 0).

    columns: integers or floats (n,).  A float beyond 2**53 has lost its last digits: not whole.
    """
    whole: dict[str, I64] = {}
    broken: list[Mask | None] = []
    for name, values in columns.items():
        if values.dtype.kind == "f":
            is_whole = (np.abs(values) < _FLOAT_WHOLE_MAX) & (np.floor(values) == values)
            broken.append(_if_any(~is_whole))
            values = np.where(is_whole, values, 0)
        whole[name] = values.astype(np.int64, copy=False)
    return whole, _any_of(broken)


def content_failures(
    days: I64, revisions: I64, columns: Columns, since_day: I64, today: int
) -> list[Mask | None]:
    """The rows that fail each of CONTENT_CHECKS; None where none does, which costs least.

    days, revisions, since_day and each feed field: int64 (n,), n >= 1.  today: business day.
    """
    rating_max = columns["rating_count"] * FEED_RATING_MILLI_MAX
    is_usual = _is_usual(columns)
    return [
        _if_any(days < since_day),
        _above(days, today),
        _below(days, today - FEED_LATE_DAYS_MAX),
        _any_of([_below(revisions, 0), _above(revisions, FEED_REVISION_MAX)]),
        None if is_usual else _any_of([_below(values, 0) for values in columns.values()]),
        None if is_usual else _any_of([_above(columns[name], high) for name, high in _HIGHEST]),
        _if_any(columns["rating_sum_milli"] > rating_max),
    ]


def first_failures(failures: Sequence[Mask | None], codes: Sequence[int], n: int) -> I64:
    """The code of each row's first failed check, 0 where none failed. Returns int64 (n,)."""
    first = np.zeros(n, np.int64)
    for failed, code in zip(reversed(failures), reversed(codes), strict=True):
        if failed is not None:
            first[failed] = code
    return first


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


def one_day_at_a_time(accounts: I64, days: I64) -> Iterator[I64 | slice]:
    """Positions in groups of one day, each account once in a group, each (account, day) in order.

    accounts, days: int64 (n,).  A batch that is one such group already comes back whole.
    """
    if not accounts.size:
        return
    is_one_day = bool((days == days[0]).all())
    if is_one_day and is_ascending(accounts):
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


def _is_usual(columns: Columns) -> bool:
    """True only if no amount is negative or too large: one look at the bits of all of them."""
    money = columns["gross_fen"] | columns["refund_fen"] | columns["stock_fen"]
    counts = columns["orders"] | columns["buyers"] | columns["rating_count"]
    signs = money | counts | columns["rating_sum_milli"]
    return bool(
        signs.min() >= 0 and money.max() <= FEED_DAY_FEN_MAX and counts.max() <= FEED_DAY_COUNT_MAX
    )


def _above(values: I64, high: int) -> Mask | None:
    return values > high if int(values.max()) > high else None


def _below(values: I64, low: int) -> Mask | None:
    return values < low if int(values.min()) < low else None


def _if_any(failed: Mask) -> Mask | None:
    return failed if failed.any() else None


def _any_of(failures: Sequence[Mask | None]) -> Mask | None:
    some = [failed for failed in failures if failed is not None]
    return np.logical_or.reduce(some) if some else None
