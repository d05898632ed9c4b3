"""A day's trade of each merchant, and what the platform reports of it."""

from dataclasses import dataclass
from math import floor, sqrt
from typing import Final, NamedTuple

import numpy as np

from sim.credit.cash import SALES_MEMORY_DAYS, Books
from sim.credit.columns import F64, I64, U64, Block, lot_of, part_floor
from sim.credit.fraudsters import Fraud, brush_ratio_of
from sim.credit.merchants import Traits
from sim.credit.world_parameters import WorldParameters
from system.kernels.compiled import compiled
from system.limits import YEAR_DAYS

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


def sell(
    block: Block, t: Traits, b: Books, p: WorldParameters, factor: F64, day: int, report: Report
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
    luck = block.normal("sales", day), block.words("sales_rounding", day)
    _sell_rows(of_shop, of_books, report.columns(), luck, factor, rates)


@compiled
def _sell_rows(
    of_shop: _OfShop,
    of_books: _OfBooks,
    report: tuple[I64, ...],
    luck: tuple[F64, U64],
    factor: F64,
    rates: _Rates,
) -> None:
    cell, refund, ticket_fen, unit_cost_fen, rating_milli = of_shop
    pull, stock, wanted, year_sold, held_fen, cash_fen = of_books
    gross_fen, orders, buyers, refund_fen, rating_sum_milli, rating_count, stock_fen = report
    z, words = luck
    for i in range(cell.size):
        paid_fen = int(held_fen[i] * rates.paid_out)
        cash_fen[i] += paid_fen
        expected = pull[i] * factor[cell[i]] * _shelf(stock[i], wanted[i], rates)
        asked = _counted(expected, rates.demand_cv, z[i], lot_of(words[i], 0))
        sold = min(asked, stock[i])
        refunded = floor(sold * refund[i] + lot_of(words[i], 1))
        kept = sold - refunded
        orders[i] = sold
        gross_fen[i] = sold * ticket_fen[i]
        refund_fen[i] = refunded * ticket_fen[i]
        kept_fen = gross_fen[i] - refund_fen[i]
        stock[i] -= kept
        held_fen[i] += kept_fen - int(kept_fen * rates.fee) - paid_fen
        wanted[i] += (asked - wanted[i]) * (1 / SALES_MEMORY_DAYS)
        year_sold[i] += (kept - year_sold[i]) * (1 / YEAR_DAYS)
        buyers[i] = sold - int(sold * rates.repeat_buyer)
        stock_fen[i] = stock[i] * unit_cost_fen[i]
        rated = floor(sold * rates.rating_given + lot_of(words[i], 2))
        rating_count[i] = rated
        lot = lot_of(words[i], 3)
        rating_sum_milli[i] = _stars(rating_milli[i], sold < asked, rated, lot)


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
    ratio = brush_ratio_of(t.fraud[at], t.strike_day[at], p, day)
    invented = part_floor(report.orders[at], ratio)
    cost_fen = part_floor(invented * t.ticket_fen[at], p.brush_cost_share)
    b.cash_fen[at] -= np.minimum(cost_fen, b.cash_fen[at])
    rated = part_floor(invented, p.rating_given_share)
    report.gross_fen[at] += invented * t.ticket_fen[at]
    report.orders[at] += invented
    report.buyers[at] += part_floor(invented, p.brush_buyer_share)
    report.rating_count[at] += rated
    report.rating_sum_milli[at] += rated * _STARS_MILLI_MAX


def dishonest_rows(t: Traits) -> I64:
    """Rows of a block that invent orders at some time."""
    return np.flatnonzero(t.fraud != Fraud.HONEST)
