"""The commission's three rules, with the faults that they have."""

import numpy as np

from system.kernels.columns import MISSING
from system.leasing.fixed_rules import FixedRules
from system.leasing.readings import Readings
from system.leasing.records import AlertKind
from tests.system.leasing_world import DAY_MS, HOUR_MS, MONDAY_MS, joined, readings


def told(*batches: Readings) -> list[tuple[AlertKind, int, int]]:
    rules = FixedRules(3)
    for batch in batches:
        rules.take_in(batch)
    return [(alert.kind, alert.told_ms, alert.end_ms) for alert in rules.alerts]


def quiet(n: int, **columns: object) -> Readings:
    """A machine that burns 9 litres in each hour."""
    return readings(n, **({"fuel_ml": 10**7 + np.arange(n) * 2_250} | columns))


def test_the_box_the_day_and_the_ten_litres_are_told() -> None:
    north = quiet(8, lat_e7=410_000_000)
    assert [kind for kind, *_ in told(north)] == [AlertKind.GEOFENCE]
    thirsty = quiet(8, fuel_ml=10**7 + np.arange(8) * 2_501)
    assert [kind for kind, *_ in told(thirsty)] == [AlertKind.FUEL_BURN]
    stopped = quiet(101, engine_s=3_600_000)
    assert told(stopped) == [(AlertKind.IDLE, MONDAY_MS + 97 * 900_000 + 2_000, 0)]


def test_a_machine_that_falls_silent_is_never_noticed() -> None:
    assert told(quiet(8)) == []


def test_a_silent_machine_is_called_idle_when_it_comes_back() -> None:
    back = quiet(8, start_ms=MONDAY_MS + 3 * DAY_MS, engine_s=3_606_300)
    assert [kind for kind, *_ in told(quiet(8), back)] == [AlertKind.IDLE]


def test_every_sunday_is_idle() -> None:
    saturday, monday = quiet(4), quiet(4, start_ms=MONDAY_MS + 37 * HOUR_MS)
    stands = quiet(144, start_ms=MONDAY_MS + HOUR_MS, engine_s=3_602_700, fuel_ml=10_006_750)
    alerts = told(saturday, stands, monday)
    assert [(kind, bool(end)) for kind, _, end in alerts] == [(AlertKind.IDLE, True)]


def test_batches_of_one_tell_the_same() -> None:
    whole = joined(quiet(8, lat_e7=410_000_000), quiet(100, device=1, engine_s=3_600_000))
    ones = [whole.take(np.array([row])) for row in range(len(whole))]
    assert sorted(told(*ones)) == sorted(told(whole))


def test_what_a_machine_does_not_say_raises_nothing() -> None:
    assert told(quiet(200, engine_s=MISSING, fuel_ml=MISSING, lat_e7=MISSING)) == []
