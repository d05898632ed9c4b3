"""A day's trade of each merchant, and what the platform reports of it."""

from dataclasses import dataclass
from math import floor, sqrt
from typing import Final, NamedTuple

import numpy as np

from sim.credit.cash import SALES_MEMORY_DAYS, Books
from sim.credit.columns import F64, I64, U64, Block, lot_of
from sim.credit.fraudsters import Fraud, brush_ratio
from sim.credit.merchants import Traits
from sim.credit.world_parameters import WorldParameters
from system.kernels.compiled import compiled
from system.limits import YEAR_DAYS

# A standard normal and four lots for rounding each.
SalesLuck = tuple[F64, U64]
_OfShop = tuple[I64, F64, I64, I64, F64]
_OfBooks = tuple[F64, I64, F64, F64, I64, I64]
FEED_COLUMNS: Final = (
    "gross_fen",
    "orders",
    "buyers",
    "refund_fen",
    "rating_sum_milli",
    "rating_count",
    "stock_fen",
)
# Keeps an empty shelf of a shop that nobody visits from dividing nothing by nothing.
_STOCK_MIN = 1e-9
# Buyers who waited for goods mark a shop down by so much.
_SOLD_OUT_MILLI = 300
_STARS_MILLI_MIN, _STARS_MILLI_MAX = 1_000.0, 5_000


@dataclass(frozen=True, slots=True)
class Report:
    """int64 (n,): a merchant-day as the platform sees it."""

    gross_fen: I64
    orders: I64
    buyers: I64
    refund_fen: I64
    rating_sum_milli: I64
    rating_count: I64
    stock_fen: I64

    def columns(self) -> tuple[I64, ...]:
        """In the order of FEED_COLUMNS."""
        return tuple(getattr(self, name) for name in FEED_COLUMNS)


class _Rates(NamedTuple):
    """What the world's parameters say of a day's sales; paid_out: of what the platform holds."""

    paid_out: float
    fee: float
    repeat_buyer: float
    rating_given: float
    demand_cv: float
    shelf_effect: float
    stock_cover_days: int


def sales_luck(block: Block, day: int) -> SalesLuck:
    """What a day's sales need of luck."""
    return block.normal("sales", day), block.words("sales_rounding", day)


def sell(
    luck: SalesLuck, t: Traits, b: Books, p: WorldParameters, factor: F64, report: Report
) -> None:
    """One day's sales, booked and reported. factor: the day's demand by cell."""
    rates = _Rates(
        1 / p.settlement_days,
        p.fee_share,
        p.repeat_buyer_share,
        p.rating_given_share,
        p.demand_cv,
        p.shelf_effect_ratio,
        p.stock_cover_days,
    )
    of_shop = t.cell, t.refund, t.ticket_fen, t.unit_cost_fen, t.rating_milli
    of_books = b.pull, b.stock, b.wanted, b.year_sold, b.held_fen, b.cash_fen
    _sell_rows(of_shop, of_books, report.columns(), luck, factor, rates)


@compiled
def _sell_rows(
    of_shop: _OfShop,
    of_books: _OfBooks,
    report: tuple[I64, ...],
    luck: SalesLuck,
    factor: F64,
    rates: _Rates,
) -> None:
    """Step by step, each a loop over a few columns: of these a processor does several rows at
    once, which it cannot where twenty columns might overlap."""
    cell, refund, ticket_fen, unit_cost_fen, rating_milli = of_shop
    pull, stock, wanted, year_sold, held_fen, cash_fen = of_books
    gross_fen, orders, buyers, refund_fen, rating_sum_milli, rating_count, stock_fen = report
    z, words = luck
    expected = np.empty(cell.size)
    asked, returned = np.empty_like(orders), np.empty_like(orders)
    _expect(expected, pull, cell, factor, stock, wanted, rates)
    _count(asked, expected, z, words, rates.demand_cv)
    _fill(orders, returned, asked, stock, refund, words)
    for i in range(cell.size):
        gross_fen[i] = orders[i] * ticket_fen[i]
        refund_fen[i] = returned[i] * ticket_fen[i]
    _settle(cash_fen, held_fen, gross_fen, refund_fen, rates.paid_out, rates.fee)
    _remember(wanted, asked, orders, returned, year_sold)
    for i in range(cell.size):
        stock[i] -= orders[i] - returned[i]
        stock_fen[i] = stock[i] * unit_cost_fen[i]
    for i in range(cell.size):
        buyers[i] = orders[i] - int(orders[i] * rates.repeat_buyer)
        rating_count[i] = floor(orders[i] * rates.rating_given + lot_of(words[i], 2))
    for i in range(cell.size):
        is_sold_out, lot = orders[i] < asked[i], lot_of(words[i], 3)
        rating_sum_milli[i] = _stars(rating_milli[i], is_sold_out, rating_count[i], lot)


@compiled
def _expect(
    expected: F64, pull: F64, cell: I64, factor: F64, stock: I64, wanted: F64, rates: _Rates
) -> None:
    for i in range(expected.size):
        expected[i] = pull[i] * factor[cell[i]] * _shelf(stock[i], wanted[i], rates)


@compiled
def _count(asked: I64, expected: F64, z: F64, words: U64, cv: float) -> None:
    for i in range(asked.size):
        asked[i] = _counted(expected[i], cv, z[i], lot_of(words[i], 0))


@compiled
def _fill(orders: I64, returned: I64, asked: I64, stock: I64, refund: F64, words: U64) -> None:
    for i in range(orders.size):
        orders[i] = min(asked[i], stock[i])
    for i in range(orders.size):
        returned[i] = floor(orders[i] * refund[i] + lot_of(words[i], 1))


@compiled
def _settle(
    cash_fen: I64, held_fen: I64, gross_fen: I64, refund_fen: I64, paid_out: float, fee: float
) -> None:
    """The platform pays a part of what it held, and keeps its fee of the day's."""
    for i in range(cash_fen.size):
        paid_fen, kept_fen = int(held_fen[i] * paid_out), gross_fen[i] - refund_fen[i]
        cash_fen[i] += paid_fen
        held_fen[i] += kept_fen - int(kept_fen * fee) - paid_fen


@compiled
def _remember(wanted: F64, asked: I64, orders: I64, returned: I64, year_sold: F64) -> None:
    for i in range(wanted.size):
        wanted[i] += (asked[i] - wanted[i]) * (1 / SALES_MEMORY_DAYS)
    for i in range(wanted.size):
        kept = orders[i] - returned[i]
        year_sold[i] += (kept - year_sold[i]) * (1 / YEAR_DAYS)


@compiled
def _shelf(stock: int, wanted: float, rates: _Rates) -> float:
    """What the shelf does to demand: 1 when full, less for a thin choice, little more for a deep
    one."""
    thin = rates.shelf_effect * rates.stock_cover_days * wanted
    return (1 + rates.shelf_effect) * stock / (stock + thin + _STOCK_MIN)


@compiled
def _counted(expected: float, cv: float, z: float, lot: float) -> int:
    """Whole orders with this mean, variance mean + (cv x mean)**2, never below zero.

    The square of a normal around the root (Anscombe's transform of counts), rescaled to the mean
    and rounded by lot.
    """
    noise = 0.25 + (cv * cv / 4) * expected
    root = sqrt(expected) + sqrt(noise) * z
    return floor(root * root * (expected / (expected + noise)) + lot)


@compiled
def _stars(mean_milli: float, is_sold_out: bool, rated: int, lot: float) -> int:
    """Sums of stars that scatter evenly around the shop's mean, as far as one to five allow."""
    mean_milli = max(mean_milli - _SOLD_OUT_MILLI * is_sold_out, _STARS_MILLI_MIN)
    room_milli = min(_STARS_MILLI_MAX - mean_milli, mean_milli - _STARS_MILLI_MIN)
    return floor(rated * mean_milli + sqrt(rated) * room_milli * (2 * lot - 1))


def brush(at: I64, t: Traits, b: Books, p: WorldParameters, report: Report, day: int) -> None:
    """Add the invented orders of dishonest merchants (rows ``at``) to the report, and pay for them.

    Few buyers stand behind them, all give five stars, none sends goods back.
    """
    shares = p.brush_cost_share, p.rating_given_share, p.brush_buyer_share
    of_shop = t.fraud, t.strike_day, t.ticket_fen
    ratios = p.brush_ratio, p.vanisher_brush_ratio
    _brush_rows(at, of_shop, b.cash_fen, report.columns(), ratios, shares, day)


@compiled
def _brush_rows(
    at: I64,
    of_shop: tuple[I64, I64, I64],
    cash_fen: I64,
    report: tuple[I64, ...],
    ratios: tuple[float, float],
    shares: tuple[float, float, float],
    day: int,
) -> None:
    fraud, strike_day, ticket_fen = of_shop
    gross_fen, orders, buyers, _, rating_sum_milli, rating_count, _ = report
    cost_share, rated_share, buyer_share = shares
    for i in at:
        invented = int(orders[i] * brush_ratio(fraud[i], strike_day[i], ratios, day))
        sales_fen = invented * ticket_fen[i]
        rated = int(invented * rated_share)
        cash_fen[i] -= min(int(sales_fen * cost_share), cash_fen[i])
        gross_fen[i] += sales_fen
        orders[i] += invented
        buyers[i] += int(invented * buyer_share)
        rating_count[i] += rated
        rating_sum_milli[i] += rated * _STARS_MILLI_MAX


def dishonest_rows(t: Traits) -> I64:
    """Rows of a block that invent orders at some time."""
    return np.flatnonzero(t.fraud != Fraud.HONEST)
