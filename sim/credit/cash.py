"""The merchants' books: what the shop sells, what it costs, and when it can no longer go on.

Money is whole fen, goods are whole orders. The order in which cash is used is fixed:
wages and fixed costs (old arrears first), suppliers, goods, growth, the owner's own purse. The
bank is paid before all of them, but only from what is left above the reserve (``owners``).
"""

from dataclasses import dataclass

import numpy as np

from sim.credit.columns import (
    F64,
    I64,
    NEVER,
    Block,
    Mask,
    floor_i64,
    part_floor,
)
from sim.credit.merchants import Traits
from sim.credit.world_parameters import WorldParameters
from system.limits import YEAR_DAYS

# The memory of a shop about its own sales, in days: for orders of goods, and for yearly books.
_SALES_MEMORY_DAYS = 30
# However bad its luck, a shop keeps so much of its demand.
_OWN_FACTOR_MIN = 0.1
# A shelf this full needs no loan.
_SHELF_LOW_SHARE = 0.75


@dataclass(slots=True)
class Books:
    """Columns (n,), written in place. open: the shop trades.

    stock: orders that the shelf can fill.  held_fen: sales that the platform has not paid out.
    payable_fen: owed to suppliers.  arrears_fen: unpaid
    wages and costs, arrears_days: for how long.  wanted: orders asked for a day, smoothed.
    year_sold: orders filled a day, smoothed over a year.  level: demand against the start.
    own: the shop's own shock.  pull: orders a day before the calendar has its say, 0 while closed.
    fixed_fen: wages and fixed costs per day.  short_fen: what money was lacking for last night.
    growth_fen, growth_gain, growth_until: an open opportunity, what it would add to the level,
    its last day.  struck_on: a shell shop has got its loan.
    """

    open: Mask
    cash_fen: I64
    stock: I64
    held_fen: I64
    payable_fen: I64
    arrears_fen: I64
    arrears_days: I64
    wanted: F64
    year_sold: F64
    level: F64
    own: F64
    pull: F64
    fixed_fen: I64
    short_fen: I64
    growth_fen: I64
    growth_gain: F64
    growth_until: I64
    applied_on: I64
    struck_on: I64
    closed_on: I64


def open_books(block: Block, t: Traits, p: WorldParameters) -> Books:
    """The books at the start; newcomers hold theirs until they open."""
    n = block.n
    goods_fen = floor_i64(t.orders_per_day * t.unit_cost_fen)
    books = Books(
        open=t.since_day < p.start_day,
        cash_fen=part_floor(goods_fen + t.fixed_fen, t.buffer_days),
        stock=floor_i64(t.orders_per_day * p.stock_cover_days) + 1,
        held_fen=part_floor(t.ticket_fen, t.orders_per_day * p.settlement_days * (1 - p.fee_share)),
        payable_fen=part_floor(goods_fen, p.supplier_credit_share * p.supplier_credit_days),
        arrears_fen=_whole(n),
        arrears_days=_whole(n),
        wanted=t.orders_per_day.copy(),
        year_sold=t.orders_per_day * (1 - t.refund),
        level=np.ones(n),
        own=p.own_shock_cv * block.normal("merchant_own_shock"),
        pull=np.zeros(n),
        fixed_fen=t.fixed_fen.copy(),
        short_fen=_whole(n),
        growth_fen=_whole(n),
        growth_gain=np.zeros(n),
        growth_until=_whole(n),
        applied_on=_whole(n, -NEVER),
        struck_on=_whole(n, NEVER),
        closed_on=_whole(n, NEVER),
    )
    books.pull[:] = pull_of(t, books, slice(None))
    return books


def pull_of(t: Traits, b: Books, at: I64 | slice) -> F64:
    """Orders a day before the calendar has its say, of the rows ``at``."""
    own = np.maximum(1 + b.own[at], _OWN_FACTOR_MIN)
    pull: F64 = t.orders_per_day[at] * b.level[at] * own * b.open[at]
    return pull


def _whole(n: int, value: int = 0) -> I64:
    return np.full(n, value, np.int64)


def open_shops(t: Traits, b: Books, day: int) -> None:
    """Newcomers of this morning start to trade."""
    at = np.flatnonzero(t.since_day == day)
    b.open[at] = True
    b.pull[at] = pull_of(t, b, at)


def collect(b: Books, p: WorldParameters) -> None:
    """The platform pays out what it held."""
    paid_fen = part_floor(b.held_fen, 1 / p.settlement_days)
    b.held_fen -= paid_fen
    b.cash_fen += paid_fen


def settle_costs(t: Traits, b: Books, p: WorldParameters) -> Mask:
    """Pay wages and costs, then suppliers. Returns who still has the suppliers' trust."""
    bill_fen = b.arrears_fen + b.fixed_fen * b.open
    paid_fen = np.minimum(bill_fen, b.cash_fen)
    b.cash_fen -= paid_fen
    np.subtract(bill_fen, paid_fen, out=b.arrears_fen)
    in_arrears = b.arrears_fen > 0
    b.arrears_days += 1
    b.arrears_days *= in_arrears
    due_fen = part_floor(b.payable_fen, 1 / p.supplier_credit_days)
    paid_fen = np.minimum(due_fen, b.cash_fen)
    b.cash_fen -= paid_fen
    b.payable_fen -= paid_fen
    trusted: Mask = (paid_fen == due_fen) & ~in_arrears
    return trusted


def restock(t: Traits, b: Books, p: WorldParameters, trusted: Mask, cover: F64) -> None:
    """Fill the shelf as far as cash allows. cover: stock to hold by cell, in usual covers.

    Notes in short_fen what was lacking, when the shelf stays low.
    """
    target = floor_i64(b.wanted * (cover * p.stock_cover_days)[t.cell]) + 1
    gap = np.maximum(target - b.stock, 0) * b.open
    cash_share = 1 - p.supplier_credit_share * trusted
    price_fen = t.unit_cost_fen * cash_share
    spare_fen = np.maximum(b.cash_fen - b.fixed_fen * p.reserve_days, 0)
    bought = np.minimum(gap, floor_i64(spare_fen / price_fen))
    cost_fen = bought * t.unit_cost_fen
    now_fen = part_floor(cost_fen, cash_share)
    b.cash_fen -= now_fen
    b.payable_fen += cost_fen - now_fen
    b.stock += bought
    is_low = b.stock < target * _SHELF_LOW_SHARE
    lack_fen = part_floor(gap - bought, price_fen * is_low)
    np.multiply(b.arrears_fen + lack_fen, b.open, out=b.short_fen)


def grow(t: Traits, b: Books, p: WorldParameters, day: int) -> None:
    """Seize open opportunities that cash can pay; otherwise they count among what is lacking."""
    at = np.flatnonzero(b.growth_fen)
    cost_fen = b.growth_fen[at]
    spare_fen = np.maximum(b.cash_fen[at] - b.fixed_fen[at] * p.reserve_days, 0)
    free = b.arrears_fen[at] == 0
    b.short_fen[at] += np.maximum(cost_fen - spare_fen, 0)
    done = at[free & (spare_fen >= cost_fen)]
    stock = floor_i64(b.growth_fen[done] * p.opportunity_stock_share / t.unit_cost_fen[done])
    b.stock[done] += stock
    b.cash_fen[done] -= b.growth_fen[done]
    b.level[done] *= 1 + b.growth_gain[done]
    b.pull[done] = pull_of(t, b, done)
    over = np.concatenate((done, at[b.growth_until[at] <= day]))
    b.growth_fen[over] = 0


def yearly_profit_fen(t: Traits, b: Books, at: I64) -> F64:
    """What the last twelve months left to the owners of the rows ``at``."""
    gross_fen = b.year_sold[at] / (1 - t.refund[at]) * t.ticket_fen[at]
    profit_fen: F64 = YEAR_DAYS * (gross_fen * t.contribution[at] - b.fixed_fen[at])
    return profit_fen


def is_sound(t: Traits, b: Books) -> Mask:
    """Whether the business earns more than it costs in normal times."""
    return t.orders_per_day * b.level * t.ticket_fen * t.contribution > b.fixed_fen


def remember_sales(b: Books, asked: I64, sold: I64) -> None:
    """What the shop knows of its own sales."""
    b.wanted += (asked - b.wanted) * (1 / _SALES_MEMORY_DAYS)
    b.year_sold += (sold - b.year_sold) * (1 / YEAR_DAYS)


def usual_outflow_fen(t: Traits, b: Books) -> I64:
    """What a usual day costs: wages, fixed costs and goods."""
    return b.fixed_fen + part_floor(t.unit_cost_fen, b.wanted)


def idle_fen(t: Traits, b: Books) -> I64:
    """Cash beyond what the owner keeps in the shop; below zero where it lacks."""
    return b.cash_fen - part_floor(usual_outflow_fen(t, b), t.buffer_days)
