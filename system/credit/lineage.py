"""From a feature back to the feed: which days and which sums it was made of."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from system.credit.access import ACCESS_LOG, Access, Use, read_with_consent
from system.credit.features import CLASSES_OF_FEATURE, WINDOW_PERIODS, check_as_of, window_days
from system.credit.feed_intake import read_period
from system.credit.feed_records import DAY_WORDS, FEEDS
from system.credit.kernels.feed_words import held_stamps, is_same_day, revisions_of, unpack
from system.errors import InputError
from system.kernels.columns import I64, MISSING
from system.limits import FEED_DAY_SLOTS, PERIOD_DAYS
from system.parties.consent import Purpose, permitted
from system.ports.book import BookUnit

# What is read is named by kind, number and field, since readings are columns.
_PERIOD, _DAY = "period", "day"
# What each feature is made of, over how many complete periods.
_SALES, _ORDERS = ("gross_fen",), ("gross_fen", "orders")
_RATINGS = ("rating_sum_milli", "rating_count")
_MADE_OF: Final[dict[str, tuple[tuple[str, ...], int]]] = {
    "history_periods": ((), WINDOW_PERIODS),
    "revenue_1p_fen": (_SALES, 1),
    "revenue_3p_fen": (_SALES, 3),
    "revenue_12p_fen": (_SALES, WINDOW_PERIODS),
    "growth_3p_ppm": (_SALES, 6),
    "volatility_6p_ppm": (_SALES, 6),
    "orders_3p": (("orders",), 3),
    "ticket_3p_fen": (_ORDERS, 3),
    "buyers_per_order_3p_ppm": (("orders", "buyers"), 3),
    "refund_rate_3p_ppm": (("gross_fen", "refund_fen"), 3),
    "rating_3p_milli": (_RATINGS, 3),
    "rating_trend_milli": (_RATINGS, 6),
    "stock_cover_days": (("gross_fen", "stock_fen"), 3),
    "coverage_3p_ppm": ((), 3),
    "tenure_days": ((), 0),
}
assert set(_MADE_OF) == set(CLASSES_OF_FEATURE), "every feature has a lineage"


@dataclass(frozen=True, slots=True)
class FedDay:
    """A row of the feed that is still held as it came, at its newest revision."""

    day: int
    revision: int
    values: dict[str, int]


@dataclass(frozen=True, slots=True)
class FedPeriod:
    """The sums of a complete period, over the days of it that came."""

    day_first: int
    day_last: int
    days_received: int
    values: dict[str, int]


@dataclass(frozen=True, slots=True)
class Lineage:
    """What one feature of one merchant was made of, newest first.

    periods: all of its window.  days: those of the window that are still held as rows; older ones
    stand in their period's sums alone.  access_sequence, digest: the row of the access log that
    notes this reading, and the SHA-256 in it.
    """

    feature: str
    account: int
    as_of_day: int
    periods: tuple[FedPeriod, ...]
    days: tuple[FedDay, ...]
    access_sequence: int
    digest: str


def lineage(
    unit: BookUnit, account: int, day: int, feature: str, purpose: Purpose, now_s: int
) -> Lineage | None:
    """The feed behind a feature as of a day; None without the merchant's consent to read it.

    day, now_s: as for ``features_as_of``. Raises InputError for a feature that is none, or such a
    day; MissingRow for an account that is not there.
    """
    if feature not in _MADE_OF:
        raise InputError("feature", feature, f"give one of {', '.join(_MADE_OF)}")
    check_as_of(day, now_s)
    fields, periods = _MADE_OF[feature]
    needed, merchant = CLASSES_OF_FEATURE[feature], np.array([account], np.int64)
    if not permitted(unit, purpose, needed, merchant, now_s).all():
        return None
    first, last = window_days(day, periods)
    access = Access(Use.LINEAGE, purpose, needed, first, last, now_s, feature)
    window = range(last // PERIOD_DAYS, last // PERIOD_DAYS - periods, -1)
    rows = range(last, max(first, day - FEED_DAY_SLOTS + 1) - 1, -1)
    names = [_name(_PERIOD, period, field) for period in window for field in (*fields, "days")]
    names += [_name(_DAY, one, field) for one in rows for field in (*fields, "revision")]

    def read(accounts: I64, _: int) -> dict[str, I64]:
        found: dict[str, I64] = {}
        for period in window:
            sums = unpack(read_period(unit, accounts, period))
            found |= {_name(_PERIOD, period, field): part for field, part in sums.items()}
        for one in rows:
            row = _read_day(unit, accounts, one)
            found |= {_name(_DAY, one, field): part for field, part in row.items()}
        return found

    found = read_with_consent(unit, access, merchant, names, read)
    noted = unit.rows.last(ACCESS_LOG)
    assert noted is not None, "a permitted reading is noted"
    values = {name: int(part[0]) for name, part in found.items()}
    return Lineage(
        feature,
        account,
        day,
        tuple(_fed_period(values, period, fields) for period in window),
        tuple(_fed_day(values, one, fields) for one in rows if _is_held(values, one)),
        noted.sequence,
        noted.digest,
    )


def _name(kind: str, number: int, field: str) -> str:
    return f"{kind}.{number}.{field}"


def _read_day(unit: BookUnit, accounts: I64, day: int) -> dict[str, I64]:
    """One day's row and revision; MISSING where it is not held any more, or never came."""
    slot = day % FEED_DAY_SLOTS
    words = tuple(unit.read_plane(FEEDS, name, slot, accounts) for name in DAY_WORDS)
    stamps = held_stamps(words[-1])
    is_held = is_same_day(stamps, day)
    row = unpack(words) | {"revision": revisions_of(stamps)}
    return {field: np.where(is_held, part, MISSING) for field, part in row.items()}


def _is_held(values: dict[str, int], day: int) -> bool:
    return values[_name(_DAY, day, "revision")] != MISSING


def _fed_period(values: dict[str, int], period: int, fields: tuple[str, ...]) -> FedPeriod:
    first = period * PERIOD_DAYS
    return FedPeriod(
        first,
        first + PERIOD_DAYS - 1,
        values[_name(_PERIOD, period, "days")],
        {field: values[_name(_PERIOD, period, field)] for field in fields},
    )


def _fed_day(values: dict[str, int], day: int, fields: tuple[str, ...]) -> FedDay:
    return FedDay(
        day,
        values[_name(_DAY, day, "revision")],
        {field: values[_name(_DAY, day, field)] for field in fields},
    )
