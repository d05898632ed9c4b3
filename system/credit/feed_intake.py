"""Intake of one delivery of the feed: late, repeated and corrected days, in event time.

Rows narrow down step by step: known merchants, merchants with consent (nothing of the others is
looked at), rows that can be, rows that are news. What is left goes into its day's slot and onto its
period's sum. The usual delivery, one day in order of accounts, is one group from end to end; any
other is split into such groups.
"""

import hashlib
from collections.abc import Mapping, Sequence
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
from system.credit.kernels.feed_loops import (
    CONTENT_CHECKS,
    faults_of,
    open_rows,
    put_rows,
    stale_rows,
)
from system.credit.kernels.feed_rows import one_day_at_a_time, stretches, whole_numbers
from system.kernels.account_sets import as_rows, each_once, pack_set
from system.kernels.business_day import business_day
from system.kernels.columns import I64, Mask, nonzero_at
from system.kernels.compiled import as_input, as_inputs
from system.limits import (
    FEED_DAY_SLOTS,
    FEED_PERIOD_SLOTS,
    FEED_REFUND_DAYS_MIN,
    FEED_REFUND_PERIODS,
    PERIOD_DAYS,
)
from system.parties.consent import CLASSES_ALL, Purpose
from system.ports.book import BookUnit, Rows

# Rows that are worked on at once. The log's digest is over pieces of this size as they come, so
# that it is part of what is stored.
_ROWS_AT_ONCE: Final = 32_768
_FAULTS: Final = np.array([0, *(FeedRefusal[name] for name in CONTENT_CHECKS)])
_STALE: Final = np.array(
    [0, FeedRefusal.DAY_TOO_LATE, FeedRefusal.ALREADY_KNOWN, FeedRefusal.SUPERSEDED]
)


# Columns that may be changed, and where in each the rows stand.
_Edited = tuple[Mapping[str, I64], I64]


@dataclass(frozen=True, slots=True)
class _Piece:
    """Rows of a delivery, all int64 (n,). codes: what becomes of each.  columns: in the order of
    FEED_FIELDS, once they may be looked at."""

    codes: I64
    accounts: I64
    days: I64
    revisions: I64
    columns: tuple[I64, ...] = ()


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of a piece that are still on their way in: where they stand there, and whose they are.
    is_full: all may be opened as a whole, as is usual.  has_doubtful: some have refunds above
    their sales."""

    at: I64
    accounts: I64
    is_full: bool
    has_doubtful: bool = False

    def take(self, keep: I64 | slice) -> "_Rows":
        return replace(self, at=self.at[keep], accounts=self.accounts[keep])


class Intake:
    """One delivery. ``codes``: what became of each row, a FeedRefusal; int64 (n,)."""

    def __init__(self, unit: BookUnit, batch: FeedBatch, now_s: int) -> None:
        self._unit, self._batch, self._now_s = unit, batch, now_s
        self._today = business_day(now_s)
        self._count = unit.count(FEEDS)
        # Under which consent each merchant was opened: it is the same for all of a delivery.
        self._opened = np.zeros(self._count, np.int64)
        # The lowest and the highest of each.
        self._days = self._bases = (2**62, 0)
        self._dropped: list[I64] = []
        self._digest = hashlib.sha256()
        self.codes = np.zeros(batch.accounts.size, np.int64)

    def run(self) -> None:
        for start, end in stretches(self._batch.accounts, self._batch.days):
            for first in range(start, end, _ROWS_AT_ONCE):
                self._take_in(slice(first, min(first + _ROWS_AT_ONCE, end)))
        if self._dropped:
            count_dropped(self._unit, np.concatenate(self._dropped))
        self._note_access()

    def _take_in(self, part: slice) -> None:
        batch, codes = self._batch, self.codes[part]
        keys = (batch.accounts[part], batch.days[part], batch.revisions[part])
        accounts, days, revisions = as_inputs(keys)
        piece = _Piece(codes, accounts, days, revisions)
        rows = self._with_consent(piece)
        if not rows.at.size:
            return
        self._note_days(piece.days, rows.at)
        columns = {name: batch.columns[name][part] for name in FEED_FIELDS}
        piece, rows = self._usable(piece, rows, columns)
        days = piece.days if rows.at.size == piece.days.size else piece.days[rows.at]
        for group in one_day_at_a_time(rows.accounts, days):
            self._put_day(piece, rows.take(group))

    def _with_consent(self, piece: _Piece) -> _Rows:
        """Rows that may be opened."""
        accounts, known = piece.accounts, self._known(piece)
        if known is not None:
            accounts = as_input(accounts[known])
        merchants, spread = each_once(accounts)
        basis = widest_consents(self._unit, merchants, self._now_s)[spread]
        at, mine, unseen = np.empty((3, accounts.size), np.int64)
        count, common, low, high = open_rows(
            at, mine, unseen, self._opened, accounts, as_input(basis), CLASSES_ALL
        )
        self._bases = min(self._bases[0], low), max(self._bases[1], high)
        at, mine, unseen = at[:count], mine[:count], unseen[: accounts.size - count]
        if unseen.size:
            self._dropped.append(accounts[unseen])
            piece.codes[unseen if known is None else known[unseen]] = FeedRefusal.NO_CONSENT
        return _Rows(at if known is None else known[at], mine, common == CLASSES_ALL)

    def _known(self, piece: _Piece) -> I64 | None:
        """Rows of merchants that are enrolled; None for all, as is usual."""
        accounts = piece.accounts
        if accounts.min() >= 0 and accounts.max() < self._count:
            return None
        unknown = (accounts < 0) | (accounts >= self._count)
        piece.codes[unknown] = FeedRefusal.MERCHANT_UNKNOWN
        return np.flatnonzero(~unknown)

    def _note_days(self, days: I64, at: I64) -> None:
        """Remember for the log of which days something is about to be read."""
        first, last = int(days.min()), int(days.max())
        if first != last:
            first, last = int(days[at].min()), int(days[at].max())
        self._days = min(self._days[0], first), max(self._days[1], last)

    def _usable(
        self, piece: _Piece, rows: _Rows, columns: Mapping[str, NDArray[Any]]
    ) -> tuple[_Piece, _Rows]:
        """The piece with what consent covers of its columns, and the rows that can be."""
        if not rows.is_full:
            basis = np.zeros(piece.codes.size, np.int64)
            basis[rows.at] = self._opened[rows.accounts]
            columns = _within_classes(columns, basis)
        whole, broken = whole_numbers(columns, rows.at)
        piece = replace(piece, columns=as_inputs(whole.values()))
        if broken is not None:
            rows = _refuse(piece, rows, broken * int(FeedRefusal.VALUE_NOT_WHOLE))
        merchants, spread = each_once(rows.accounts)
        since_day = self._unit.read_plane(FEEDS, "since_day", 0, as_rows(merchants))[spread]
        found = np.empty(rows.at.size, np.int64)
        failed, doubtful = faults_of(
            found,
            rows.at,
            piece.days,
            piece.revisions,
            piece.columns,
            as_input(since_day),
            self._today,
        )
        rows = replace(rows, has_doubtful=doubtful > 0)
        return piece, _refuse(piece, rows, _FAULTS[found]) if failed else rows

    def _put_day(self, piece: _Piece, rows: _Rows) -> None:
        """Rows of one day, each merchant once, in order of accounts."""
        day = int(piece.days[rows.at[0]])
        rows = self._credible(piece, self._news(piece, rows, day), day)
        if not rows.at.size:
            return
        if not rows.is_full:
            self._note_unseen(rows.accounts, day)
        self._digest.update(self._put(piece, rows, day).astype("<i8", copy=False).data)

    def _put(self, piece: _Piece, rows: _Rows, day: int) -> I64:
        """Rows into their day's slot and onto their period's sum. Returns the days' words."""
        period, merchants = day // PERIOD_DAYS, as_rows(rows.accounts)
        kept = np.empty((len(DAY_WORDS), rows.at.size), np.int64)
        of_day = DAY_WORDS, day % FEED_DAY_SLOTS, merchants
        of_period = PERIOD_WORDS, period % FEED_PERIOD_SLOTS, merchants
        with (
            self._unit.edit_planes(FEEDS, *of_day) as days,
            self._unit.edit_planes(FEEDS, *of_period) as periods,
        ):
            _put_rows(kept, days, periods, piece, rows, day)
        return kept

    def _news(self, piece: _Piece, rows: _Rows, day: int) -> _Rows:
        """Without rows of which the same or something newer is held."""
        found = np.empty(rows.at.size, np.int64)
        held = as_input(self._held_ratings(rows.accounts, day))
        own = piece.revisions, held, feed_words.stamp_day(day)
        stale = stale_rows(found, rows.at, *own)
        return _refuse(piece, rows, _STALE[found]) if stale else rows

    def _credible(self, piece: _Piece, rows: _Rows, day: int) -> _Rows:
        """Without rows that bring a merchant's refunds above all its sales of the refund window."""
        if not rows.has_doubtful:
            return rows
        gross_fen, refund_fen = (
            piece.columns[FEED_FIELDS.index(name)][rows.at] for name in ("gross_fen", "refund_fen")
        )
        doubtful = np.flatnonzero(refund_fen > gross_fen)
        some = rows.take(doubtful)
        window = [self._sums_with(piece, some, day)]
        period = day // PERIOD_DAYS
        for back in range(1, FEED_REFUND_PERIODS + 1):
            window.append(read_period(self._unit, some.accounts, period - back))
        above = np.zeros(rows.at.size, np.int64)
        is_above = _refunds_above_sales([feed_words.unpack(words) for words in window])
        above[doubtful] = is_above * int(FeedRefusal.REFUNDS_ABOVE_SALES)
        return _refuse(piece, rows, above)

    def _sums_with(self, piece: _Piece, rows: _Rows, day: int) -> feed_words.Words:
        """What their period's sums would be with these rows."""
        merchants, at = as_rows(rows.accounts), np.arange(rows.at.size)
        slots = day % FEED_DAY_SLOTS, day // PERIOD_DAYS % FEED_PERIOD_SLOTS
        [words] = self._unit.read_planes(FEEDS, DAY_WORDS, slots[:1], merchants)
        [sums] = self._unit.read_planes(FEEDS, PERIOD_WORDS, slots[1:], merchants)
        days, periods = (
            dict(zip(names, map(np.copy, held), strict=True))
            for names, held in ((DAY_WORDS, words), (PERIOD_WORDS, sums))
        )
        unused = np.empty((len(DAY_WORDS), at.size), np.int64)
        _put_rows(unused, (days, at), (periods, at), piece, rows, day)
        return tuple(periods.values())

    def _held_ratings(self, accounts: I64, day: int) -> I64:
        """The fourth words of what stands in the day's slots."""
        slot = day % FEED_DAY_SLOTS
        return self._unit.read_plane(FEEDS, DAY_WORDS[-1], slot, as_rows(accounts))

    def _note_unseen(self, accounts: I64, day: int) -> None:
        """Of classes outside the consent the day is missing, for ever: it was not read."""
        basis = self._opened[accounts]
        for data_class, name in UNSEEN_DAYS.items():
            without = basis & data_class == 0
            if without.any():
                merchants = as_rows(accounts[without])
                before = self._unit.read_plane(FEEDS, name, 0, merchants)
                self._unit.write_plane(FEEDS, name, 0, merchants, np.maximum(before, day))

    def _note_access(self) -> None:
        digest = self._digest.hexdigest()
        low, high = self._bases
        # One consent is mostly all: looking for others takes a pass over all merchants.
        bases = [high] if low == high else nonzero_at(np.bincount(self._opened)).tolist()
        for basis in filter(None, bases):
            purpose, classes = divmod(basis, BASIS_PURPOSE)
            reference = self._batch.command_id
            access = Access(
                Use.INTAKE, Purpose(purpose), classes, *self._days, self._now_s, reference
            )
            members = pack_set(self._opened == basis)
            note(self._unit, access, classes, members, digest)


def _put_rows(
    kept: I64, days: _Edited, periods: _Edited, piece: _Piece, rows: _Rows, day: int
) -> None:
    """As ``feed_loops.put_rows``: where the days stand in their slots, and their periods' sums."""
    (words, here), (sums, there) = days, periods
    own = rows.at, piece.revisions, piece.columns, feed_words.stamp_day(day), day // PERIOD_DAYS
    here, there = as_inputs((here, there))
    put_rows(kept, tuple(words.values()), here, tuple(sums.values()), there, *own)


def _refuse(piece: _Piece, rows: _Rows, codes: I64) -> _Rows:
    """Answer the rows that have a code, and go on with the others."""
    if not codes.any():
        return rows
    piece.codes[rows.at] = codes
    return rows.take(np.flatnonzero(codes == 0))


def count_dropped(unit: BookUnit, accounts: I64) -> None:
    """Note a row of each of these merchants that came without consent; repeated ones count."""
    came = np.bincount(accounts)
    merchants = nonzero_at(came)
    rows = as_rows(merchants)
    before = unit.read_plane(FEEDS, "dropped_rows", 0, rows)
    unit.write_plane(FEEDS, "dropped_rows", 0, rows, before + came[merchants])


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


def _within_classes(columns: Mapping[str, NDArray[Any]], basis: I64) -> Mapping[str, NDArray[Any]]:
    """Columns without what lies outside the consent: as if the platform had sent nothing of it."""
    return {
        name: np.where(basis & CLASS_OF_FIELD[name], values, 0) for name, values in columns.items()
    }


def _refunds_above_sales(window: Sequence[dict[str, I64]]) -> Mask:
    refund_fen, gross_fen, days = (
        np.add.reduce([sums[name] for sums in window])
        for name in ("refund_fen", "gross_fen", "days")
    )
    above: Mask = (refund_fen > gross_fen) & (days >= FEED_REFUND_DAYS_MIN)
    return above
