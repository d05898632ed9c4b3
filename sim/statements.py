"""How a lender's book stands, period by period: NPL by vintage and assets by category, over time.

An event ``book_stood`` tells of the whole book (subject ``book``) or of what was lent in a quarter
since lending began (``vintage/1``, ``vintage/2`` …). Its values are fen: the balance, what of it is
non-performing, and the balance in each of the five categories of Order 1 of 2023.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.metrics.base import Values, ratio
from sim.trace import EventLog

I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]

KIND: Final = "book_stood"
BOOK: Final = "book"
VINTAGE: Final = "vintage/"
QUARTER_DAYS: Final = 90
# By the number of the category, from 1 on.
CATEGORIES: Final = ("normal", "special_mention", "substandard", "doubtful", "loss")


@dataclass(frozen=True, slots=True)
class Lent:
    """One row per loan or line. balance_fen: int64 (n,), 0 or more.  bad: non-performing.

    category: int64 (n,), 1..5; 0 where there is no loan.  quarter: int64 (n,), of the lending,
    from 0 on; below 0 for none.
    """

    balance_fen: I64
    bad: Mask
    category: I64
    quarter: I64


def stand(log: EventLog, at_s: int, lent: Lent) -> None:
    """Note the whole book, and each quarter's part of it."""
    log.add(at_s, KIND, BOOK, _values(lent, np.ones(lent.bad.size, np.bool_)))
    for one in range(int(lent.quarter.max(initial=-1)) + 1):
        log.add(at_s, KIND, f"{VINTAGE}{one + 1}", _values(lent, lent.quarter == one))


def _values(lent: Lent, rows: Mask) -> tuple[int, ...]:
    balance_fen, category = lent.balance_fen[rows], lent.category[rows]
    by_category = [int(balance_fen[category == one].sum()) for one in range(1, len(CATEGORIES) + 1)]
    return (int(balance_fen.sum()), int(balance_fen[lent.bad[rows]].sum()), *by_category)


def asset_shares(by_category_fen: tuple[int, ...]) -> Values:
    """The share of the balance in each category; what is normal is the better for being more."""
    total = sum(by_category_fen)
    normal, *worse = (ratio(fen, total) for fen in by_category_fen)
    named = zip(CATEGORIES[1:], worse, strict=True)
    return {"normal_asset_share": normal, **{f"asset_share.{name}": one for name, one in named}}


def shares_of(lent: Lent) -> Values:
    """The same of loans, as they stand."""
    _, _, *by_category = _values(lent, np.ones(lent.bad.size, np.bool_))
    return asset_shares(tuple(by_category))
