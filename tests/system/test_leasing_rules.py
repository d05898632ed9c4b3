"""Rules on planted causes: each fires on its own, and is silent without."""

import numpy as np

from system.leasing.calendars import week_text
from system.leasing.records import Alert, AlertKind
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


def kinds(alerts: list[Alert]) -> list[AlertKind]:
    return [AlertKind(alert.kind) for alert in alerts]


def test_a_machine_that_works_at_its_site_raises_nothing() -> None:
    leasing = system_of().leasing
    leasing.take_in(readings(7 * 96))
    assert leasing.alerts() == []


def test_a_day_without_work_is_idle_from_the_last_work_on() -> None:
    leasing = system_of().leasing
    stopped = readings(
        26 * 4 + 1, start_ms=MONDAY_MS + HOUR_MS, engine_s=3_600_000 + 3_600 - 900, running=0
    )
    leasing.take_in(joined(readings(4), stopped))
    [alert] = leasing.alerts()
    assert alert.kind == AlertKind.IDLE
    assert alert.start_ms == MONDAY_MS + 45 * MINUTE_MS
    assert alert.found_ms == alert.start_ms + DAY_MS


def test_a_sunday_of_a_six_day_site_is_not_idle() -> None:
    """Saturday 18:00 to Monday 07:00 are 37 hours, and none of them is worked."""
    week = week_text(range(6), 7, 18)
    leasing = system_of(week=week).leasing
    works = (
        (np.arange(14 * 96) % 96 >= 28)
        & (np.arange(14 * 96) % 96 < 72)
        & (np.arange(14 * 96) // 96 % 7 < 6)
    )
    leasing.take_in(
        readings(14 * 96, engine_s=3_600_000 + np.cumsum(works) * 900, running=works * 1)
    )
    assert leasing.alerts() == []


def test_a_silent_machine_is_offline_and_not_idle() -> None:
    leasing = system_of(machines=1).leasing
    leasing.take_in(readings(8))
    last_ms = MONDAY_MS + 7 * 15 * MINUTE_MS
    assert leasing.tick(last_ms + 6 * HOUR_MS) == 0
    assert leasing.tick(last_ms + 3 * DAY_MS) == 1
    assert leasing.tick(last_ms + 4 * DAY_MS) == 0
    assert kinds(leasing.alerts()) == [AlertKind.OFFLINE]


def test_two_fixes_outside_are_a_breach_and_one_is_not() -> None:
    leasing = system_of().leasing
    lat = np.full(20, LAT_E7) + np.arange(20)
    lat[5] += 100_000
    lat[10:12] += 100_000
    leasing.take_in(readings(20, lat_e7=lat))
    [alert] = leasing.alerts()
    assert alert.kind == AlertKind.GEOFENCE
    assert alert.start_ms == MONDAY_MS + 150 * MINUTE_MS
    assert alert.end_ms == MONDAY_MS + 195 * MINUTE_MS


def test_a_fix_within_the_buffer_is_no_breach() -> None:
    leasing = system_of().leasing
    lat = np.full(20, LAT_E7) + np.arange(20)
    lat[5:15] = LAT_E7 + 28_700 + np.arange(10)  # 320 m from the middle of a circle of 300
    leasing.take_in(readings(20, lat_e7=lat))
    assert leasing.alerts() == []
