"""The numbers of the merchants' economy, read once and typed. Each is a cause, none an outcome.

A field has the name of a parameter in ``sim/scenarios/credit.toml``, where its meaning, source and
range stand. Times are UTC seconds; days after the start count from 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from sim.calendar import UTC_OFFSET_S
from system.errors import InputError
from system.limits import DAY_S


@dataclass(frozen=True, slots=True)
class WorldParameters:
    start_s: int
    # sizes and what buyers see
    sales_fen_per_day_p50: float
    sales_sigma: float
    orders_sigma: float
    orders_sales_elasticity: float
    ticket_fen_p50: int
    rating_ratio: float
    rating_cv: float
    rating_quality_elasticity: float
    rating_orders_elasticity: float
    rating_late_elasticity: float
    rating_given_share: float
    late_share: float
    late_cv: float
    late_quality_elasticity: float
    refund_share: float
    refund_sigma: float
    refund_quality_elasticity: float
    repeat_buyer_share: float
    # costs
    margin_share: float
    margin_cv: float
    margin_quality_elasticity: float
    fee_share: float
    fixed_cost_share: float
    fixed_cost_sigma: float
    fixed_cost_quality_elasticity: float
    entrant_cost_ratio: float
    cost_follows_share: float
    cost_follows_days: int
    # money and goods
    cash_buffer_days_p50: float
    cash_buffer_sigma: float
    settlement_days: int
    stock_cover_days: int
    shelf_effect_ratio: float
    festival_stock_share: float
    supplier_credit_share: float
    supplier_credit_days: int
    reserve_days: int
    withdrawal_per_month: float
    liquidation_share: float
    # wealth
    property_owner_share: float
    property_fen_p50: int
    property_sigma: float
    property_sales_elasticity: float
    household_fen_per_day: int
    household_payer_share: float
    # demand and shocks
    demand_cv: float
    season_amplitude_share: float
    festival_amplitude_ratio: float
    spring_slump_share: float
    region_count: int
    common_shock_cv: float
    region_shock_cv: float
    own_shock_cv: float
    shock_memory_days: int
    growth_per_year: float
    growth_quality_per_year: float
    growth_luck_cv: float
    mishap_per_year: float
    mishap_days: int
    # growth opportunities
    opportunity_per_year: float
    opportunity_days: int
    opportunity_open_days: int
    opportunity_stock_share: float
    opportunity_gain_ratio: float
    opportunity_quality_elasticity: float
    opportunity_luck_cv: float
    # owners and credit
    credit_taker_share: float
    reapply_days: int
    request_sales_days: int
    draw_need_fen_min: int
    idle_repaid_share: float
    careless_owner_share: float
    # entry and exit
    established_years_p50_ratio: float
    established_years_sigma: float
    entry_per_year: float
    entry_days_max: int
    insolvency_arrears_days: int
    retirement_per_year: float
    # fraudsters
    brusher_share: float
    brush_ratio: float
    brush_cost_share: float
    brush_buyer_share: float
    vanisher_share: float
    vanisher_brush_ratio: float
    vanish_after_days: int
    ring_share: float
    ring_count: int
    # books shown to a lender
    statement_noise_cv: float
    statement_shown_share: float
    # a recession as a path: falls, holds, recovers
    recession_at_days: int
    recession_fall_days: int
    recession_hold_days: int
    recession_recovery_days: int
    recession_demand_fall_share: float
    recession_property_fall_share: float

    @property
    def start_day(self) -> int:
        """The local business day number of the first day."""
        return (self.start_s + UTC_OFFSET_S) // DAY_S


_DAYS = (0, 3_650)
_SOME_DAYS = (1, 3_650)
_SIGMA = (0, 4)
_ELASTICITY = (-2, 2)

# Where the arithmetic ends; what a unit already bounds (shares, whole numbers) is not repeated.
WORLD_BOUNDS: Final[Mapping[str, tuple[float, float]]] = {
    "sales_fen_per_day_p50": (1_000, 10**8),
    "sales_sigma": _SIGMA,
    "orders_sigma": _SIGMA,
    "orders_sales_elasticity": (0, 1),
    "ticket_fen_p50": (100, 10**7),
    "rating_ratio": (1, 5),
    "rating_cv": (0, 1),
    "rating_quality_elasticity": (-1, 1),
    "rating_orders_elasticity": (-1, 1),
    "rating_late_elasticity": (-1, 1),
    "late_cv": (0, 3),
    "late_quality_elasticity": (-1, 1),
    "refund_sigma": _SIGMA,
    "refund_quality_elasticity": _ELASTICITY,
    "margin_share": (0.01, 0.9),
    "margin_cv": (0, 1),
    "margin_quality_elasticity": _ELASTICITY,
    "fixed_cost_sigma": _SIGMA,
    "fixed_cost_quality_elasticity": _ELASTICITY,
    "entrant_cost_ratio": (0.1, 10),
    "cost_follows_days": _SOME_DAYS,
    "cash_buffer_days_p50": _DAYS,
    "cash_buffer_sigma": _SIGMA,
    "settlement_days": (1, 366),
    "stock_cover_days": (1, 365),
    "shelf_effect_ratio": (0, 10),
    # Whoever buys all on credit needs no cash, and no price.
    "supplier_credit_share": (0, 0.95),
    "supplier_credit_days": (1, 366),
    "reserve_days": _DAYS,
    # Taken in weekly parts, of which none may exceed the whole.
    "withdrawal_per_month": (0, 4),
    "property_fen_p50": (0, 10**11),
    "property_sigma": _SIGMA,
    "property_sales_elasticity": _ELASTICITY,
    "household_fen_per_day": (0, 10**7),
    "demand_cv": (0, 3),
    "festival_amplitude_ratio": (0, 20),
    "region_count": (1, 64),
    "common_shock_cv": (0, 0.5),
    "region_shock_cv": (0, 0.5),
    "own_shock_cv": (0, 1),
    # Shocks move once a week.
    "shock_memory_days": (7, 3_650),
    "growth_per_year": (0, 5),
    "growth_quality_per_year": (0, 5),
    "growth_luck_cv": (0, 2),
    "mishap_per_year": (0, 50),
    "mishap_days": (0, 366),
    "opportunity_per_year": (0, 50),
    "opportunity_days": (0, 366),
    "opportunity_open_days": (1, 366),
    "opportunity_gain_ratio": (0, 10),
    "opportunity_quality_elasticity": _ELASTICITY,
    "opportunity_luck_cv": (0, 5),
    "reapply_days": _SOME_DAYS,
    "request_sales_days": _SOME_DAYS,
    "established_years_p50_ratio": (0.01, 50),
    "established_years_sigma": _SIGMA,
    "entry_per_year": (0, 5),
    "entry_days_max": _SOME_DAYS,
    "insolvency_arrears_days": _SOME_DAYS,
    "retirement_per_year": (0, 50),
    "brush_ratio": (0, 20),
    "vanisher_brush_ratio": (0, 50),
    "vanish_after_days": _DAYS,
    "ring_count": (2, 64),
    "statement_noise_cv": (0, 2),
    "recession_at_days": (0, 36_500),
    "recession_fall_days": _SOME_DAYS,
    "recession_hold_days": _DAYS,
    "recession_recovery_days": _SOME_DAYS,
}

WORLD_NAMES: Final = tuple(field.name for field in fields(WorldParameters))


def world_parameters_of(values: Mapping[str, Any]) -> WorldParameters:
    """The economy's parameters out of a scenario's values; other names are left alone.

    Raises InputError for a missing, ill-typed or unusable one.
    """
    typed = {
        field.name: _typed(field.name, field.type, values) for field in fields(WorldParameters)
    }
    for name, (low, high) in WORLD_BOUNDS.items():
        if not low <= typed[name] <= high:
            remedy = f"the economy needs {low} to {high}: change it"
            raise InputError(f"parameters.{name}", typed[name], remedy)
    _check_relations(typed)
    return WorldParameters(**typed)


def _typed(name: str, kind: Any, values: Mapping[str, Any]) -> Any:
    if name not in values:
        raise InputError(f"parameters.{name}", None, "add it with a value, source and range")
    value = values[name]
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise InputError(f"parameters.{name}", value, f"give a value of type {kind.__name__}")
    return value


def _check_relations(values: Mapping[str, Any]) -> None:
    if (values["start_s"] + UTC_OFFSET_S) % DAY_S:
        remedy = "write the UTC second of a local midnight (UTC+8)"
        raise InputError("parameters.start_s", values["start_s"], remedy)
    kinds = ("brusher_share", "vanisher_share", "ring_share")
    if sum(values[name] for name in kinds) > 1:
        remedy = f"{', '.join(kinds)} are parts of one whole: lower them"
        raise InputError("parameters.brusher_share", values["brusher_share"], remedy)
