"""A small bank that takes in feeds, and a slow model of what it should have kept."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from system.credit.access import ACCESS_LOG, AccessRow
from system.credit.features import features_as_of
from system.credit.feed_intake import read_period
from system.credit.feed_records import FEED_FIELDS, FEEDS, FeedBatch, FeedOutcome
from system.credit.feeds import open_feeds, receive_feed
from system.credit.kernels.feed_words import unpack
from system.kernels.business_day import day_start_s
from system.kernels.columns import I64
from system.limits import FEED_LATE_DAYS_MAX, PERIOD_DAYS
from system.parties.consent import (
    CLASSES_ALL,
    CONSENT_JOURNAL,
    CONSENTS,
    ConsentChange,
    Purpose,
    grant,
    open_consents,
    withdraw,
)
from system.ports.book import Book, BookUnit
from tests.ports.book_box import BookBox

# The first day of a period.
DAY0 = 20_010
FRAMES = (CONSENTS, FEEDS)
TABLES = (CONSENT_JOURNAL, ACCESS_LOG)
FAR_S = 10**11
# (account, day, revision, values in the order of FEED_FIELDS)
Row = tuple[int, int, int, Sequence[float]]


def column(values: Sequence[int]) -> I64:
    return np.array(values, np.int64)


def values(gross_fen: int = 100_000, orders: int = 10, **others: int) -> list[int]:
    usual = {
        "gross_fen": gross_fen,
        "orders": orders,
        "buyers": min(orders, 8),
        "refund_fen": gross_fen // 20,
        "rating_sum_milli": 4 * 4_500,
        "rating_count": 4,
        "stock_fen": 7 * gross_fen,
    }
    return list((usual | others).values())


def batch_of(rows: Sequence[Row], command_id: str = "feed") -> FeedBatch:
    table = [row[3] for row in rows]
    whole = all(isinstance(value, int) for row in table for value in row)
    columns = np.array(table, np.int64 if whole else np.float64).reshape(-1, len(FEED_FIELDS)).T
    return FeedBatch(
        command_id,
        column([row[0] for row in rows]),
        column([row[1] for row in rows]),
        column([row[2] for row in rows]),
        dict(zip(FEED_FIELDS, columns, strict=True)),
    )


class FeedBank:
    """n merchants since DAY0 - 400, all consenting to scoring unless told otherwise."""

    def __init__(self, book: Book, n: int = 3, consent: bool = True) -> None:
        self.book, self.n, self.now_s = book, n, day_start_s(DAY0)
        with self.unit() as unit:
            open_feeds(unit, np.full(n, DAY0 - 400, np.int64))
            open_consents(unit, n)
        if consent:
            self.grant(range(n))

    @contextmanager
    def unit(self) -> Iterator[BookUnit]:
        with self.book.transaction() as unit:
            yield unit

    def at(self, day: int) -> None:
        """Move to noon of a day."""
        self.now_s = day_start_s(day) + 43_200

    def grant(
        self,
        accounts: Sequence[int],
        purpose: Purpose = Purpose.SCORING,
        classes: int = CLASSES_ALL,
        until_s: int = FAR_S,
    ) -> list[int]:
        with self.unit() as unit:
            return grant(unit, column(accounts), purpose, classes, until_s, self.now_s).tolist()

    def withdraw(self, accounts: Sequence[int], purpose: Purpose = Purpose.SCORING) -> list[int]:
        with self.unit() as unit:
            return withdraw(unit, column(accounts), purpose, self.now_s).tolist()

    def receive(self, rows: Sequence[Row]) -> list[int]:
        return self.receive_batch(batch_of(rows)).codes.tolist()

    def receive_batch(self, batch: FeedBatch) -> FeedOutcome:
        with self.unit() as unit:
            return receive_feed(unit, batch, self.now_s)

    def sums(self, account: int, period: int) -> dict[str, int]:
        """What is held of a period, with ``days``."""
        with self.unit() as unit:
            words = read_period(unit, column([account]), period)
            return {name: int(part[0]) for name, part in unpack(words).items()}

    def features(
        self, accounts: Sequence[int], day: int, purpose: Purpose = Purpose.SCORING
    ) -> dict[str, list[int]]:
        with self.unit() as unit:
            found = features_as_of(unit, column(accounts), day, purpose, self.now_s)
        return {name: part.tolist() for name, part in found.items()}

    def access_rows(self) -> list[AccessRow]:
        with self.unit() as unit:
            return unit.rows.scan(ACCESS_LOG)

    def consent_rows(self) -> list[ConsentChange]:
        with self.unit() as unit:
            return unit.rows.scan(CONSENT_JOURNAL)


def column_bank(n: int = 3, consent: bool = True) -> FeedBank:
    return FeedBank(BookBox(None).open(FRAMES, TABLES), n, consent)


def sql_bank(place: Path, n: int = 3) -> FeedBank:
    return FeedBank(BookBox(f"sqlite:///{place}/feed.db").open(FRAMES, TABLES), n)


@dataclass
class SlowFeed:
    """The newest revision of each (account, day) that came in time: a dictionary, nothing else."""

    days: dict[tuple[int, int], tuple[int, Sequence[int]]] = field(default_factory=dict)

    def receive(self, rows: Sequence[Row], today: int) -> None:
        for account, day, revision, amounts in rows:
            if not today - FEED_LATE_DAYS_MAX <= day <= today:
                continue
            held = self.days.get((account, day))
            if held is None or revision > held[0]:
                self.days[account, day] = (revision, amounts)

    def sums(self, account: int, period: int) -> dict[str, int]:
        found = [
            amounts
            for (whose, day), (_, amounts) in self.days.items()
            if whose == account and day // PERIOD_DAYS == period
        ]
        sums = {name: sum(row[n] for row in found) for n, name in enumerate(FEED_FIELDS)}
        return sums | {"days": len(found)}
