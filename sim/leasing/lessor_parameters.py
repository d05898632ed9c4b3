"""The numbers of the lessor, its people and its two ways of charging. Causes only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sim.leasing.world_parameters import Floats, Wholes

_DAYS = (0, 3_650)


@dataclass(frozen=True, slots=True)
class LessorParameters:
    # contracts
    fixed_commit_days: int
    fixed_leave_rent_ratio: float
    usage_commit_days: int
    usage_neutral_hours: int
    usage_edge_hours_options: Wholes
    usage_price_ratio_options: Floats
    usage_rent_ratio_min: float
    usage_rent_ratio_max: float
    usage_season_ratio_options: Floats
    deposit_rent_ratio: float
    # disputes, sales, limits
    dispute_hours_min: int
    dispute_bold_share: float
    dispute_days: int
    resale_share: float
    resale_days: int
    auction_value_ratio: float
    auction_sigma: float
    limit_cut_days: int
    limit_raise_days: int
    # people
    inspection_days: int
    reminder_days: int
    reminder_heard_share: float
    idle_talk_share: float
    inspector_days: int
    service_arranged_days: int
    # trouble
    immobilise_days: int
    repossess_after_days: int
    repossess_blind_days: int
    repossess_tracked_days: int
    recovered_blind_share: float
    recovered_tracked_share: float
    police_blind_days: int
    police_tracked_days: int


LESSOR_BOUNDS: Final[Mapping[str, tuple[float, float]]] = {
    "fixed_commit_days": _DAYS,
    "fixed_leave_rent_ratio": (0, 36),
    "usage_commit_days": _DAYS,
    "usage_neutral_hours": (1, 744),
    "usage_edge_hours_options": (0, 744),
    "usage_price_ratio_options": (0, 10),
    "usage_rent_ratio_min": (0, 2),
    "usage_rent_ratio_max": (0.1, 10),
    "usage_season_ratio_options": (0, 2),
    "deposit_rent_ratio": (0, 12),
    "dispute_hours_min": (0, 720),
    "dispute_days": (1, 90),
    "resale_days": (1, 365),
    "auction_value_ratio": (0.05, 2),
    "auction_sigma": (0, 1),
    "limit_cut_days": (1, 365),
    "limit_raise_days": (1, 365),
    "inspection_days": (1, 365),
    "reminder_days": (1, 90),
    "inspector_days": _DAYS,
    "service_arranged_days": _DAYS,
    "immobilise_days": _DAYS,
    "repossess_after_days": (1, 365),
    "repossess_blind_days": _DAYS,
    "repossess_tracked_days": _DAYS,
    "police_blind_days": _DAYS,
    "police_tracked_days": _DAYS,
}
