"""The merchants' economy of one arm of one replication: what happens each day, in stated order.

A day is ``morning``, then what arm and owners agree on (``wants_credit``, ``wants_draw`` and
``receive``, ``pays`` and ``paid``), then ``evening``. Every column is over all n merchants: dead,
alive or not there yet. Nothing here knows the arm.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np

from sim.credit import fortunes, owners
from sim.credit.cash import (
    Books,
    grow,
    is_sound,
    open_books,
    open_shops,
    restock,
    settle_costs,
    yearly_profit_fen,
)
from sim.credit.columns import F64, I64, Block, Mask, Workers, blocks_of, cut, floor_i64, joined
from sim.credit.fraudsters import Fraud
from sim.credit.leaving import close_shops
from sim.credit.merchants import WEEK_DAYS, Traits, draw_traits
from sim.credit.owners import View
from sim.credit.sales import (
    FEED_COLUMNS,
    Report,
    SalesLuck,
    brush,
    dishonest_rows,
    sales_luck,
    sell,
)
from sim.credit.shocks import Climate, recession_depth
from sim.credit.world_parameters import WorldParameters
from sim.streams import Luck
from system.limits import YEAR_DAYS

R = TypeVar("R")
Elsewhere = Callable[[Iterable[I64]], list[I64]]
# Upper ends of the size bands, in usual sales a day.
_BAND_FEN = (20_000, 100_000, 500_000)


@dataclass(frozen=True, slots=True)
class Feed:
    """What the platform reports of one day; the columns are written over the next morning.

    active: bool (n,), merchants that trade.  columns: int64 (n,) for each of FEED_COLUMNS.
    """

    day: int
    active: Mask
    columns: dict[str, I64]


@dataclass(frozen=True, slots=True)
class Roster:
    """What is known of each merchant at enrolment: int64 (n,).

    region: 0..region_count-1.  since_day: opened for business (after today: not yet).
    size_band: 0..3 by usual sales.
    """

    region: I64
    since_day: I64
    size_band: I64


@dataclass(frozen=True, slots=True)
class Statements:
    """What owners' books show of the last twelve months: int64 (n,) fen, noisy and understated."""

    sales_fen: I64
    profit_fen: I64


@dataclass(frozen=True, slots=True)
class Truth:
    """What only the economy knows, as of now: for metrics, never for the system or for training.

    sound: bool (n,), an honest merchant whose business earns more than it costs in normal times.
    fraud: int64 (n,) Fraud.  owner: int64 (n,), the row of the real owner's first shop.
    closed_on: int64 (n,) day of exit, or NEVER.
    """

    sound: Mask
    fraud: I64
    owner: I64
    closed_on: I64


@dataclass(frozen=True, slots=True)
class _Part:
    """One block with its rows of every column."""

    block: Block
    traits: Traits
    books: Books
    dishonest: I64
    report: Report


class Economy:
    """n merchants from ``parameters.start_day`` on; each day once, in order.

    Threads change the speed and nothing else.
    """

    def __init__(self, luck: Luck, parameters: WorldParameters, n: int, threads: int = 1) -> None:
        self.n, self.p = n, parameters
        self._workers = Workers(threads)
        self._climate = Climate(luck, parameters)
        blocks = blocks_of(luck, n)
        drawn = self._workers.over(lambda block: draw_traits(block, parameters), blocks)
        self.traits = joined(drawn)
        opened = [open_books(b, t, parameters) for b, t in zip(blocks, drawn, strict=True)]
        self.books = joined(opened)
        self._report = Report(*(np.zeros(n, np.int64) for _ in fields(Report)))
        self._blocks = blocks
        self._parts = [self._part(block) for block in blocks]
        self._shown = -1, np.zeros(0)
        self._drawn: dict[int, list[SalesLuck]] = {}

    def _part(self, block: Block) -> _Part:
        traits = cut(self.traits, block.rows)
        books, report = cut(self.books, block.rows), cut(self._report, block.rows)
        return _Part(block, traits, books, dishonest_rows(traits), report)

    def move(self, elsewhere: Elsewhere) -> None:
        """Keep what changes day by day in other memory. elsewhere: copies columns there."""
        self.books, self._report = _moved(self.books, elsewhere), _moved(self._report, elsewhere)
        self._parts = [self._part(block) for block in self._blocks]

    def roster(self) -> Roster:
        """What a platform would tell of its merchants."""
        sales_fen = self.traits.orders_per_day * self.traits.ticket_fen
        band = np.searchsorted(np.array(_BAND_FEN), sales_fen).astype(np.int64)
        return Roster(self.traits.region, self.traits.since_day, band)

    def morning(self, day: int) -> Feed:
        """Newcomers open, the day's demand comes, goods are sold."""
        self._climate.step(day)
        factor = self._climate.demand(day)

        drawn = self._drawn.pop(day, [None] * len(self._parts))

        def trade(both: tuple[_Part, SalesLuck | None]) -> None:
            part, luck = both
            t, b = part.traits, part.books
            open_shops(t, b, day)
            luck = luck or sales_luck(part.block, day)
            sell(luck, t, b, self.p, factor, part.report)
            brush(part.dishonest, t, b, self.p, part.report, day)

        self._workers.over(trade, list(zip(self._parts, drawn, strict=True)))
        columns = {name: getattr(self._report, name) for name in FEED_COLUMNS}
        return Feed(day, self.books.open.copy(), columns)

    def draw_ahead(self, day: int) -> None:
        """The luck of a morning to come, while there is nothing else to do; it is the same."""
        self._drawn[day] = [sales_luck(part.block, day) for part in self._parts]

    def wants_credit(self, day: int, view: View) -> I64:
        """Limits asked for: int64 (n,) fen, 0 for no application. Once a day: it is noted.

        view: available_fen, due_fen, outstanding_fen, dpd_days, state, int64 (n,); state 0 is
        no line.
        """
        return owners.wanted_lines(self.traits, self.books, self.p, day, view)

    def wants_draw(self, day: int, view: View) -> I64:
        """int64 (n,) fen to draw, 0..available_fen."""
        return owners.wanted_draws(self.traits, self.books, self.p, day, view)

    def pays(self, day: int, view: View) -> I64:
        """int64 (n,) fen offered to the bank, 0..outstanding_fen; also by closed shops."""
        return owners.offered_fen(self.traits, self.books, self.p, day, view)

    def receive(self, day: int, rows: I64, amount_fen: I64) -> None:
        """Loans paid out today. rows: each at most once."""
        self.books.cash_fen[rows] += amount_fen
        shells = rows[self.traits.fraud[rows] >= Fraud.VANISHER]
        self.books.struck_on[shells] = np.minimum(self.books.struck_on[shells], day)

    def paid(self, rows: I64, applied_fen: I64) -> None:
        """Repayments that the bank has taken. rows: each at most once."""
        self.books.cash_fen[rows] -= applied_fen
        assert (self.books.cash_fen[rows] >= 0).all(), "nobody pays more than it has"

    def evening(self, day: int) -> None:
        """Costs, suppliers, goods, growth, a week's news; and shops that close."""
        cover = self._climate.stock(day)

        def close_day(part: _Part) -> None:
            block, t, b = part.block, part.traits, part.books
            trusted = settle_costs(b, self.p)
            restock(t, b, self.p, trusted, cover)
            grow(t, b, self.p, day)
            if day % WEEK_DAYS == 0:
                fortunes.week(block, t, b, self.p, day)
            close_shops(block, t, b, self.p, day)

        self._workers.over(close_day, self._parts)

    def property_fen(self, day: int, rows: I64) -> I64:
        """The market value of what these owners could pledge today, 0 for nothing: int64."""
        fall = self.p.recession_property_fall_share * recession_depth(self.p, day)
        return floor_i64(self.traits.property_fen[rows] * (1 - fall))

    def statements(self, day: int, rows: I64) -> Statements:
        """The books that these owners show; a year's error of an owner stays the same all year."""
        shown = self._shown_share((day - self.p.start_day) // YEAR_DAYS)[rows]
        sales_fen = self.books.year_sold[rows] * self.traits.ticket_fen[rows] * YEAR_DAYS
        profit_fen = yearly_profit_fen(self.traits, self.books, rows)
        return Statements(floor_i64(sales_fen * shown), floor_i64(profit_fen * shown))

    def _shown_share(self, year: int) -> F64:
        """What each owner's books show of the truth in this year of the run."""
        if year != self._shown[0]:
            noise = np.concatenate([part.block.normal("statement", year) for part in self._parts])
            share = self.p.statement_shown_share * (1 + self.p.statement_noise_cv * noise)
            self._shown = year, np.maximum(share, 0)
        return self._shown[1]

    def truth(self) -> Truth:
        """The hidden state, now."""
        t, b = self.traits, self.books
        sound = is_sound(t, b) & (t.fraud == Fraud.HONEST)
        return Truth(sound, t.fraud, t.owner, b.closed_on.copy())


def _moved(record: R, elsewhere: Elsewhere) -> R:
    own: Any = record
    names = [field.name for field in fields(own)]
    columns = elsewhere(getattr(own, name) for name in names)
    moved: R = replace(own, **dict(zip(names, columns, strict=True)))
    return moved
