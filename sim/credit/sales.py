"""A day's trade of each merchant, and what the platform reports of it."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.credit.cash import Books, collect, remember_sales
from sim.credit.columns import F64, I64, Block, Mask, floor_i64, part_floor
from sim.credit.fraudsters import Fraud, brush_ratio_of
from sim.credit.merchants import Traits
from sim.credit.world_parameters import WorldParameters

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
_STARS_MILLI_MIN, _STARS_MILLI_MAX = 1_000, 5_000


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


def sell(
    block: Block, t: Traits, b: Books, p: WorldParameters, factor: F64, day: int, report: Report
) -> None:
    """One day's sales, booked and reported. factor: the day's demand by cell."""
    collect(b, p)
    expected = b.pull * factor[t.cell] * _shelf(b, p)
    lots = block.coarse("sales_rounding", day)
    asked = _counted(expected, p.demand_cv, block.normal("sales", day), lots[0])
    sold = np.minimum(asked, b.stock, out=report.orders)
    refunded = floor_i64(sold * t.refund + lots[1])
    kept = sold - refunded
    np.multiply(sold, t.ticket_fen, out=report.gross_fen)
    np.multiply(refunded, t.ticket_fen, out=report.refund_fen)
    kept_fen = report.gross_fen - report.refund_fen
    b.stock -= kept
    b.held_fen += kept_fen - part_floor(kept_fen, p.fee_share)
    remember_sales(b, asked, kept)
    np.subtract(sold, part_floor(sold, p.repeat_buyer_share), out=report.buyers)
    np.multiply(b.stock, t.unit_cost_fen, out=report.stock_fen)
    rated = floor_i64(sold * p.rating_given_share + lots[2])
    report.rating_count[:] = rated
    report.rating_sum_milli[:] = _stars(t.rating_milli, sold < asked, rated, lots[3])


def _shelf(b: Books, p: WorldParameters) -> F64:
    """What the shelf does to demand: 1 when full, less for a thin choice, little more for a deep
    one."""
    thin = p.shelf_effect_ratio * p.stock_cover_days * b.wanted
    return (1 + p.shelf_effect_ratio) * b.stock / (b.stock + thin + _STOCK_MIN)


def _counted(expected: F64, cv: float, z: F64, lot: F64) -> I64:
    """Whole orders with this mean, variance mean + (cv x mean)**2, never below zero.

    The square of a normal around the root (Anscombe's transform of counts), rescaled to the mean
    and rounded by lot.
    """
    noise = 0.25 + (cv * cv / 4) * expected
    root = np.sqrt(expected) + np.sqrt(noise) * z
    return floor_i64(root * root * (expected / (expected + noise)) + lot)


def _stars(mean_milli: F64, sold_out: Mask, rated: I64, lot: F64) -> I64:
    """Sums of stars that scatter evenly around the shop's mean, as far as one to five allow."""
    mean_milli = np.maximum(mean_milli - _SOLD_OUT_MILLI * sold_out, _STARS_MILLI_MIN)
    room_milli = np.minimum(_STARS_MILLI_MAX - mean_milli, mean_milli - _STARS_MILLI_MIN)
    return floor_i64(rated * mean_milli + np.sqrt(rated) * room_milli * (2 * lot - 1))


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
