"""The merchants' books: what the shop sells, what it costs, and when it can no longer go on.

Money is whole fen, goods are whole orders. The order in which cash is used is fixed:
wages and fixed costs (old arrears first), suppliers, goods, growth, the owner's own purse. The
bank is paid before all of them, but only from what is left above the reserve (``owners``).
"""

from dataclasses import dataclass
from math import floor

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
from system.kernels.compiled import compiled
from system.limits import YEAR_DAYS

# The memory of a shop about its own sales, in days: for orders of goods, and for yearly books.
SALES_MEMORY_DAYS = 30
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
    if not at.size:
        return
    b.open[at] = True
    b.pull[at] = pull_of(t, b, at)


def settle_costs(b: Books, p: WorldParameters) -> Mask:
    """Pay wages and costs, then suppliers. Returns who still has the suppliers' trust."""
    trusted = np.empty_like(b.open)
    owed = b.open, b.fixed_fen, b.arrears_fen, b.arrears_days, b.payable_fen
    _settle_rows(trusted, b.cash_fen, owed, 1 / p.supplier_credit_days)
    return trusted


@compiled
def _settle_rows(
    trusted: Mask, cash_fen: I64, owed: tuple[Mask, I64, I64, I64, I64], due_share: float
) -> None:
    is_open, fixed_fen, arrears_fen, arrears_days, payable_fen = owed
    for i in range(cash_fen.size):
        bill_fen = arrears_fen[i] + fixed_fen[i] * is_open[i]
        paid_fen = min(bill_fen, cash_fen[i])
        arrears_fen[i] = bill_fen - paid_fen
        arrears_days[i] = (arrears_days[i] + 1) * (arrears_fen[i] > 0)
        left_fen = cash_fen[i] - paid_fen
        due_fen = int(payable_fen[i] * due_share)
        paid_fen = min(due_fen, left_fen)
        cash_fen[i] = left_fen - paid_fen
        payable_fen[i] -= paid_fen
        trusted[i] = paid_fen == due_fen and arrears_fen[i] == 0


def restock(t: Traits, b: Books, p: WorldParameters, trusted: Mask, cover: F64) -> None:
    """Fill the shelf as far as cash allows. cover: stock to hold by cell, in usual covers.

    Notes in short_fen what was lacking, when the shelf stays low.
    """
    shop = trusted, t.cell, t.unit_cost_fen
    shelf = b.open, b.wanted, b.fixed_fen, b.arrears_fen
    changed = b.stock, b.cash_fen, b.payable_fen, b.short_fen
    credit_share = p.supplier_credit_share
    _restock_rows(shop, shelf, changed, cover * p.stock_cover_days, credit_share, p.reserve_days)


@compiled
def _restock_rows(
    shop: tuple[Mask, I64, I64],
    shelf: tuple[Mask, F64, I64, I64],
    changed: tuple[I64, I64, I64, I64],
    cover_days: F64,
    credit_share: float,
    reserve_days: int,
) -> None:
    """Step by step, each a loop over a few columns: see ``sales._sell_rows``."""
    trusted, cell, unit_cost_fen = shop
    is_open, wanted, fixed_fen, arrears_fen = shelf
    stock, cash_fen, payable_fen, short_fen = changed
    target, gap, bought = np.empty_like(stock), np.empty_like(stock), np.empty_like(stock)
    cash_share = np.empty(stock.size)
    for i in range(stock.size):
        cash_share[i] = 1 - credit_share * trusted[i]
    for i in range(stock.size):
        target[i] = floor(wanted[i] * cover_days[cell[i]]) + 1
    for i in range(stock.size):
        gap[i] = max(target[i] - stock[i], 0) * is_open[i]
    for i in range(stock.size):
        spare_fen = max(cash_fen[i] - fixed_fen[i] * reserve_days, 0)
        bought[i] = min(gap[i], floor(spare_fen / (unit_cost_fen[i] * cash_share[i])))
    _buy(bought, unit_cost_fen, cash_share, stock, cash_fen, payable_fen)
    for i in range(stock.size):
        is_low = stock[i] < target[i] * _SHELF_LOW_SHARE
        price_fen = unit_cost_fen[i] * cash_share[i]
        short_fen[i] = int((gap[i] - bought[i]) * (price_fen * is_low))
    for i in range(stock.size):
        short_fen[i] = (arrears_fen[i] + short_fen[i]) * is_open[i]


@compiled
def _buy(
    bought: I64, unit_cost_fen: I64, cash_share: F64, stock: I64, cash_fen: I64, payable_fen: I64
) -> None:
    for i in range(bought.size):
        cost_fen = bought[i] * unit_cost_fen[i]
        now_fen = int(cost_fen * cash_share[i])
        cash_fen[i] -= now_fen
        payable_fen[i] += cost_fen - now_fen
    for i in range(bought.size):
        stock[i] += bought[i]


def grow(t: Traits, b: Books, p: WorldParameters, day: int) -> None:
    """Seize open opportunities that cash can pay; otherwise they count among what is lacking."""
    chance = b.growth_fen, b.growth_gain, b.growth_until
    means = b.fixed_fen, b.arrears_fen, t.unit_cost_fen
    changed = b.cash_fen, b.short_fen, b.stock, b.level
    grown = np.zeros_like(b.open)
    if _grow_rows(grown, chance, means, changed, day, p.reserve_days, p.opportunity_stock_share):
        done = np.flatnonzero(grown)
        b.pull[done] = pull_of(t, b, done)


@compiled
def _grow_rows(
    grown: Mask,
    chance: tuple[I64, F64, I64],
    means: tuple[I64, I64, I64],
    changed: tuple[I64, I64, I64, F64],
    day: int,
    reserve_days: int,
    stock_share: float,
) -> int:
    """Returns how many have grown."""
    count = 0
    growth_fen, growth_gain, growth_until = chance
    fixed_fen, arrears_fen, unit_cost_fen = means
    cash_fen, short_fen, stock, level = changed
    for i in range(cash_fen.size):
        cost_fen = growth_fen[i]
        if cost_fen == 0:
            continue
        spare_fen = max(cash_fen[i] - fixed_fen[i] * reserve_days, 0)
        short_fen[i] += max(cost_fen - spare_fen, 0)
        if arrears_fen[i] == 0 and spare_fen >= cost_fen:
            stock[i] += floor(cost_fen * stock_share / unit_cost_fen[i])
            cash_fen[i] -= cost_fen
            level[i] *= 1 + growth_gain[i]
            grown[i] = True
            count += 1
        if grown[i] or growth_until[i] <= day:
            growth_fen[i] = 0
    return count


def yearly_profit_fen(t: Traits, b: Books, at: I64) -> F64:
    """What the last twelve months left to the owners of the rows ``at``."""
    gross_fen = b.year_sold[at] / (1 - t.refund[at]) * t.ticket_fen[at]
    profit_fen: F64 = YEAR_DAYS * (gross_fen * t.contribution[at] - b.fixed_fen[at])
    return profit_fen


def is_sound(t: Traits, b: Books) -> Mask:
    """Whether the business earns more than it costs in normal times."""
    return t.orders_per_day * b.level * t.ticket_fen * t.contribution > b.fixed_fen


def usual_outflow_fen(t: Traits, b: Books, at: I64 | slice) -> I64:
    """What a usual day costs the rows ``at``: wages, fixed costs and goods."""
    return b.fixed_fen[at] + part_floor(t.unit_cost_fen[at], b.wanted[at])


def idle_fen(t: Traits, b: Books, at: I64 | slice) -> I64:
    """Cash of the rows ``at`` beyond what the owner keeps in the shop; below zero where it
    lacks."""
    return b.cash_fen[at] - part_floor(usual_outflow_fen(t, b, at), t.buffer_days[at])
