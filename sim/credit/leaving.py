"""How merchants leave: out of cash for too long, out of business by choice, or with the loan."""

import numpy as np

from sim.credit.cash import Books
from sim.credit.columns import I64, Block, Mask, part_floor
from sim.credit.fraudsters import Fraud
from sim.credit.merchants import WEEK_DAYS, Traits
from sim.credit.world_parameters import WorldParameters
from system.kernels.compiled import compiled
from system.limits import YEAR_DAYS


def close_shops(block: Block, t: Traits, b: Books, p: WorldParameters, day: int) -> None:
    """Close whoever has to, or wants to, tonight."""
    if day % WEEK_DAYS == 0:
        share = p.retirement_per_year * WEEK_DAYS / YEAR_DAYS
        leaving = block.uniform("retirement", day) < share
    else:
        leaving = np.zeros_like(b.open)
    shop = b.open, b.arrears_days, b.struck_on
    if _leaving_rows(leaving, shop, p.insolvency_arrears_days, day - p.vanish_after_days):
        _close(np.flatnonzero(leaving), t, b, p, day)


@compiled
def _leaving_rows(
    leaving: Mask, shop: tuple[Mask, I64, I64], arrears_days_min: int, struck_before: int
) -> int:
    """Beside those who want to: the insolvent, and shell shops some days after their loan. Returns
    how many leave."""
    is_open, arrears_days, struck_on = shop
    count = 0
    for i in range(leaving.size):
        leaving[i] |= arrears_days[i] >= arrears_days_min or struck_on[i] <= struck_before
        leaving[i] &= is_open[i]
        count += leaving[i]
    return count


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
