"""How merchants leave: out of cash for too long, out of business by choice, or with the loan."""

import numpy as np

from sim.credit.cash import Books
from sim.credit.columns import I64, Block, part_floor
from sim.credit.fraudsters import Fraud
from sim.credit.merchants import WEEK_DAYS, Traits
from sim.credit.world_parameters import WorldParameters
from system.limits import YEAR_DAYS


def close_shops(
    block: Block, t: Traits, b: Books, p: WorldParameters, day: int, dishonest: I64
) -> None:
    """Close whoever has to, or wants to, tonight. dishonest: rows that may vanish."""
    leaving = b.arrears_days >= p.insolvency_arrears_days
    leaving[dishonest] |= b.struck_on[dishonest] <= day - p.vanish_after_days
    if day % WEEK_DAYS == 0:
        leaving |= block.uniform("retirement", day) < p.retirement_per_year * WEEK_DAYS / YEAR_DAYS
    at = np.flatnonzero(leaving & b.open)
    if at.size:
        _close(at, t, b, p, day)


def _close(at: I64, t: Traits, b: Books, p: WorldParameters, day: int) -> None:
    """Sell the stock off and pay wages and suppliers; what is left is the owner's, and the bank's.

    Shell shops leave nothing behind.
    """
    cash_fen = b.cash_fen[at] + part_floor(b.stock[at] * t.unit_cost_fen[at], p.liquidation_share)
    for debt in (b.arrears_fen, b.payable_fen):
        paid_fen = np.minimum(debt[at], cash_fen)
        cash_fen -= paid_fen
        debt[at] -= paid_fen
    stays = t.fraud[at] < Fraud.VANISHER
    b.cash_fen[at] = cash_fen * stays
    b.held_fen[at] *= stays
    b.open[at] = False
    b.pull[at] = 0
    b.closed_on[at] = day
    for column in (b.stock, b.short_fen, b.growth_fen):
        column[at] = 0
