"""Rules at their bounds: a near cause raises nothing, and one that was is believed over."""

import numpy as np
import pytest
from numpy.typing import NDArray

from system.kernels.columns import MISSING
from system.leasing.calendars import NEVER
from system.leasing.records import Alert, AlertKind, AlertState
from tests.system.leasing_world import (
    DAY_MS,
    HOUR_MS,
    LAT_E7,
    MINUTE_MS,
    MONDAY_MS,
    joined,
    readings,
    system_of,
)

STANDS = {"engine_s": 3_600_000, "running": 0}


def raised(**columns: object) -> list[Alert]:
    """Alerts of one machine with these columns, on a site that never works."""
    leasing = system_of(week=NEVER).leasing
    [n] = {len(values) for values in columns.values() if isinstance(values, list | np.ndarray)}
    leasing.take_in(readings(n, **columns))
    return leasing.alerts()


def kinds(alerts: list[Alert]) -> list[AlertKind]:
    return [AlertKind(alert.kind) for alert in alerts]


def test_a_fix_on_the_edge_between_two_outside_is_no_breach() -> None:
    outside, edge = LAT_E7 + 100_000, LAT_E7 + 28_000
    assert raised(lat_e7=[LAT_E7, outside, edge, outside, edge, LAT_E7]) == []
    found = raised(lat_e7=[LAT_E7, outside, outside, edge, edge, edge, edge])
    assert [(alert.kind, alert.end_ms) for alert in found] == [(AlertKind.GEOFENCE, 0)]


@pytest.mark.parametrize(
    "gauge", [[600, 600, 800, 600, 600, 600, 600], [600, 600, 600, 600, 400, 600, 600]]
)
def test_one_gauge_reading_off_by_eighty_litres_is_slosh(gauge: list[int]) -> None:
    assert raised(tank_permille=gauge, **STANDS) == []


def test_a_siphon_that_takes_two_readings_is_one_theft() -> None:
    found = raised(tank_permille=[600] * 4 + [500] + [400] * 8, **STANDS)
    assert kinds(found) == [AlertKind.FUEL_THEFT]


def test_a_meter_that_falls_to_nothing_without_a_boot_was_turned_back() -> None:
    step = np.arange(20) * 900
    fallen = np.where(np.arange(20) < 10, 3_600_000 + step, step - 9_000)
    assert kinds(raised(engine_s=fallen, fuel_ml=10**7 + step)) == [AlertKind.ROLLBACK]


def test_a_meter_that_leaps_ahead_of_time_adds_no_hours() -> None:
    leasing = system_of().leasing
    engine_s = 3_600_000 + np.arange(20) * 900
    engine_s[10:] += 9_000_000
    leasing.take_in(readings(20, engine_s=engine_s, fuel_ml=10**7 + np.arange(20) * 3_600))
    assert leasing.states(MONDAY_MS).hours_s[0] == 3_600_000 + 18 * 900


def test_a_meter_that_stands_is_told_at_the_first_litre_beyond_a_heaters() -> None:
    [alert] = raised(engine_s=[3_600_000] * 40, fuel_ml=10**7 + np.arange(40) * 2_000)
    assert alert.found_ms == MONDAY_MS + 11 * 15 * MINUTE_MS


@pytest.mark.parametrize(("hours", "expected"), [(5, []), (7, [AlertKind.OFFLINE])])
def test_silence_is_told_beyond_its_bound(hours: int, expected: list[AlertKind]) -> None:
    leasing = system_of(week=NEVER).leasing
    later = readings(4, start_ms=MONDAY_MS + HOUR_MS * (hours + 1), engine_s=3_603_600)
    leasing.take_in(joined(readings(5), later))
    assert kinds(leasing.alerts()) == expected


def _burning(days: int, factor: NDArray[np.float64], day_noise: float) -> list[Alert]:
    """Alerts of a machine that burns ``factor`` of the usual on each day."""
    luck = np.random.Generator(np.random.Philox(5))
    n, day = days * 96, np.arange(days * 96) // 96
    works = (np.arange(n) % 96 > 28) & (np.arange(n) % 96 < 70)
    load = luck.integers(200, 800, n) * works
    usual = (4_000 + 14 * load) / 4 * works * (1 + 0.02 * luck.standard_normal(n))
    burnt = usual * factor[day] * (1 + day_noise * luck.standard_normal(days)[day])
    return raised(
        engine_s=3_600_000 + np.cumsum(works) * 900,
        fuel_ml=10**7 + np.cumsum(burnt).astype(np.int64),
        load_permille=load,
        tank_permille=MISSING,
    )


def test_a_fault_is_not_learned_and_a_repair_is_believed_within_weeks() -> None:
    """30 % more from day 12 to 110: open all the while, over soon after, and told once."""
    day = np.arange(140)
    [alert] = _burning(140, np.where((day >= 12) & (day < 110), 1.3, 1.0), 0.04)
    assert alert.kind == AlertKind.FUEL_BURN
    assert alert.state == AlertState.CLEARED
    assert MONDAY_MS + 110 * DAY_MS < alert.end_ms < MONDAY_MS + 130 * DAY_MS


def test_days_that_stray_as_wholes_raise_nothing() -> None:
    """Operators differ by 15 %, while readings of one day agree to 2 %."""
    assert _burning(90, np.ones(90), 0.15) == []
