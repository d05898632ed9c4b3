"""Who the merchants are: traits drawn once, of which a bank sees little.

Shapes follow real sellers (Olist); levels are scaled to small merchants on a Chinese platform.
Quality is never visible: buyers notice it, and ratings, returns, margins and growth follow.
"""

from dataclasses import dataclass
from math import log1p, sqrt

import numpy as np

from sim.credit.columns import F64, I64, Block, Mask, exp_portable, floor_i64
from sim.credit.demand import CATEGORIES
from sim.credit.entry import since_day
from sim.credit.fraudsters import Fraud, scheme_of
from sim.credit.world_parameters import WorldParameters

WEEK_DAYS = 7
_RATING_MILLI_MIN, _RATING_MILLI_MAX = 1_000, 5_000
# The least that a sale leaves after goods, refunds and fees: a trade without it does not start.
_CONTRIBUTION_MIN = 0.02
_ORDERS_PER_DAY_MIN = 0.02
# Shops that are made to be lent to keep little staff and sell little.
_SHELL_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Traits:
    """Columns (n,). cell: region x category, the row of the day's demand table.

    orders_per_day: at the start, in normal times.  late, refund: shares of orders.
    contribution: of sales, what goods, refunds and fees leave.  fixed_fen: costs per day.
    buffer_days: of outflows, the cash that the owner keeps in the shop.
    office_weekday: when the owner looks after money, 0..6.
    """

    quality: F64
    orders_per_day: F64
    rating_milli: F64
    late: F64
    refund: F64
    contribution: F64
    buffer_days: F64
    ticket_fen: I64
    unit_cost_fen: I64
    fixed_fen: I64
    property_fen: I64
    region: I64
    cell: I64
    since_day: I64
    strike_day: I64
    owner: I64
    office_weekday: I64
    fraud: I64
    takes_credit: Mask
    is_careless: Mask
    repays_after_exit: Mask


@dataclass(frozen=True, slots=True)
class _Size:
    """sales, orders: standard normal scores."""

    sales: F64
    orders: F64
    orders_per_day: F64
    ticket_fen: I64


def draw_traits(block: Block, p: WorldParameters) -> Traits:
    """The traits of one block of merchants."""
    quality = block.normal("merchant_quality")
    scheme = scheme_of(block, p)
    honest = scheme.kind < Fraud.VANISHER
    shell = np.where(honest, 1.0, _SHELL_SHARE)
    size = _size(block, p, shell)
    late = _mixed(p.late_quality_elasticity, quality, block.normal("merchant_late"))
    refund = _refund(block, p, quality)
    margin = _margin(block, p, quality)
    contribution = np.maximum(margin * (1 - refund) - p.fee_share, _CONTRIBUTION_MIN)
    since = since_day(block, p)
    region = floor_i64(block.uniform("merchant_region") * p.region_count)
    category = floor_i64(block.uniform("merchant_category") * len(CATEGORIES))
    return Traits(
        quality=quality,
        orders_per_day=size.orders_per_day,
        rating_milli=_rating_milli(block, p, quality, size, late),
        late=_late_share(p, late),
        refund=refund,
        contribution=contribution,
        buffer_days=_buffer_days(block, p),
        ticket_fen=size.ticket_fen,
        unit_cost_fen=np.maximum(floor_i64(size.ticket_fen * (1 - margin)), 1),
        fixed_fen=np.maximum(
            floor_i64(shell * _fixed_fen(block, p, quality, size, contribution, since)), 1
        ),
        property_fen=_property_fen(block, p, size),
        region=region,
        cell=region * len(CATEGORIES) + category,
        since_day=since,
        strike_day=scheme.strike_day,
        owner=scheme.owner,
        office_weekday=floor_i64(block.uniform("merchant_weekday") * WEEK_DAYS),
        fraud=scheme.kind,
        takes_credit=block.uniform("merchant_takes_credit") < p.credit_taker_share,
        is_careless=block.uniform("merchant_careless") < p.careless_owner_share,
        repays_after_exit=honest & (block.uniform("merchant_repays") < p.household_payer_share),
    )


def _size(block: Block, p: WorldParameters, shell: F64) -> _Size:
    """Lognormal sales and orders, correlated; the ticket is what one leaves of the other."""
    sales = block.normal("merchant_sales")
    slope = p.orders_sales_elasticity * p.sales_sigma
    rest = sqrt(max(p.orders_sigma**2 - slope**2, 0.0))
    log_orders = slope * sales + rest * block.normal("merchant_orders")
    ticket = p.ticket_fen_p50 * exp_portable(p.sales_sigma * sales - log_orders)
    ticket_fen = np.maximum(floor_i64(ticket), 100)
    sales_fen = p.sales_fen_per_day_p50 * exp_portable(p.sales_sigma * sales) * shell
    orders = np.maximum(sales_fen / ticket_fen, _ORDERS_PER_DAY_MIN)
    return _Size(sales, log_orders / (p.orders_sigma or 1.0), orders, ticket_fen)


def _mixed(weight: float, known: F64, other: F64) -> F64:
    """A standard normal score whose correlation with ``known`` is ``weight``."""
    return weight * known + sqrt(1 - weight**2) * other


def _late_share(p: WorldParameters, score: F64) -> F64:
    """Lognormal with the mean and the spread of the parameters."""
    sigma = sqrt(log1p(p.late_cv**2))
    return np.minimum(p.late_share * exp_portable(sigma * score - sigma**2 / 2), 0.9)


def _rating_milli(block: Block, p: WorldParameters, quality: F64, size: _Size, late: F64) -> F64:
    """Mean stars x 1,000: buyers reward quality, mark down lateness, and expect more of the big."""
    known = (
        p.rating_quality_elasticity * quality
        + p.rating_orders_elasticity * size.orders
        + p.rating_late_elasticity * late
    )
    explained = (
        p.rating_quality_elasticity**2
        + p.rating_orders_elasticity**2
        + p.rating_late_elasticity**2
        + 2 * p.rating_quality_elasticity * p.rating_late_elasticity * p.late_quality_elasticity
    )
    score = known + sqrt(max(1 - explained, 0.0)) * block.normal("merchant_rating")
    milli = 1_000 * p.rating_ratio * (1 + p.rating_cv * score)
    return np.clip(milli, _RATING_MILLI_MIN, _RATING_MILLI_MAX)


def _refund(block: Block, p: WorldParameters, quality: F64) -> F64:
    score = p.refund_quality_elasticity * quality + p.refund_sigma * block.normal("merchant_refund")
    return np.minimum(p.refund_share * exp_portable(score), 0.6)


def _margin(block: Block, p: WorldParameters, quality: F64) -> F64:
    factor = p.margin_quality_elasticity * quality + p.margin_cv * block.normal("merchant_margin")
    return np.clip(p.margin_share * (1 + factor), 0.05, 0.95)


def _fixed_fen(
    block: Block, p: WorldParameters, quality: F64, size: _Size, contribution: F64, since: I64
) -> F64:
    """Rent, wages and the owner's living, against what usual sales leave."""
    score = p.fixed_cost_quality_elasticity * quality + p.fixed_cost_sigma * block.normal(
        "merchant_fixed_cost"
    )
    learning = np.where(since > p.start_day, p.entrant_cost_ratio, 1.0)
    earned = size.orders_per_day * size.ticket_fen * contribution
    return p.fixed_cost_share * learning * exp_portable(score) * earned


def _buffer_days(block: Block, p: WorldParameters) -> F64:
    return p.cash_buffer_days_p50 * exp_portable(
        p.cash_buffer_sigma * block.normal("merchant_cash")
    )


def _property_fen(block: Block, p: WorldParameters, size: _Size) -> I64:
    """What the owner could pledge: wealth follows size a little, and quality not at all."""
    score = p.property_sales_elasticity * p.sales_sigma * size.sales
    value = p.property_fen_p50 * exp_portable(
        score + p.property_sigma * block.normal("merchant_property")
    )
    owns = block.uniform("merchant_owns_property") < p.property_owner_share
    return floor_i64(value) * owns
