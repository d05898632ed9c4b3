"""A day of a merchant's feed, or the sum of a period's days, as four words of 64 bits.

- sales: gross_fen in 39 bits, orders above.
- refunds: refund_fen in 39 bits, buyers above.
- stock: stock_fen in 39 bits, rating_count above.
- ratings: rating_sum_milli in 37 bits, the number of days in 5, the period's number above. A day
  counts 1 and has its stamp from bit 38.

Sums of words are words of sums, since each part has room for a whole period; so a correction takes
the old word off and puts the new one on.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from system.kernels.columns import I64, Mask
from system.limits import FEED_DAY_SLOTS

# The four, in the order above.
Words = tuple[I64, ...]

_COUNT_SHIFT: Final = 39
_DAYS_SHIFT: Final = 37
_STAMP_SHIFT: Final = 38
_PERIOD_SHIFT: Final = 42
_REVISION_BITS: Final = 12
_MONEY_MASK: Final = 2**_COUNT_SHIFT - 1
_RATING_MASK: Final = 2**_DAYS_SHIFT - 1
_DAYS_MASK: Final = 2 ** (_PERIOD_SHIFT - _DAYS_SHIFT) - 1
_DAY_MASK: Final = 2**_STAMP_SHIFT - 1


def pack_day(columns: Mapping[str, I64]) -> Words:
    """One day each, not yet stamped. columns: int64 (n,) per feed field, within their limits."""
    return (
        columns["gross_fen"] | columns["orders"] << _COUNT_SHIFT,
        columns["refund_fen"] | columns["buyers"] << _COUNT_SHIFT,
        columns["stock_fen"] | columns["rating_count"] << _COUNT_SHIFT,
        columns["rating_sum_milli"] | 1 << _DAYS_SHIFT,
    )


def unpack(words: Words) -> dict[str, I64]:
    """The feed fields of days or of sums, and ``days``: how many days are in it. int64 (n,)."""
    sales, refunds, stock, ratings = words
    return {
        "gross_fen": sales & _MONEY_MASK,
        "orders": sales >> _COUNT_SHIFT,
        "buyers": refunds >> _COUNT_SHIFT,
        "refund_fen": refunds & _MONEY_MASK,
        "rating_sum_milli": ratings & _RATING_MASK,
        "rating_count": stock >> _COUNT_SHIFT,
        "stock_fen": stock & _MONEY_MASK,
        "days": ratings >> _DAYS_SHIFT & _DAYS_MASK,
    }


def stamps_of(day: int, revisions: I64) -> I64:
    """What orders all that may stand in one slot: first by day, then by revision. int64 (n,)."""
    return revisions | day // FEED_DAY_SLOTS << _REVISION_BITS


def held_stamps(ratings: I64) -> I64:
    """The stamps of days, from their fourth word; 0 where the slot is empty."""
    return ratings >> _STAMP_SHIFT


def is_same_day(stamps: I64, day: int) -> Mask:
    """Whether a stamp in this day's slot is this day's, at any revision. bool (n,)."""
    same: Mask = stamps >> _REVISION_BITS == day // FEED_DAY_SLOTS
    return same


def revisions_of(stamps: I64) -> I64:
    """The revisions that stamps tell of. int64 (n,)."""
    return stamps & 2**_REVISION_BITS - 1


def stamped(words: Words, stamps: I64) -> Words:
    """Days as they are kept, with their stamps."""
    return (*words[:3], words[3] | stamps << _STAMP_SHIFT)


def less(words: Words, at: I64, stored: Words) -> Words:
    """Days less other days, these with their stamps: what a correction adds to a sum.

    at: int64 (m,), the positions of the stored days in the words.
    """
    old = (*stored[:3], stored[3] & _DAY_MASK)
    changed = tuple(word.copy() for word in words)
    for word, off in zip(changed, old, strict=True):
        word[at] -= off
    return changed


def of_period(words: Words, period: int) -> Words:
    """Sums of this period; those of any other are replaced by empty ones."""
    is_current = words[3] >> _PERIOD_SHIFT == period
    if is_current.all():
        return words
    sales, refunds, stock = (word * is_current for word in words[:3])
    return sales, refunds, stock, np.where(is_current, words[3], period << _PERIOD_SHIFT)
