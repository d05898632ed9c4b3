"""The numbers of machines, sites, weather and contractors. Each is a cause, none an outcome.

A field has the name of a parameter in ``sim/scenarios/leasing.toml``, where its meaning, source and
range stand. ``_classes``: one value per class of machine, in the order of ``sim.leasing.fleet``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sim.calendar import UTC_OFFSET_S
from system.limits import DAY_S

Floats = tuple[float, ...]
Wholes = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WorldParameters:
    start_s: int
    # machines
    fleet_share_classes: Floats
    value_fen_classes: Wholes
    rent_value_share_per_month: float
    burn_medium_ml_per_hour_classes: Wholes
    burn_idle_ml_per_hour_classes: Wholes
    burn_machine_cv: float
    work_load_share: float
    work_load_day_cv: float
    work_load_slot_cv: float
    tank_ml_classes: Wholes
    breakdown_per_hour: float
    breakdown_neglect_ratio: float
    repair_days_p50: float
    repair_sigma: float
    service_interval_hours: int
    contract_hours_max: int
    # operators
    operator_effect_share: float
    idle_time_share: float
    idle_time_cv: float
    idle_saved_share: float
    operator_fen_per_hour: int
    # sites, calendar, weather
    site_radius_m: int
    site_distance_m_max: int
    seven_day_site_share: float
    night_site_share: float
    spring_break_days: int
    day_shift_hours: int
    wet_day_share: float
    wet_persistence_share: float
    rain_stops_share: float
    # contractors and their projects
    region_count: int
    line_count_mean: float
    line_hours_per_day_p50: float
    line_hours_sigma: float
    project_days_p50: float
    project_sigma: float
    project_gap_days_mean: float
    project_busy_share_cv: float
    stall_share: float
    stall_days_mean: float
    outlook_memory_days: int
    late_project_days_max: int
    # prices and the alternatives to a leased machine
    fuel_fen_per_litre: int
    job_price_ratio_p50: float
    job_price_sigma: float
    spot_rent_ratio_p50: float
    spot_rent_sigma: float
    spot_supply_share: float
    own_machine_share: float
    own_cost_ratio: float
    small_job_per_day: float
    small_job_hours_mean: float
    small_job_price_ratio_p50: float
    small_job_sigma: float
    haul_fen: int
    delivery_days: int
    # money
    overhead_share: float
    overhead_sigma: float
    cash_buffer_days_p50: float
    cash_buffer_sigma: float
    client_pay_days_p50: float
    client_pay_sigma: float
    client_default_share: float
    mishap_per_year: float
    mishap_days: int
    withdrawal_per_month: float
    reserve_days: int
    insolvency_days: int
    careless_owner_share: float
    absconder_share: float

    @property
    def start_day(self) -> int:
        """The local business day number of the first day."""
        return (self.start_s + UTC_OFFSET_S) // DAY_S


_DAYS = (0, 3_650)
_SOME_DAYS = (1, 3_650)
_SIGMA = (0, 3)
_BURN = (100, 100_000)

# Where the arithmetic ends; what a unit already bounds is not repeated.
WORLD_BOUNDS: Final[Mapping[str, tuple[float, float]]] = {
    "fleet_share_classes": (0, 1),
    "value_fen_classes": (10**6, 10**10),
    "rent_value_share_per_month": (0.001, 0.2),
    "burn_medium_ml_per_hour_classes": _BURN,
    "burn_idle_ml_per_hour_classes": _BURN,
    "burn_machine_cv": (0, 0.3),
    "work_load_share": (0.1, 0.9),
    "work_load_day_cv": (0, 0.4),
    "work_load_slot_cv": (0, 0.4),
    "tank_ml_classes": (20_000, 2_000_000),
    "breakdown_per_hour": (0, 0.1),
    "breakdown_neglect_ratio": (1, 20),
    "repair_days_p50": (0.1, 60),
    "repair_sigma": _SIGMA,
    "service_interval_hours": (10, 5_000),
    "contract_hours_max": (50, 744),
    "idle_time_share": (0, 0.8),
    "idle_time_cv": (0, 1),
    "operator_fen_per_hour": (0, 100_000),
    "site_radius_m": (50, 5_000),
    "site_distance_m_max": (1_000, 200_000),
    "spring_break_days": (0, 60),
    "day_shift_hours": (1, 14),
    "wet_day_share": (0, 0.9),
    "wet_persistence_share": (0, 0.95),
    "region_count": (1, 5),
    "line_count_mean": (0.1, 6),
    "line_hours_per_day_p50": (0.5, 40),
    "line_hours_sigma": _SIGMA,
    "project_days_p50": (3, 720),
    "project_sigma": _SIGMA,
    "project_gap_days_mean": (0, 720),
    "project_busy_share_cv": (0, 1),
    "stall_days_mean": (0, 120),
    "outlook_memory_days": _SOME_DAYS,
    "late_project_days_max": _DAYS,
    "fuel_fen_per_litre": (1, 10_000),
    "job_price_ratio_p50": (0.5, 5),
    "job_price_sigma": _SIGMA,
    "spot_rent_ratio_p50": (0.2, 10),
    "spot_rent_sigma": _SIGMA,
    "own_cost_ratio": (0, 10),
    "small_job_per_day": (0, 1),
    "small_job_hours_mean": (0, 12),
    "small_job_price_ratio_p50": (0, 10),
    "small_job_sigma": _SIGMA,
    "haul_fen": (0, 10**8),
    "delivery_days": (0, 60),
    "overhead_sigma": _SIGMA,
    "cash_buffer_days_p50": _DAYS,
    "cash_buffer_sigma": _SIGMA,
    "client_pay_days_p50": (1, 360),
    "client_pay_sigma": (0, 1.5),
    "mishap_per_year": (0, 50),
    "mishap_days": _DAYS,
    "withdrawal_per_month": (0, 4),
    "reserve_days": _DAYS,
    "insolvency_days": _SOME_DAYS,
}
