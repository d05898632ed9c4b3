"""What twins say of machines at a moment."""

import numpy as np

from system.kernels.columns import MISSING
from system.leasing.kernels.fence import Place
from system.leasing.kernels.state import EngineState
from system.leasing.records import AlertKind
from tests.system.leasing_world import HOUR_MS, LAT_E7, MONDAY_MS, joined, readings, system_of

NOW_MS = MONDAY_MS + 2 * HOUR_MS


def test_a_machine_that_was_never_heard_of_is_unknown() -> None:
    states = system_of(machines=1).leasing.states(NOW_MS)
    assert states.engine.tolist() == [EngineState.UNKNOWN]
    assert states.place.tolist() == [Place.UNKNOWN]
    assert states.hours_s.tolist() == [MISSING]
    assert states.alerts.tolist() == [0]


def test_running_standing_inside_and_outside_are_told_apart() -> None:
    leasing = system_of(machines=2).leasing
    away = readings(8, device=1, running=0, engine_s=3_600_000, lat_e7=LAT_E7 + 100_000)
    leasing.take_in(joined(readings(8), away))
    states = leasing.states(NOW_MS)
    assert states.engine.tolist() == [EngineState.RUNNING, EngineState.STANDING]
    assert states.place.tolist() == [Place.INSIDE, Place.OUTSIDE]
    assert states.hours_s.tolist() == [3_600_000 + 7 * 900, 3_600_000]
    assert states.alerts.tolist() == [0, 1 << AlertKind.GEOFENCE]


def test_who_falls_silent_becomes_unknown_and_stays_what_it_was_in_hours() -> None:
    leasing = system_of(machines=1).leasing
    leasing.take_in(readings(8))
    states = leasing.states(NOW_MS + 9 * HOUR_MS)
    assert states.engine.tolist() == [EngineState.UNKNOWN]
    assert states.place.tolist() == [Place.UNKNOWN]
    assert states.hours_s.tolist() == [3_600_000 + 7 * 900]
    assert states.alerts.tolist() == [1 << AlertKind.OFFLINE]


def test_a_machine_without_fixes_has_no_place_though_it_speaks() -> None:
    leasing = system_of(machines=1).leasing
    leasing.take_in(readings(8, fix_valid=0))
    states = leasing.states(NOW_MS)
    assert states.place.tolist() == [Place.UNKNOWN]
    assert states.engine.tolist() == [EngineState.RUNNING]


def test_only_the_named_machines_are_told() -> None:
    leasing = system_of(machines=3).leasing
    leasing.take_in(readings(8, device=2))
    states = leasing.states(NOW_MS, np.array([2], np.int64))
    assert states.engine.tolist() == [EngineState.RUNNING]
