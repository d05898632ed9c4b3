"""Dishonest merchants. The truth stays in the economy; a bank sees only what its feed shows.

Brushing invents orders: sales, buyers and stars rise, but few buyers stand behind many orders, few
of these come back, and no goods leave the shelf. It costs commissions in real cash.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from sim.credit.columns import I64, NEVER, Block, floor_i64
from sim.credit.world_parameters import WorldParameters
from system.kernels.compiled import compiled

# So long before it strikes, a shell shop begins to look busy.
_STAGE_DAYS = 180


class Fraud(IntEnum):
    """From VANISHER on, the shop exists in order to be lent to."""

    HONEST = 0
    BRUSHER = 1
    VANISHER = 2
    RING = 3


@dataclass(frozen=True, slots=True)
class Scheme:
    """int64 (n,). owner: the row of the real owner's first shop.

    strike_day: from when a shell shop asks for credit, NEVER for others.
    """

    kind: I64
    owner: I64
    strike_day: I64


def scheme_of(block: Block, p: WorldParameters) -> Scheme:
    """Who is dishonest, and how. Rings are neighbouring rows; they strike together."""
    row = np.arange(block.n)
    leader = row - row % p.ring_count
    in_ring = (block.uniform("fraud_ring") < p.ring_share)[leader]
    lot = block.uniform("fraud_kind")
    single = np.where(lot < p.vanisher_share, Fraud.VANISHER, Fraud.HONEST)
    brushes = (lot >= p.vanisher_share) & (lot < p.vanisher_share + p.brusher_share)
    kind = np.where(in_ring, Fraud.RING, np.where(brushes, Fraud.BRUSHER, single))
    strike = p.start_day + floor_i64(block.uniform("fraud_strike") * p.entry_days_max)
    strike = np.where(in_ring, strike[leader], strike)
    return Scheme(
        kind=kind.astype(np.int64),
        owner=block.first + np.where(in_ring, leader, row),
        strike_day=np.where(kind >= Fraud.VANISHER, strike, NEVER),
    )


@compiled
def brush_ratio(kind: int, strike_day: int, ratios: tuple[float, float], day: int) -> float:
    """Invented orders for each true one, today. ratios: of brushers, of shell shops."""
    if kind == Fraud.BRUSHER:
        return ratios[0]
    is_staged = kind >= Fraud.VANISHER and day >= strike_day - _STAGE_DAYS
    return ratios[1] if is_staged else 0.0
