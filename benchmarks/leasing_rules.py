"""All rules and the twin over a day of readings: columns, the whole service, and a loop per row.

A fleet reads every quarter of an hour; some machines stand, leave their site, fall silent or are
opened. The peer is what one writes first: an object per machine, one reading after another. It
knows four of the ten rules (idle, offline, geofence, tamper) and must find the same in them.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import partial
from math import cos, hypot, pi
from typing import Any

import numpy as np

from benchmarks.workload import CPU, Answer, Contender, Work, Workload
from sim.streams import Luck
from system.bootstrap_leasing import build_leasing
from system.kernels.columns import I64, MISSING
from system.leasing.calendars import ALWAYS, calendar
from system.leasing.checkpoints import fresh_twins
from system.leasing.commands import DefineSite, EnrolMachines
from system.leasing.fences import fence_of
from system.leasing.judges import Ground
from system.leasing.kernels.distance import M_PER_E7
from system.leasing.passes import run_day
from system.leasing.policy import DEFAULT_POLICY
from system.leasing.readings import Readings
from system.leasing.records import MACHINES, AlertKind

START_MS = 1_767_542_400_000
STEP_MS, DAY_MS, A_DAY = 900_000, 86_400_000, 96
LAT_E7, LON_E7, RADIUS_M = 345_000_000, 1_132_500_000, 300
FENCE = (
    '{"type":"Feature","properties":{"radius_m":300},'
    '"geometry":{"type":"Point","coordinates":[113.25,34.5]}}'
)
SHARED = (AlertKind.IDLE, AlertKind.OFFLINE, AlertKind.GEOFENCE, AlertKind.TAMPER)
ROUNDS = 3
Found = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Size:
    machines: int
    days: int


SIZES = {"small": Size(100, 3), "full": Size(10_000, 4)}


def made_up_days(size: Size) -> list[Readings]:
    """Readings by day, in event order: by machine, then time."""
    luck = Luck(20260101, 0).generator("bench-leasing")
    m, n = size.machines, size.days * A_DAY
    works = luck.random((m, n)) < 0.5
    works[: m // 20, n // 4 :] = False
    engine_s = 3_600_000 + np.cumsum(works, axis=1) * 900
    load = luck.integers(200, 800, (m, n)) * works
    burnt = works * (1_000 + load * 5) * luck.integers(90, 111, (m, n)) // 100
    lat = LAT_E7 + luck.integers(-400, 401, (m, n))
    lat[m // 20 : m // 10, n // 2 : n // 2 + 20] += 90_000
    kept = np.ones((m, n), np.bool_)
    kept[m // 10 : m // 8, n // 3 : n // 3 + 40] = False
    tamper = np.zeros((m, n), np.int64)
    tamper[-(m // 50) :, n // 2] = 1
    step = np.broadcast_to(np.arange(n), (m, n))
    columns: dict[str, Any] = {
        "device": np.broadcast_to(np.arange(m)[:, None], (m, n)),
        "boot": 1, "sequence": step, "at_ms": START_MS + step * STEP_MS,
        "received_ms": START_MS + step * STEP_MS + 2_000, "lat_e7": lat,
        "lon_e7": LON_E7 + luck.integers(-400, 401, (m, n)), "fix_valid": 1, "hdop_centi": 90,
        "engine_s": engine_s, "idle_s": MISSING, "fuel_ml": 10**7 + np.cumsum(burnt, axis=1),
        "tank_permille": 700, "load_permille": load, "voltage_mv": 26_000, "running": works * 1,
        "tamper": tamper, "faults": 0, "firmware": 0,
    }  # fmt: skip
    return [_day(columns, kept, day) for day in range(size.days)]


def _day(columns: dict[str, Any], kept: Any, day: int) -> Readings:
    some = slice(day * A_DAY, (day + 1) * A_DAY)
    shown = kept[:, some]
    whole = {
        field.name: np.broadcast_to(columns[field.name], kept.shape)[:, some][shown]
        for field in fields(Readings)
    }
    return Readings(**{name: values.astype(np.int64) for name, values in whole.items()})


def _facts(size: Size) -> dict[str, I64]:
    facts = {column.name: np.zeros(size.machines, np.int64) for column in MACHINES.columns}
    facts["tank_ml"] += 400_000
    facts["burn_idle_ml"] += 4_000
    facts["burn_full_ml"] += 24_000
    return facts


def _story(found: Iterable[Found]) -> list[Found]:
    return sorted(found)


@contextmanager
def _columns(size: Size) -> Iterator[Work]:
    """The rules alone, all ten, twins carried from day to day."""
    days, facts, policy = made_up_days(size), _facts(size), DEFAULT_POLICY
    table = calendar({0: ALWAYS}, {}, START_MS - DAY_MS, START_MS + size.days * DAY_MS)
    ground = Ground(table, {0: fence_of(FENCE, "WGS-84", policy.fence_buffer_m)})

    def work() -> Answer:
        twins = fresh_twins(size.machines)
        found: list[Found] = []
        for readings in days:
            some, counts = np.unique(readings.device, return_counts=True)
            before = {name: column[some] for name, column in twins.items()}
            of_some = {name: column[some] for name, column in facts.items()}
            after, episodes = run_day(before, of_some, readings, counts, ground, policy)
            for name, column in after.items():
                twins[name][some] = column
            rows = (episodes.kind, some[episodes.machine], episodes.since_ms, episodes.ended)
            found += zip(*(column.tolist() for column in rows), strict=True)
        shared = [row for row in found if row[0] in SHARED]
        return Answer(sum(map(len, days)), partial(_story, shared))

    yield work


@contextmanager
def _service(size: Size) -> Iterator[Work]:
    """The service in memory: each reading once, history, checkpoints, twins, alerts, outbox."""
    days = made_up_days(size)

    class Held:
        def now_s(self) -> int:
            return START_MS // 1_000

    system = build_leasing(clock=Held(), store_url="memory")
    site = system.leasing.define_site(DefineSite("site", "pit", FENCE, ALWAYS))
    facts, n = _facts(size), size.machines
    names = [field.name for field in fields(EnrolMachines)][2:]
    columns = {name: facts[name] for name in names} | {"site": facts["site"] + site}
    system.leasing.enrol_machines(EnrolMachines("enrol", n, **columns))

    def work() -> Answer:
        stored = sum(system.leasing.take_in(readings).stored for readings in days)
        return Answer(stored, lambda: [a.alert_id for a in system.leasing.alerts()])

    yield work
    system.close()


class Machine:
    """One machine as an object."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.at_ms = self.engine_s = self.worked_ms = -1
        self.idle_ms = self.outside = self.outside_from = self.outside_at = self.tampered_at = 0
        self.on: dict[AlertKind, int] = {}
        self.found: list[Found] = []

    def _turn(self, kind: AlertKind, since_ms: int) -> None:
        """Begin an episode where ``since_ms`` is above 0, else end it."""
        if since_ms and kind not in self.on:
            self.on[kind] = since_ms
            self.found.append((int(kind), self.number, since_ms, 0))
        elif not since_ms and kind in self.on:
            self.found.append((int(kind), self.number, self.on.pop(kind), 1))

    def read(self, at_ms: int, lat: int, lon: int, engine_s: int, tamper: int) -> None:
        if self.at_ms < 0:
            self.worked_ms = at_ms
        else:
            self._silence(at_ms)
            self._idle(at_ms, engine_s)
        self._fence(at_ms, lat, lon)
        self._tamper(at_ms, tamper)
        self.at_ms, self.engine_s = at_ms, engine_s

    def _silence(self, at_ms: int) -> None:
        if at_ms - self.at_ms > DEFAULT_POLICY.silence_ms_max:
            self._turn(AlertKind.OFFLINE, self.at_ms)
            self._turn(AlertKind.OFFLINE, 0)

    def _idle(self, at_ms: int, engine_s: int) -> None:
        enough_s = min((at_ms - self.at_ms) // 2_000, DEFAULT_POLICY.work_s_min)
        if engine_s - self.engine_s >= enough_s:
            self.idle_ms, self.worked_ms = 0, at_ms
            self._turn(AlertKind.IDLE, 0)
            return
        self.idle_ms += at_ms - self.at_ms
        if self.idle_ms >= DEFAULT_POLICY.idle_open_ms_max:
            self._turn(AlertKind.IDLE, self.worked_ms)

    def _fence(self, at_ms: int, lat: int, lon: int) -> None:
        north = (lat - LAT_E7) * M_PER_E7
        east = (lon - LON_E7) * M_PER_E7 * cos(LAT_E7 * pi / 1.8e9)
        away = hypot(north, east)
        if away > RADIUS_M + DEFAULT_POLICY.fence_buffer_m:
            self.outside += 1
            self.outside_from = at_ms if self.outside == 1 else self.outside_from
            if self.outside >= DEFAULT_POLICY.fence_fixes_min:
                self._turn(AlertKind.GEOFENCE, self.outside_from)
                self.outside_at = at_ms
            return
        self.outside = 0
        quiet_ms = DEFAULT_POLICY.quiet_ms[AlertKind.GEOFENCE]
        if away < RADIUS_M and at_ms - self.outside_at >= quiet_ms:
            self._turn(AlertKind.GEOFENCE, 0)

    def _tamper(self, at_ms: int, tamper: int) -> None:
        if tamper:
            self._turn(AlertKind.TAMPER, at_ms)
            self.tampered_at = at_ms
        elif at_ms - self.tampered_at >= DEFAULT_POLICY.quiet_ms[AlertKind.TAMPER]:
            self._turn(AlertKind.TAMPER, 0)


@contextmanager
def _loop(size: Size) -> Iterator[Work]:
    """A reading after the other, as plain Python numbers."""
    names = ("device", "at_ms", "lat_e7", "lon_e7", "engine_s", "tamper")
    days = [
        list(zip(*(getattr(day, name).tolist() for name in names), strict=True))
        for day in made_up_days(size)
    ]

    def work() -> Answer:
        machines = [Machine(number) for number in range(size.machines)]
        for day in days:
            for device, *reading in day:
                machines[device].read(*reading)
        found = [row for machine in machines for row in machine.found]
        return Answer(sum(map(len, days)), partial(_story, found))

    yield work


def _contenders(size: Size) -> list[Contender]:
    return [
        Contender("loop over rows, four rules", partial(_loop, size), ROUNDS, CPU),
        Contender(
            "columns, ten rules and the twin",
            partial(_columns, size),
            ROUNDS,
            CPU,
            peer="loop over rows, four rules",
        ),
        Contender(
            "the service in memory",
            partial(_service, size),
            ROUNDS,
            CPU,
            peer="loop over rows, four rules",
            tale="service",
        ),
    ]


RULES = Workload(
    "leasing-rules",
    "readings",
    {name: partial(_contenders, size) for name, size in SIZES.items()},
)
