"""The nouns of the platform's feed: a merchant's day, a batch of them, and where they are kept.

A feed row is one merchant's day as the platform knows it. It may come late, twice, or corrected
under a higher revision; (account, day, revision) names it, so taking the same row in again changes
nothing, and a batch needs no other key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from system.kernels.columns import I64
from system.limits import FEED_DAY_SLOTS, FEED_PERIOD_SLOTS
from system.parties.consent import DataClass
from system.ports.book import Column, Frame

# gross_fen: sales of the day before refunds.  orders, buyers: counts.  refund_fen: paid back on
# the day, for whichever day's sales.  rating_sum_milli: sum of the day's ratings x 1,000, of
# rating_count ratings.  stock_fen: goods in stock at the end of the day, at sales prices.
FEED_FIELDS: Final = (
    "gross_fen",
    "orders",
    "buyers",
    "refund_fen",
    "rating_sum_milli",
    "rating_count",
    "stock_fen",
)
CLASS_OF_FIELD: Final[dict[str, DataClass]] = {
    "gross_fen": DataClass.ORDERS,
    "orders": DataClass.ORDERS,
    "buyers": DataClass.ORDERS,
    "refund_fen": DataClass.REFUNDS,
    "rating_sum_milli": DataClass.RATINGS,
    "rating_count": DataClass.RATINGS,
    "stock_fen": DataClass.INVENTORY,
}


class FeedRefusal(IntEnum):
    """Why a row was not taken in, in precedence order."""

    NONE = 0
    MERCHANT_UNKNOWN = 1
    NO_CONSENT = 2  # dropped unread; counted by account
    VALUE_NOT_WHOLE = 3  # NaN, infinite or a fraction
    DAY_BEFORE_START = 4  # before the merchant came to the platform
    DAY_IN_FUTURE = 5
    DAY_TOO_LATE = 6  # more than FEED_LATE_DAYS_MAX days ago
    REVISION_OUT_OF_RANGE = 7
    AMOUNT_NEGATIVE = 8
    AMOUNT_TOO_LARGE = 9
    RATING_IMPOSSIBLE = 10  # more stars than the ratings can hold
    ALREADY_KNOWN = 11  # the same revision of the day was taken in before
    SUPERSEDED = 12  # a higher revision of the day was taken in before
    REFUNDS_ABOVE_SALES = 13  # over the refund window; send again when its sales have come


@dataclass(frozen=True, slots=True)
class FeedBatch:
    """Rows in the order in which the platform sent them, any days and merchants mixed.

    accounts, days, revisions: int64 (n,).  columns: int64 (n,) for each of FEED_FIELDS; a column
    of floats is taken where its values are whole.  command_id: names the delivery in the log of
    accesses.
    """

    command_id: str
    accounts: I64
    days: I64
    revisions: I64
    columns: Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class FeedOutcome:
    """codes: int64 (n,), a FeedRefusal per row in the order of the batch; 0 = taken in."""

    codes: I64

    def count(self, code: FeedRefusal) -> int:
        """Rows with this answer."""
        return int(np.count_nonzero(self.codes == int(code)))


# A day and a period's sum are four words each, so that a million merchants fit in a gigabyte
# (kernels/feed_words.py has their layout). Day d stands in plane d % FEED_DAY_SLOTS, period p in
# plane p % FEED_PERIOD_SLOTS; the fourth word says which day or period it is.
DAY_WORDS: Final = ("day_sales", "day_refunds", "day_stock", "day_ratings")
PERIOD_WORDS: Final = ("period_sales", "period_refunds", "period_stock", "period_ratings")
# Per class that a consent may leave out: the last day that was taken in without it. What is not
# read is missing, never zero.
UNSEEN_DAYS: Final[dict[DataClass, str]] = {
    DataClass.REFUNDS: "unseen_refunds_day",
    DataClass.RATINGS: "unseen_ratings_day",
    DataClass.INVENTORY: "unseen_stock_day",
}
FEEDS: Final = Frame(
    "feed",
    (
        Column("since_day", floor=0),  # the merchant's first day on the platform
        Column("dropped_rows", floor=0),  # rows that came without consent
        *(Column(name, floor=0) for name in UNSEEN_DAYS.values()),
        *(Column(name, planes=FEED_DAY_SLOTS) for name in DAY_WORDS),
        *(Column(name, planes=FEED_PERIOD_SLOTS) for name in PERIOD_WORDS),
    ),
)
