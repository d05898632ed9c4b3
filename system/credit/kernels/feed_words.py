"""A day of a merchant's feed, or the sum of a period's days, as four words of 64 bits.

- sales: gross_fen in 39 bits, orders above.
- refunds: refund_fen in 39 bits, buyers above.
- stock: stock_fen in 39 bits, rating_count above.
- ratings: rating_sum_milli in 37 bits, the number of days in 5, the period's number above. A day
  counts 1 and has its stamp from bit 38.

Sums of words are words of sums, since each part has room for a whole period; so a correction takes
the old word off and puts the new one on.
"""

from typing import Final

import numpy as np

from system.kernels.columns import I64, Mask
from system.limits import FEED_DAY_SLOTS

# The four, in the order above.
Words = tuple[I64, ...]

COUNT_SHIFT: Final = 39
DAYS_SHIFT: Final = 37
STAMP_SHIFT: Final = 38
PERIOD_SHIFT: Final = 42
REVISION_BITS: Final = 12
_MONEY_MASK: Final = 2**COUNT_SHIFT - 1
_RATING_MASK: Final = 2**DAYS_SHIFT - 1
_DAYS_MASK: Final = 2 ** (PERIOD_SHIFT - DAYS_SHIFT) - 1
DAY_MASK: Final = 2**STAMP_SHIFT - 1


def unpack(words: Words) -> dict[str, I64]:
    """The feed fields of days or of sums, and ``days``: how many days are in it. int64 (n,)."""
    sales, refunds, stock, ratings = words
    return {
        "gross_fen": sales & _MONEY_MASK,
        "orders": sales >> COUNT_SHIFT,
        "buyers": refunds >> COUNT_SHIFT,
        "refund_fen": refunds & _MONEY_MASK,
        "rating_sum_milli": ratings & _RATING_MASK,
        "rating_count": stock >> COUNT_SHIFT,
        "stock_fen": stock & _MONEY_MASK,
        "days": ratings >> DAYS_SHIFT & _DAYS_MASK,
    }


def stamp_day(day: int) -> int:
    """The upper part of a day's stamps: they order all that may stand in one slot, first by day,
    then by revision."""
    return day // FEED_DAY_SLOTS


def held_stamps(ratings: I64) -> I64:
    """The stamps of days, from their fourth word; 0 where the slot is empty."""
    return ratings >> STAMP_SHIFT


def is_same_day(stamps: I64, day: int) -> Mask:
    """Whether a stamp in this day's slot is this day's, at any revision. bool (n,)."""
    same: Mask = stamps >> REVISION_BITS == stamp_day(day)
    return same


def revisions_of(stamps: I64) -> I64:
    """The revisions that stamps tell of. int64 (n,)."""
    return stamps & 2**REVISION_BITS - 1


def of_period(words: Words, period: int) -> Words:
    """Sums of this period; those of any other are replaced by empty ones."""
    is_current = words[3] >> PERIOD_SHIFT == period
    if is_current.all():
        return words
    sales, refunds, stock = (word * is_current for word in words[:3])
    return sales, refunds, stock, np.where(is_current, words[3], period << PERIOD_SHIFT)
