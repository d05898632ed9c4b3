"""Intake of one delivery of the feed: late, repeated and corrected days, in event time.

Rows narrow down step by step: known merchants, merchants with consent (nothing of the others is
looked at), rows that can be, rows that are news. What is left goes into its day's slot and onto its
period's sum. The usual delivery, one day in order of accounts, is one group from end to end; any
other is split into such groups.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from system.credit.access import BASIS_PURPOSE, Access, Use, note, widest_consents
from system.credit.feed_records import (
    CLASS_OF_FIELD,
    DAY_WORDS,
    FEED_FIELDS,
    FEEDS,
    PERIOD_WORDS,
    UNSEEN_DAYS,
    FeedBatch,
    FeedRefusal,
)
from system.credit.kernels import feed_words
from system.credit.kernels.feed_rows import (
    CONTENT_CHECKS,
    content_failures,
    first_failures,
    one_day_at_a_time,
    stretches,
    whole_numbers,
)
from system.kernels.account_sets import as_rows, each_once, pack_set
from system.kernels.business_day import business_day
from system.kernels.columns import I64, Mask
from system.limits import (
    FEED_DAY_SLOTS,
    FEED_PERIOD_SLOTS,
    FEED_REFUND_DAYS_MIN,
    FEED_REFUND_PERIODS,
    PERIOD_DAYS,
)
from system.parties.consent import CLASSES_ALL, Purpose
from system.ports.book import BookUnit, Rows

# Rows that are worked on at once: their temporaries stay in the processor's cache.
_ROWS_AT_ONCE: Final = 32_768
_CONTENT_CODES: Final = tuple(int(FeedRefusal[name]) for name in CONTENT_CHECKS)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows on their way in. at: positions in the batch.  basis: ``widest_consents``, once known."""

    at: I64
    accounts: I64
    days: I64
    revisions: I64
    basis: I64
    columns: dict[str, NDArray[Any]]

    def take(self, keep: I64 | Mask | slice) -> "_Rows":
        if isinstance(keep, slice):
            return self
        columns = {name: values[keep] for name, values in self.columns.items()}
        return _Rows(
            self.at[keep],
            self.accounts[keep],
            self.days[keep],
            self.revisions[keep],
            self.basis[keep],
            columns,
        )


class Intake:
    """One delivery. ``codes``: what became of each row, a FeedRefusal; int64 (n,)."""

    def __init__(self, unit: BookUnit, batch: FeedBatch, now_s: int) -> None:
        self._unit, self._batch, self._now_s = unit, batch, now_s
        self._today = business_day(now_s)
        self._count = unit.count(FEEDS)
        self._opened: dict[int, Mask] = {}
        self._days = (2**62, 0)
        self._digest = hashlib.sha256()
        self.codes = np.zeros(batch.accounts.size, np.int64)

    def run(self) -> None:
        for start, end in stretches(self._batch.accounts, self._batch.days):
            for first in range(start, end, _ROWS_AT_ONCE):
                rows = self._known(first, min(first + _ROWS_AT_ONCE, end))
                rows = self._usable(self._with_consent(rows))
                for at in one_day_at_a_time(rows.accounts, rows.days):
                    self._put_day(rows.take(at))
        self._note_access()

    def _known(self, first: int, end: int) -> _Rows:
        batch, part = self._batch, slice(first, end)
        columns = {name: batch.columns[name][part] for name in FEED_FIELDS}
        keys = (batch.accounts[part], batch.days[part], batch.revisions[part])
        rows = _Rows(np.arange(first, end), *keys, np.zeros(end - first, np.int64), columns)
        unknown = (rows.accounts < 0) | (rows.accounts >= self._count)
        return self._without(rows, unknown, FeedRefusal.MERCHANT_UNKNOWN)

    def _with_consent(self, rows: _Rows) -> _Rows:
        """Rows that may be opened, of each only the classes that its merchant lets be read."""
        merchants, spread = each_once(rows.accounts)
        basis = widest_consents(self._unit, merchants, self._now_s)
        rows = replace(rows, basis=basis[spread])
        unseen = rows.basis == 0
        if unseen.any():
            count_dropped(self._unit, rows.accounts[unseen])
        rows = self._without(rows, unseen, FeedRefusal.NO_CONSENT)
        if not rows.at.size:
            return rows
        self._open(rows)
        return _within_classes(rows)

    def _open(self, rows: _Rows) -> None:
        """Remember for the log what is about to be read."""
        found = np.flatnonzero(np.bincount(rows.basis)).tolist()
        for basis in found:
            if basis not in self._opened:
                self._opened[basis] = np.zeros(self._count, np.bool_)
            whose = rows.accounts if len(found) == 1 else rows.accounts[rows.basis == basis]
            self._opened[basis][whose] = True
        first, last = self._days
        self._days = min(first, int(rows.days.min())), max(last, int(rows.days.max()))

    def _usable(self, rows: _Rows) -> _Rows:
        columns, broken = whole_numbers(rows.columns)
        rows = replace(rows, columns=columns)
        if broken is not None:
            rows = self._without(rows, broken, FeedRefusal.VALUE_NOT_WHOLE)
        if not rows.at.size:
            return rows
        merchants, spread = each_once(rows.accounts)
        since_day = self._unit.read_plane(FEEDS, "since_day", 0, as_rows(merchants))[spread]
        failures = content_failures(rows.days, rows.revisions, rows.columns, since_day, self._today)
        return self._refuse(rows, first_failures(failures, _CONTENT_CODES, rows.at.size))

    def _put_day(self, rows: _Rows) -> None:
        """Rows of one day, each merchant once, in order of accounts."""
        day = int(rows.days[0])
        rows = self._credible(self._news(rows, day), day)
        if not rows.at.size:
            return
        self._note_unseen(rows, day)
        fresh = feed_words.pack_day(rows.columns)
        sums = self._sums_with(rows, fresh, day)
        stored = feed_words.stamped(fresh, feed_words.stamps_of(day, rows.revisions))
        merchants = as_rows(rows.accounts)
        held = dict(zip(DAY_WORDS, stored, strict=True))
        self._unit.write_planes(FEEDS, day % FEED_DAY_SLOTS, merchants, held)
        for word in stored:
            self._digest.update(word.astype("<i8", copy=False).data)
        slot = day // PERIOD_DAYS % FEED_PERIOD_SLOTS
        held = dict(zip(PERIOD_WORDS, sums, strict=True))
        self._unit.write_planes(FEEDS, slot, merchants, held)

    def _news(self, rows: _Rows, day: int) -> _Rows:
        held, fresh = self._held_stamps(rows, day), feed_words.stamps_of(day, rows.revisions)
        if (fresh > held).all():
            return rows
        is_same = feed_words.is_same_day(held, day)
        failures = [(held > fresh) & ~is_same, held == fresh, (held > fresh) & is_same]
        why = (FeedRefusal.DAY_TOO_LATE, FeedRefusal.ALREADY_KNOWN, FeedRefusal.SUPERSEDED)
        return self._refuse(rows, first_failures(failures, why, rows.at.size))

    def _credible(self, rows: _Rows, day: int) -> _Rows:
        """Without rows that bring a merchant's refunds above all its sales of the refund window."""
        doubtful = np.flatnonzero(rows.columns["refund_fen"] > rows.columns["gross_fen"])
        if not doubtful.size:
            return rows
        some = rows.take(doubtful)
        window = [self._sums_with(some, feed_words.pack_day(some.columns), day)]
        period = day // PERIOD_DAYS
        for back in range(1, FEED_REFUND_PERIODS + 1):
            window.append(read_period(self._unit, some.accounts, period - back))
        above = np.zeros(rows.at.size, np.bool_)
        above[doubtful] = _refunds_above_sales([feed_words.unpack(words) for words in window])
        return self._without(rows, above, FeedRefusal.REFUNDS_ABOVE_SALES)

    def _sums_with(self, rows: _Rows, fresh: feed_words.Words, day: int) -> feed_words.Words:
        """The period's sums with these days in them, in place of what was held of the same days."""
        corrected = np.flatnonzero(feed_words.is_same_day(self._held_stamps(rows, day), day))
        added = fresh
        if corrected.size:
            slot, merchants = day % FEED_DAY_SLOTS, as_rows(rows.accounts[corrected])
            old = tuple(self._unit.read_plane(FEEDS, name, slot, merchants) for name in DAY_WORDS)
            added = feed_words.less(fresh, corrected, old)
        sums = read_period(self._unit, as_rows(rows.accounts), day // PERIOD_DAYS)
        return tuple(held + more for held, more in zip(sums, added, strict=True))

    def _held_stamps(self, rows: _Rows, day: int) -> I64:
        merchants, slot = as_rows(rows.accounts), day % FEED_DAY_SLOTS
        return feed_words.held_stamps(self._unit.read_plane(FEEDS, DAY_WORDS[-1], slot, merchants))

    def _note_unseen(self, rows: _Rows, day: int) -> None:
        """Of classes outside the consent the day is missing, for ever: it was not read."""
        if _is_full(rows.basis):
            return
        for data_class, name in UNSEEN_DAYS.items():
            without = rows.basis & data_class == 0
            if without.any():
                merchants = as_rows(rows.accounts[without])
                before = self._unit.read_plane(FEEDS, name, 0, merchants)
                self._unit.write_plane(FEEDS, name, 0, merchants, np.maximum(before, day))

    def _note_access(self) -> None:
        for basis, members in sorted(self._opened.items()):
            purpose, classes = divmod(basis, BASIS_PURPOSE)
            reference = self._batch.command_id
            access = Access(
                Use.INTAKE, Purpose(purpose), classes, *self._days, self._now_s, reference
            )
            note(self._unit, access, classes, pack_set(members), self._digest.hexdigest())

    def _without(self, rows: _Rows, failed: Mask, refusal: FeedRefusal) -> _Rows:
        gone = np.flatnonzero(failed)
        if not gone.size:
            return rows
        self.codes[rows.at[gone]] = int(refusal)
        return rows.take(np.flatnonzero(~failed))

    def _refuse(self, rows: _Rows, codes: I64) -> _Rows:
        """Answer the rows that have a code, and go on with the others."""
        if not codes.any():
            return rows
        self.codes[rows.at] = codes
        return rows.take(np.flatnonzero(codes == 0))


def count_dropped(unit: BookUnit, accounts: I64) -> None:
    """Note a row of each of these merchants that came without consent; repeated ones count."""
    merchants, spread = each_once(accounts)
    came = 1 if isinstance(spread, slice) else np.bincount(spread, minlength=merchants.size)
    rows = as_rows(merchants)
    before = unit.read_plane(FEEDS, "dropped_rows", 0, rows)
    unit.write_plane(FEEDS, "dropped_rows", 0, rows, before + came)


def read_period(unit: BookUnit, merchants: Rows, period: int) -> feed_words.Words:
    """The sums of one period; empty ones where another period, or none, stands in its slot."""
    [words] = read_periods(unit, merchants, [period])
    return words


def read_periods(unit: BookUnit, merchants: Rows, periods: Sequence[int]) -> list[feed_words.Words]:
    """As ``read_period``, of several in one reading."""
    slots = [period % FEED_PERIOD_SLOTS for period in periods]
    found = unit.read_planes(FEEDS, PERIOD_WORDS, slots, merchants)
    return [
        feed_words.of_period(tuple(words), period)
        for words, period in zip(found, periods, strict=True)
    ]


def _is_full(basis: I64) -> bool:
    """Whether every row may be opened as a whole, as is usual."""
    return bool((basis & CLASSES_ALL == CLASSES_ALL).all())


def _within_classes(rows: _Rows) -> _Rows:
    """Rows without what lies outside their consent: as if the platform had sent nothing of it."""
    if _is_full(rows.basis):
        return rows
    columns = {
        name: np.where(rows.basis & CLASS_OF_FIELD[name], values, 0)
        for name, values in rows.columns.items()
    }
    return replace(rows, columns=columns)


def _refunds_above_sales(window: Sequence[dict[str, I64]]) -> Mask:
    refund_fen, gross_fen, days = (
        np.add.reduce([sums[name] for sums in window])
        for name in ("refund_fen", "gross_fen", "days")
    )
    above: Mask = (refund_fen > gross_fen) & (days >= FEED_REFUND_DAYS_MIN)
    return above
