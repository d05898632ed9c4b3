"""What is known in the end depends on which readings there were, and on nothing else."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from system.leasing.calendars import week_text
from system.leasing.checkpoints import fresh_twins
from system.leasing.readings import Readings
from system.leasing.records import TWIN_COLUMNS, AlertKind
from system.leasing.service import LeasingService
from tests.system.leasing_world import (
    HOUR_MS,
    LAT_E7,
    MINUTE_MS,
    MONDAY_MS,
    facts,
    joined,
    readings,
    sqlite_url,
    system_of,
)

MACHINES, DAYS, A_DAY = 3, 14, 12
END_MS = MONDAY_MS + (DAYS + 3) * 24 * HOUR_MS
TERMS = {"period_engine_s_max": 60 * 3_600, "service_every_s": 1_060 * 3_600}


def troubled(seed: int) -> Readings:
    """Two weeks of machines to which everything happens, at two-hourly readings."""
    luck = np.random.Generator(np.random.Philox(seed))
    return joined(*(_machine(device, luck) for device in range(MACHINES)))


def _machine(device: int, luck: np.random.Generator) -> Readings:
    n = DAYS * A_DAY
    works = luck.random(n) < 0.6
    works[30 + device : 60] = False
    load = luck.integers(200, 900, n)
    burn_ml = np.where(works, 7 * (1_000 + load * 5), 0) * luck.integers(95, 105, n) // 100
    burn_ml[110:] = burn_ml[110:] * 16 // 10
    engine_s = 3_600_000 + np.cumsum(works) * 7_000
    if device == 1:
        engine_s[100:] -= 200_000
    boot = np.where(np.arange(n) >= 130, 2, 1)
    if device == 2:
        engine_s[130:] -= engine_s[129]
    fuel_ml = 10**7 + np.cumsum(burn_ml)
    tank = 900 - (np.cumsum(burn_ml) // 400) % 500
    tank[75:] -= 300 * (device == 0)
    tank[30:60] -= np.arange(30) * 3 * (device == 2)
    lat = LAT_E7 + luck.integers(-30, 30, n) + np.where(luck.random(n) < 0.05, 100_000, 0)
    lat[80:84] += 150_000
    lat[90:] += 40_000_000 * (device == 1)
    tamper = (np.arange(n) == 110) & (device == 0)
    whole = readings(
        n, device=device, every_ms=120 * MINUTE_MS, engine_s=engine_s, boot=boot, fuel_ml=fuel_ml,
        tank_permille=np.clip(tank, 0, 1_000), load_permille=load, running=works * 1, lat_e7=lat,
        tamper=tamper * 1, hdop_centi=luck.integers(80, 700, n),
    )  # fmt: skip
    kept = luck.random(n) < 0.97
    kept[40 + device : 46] = False
    return whole.take(np.flatnonzero(kept))


def outcome(leasing: LeasingService) -> tuple[object, ...]:
    """Alerts that stand, and twins but for when bytes arrived."""
    names = [name for name in TWIN_COLUMNS if name != "received_ms"]
    twins = leasing.twins(names)
    return facts(leasing.alerts()), {name: column.tolist() for name, column in twins.items()}


def taken(
    parts: list[Readings], url: str = "memory", ticks: tuple[int, ...] = ()
) -> tuple[object, ...]:
    """The outcome of these batches, with a tick now and then and one at the end."""
    system = system_of(url, machines=MACHINES, week=week_text(range(6), 6, 20), **TERMS)
    for at, part in enumerate(parts):
        system.leasing.take_in(part)
        if at in ticks:
            system.leasing.tick(int(part.at_ms.max()) + 7 * HOUR_MS)
    system.leasing.tick(END_MS)
    found = outcome(system.leasing)
    system.close()
    return found


def split(whole: Readings, order: NDArray[np.int64], batches: int) -> list[Readings]:
    return [whole.take(rows) for rows in np.array_split(order, batches) if rows.size]


def test_the_troubled_fleet_sees_every_kind_of_alert() -> None:
    whole = troubled(1)
    names = {alert_id.split("/")[1] for alert_id, *_ in taken([whole])[0]}  # type: ignore[attr-defined]
    assert names == {kind.name for kind in AlertKind}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(1, 4), shuffle=st.integers(0, 2**32 - 1), batches=st.integers(1, 30),
    reach=st.sampled_from([0, 5, 50, 10_000]), repeats=st.floats(0, 0.3),
)  # fmt: skip
def test_any_order_any_batches_and_any_repeats_end_in_the_same_alerts(
    seed: int, shuffle: int, batches: int, reach: int, repeats: float
) -> None:
    whole = troubled(seed).in_event_order()
    luck = np.random.Generator(np.random.Philox(shuffle))
    n = len(whole)
    order = np.argsort(whole.at_ms + luck.integers(0, reach + 1, n) * HOUR_MS, kind="stable")
    again = luck.choice(n, int(n * repeats))
    order = (
        luck.permutation(np.concatenate((order, again)))
        if reach
        else np.concatenate((order, again))
    )
    ticks = tuple(luck.integers(0, batches, 3).tolist())
    assert taken(split(whole, order, batches), ticks=ticks) == taken([whole])


@pytest.mark.parametrize("durable", [False, True])
def test_one_reading_at_a_time_is_as_good_as_all_at_once(tmp_path, durable: bool) -> None:  # type: ignore[no-untyped-def]
    whole = troubled(2)
    some = whole.take(np.argsort(whole.at_ms, kind="stable")[: 300 if durable else 504])
    url = sqlite_url(tmp_path) if durable else "memory"
    assert taken(split(some, np.arange(len(some)), len(some)), url) == taken([some])


def test_both_books_end_alike(tmp_path) -> None:  # type: ignore[no-untyped-def]
    whole = troubled(3)
    order = np.random.Generator(np.random.Philox(9)).permutation(len(whole))
    parts = split(whole, order, 7)
    assert taken(parts, sqlite_url(tmp_path)) == taken(parts)


def test_what_came_twice_is_counted_once() -> None:
    leasing = system_of(machines=MACHINES).leasing
    whole = troubled(1)
    assert leasing.take_in(whole).stored == len(whole)
    again = leasing.take_in(whole)
    assert (again.stored, again.repeated, again.turned) == (0, len(whole), 0)


def test_a_twin_starts_with_nothing_known() -> None:
    leasing = system_of(machines=2).leasing
    twins, fresh = leasing.twins(TWIN_COLUMNS), fresh_twins(2)
    assert all((twins[name] == fresh[name]).all() for name in TWIN_COLUMNS)
