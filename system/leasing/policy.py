"""Every number by which machines are judged. One frozen record; sources in docs/decisions/0014.

Numbers without a named source are assumed. Scenarios tune them on seeds that they do not report.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from system.leasing.kernels.counters import CounterBounds
from system.leasing.kernels.fuel_burn import BurnBounds
from system.leasing.kernels.fuel_leak import LeakBounds
from system.leasing.kernels.fuel_theft import TheftBounds
from system.leasing.kernels.spoof import SpoofBounds
from system.leasing.records import AlertKind, Severity

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
DAY_S: Final = 86_400

# A kind's episode is over this long after its cause was last seen. Facts of a moment stay open for
# a week, within which a second one joins them.
QUIET_MS: Final[Mapping[AlertKind, int]] = {
    AlertKind.IDLE: 0,
    AlertKind.OFFLINE: 0,
    AlertKind.GEOFENCE: HOUR_MS // 2,
    AlertKind.FUEL_BURN: 0,
    AlertKind.FUEL_THEFT: 7 * DAY_MS,
    AlertKind.TAMPER: DAY_MS,
    AlertKind.ROLLBACK: 7 * DAY_MS,
    AlertKind.SPOOF: DAY_MS,
    AlertKind.OVERUSE: 0,
    AlertKind.MAINTENANCE: 0,
    AlertKind.FUEL_LEAK: 0,
}
SEVERITY: Final[Mapping[AlertKind, Severity]] = {
    AlertKind.IDLE: Severity.WARNING,
    AlertKind.OFFLINE: Severity.WARNING,
    AlertKind.GEOFENCE: Severity.CRITICAL,
    AlertKind.FUEL_BURN: Severity.NOTICE,
    AlertKind.FUEL_THEFT: Severity.WARNING,
    AlertKind.TAMPER: Severity.CRITICAL,
    AlertKind.ROLLBACK: Severity.CRITICAL,
    AlertKind.SPOOF: Severity.CRITICAL,
    AlertKind.OVERUSE: Severity.NOTICE,
    AlertKind.MAINTENANCE: Severity.NOTICE,
    AlertKind.FUEL_LEAK: Severity.WARNING,
}
# Nobody took an alert on for so long: it goes to the next in rank.
ESCALATE_S: Final[Mapping[Severity, int]] = {
    Severity.NOTICE: 7 * DAY_S,
    Severity.WARNING: 2 * DAY_S,
    Severity.CRITICAL: 4 * 3_600,
}


@dataclass(frozen=True, slots=True)
class LeasingPolicy:
    """idle_open_ms_max: open hours without work.  work_s_min: engine seconds that are work.

    silence_ms_max: nothing heard.  fence_buffer_m, fence_fixes_min, hdop_centi_max: of fixes.
    voltage_mv_min, dark_readings_min: of the supply.  engine, fuel: of counters.
    stalled_ml_max: fuel burnt while the hour meter stands.
    """

    idle_open_ms_max: int
    work_s_min: int
    silence_ms_max: int
    fence_buffer_m: int
    fence_fixes_min: int
    hdop_centi_max: int
    voltage_mv_min: int
    dark_readings_min: int
    engine: CounterBounds
    fuel: CounterBounds
    stalled_ml_max: int
    burn: BurnBounds
    theft: TheftBounds
    leak: LeakBounds
    spoof: SpoofBounds
    quiet_ms: Mapping[AlertKind, int]
    severity: Mapping[AlertKind, Severity]
    escalate_s: Mapping[Severity, int]

    def __post_init__(self) -> None:
        assert self.idle_open_ms_max > 0
        assert self.silence_ms_max > 0
        assert self.fence_fixes_min >= 1
        assert self.dark_readings_min >= 1
        assert set(self.quiet_ms) == set(AlertKind), "every kind needs its quiet time"
        assert set(self.severity) == set(AlertKind), "every kind needs its severity"


DEFAULT_POLICY: Final = LeasingPolicy(
    idle_open_ms_max=24 * HOUR_MS,
    work_s_min=300,
    silence_ms_max=6 * HOUR_MS,
    fence_buffer_m=25,
    fence_fixes_min=2,
    hdop_centi_max=500,
    voltage_mv_min=6_000,
    dark_readings_min=2,
    engine=CounterBounds(tolerance=720, reset_max=36_000, per_s=1),
    fuel=CounterBounds(tolerance=2_000, reset_max=500_000, per_s=60),
    stalled_ml_max=20_000,
    burn=BurnBounds(
        shift_ppm=200_000,
        sum_max=12_000,
        step_max=3_000,
        days_min=7,
        engine_s_min=30 * 3_600,
        prior_s=10 * 3_600,
        stray_ppm_min=20_000,
    ),
    theft=TheftBounds(fuel_ml_min=20_000, tank_permille_min=50, burn_permille=200),
    leak=LeakBounds(lost_permille_min=60, lost_ml_min=10_000, slack_permille=5, step_permille=50),
    spoof=SpoofBounds(speed_kmh_max=150, work_kmh_max=60, leap_m_min=1_000, frozen_s_max=8 * 3_600),
    quiet_ms=QUIET_MS,
    severity=SEVERITY,
    escalate_s=ESCALATE_S,
)
