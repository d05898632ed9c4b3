"""Features of merchants as of a day, from what their feeds had brought by then.

Only complete periods before the day count. A window that is not complete (a period with fewer than
FEED_PERIOD_DAYS_MIN days, a shop too young, a class without consent) gives MISSING, never zero;
inside a window, days that did not come count as average days of their period.
"""

from typing import Final

import numpy as np

from system.credit.access import Access, Use, read_with_consent
from system.credit.feed_intake import read_periods
from system.credit.feed_records import FEEDS, UNSEEN_DAYS
from system.credit.kernels.feed_words import unpack
from system.credit.kernels.windows import (
    Windows,
    order_features,
    rating_features,
    refund_features,
    stock_features,
)
from system.errors import InputError
from system.kernels.account_sets import as_rows, is_ascending
from system.kernels.business_day import business_day
from system.kernels.columns import I64, MISSING
from system.limits import FEED_PERIOD_SLOTS, PERIOD_DAYS
from system.parties.consent import CLASSES_ALL, DataClass, Purpose
from system.ports.book import BookUnit

# The longest window: all that is held but the running period and the one kept in reserve.
WINDOW_PERIODS: Final = FEED_PERIOD_SLOTS - 2
# Merchants that are worked on at once: twelve periods of eight fields stay in the cache.
_MERCHANTS_AT_ONCE: Final = 4_096

# 1p, 3p, 6p, 12p: over that many complete periods.
CLASSES_OF_FEATURE: Final[dict[str, int]] = {
    "history_periods": DataClass.ORDERS,  # periods that are known, of the last twelve
    "revenue_1p_fen": DataClass.ORDERS,  # sales before refunds
    "revenue_3p_fen": DataClass.ORDERS,  # mean per period, rounded down
    "revenue_12p_fen": DataClass.ORDERS,  # mean per period, rounded down
    "growth_3p_ppm": DataClass.ORDERS,  # sales of 3 periods against the 3 before, less one
    "volatility_6p_ppm": DataClass.ORDERS,  # standard deviation over mean of 6 periods' sales
    "orders_3p": DataClass.ORDERS,
    "ticket_3p_fen": DataClass.ORDERS,  # sales per order
    "buyers_per_order_3p_ppm": DataClass.ORDERS,
    "refund_rate_3p_ppm": DataClass.ORDERS | DataClass.REFUNDS,  # refunds over sales
    "rating_3p_milli": DataClass.ORDERS | DataClass.RATINGS,  # mean rating x 1,000
    "rating_trend_milli": DataClass.ORDERS | DataClass.RATINGS,  # less the 3 periods before
    "stock_cover_days": DataClass.ORDERS | DataClass.INVENTORY,  # stock over a day's sales
    "coverage_3p_ppm": DataClass.ORDERS,  # days that came over days that there were
    "tenure_days": DataClass.ORDERS,  # since the first day on the platform
}
FEATURES: Final = tuple(CLASSES_OF_FEATURE)


def features_as_of(
    unit: BookUnit, accounts: I64, day: int, purpose: Purpose, now_s: int
) -> dict[str, I64]:
    """Every feature of these merchants as of the start of a day; MISSING where it cannot be known.

    accounts: int64 (n,), each at most once.  day: today, or a day of this period or the one before
    it. Nothing of the day itself or after it counts; what has come by now of the days before does,
    so ask on the day itself. Merchants who have not consented to the purpose are not read: all
    their features are MISSING, history_periods too. Returns int64 (n,) for each of FEATURES, and
    adds the reading to the log of accesses. Raises InputError for a day that lies ahead, or too
    far back; MissingRow for an account that is not there.
    """
    check_as_of(day, now_s)
    first, last = window_days(day, WINDOW_PERIODS)
    access = Access(Use.FEATURES, purpose, CLASSES_ALL, first, last, now_s)

    def read(some: I64, classes: int) -> dict[str, I64]:
        parts = [
            _features(unit, some[at : at + _MERCHANTS_AT_ONCE], classes, day)
            for at in range(0, some.size, _MERCHANTS_AT_ONCE)
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in FEATURES}

    return read_with_consent(unit, access, accounts, FEATURES, read)


def check_as_of(day: int, now_s: int) -> None:
    """Raises InputError for a day that is not over, or whose twelve periods are no longer held."""
    today = business_day(now_s)
    if day > today:
        raise InputError("day", day, f"give today ({today}) or a day before")
    if today // PERIOD_DAYS - day // PERIOD_DAYS > 1:
        raise InputError("day", day, "its sums were replaced: ask in its own period or the next")


def window_days(day: int, periods: int) -> tuple[int, int]:
    """The first and the last day of the newest complete periods before a day."""
    end_day = day // PERIOD_DAYS * PERIOD_DAYS
    return end_day - periods * PERIOD_DAYS, end_day - 1


def _features(unit: BookUnit, accounts: I64, classes: int, day: int) -> dict[str, I64]:
    windows = _windows(unit, accounts, day)
    found = order_features(windows)
    found["tenure_days"] = np.where(windows.since_day <= day, day - windows.since_day, MISSING)
    found |= refund_features(windows) | rating_features(windows) | stock_features(windows)
    nothing = np.full(accounts.size, MISSING)
    return {
        name: found[name] if needed & classes == needed else nothing
        for name, needed in CLASSES_OF_FEATURE.items()
    }


def _windows(unit: BookUnit, accounts: I64, day: int) -> Windows:
    rows = as_rows(accounts) if is_ascending(accounts) else accounts
    newest = day // PERIOD_DAYS - 1
    window = [newest - back for back in range(WINDOW_PERIODS)]
    # Periods side by side first: for one merchant every array costs more than what is in it.
    words = tuple(np.stack(word) for word in zip(*read_periods(unit, rows, window), strict=True))
    sums = unpack(words)
    names = ("since_day", *UNSEEN_DAYS.values())
    plain = unit.read(FEEDS, names, rows)
    return Windows(sums, (newest + 1) * PERIOD_DAYS, *(plain[name] for name in names))
