"""Rules on planted causes: each fires on its own, and is silent without."""

from dataclasses import fields

import numpy as np
import pytest

from system.kernels.columns import MISSING
from system.leasing.calendars import ALWAYS, NEVER, week_text
from system.leasing.commands import CloseSiteDays, DefineSite, MoveMachines, RecordService
from system.leasing.kernels.datum import gcj02_from_wgs84
from system.leasing.readings import Readings
from system.leasing.records import Alert, AlertKind, AlertState, Severity
from system.leasing.service_link import LINE
from system.ledger.outbox import OUTBOX
from tests.system.leasing_world import (
    CIRCLE,
    DAY_MS,
    HOUR_MS,
    LAT_E7,
    LON_E7,
    MINUTE_MS,
    MONDAY_MS,
    HeldClock,
    enrolment,
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


def test_silence_that_was_told_is_not_told_again_for_what_came_late() -> None:
    leasing = system_of(machines=1).leasing
    whole = readings(8)
    leasing.take_in(whole.take(np.array([0, 1, 2, 4, 5, 6, 7])))
    last_ms = MONDAY_MS + 7 * 15 * MINUTE_MS
    assert leasing.tick(last_ms + 3 * DAY_MS) == 1
    leasing.take_in(whole.take(np.array([3])))
    assert leasing.tick(last_ms + 3 * DAY_MS + HOUR_MS) == 0


def test_while_the_line_is_down_no_machine_is_offline_and_the_bank_is_told_once() -> None:
    system = system_of(machines=3)
    leasing = system.leasing
    leasing.take_in(joined(*(readings(8, device=machine) for machine in range(3))))
    down_ms = MONDAY_MS + 3 * HOUR_MS
    for hour in range(60):
        assert leasing.tick(down_ms + hour * HOUR_MS, is_linked=False) == 0
    back_ms = down_ms + 60 * HOUR_MS
    assert leasing.tick(back_ms) == 0
    # Gateways of two send what they kept; the third says nothing any more.
    kept = [readings(66 * 4, device=one, start_ms=MONDAY_MS + 2 * HOUR_MS) for one in (0, 1)]
    leasing.take_in(joined(*kept))
    assert leasing.tick(back_ms + 5 * HOUR_MS) == 0
    leasing.tick(back_ms + 6 * HOUR_MS + 1)
    assert [alert.machine for alert in leasing.alerts(kind=AlertKind.OFFLINE)] == [2]
    with system.book.transaction() as unit:
        sent = unit.rows.scan(OUTBOX)
    told = [one.message_id for one in sent if one.ordering_key == LINE]
    assert told == [f"{LINE}/{down_ms}#1", f"{LINE}/{down_ms}#2"]


def test_a_line_that_flaps_hides_no_silence() -> None:
    leasing = system_of(machines=1).leasing
    leasing.take_in(readings(8))
    last_ms = MONDAY_MS + 7 * 15 * MINUTE_MS
    for quarter in range(1, 4 * 7):
        leasing.tick(last_ms + quarter * 15 * MINUTE_MS, is_linked=quarter % 2 == 0)
    assert kinds(leasing.alerts()) == [AlertKind.OFFLINE]


def test_a_machine_back_from_silence_is_idle_only_if_its_meter_says_so() -> None:
    """Three days silent: worked meanwhile, no; stood meanwhile, yes."""
    for worked_s, expected in (
        (20_000, [AlertKind.OFFLINE]),
        (0, [AlertKind.IDLE, AlertKind.OFFLINE]),
    ):
        leasing = system_of().leasing
        stood = 3_600_000 + 7 * 900 + worked_s
        back = readings(2, start_ms=MONDAY_MS + 3 * DAY_MS, engine_s=stood, running=0)
        leasing.take_in(joined(readings(8), back))
        assert kinds(leasing.alerts()) == expected


def test_a_machine_that_starts_again_between_two_readings_is_told_of_its_day_of_rest() -> None:
    """Off from 0:00; at 24:30 the engine has run for five minutes: it stood for 24:25."""
    leasing = system_of(week=ALWAYS).leasing
    last_s = 3_600_000
    sleeping = readings(13, every_ms=2 * HOUR_MS - 1, engine_s=last_s, running=[1, *[0] * 12])
    leasing.take_in(sleeping)
    assert leasing.alerts() == []
    woken = readings(1, start_ms=MONDAY_MS + DAY_MS + 30 * MINUTE_MS, engine_s=last_s + 300)
    leasing.take_in(woken)
    [alert] = leasing.alerts()
    assert (alert.kind, alert.start_ms) == (AlertKind.IDLE, MONDAY_MS)
    again = readings(1, start_ms=MONDAY_MS + DAY_MS + 60 * MINUTE_MS, engine_s=last_s + 2_100)
    leasing.take_in(again)
    assert [alert.state for alert in leasing.alerts()] == [AlertState.CLEARED]


def test_weather_that_closes_a_site_explains_idle_days_even_when_told_late() -> None:
    week = week_text(range(7), 7, 19)
    leasing = system_of(week=week).leasing
    stopped = readings(60 * 4, start_ms=MONDAY_MS + HOUR_MS, engine_s=3_602_700, running=0)
    leasing.take_in(joined(readings(4), stopped))
    assert [a.state for a in leasing.alerts(kind=AlertKind.IDLE)] == [AlertState.RAISED]
    monday = (MONDAY_MS + 8 * HOUR_MS) // DAY_MS
    one = np.array([monday + 1], np.int64)
    leasing.close_days(CloseSiteDays("rain", np.array([0], np.int64), one, "rain"))
    assert [a.state for a in leasing.alerts(kind=AlertKind.IDLE)] == [AlertState.CORRECTED]


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


def test_bad_fixes_prove_nothing() -> None:
    leasing = system_of().leasing
    away = np.full(20, LAT_E7 + 100_000)
    leasing.take_in(readings(20, lat_e7=away, fix_valid=0))
    leasing.take_in(readings(20, device=1, lat_e7=away, hdop_centi=900))
    assert leasing.alerts() == []


def test_a_moved_machine_is_held_against_its_new_site_from_then_on() -> None:
    leasing = system_of().leasing
    there = leasing.define_site(DefineSite("far", "far", CIRCLE.replace("34.5", "34.6"), ALWAYS))
    lat = np.full(20, LAT_E7) + np.arange(20)
    lat[10:] += 1_000_000
    leasing.take_in(readings(20, lat_e7=lat))
    assert kinds(leasing.alerts(is_open=True)) == [AlertKind.GEOFENCE]
    one = np.array([0], np.int64)
    from_ms = np.array([MONDAY_MS + 140 * MINUTE_MS], np.int64)
    leasing.move_machines(MoveMachines("move", one, np.array([there], np.int64), from_ms))
    assert [alert.state for alert in leasing.alerts()] == [AlertState.CORRECTED]


@pytest.mark.parametrize("datum", ["WGS-84", "GCJ-02"])
def test_a_fence_off_by_the_shift_of_chinese_maps_is_doubted_not_alarmed(datum: str) -> None:
    """A fence read from a Chinese map, registered as if it were WGS-84, lies 500 m off."""
    lat, lon = gcj02_from_wgs84(np.array([LAT_E7]), np.array([LON_E7]))
    drawn = CIRCLE.replace("[113.25,34.5]", f"[{lon[0] / 1e7},{lat[0] / 1e7}]")
    leasing = system_of().leasing
    site = leasing.define_site(DefineSite("map", "map", drawn, ALWAYS, datum))
    rows = leasing.enrol_machines(enrolment(1, "more", site=site))
    leasing.take_in(readings(20, device=rows.start))
    alerts = leasing.alerts()
    if datum == "GCJ-02":
        assert alerts == []
    else:
        assert [(a.kind, a.severity) for a in alerts] == [(AlertKind.GEOFENCE, Severity.NOTICE)]
        assert '"datum_suspected":true' in alerts[0].evidence


def test_fuel_that_leaves_the_tank_at_night_is_theft_and_slosh_is_not() -> None:
    leasing = system_of().leasing
    stands = {"engine_s": 3_600_000, "running": 0}
    sloshing = np.array([700, 690, 640, 700, 705, 630, 700, 700, 695, 700])
    leasing.take_in(readings(10, tank_permille=sloshing, **stands))
    siphoned = np.array([700, 700, 700, 640, 400, 400, 400, 400, 400, 400])
    leasing.take_in(readings(10, device=1, tank_permille=siphoned, **stands))
    filled = siphoned[::-1].copy()
    leasing.take_in(readings(10, device=2, tank_permille=filled, **stands))
    [alert] = leasing.alerts()
    assert (alert.machine, alert.kind) == (1, AlertKind.FUEL_THEFT)


def test_a_machine_that_burns_more_than_its_own_past_is_told_within_days() -> None:
    """5 % noise by day, 10 % by reading; 35 % more from day 20 on. The others stay silent."""
    leasing = system_of(week=NEVER).leasing
    for device, factor in ((0, 1.35), (1, 1.0), (2, 1.0)):
        leasing.take_in(_burning(device, factor))
    [alert] = leasing.alerts()
    assert (alert.machine, alert.kind) == (0, AlertKind.FUEL_BURN)
    assert 0 < alert.found_ms - (MONDAY_MS + 20 * DAY_MS) < 6 * DAY_MS


def _burning(device: int, factor: float) -> Readings:
    luck = np.random.Generator(np.random.Philox(device))
    n = 40 * 96
    day = np.arange(n) // 96
    works = (np.arange(n) % 96 > 28) & (np.arange(n) % 96 < 70)
    load = luck.integers(200, 800, n) * works
    rate = (4_000 + 14 * load) / 4 * works * (1 + 0.05 * luck.standard_normal(40)[day])
    burnt = rate * (1 + 0.1 * luck.standard_normal(n)) * np.where(day >= 20, factor, 1.0)
    fuel_ml = 10**7 + np.cumsum(burnt).astype(np.int64)
    engine_s = 3_600_000 + np.cumsum(works) * 900
    columns = {"engine_s": engine_s, "fuel_ml": fuel_ml, "load_permille": load}
    return readings(n, device=device, tank_permille=MISSING, **columns)


@pytest.mark.parametrize("column", [{"tamper": [0, 0, 1, 0]}, {"voltage_mv": [26_000, 0, 0, 0]}])
def test_an_opened_or_unplugged_terminal_is_tampered_with(column: dict[str, list[int]]) -> None:
    leasing = system_of().leasing
    leasing.take_in(readings(4, **column))
    assert kinds(leasing.alerts()) == [AlertKind.TAMPER]


def test_a_starting_engine_may_pull_the_supply_down_for_a_moment() -> None:
    leasing = system_of().leasing
    leasing.take_in(readings(5, voltage_mv=[26_000, 5_000, 26_000, 5_900, 26_000]))
    assert leasing.alerts() == []


def test_a_meter_turned_back_is_told_and_one_that_starts_anew_is_not() -> None:
    leasing = system_of().leasing
    engine_s = 3_600_000 + np.arange(20) * 900
    engine_s[10:] -= 100_000
    leasing.take_in(readings(20, engine_s=engine_s))
    step = np.arange(20) * 900
    fresh = np.where(np.arange(20) < 10, 3_600_000 + step, step - 9_000)
    boot = np.where(np.arange(20) < 10, 1, 2)
    leasing.take_in(readings(20, device=1, engine_s=fresh, boot=boot, fuel_ml=10**7 + step * 4))
    assert [(a.machine, a.kind) for a in leasing.alerts()] == [(0, AlertKind.ROLLBACK)]
    hours = leasing.twins(["engine_s", "engine_before_s"])
    reconciled = hours["engine_s"] + hours["engine_before_s"]
    assert reconciled[:2].tolist() == [3_600_000 + 18 * 900, 3_600_000 + 18 * 900]


def test_a_meter_that_stands_while_fuel_burns_is_told() -> None:
    leasing = system_of(week=NEVER).leasing
    burnt = 10**7 + np.arange(96) * 2_000
    leasing.take_in(readings(96, engine_s=3_600_000, fuel_ml=burnt, tank_permille=MISSING))
    assert kinds(leasing.alerts()) == [AlertKind.ROLLBACK]


def test_a_leap_no_lorry_makes_is_a_spoof_once_a_second_fix_confirms_it() -> None:
    leasing = system_of(fence="").leasing
    lat = LAT_E7 + np.arange(20) * 7
    echo, leap = lat.copy(), lat.copy()
    echo[10] += 10_000_000
    leap[10:] += 10_000_000
    leasing.take_in(readings(20, lat_e7=echo))
    leasing.take_in(readings(20, device=1, lat_e7=leap))
    assert [(a.machine, a.kind) for a in leasing.alerts()] == [(1, AlertKind.SPOOF)]


def test_a_position_that_never_stirs_while_the_engine_runs_is_a_spoof() -> None:
    leasing = system_of().leasing
    pinned = {"lat_e7": LAT_E7 + 137, "lon_e7": LON_E7}
    leasing.take_in(readings(40, **pinned))
    leasing.take_in(readings(40, device=1, engine_s=3_600_000, running=0, **pinned))
    leasing.take_in(readings(40, device=2, lat_e7=LAT_E7, lon_e7=LON_E7))
    assert [(a.machine, a.kind) for a in leasing.alerts()] == [(0, AlertKind.SPOOF)]


def test_hours_beyond_the_contract_and_service_that_is_due_are_told() -> None:
    leasing = system_of(period_engine_s_max=20 * 3_600, service_every_s=1_010 * 3_600).leasing
    leasing.take_in(readings(96))
    alerts = {AlertKind(a.kind): a.found_ms for a in leasing.alerts()}
    assert alerts == {
        AlertKind.OVERUSE: MONDAY_MS + 20 * HOUR_MS + 15 * MINUTE_MS,
        AlertKind.MAINTENANCE: MONDAY_MS + 10 * HOUR_MS,
    }


def test_a_service_that_was_done_ends_its_alert_at_the_next_reading() -> None:
    clock = HeldClock(MONDAY_MS // 1_000 + 86_400)
    leasing = system_of(service_every_s=1_010 * 3_600, clock=clock).leasing
    leasing.take_in(readings(96))
    leasing.record_service(RecordService("oil", np.array([0], np.int64), "shop"))
    leasing.take_in(readings(4, start_ms=MONDAY_MS + DAY_MS + HOUR_MS, engine_s=3_688_000))
    assert [alert.state for alert in leasing.alerts()] == [AlertState.CLEARED]


def parked(days: int, lost_permille_a_day: float) -> Readings:
    """Works by day, two-hourly; in its nights the tank drips. Filled at noon once it is low."""
    n = days * 12
    works = np.arange(n) % 12 < 5
    burnt_ml = np.cumsum(works) * 60_000
    drip_ml = np.cumsum(np.full(n, 400 * lost_permille_a_day / 12))
    level = 360_000 - burnt_ml - drip_ml
    fills = np.maximum(0, -((level - 120_000) // 240_000)) * 240_000
    return readings(
        n, every_ms=2 * HOUR_MS, engine_s=3_600_000 + np.cumsum(works) * 7_200,
        fuel_ml=10**7 + burnt_ml, running=works * 1,
        tank_permille=((level + fills) // 400).astype(np.int64),
    )  # fmt: skip


def test_a_tank_that_drips_while_the_machine_stands_is_told_and_a_thirsty_engine_is_not() -> None:
    leasing = system_of(machines=2).leasing
    leasing.take_in(parked(20, 20))
    [alert] = leasing.alerts()
    assert (alert.kind, alert.state) == (AlertKind.FUEL_LEAK, AlertState.RAISED)
    assert alert.found_ms < MONDAY_MS + 12 * DAY_MS
    dry = system_of().leasing
    dry.take_in(parked(20, 0))
    assert dry.alerts() == []


def test_a_machine_that_says_little_raises_nothing() -> None:
    """The brief's five fields, and nothing else."""
    said = ("device", "boot", "sequence", "at_ms", "received_ms", "lat_e7", "lon_e7")
    said += ("fix_valid", "engine_s", "fuel_ml")
    silent = [field.name for field in fields(Readings) if field.name not in said]
    leasing = system_of().leasing
    leasing.take_in(readings(7 * 96, **dict.fromkeys(silent, MISSING)))
    assert leasing.alerts() == []
