"""The platform's feed on its way to the bank: on time, late, twice, corrected later, or never."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.credit.economy import Feed
from sim.credit.parameters import Parameters
from sim.streams import Luck
from system.credit.feed_records import FEED_FIELDS, FeedBatch

I64 = NDArray[np.int64]

# Room for that many rows of a delivery: int64 (SPACE_COLUMNS, rows), the keys and the feed fields.
Space = Callable[[int], I64]
SPACE_COLUMNS: Final = 3 + len(FEED_FIELDS)


def fresh_space(rows: int) -> I64:
    """A space of its own."""
    return np.empty((SPACE_COLUMNS, rows), np.int64)


@dataclass(frozen=True, slots=True)
class _Rows:
    accounts: I64
    days: I64
    revisions: I64
    columns: dict[str, I64]


class FeedChannel:
    """Each day takes what the platform reports, and delivers what arrives."""

    def __init__(self, luck: Luck, parameters: Parameters) -> None:
        self._luck, self._parameters = luck, parameters
        self._under_way: dict[int, list[_Rows]] = {}

    def deliver(self, feed: Feed, space: Space = fresh_space) -> FeedBatch:
        """The day's delivery: today's rows, then those of earlier days that were held up."""
        p, day = self._parameters, feed.day
        draw = self._luck.cohort("feed_row", day, feed.active.size)
        missing = p.feed_missing_share
        late = missing + p.feed_late_share
        twice = late + p.feed_duplicate_share
        corrected = twice + p.feed_corrected_share
        # The few to whom something happens, so that no question is put to all.
        few = np.flatnonzero((draw < corrected) & feed.active)
        lot = draw[few]
        self._hold_late(feed, few, lot, missing, late)
        self._send_later(feed, few[(lot >= late) & (lot < twice)], 1, 0)
        wrong = few[lot >= twice]
        self._send_later(feed, wrong, p.feed_correction_days, 1)
        on_time = np.flatnonzero((draw >= late) & feed.active)
        batch = _batch(feed, on_time, self._under_way.pop(day, []), space)
        # What is wrong at first: refunds that the platform has not booked yet.
        batch.columns["refund_fen"][np.searchsorted(on_time, wrong)] = 0
        return batch

    def _hold_late(
        self, feed: Feed, few: I64, lot: NDArray[np.float64], low: float, high: float
    ) -> None:
        """Each late row has one of the usual delays, all equally likely."""
        options = self._parameters.feed_late_days_options
        edges = np.linspace(low, high, len(options) + 1)
        for days, first, last in zip(options, edges[:-1], edges[1:], strict=True):
            self._send_later(feed, few[(lot >= first) & (lot < last)], days, 0)

    def _send_later(self, feed: Feed, rows: I64, days: int, revision: int) -> None:
        if rows.size:
            waiting = self._under_way.setdefault(feed.day + days, [])
            waiting.append(_rows(feed, rows, revision))


def _rows(feed: Feed, rows: I64, revision: int) -> _Rows:
    """Copies, for the economy's columns change every day."""
    return _Rows(
        rows,
        np.full(rows.size, feed.day, np.int64),
        np.full(rows.size, revision, np.int64),
        {name: feed.columns[name][rows] for name in FEED_FIELDS},
    )


def _batch(feed: Feed, on_time: I64, held_up: list[_Rows], space: Space) -> FeedBatch:
    """Today's rows, then those that were held up; no value is copied twice."""
    k = on_time.size
    whole = space(k + sum(part.accounts.size for part in held_up))
    accounts, days, revisions, *columns = whole
    accounts[:k], days[:k], revisions[:k] = on_time, feed.day, 0
    for name, column in zip(FEED_FIELDS, columns, strict=True):
        # Rows are known to be there; the usual mode would copy a second time.
        feed.columns[name].take(on_time, out=column[:k], mode="clip")
    for part in held_up:
        n = part.accounts.size
        values = (part.accounts, part.days, part.revisions, *part.columns.values())
        for column, late in zip(whole, values, strict=True):
            column[k : k + n] = late
        k += n
    return as_batch(f"feed/{feed.day}", whole)


def as_batch(command_id: str, whole: I64) -> FeedBatch:
    """A delivery that stands in such a space."""
    accounts, days, revisions, *columns = whole
    named = dict(zip(FEED_FIELDS, columns, strict=True))
    return FeedBatch(command_id, accounts, days, revisions, named)
