"""The numbers of what goes wrong with machines, terminals and messages. Causes only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_RATE = (0, 50)


@dataclass(frozen=True, slots=True)
class TroubleParameters:
    # crime and carelessness
    theft_per_year: float
    thief_removes_share: float
    report_days_mean: float
    fuel_theft_per_year: float
    burn_fault_per_year: float
    burn_fault_ratio_min: float
    burn_fault_ratio_max: float
    leak_per_year: float
    leak_share_per_day_min: float
    leak_share_per_day_max: float
    fault_noticed_per_day: float
    fault_repair_days: int
    unregistered_move_share: float
    spoof_per_year: float
    terminal_removed_per_year: float
    rollback_per_year: float
    rollback_hours_max: int
    service_done_per_day: float
    # terminals and their surroundings
    dead_sim_per_year: float
    reboot_per_month: float
    skewed_clock_share: float
    skew_s_max: int
    gnss_noise_cm: int
    multipath_share: float
    multipath_m_max: int
    invalid_fix_share: float
    edge_parking_share: float
    slosh_share: float
    heartbeat_s: int
    poll_s: int
    # messages on their way
    outage_per_month: float
    outage_hours_p50: float
    outage_sigma: float
    loss_share: float
    duplicate_share: float
    delay_share: float
    delay_hours_max: int


TROUBLE_BOUNDS: Final[Mapping[str, tuple[float, float]]] = {
    "theft_per_year": _RATE,
    "report_days_mean": (0, 60),
    "fuel_theft_per_year": _RATE,
    "burn_fault_per_year": _RATE,
    "burn_fault_ratio_min": (1, 3),
    "burn_fault_ratio_max": (1, 4),
    "leak_per_year": _RATE,
    "leak_share_per_day_min": (0, 0.5),
    "leak_share_per_day_max": (0, 0.5),
    "fault_noticed_per_day": (0, 1),
    "fault_repair_days": (0, 60),
    "spoof_per_year": _RATE,
    "terminal_removed_per_year": _RATE,
    "rollback_per_year": _RATE,
    "rollback_hours_max": (1, 2_000),
    "service_done_per_day": (0, 1),
    "dead_sim_per_year": _RATE,
    "reboot_per_month": (0, 20),
    "skew_s_max": (0, 14_400),
    "gnss_noise_cm": (1, 5_000),
    "multipath_m_max": (1, 5_000),
    "slosh_share": (0, 0.1),
    "heartbeat_s": (1_800, 14_400),
    "poll_s": (1_800, 43_200),
    "outage_per_month": _RATE,
    "outage_hours_p50": (0.1, 240),
    "outage_sigma": (0, 2),
    "delay_hours_max": (1, 240),
}
