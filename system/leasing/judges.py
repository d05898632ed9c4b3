"""Each rule over the columns of one pass: what it needs of the twin, and what it leaves there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from system.kernels.columns import I64, MISSING, Mask
from system.leasing.calendars import Calendar, local_day, open_between
from system.leasing.fences import FenceShape, places_of
from system.leasing.kernels import (
    counters,
    fence,
    fuel_burn,
    fuel_leak,
    fuel_theft,
    hours,
    idle,
    meter,
    offline,
    spoof,
    tamper,
)
from system.leasing.kernels.counters import Counted
from system.leasing.kernels.fence import Place
from system.leasing.kernels.latch import Finding, Turns, latch
from system.leasing.kernels.track import lay
from system.leasing.policy import LeasingPolicy
from system.leasing.readings import Readings
from system.leasing.records import AlertKind

# Contract periods are counted from the epoch, in business days.
PERIOD_DAYS: Final = 30
Columns = dict[str, I64]


@dataclass(frozen=True, slots=True)
class Ground:
    """Where machines stand: their sites' hours, and the fences by site number."""

    calendar: Calendar
    fences: Mapping[int, FenceShape | None]


class Pass:
    """The columns that rules share, laid out once."""

    def __init__(
        self,
        before: Mapping[str, I64],
        machines: Mapping[str, I64],
        readings: Readings,
        counts: I64,
        policy: LeasingPolicy,
    ) -> None:
        self.before, self.machines, self.readings, self.policy = before, machines, readings, policy
        self.track = lay(counts)
        self.at_ms = self.column("at_ms")
        self.turns: list[tuple[AlertKind, Turns]] = []
        self.shifted: Mask = np.zeros(len(self.track), np.bool_)
        self.after: Columns = {}
        self.engine = self._counted("engine_s", "engine_before_s", policy.engine)
        self.fuel = self._counted("fuel_ml", "fuel_before_ml", policy.fuel)

    def column(self, name: str) -> I64:
        """The twin's value on the heads, the readings' on the rest."""
        return self.track.column(self.before[name], getattr(self.readings, name))

    def said(self, name: str) -> I64:
        """The readings' values, MISSING on the heads."""
        heads = np.full(self.track.heads.size, MISSING)
        return self.track.column(heads, getattr(self.readings, name))

    def _counted(self, name: str, offset: str, bounds: counters.CounterBounds) -> Counted:
        boot = self.column("boot")
        value = self.column(name)
        found = counters.counted(self.track, self.at_ms, boot, value, self.before[offset], bounds)
        self.keep(**{name: found.shown, offset: found.before})
        return found

    def keep(self, **columns: I64) -> None:
        """What machines carry on: each column's value on their last rows."""
        for name, values in columns.items():
            self.after[name] = values[self.track.last]

    def judge(self, kind: AlertKind, finding: Finding) -> None:
        """Make episodes of a finding."""
        word = kind.name.lower()
        since, true = f"{word}_since_ms", f"{word}_true_ms"
        quiet_ms = self.policy.quiet_ms[kind]
        done = latch(
            self.track, self.at_ms, finding, self.before[since], self.before[true], quiet_ms
        )
        self.keep(**{since: done.since_ms, true: done.true_ms})
        if done.turns.row.size:
            self.turns.append((kind, done.turns))

    def reconciled(self, counter: Counted) -> I64:
        """What the counter would show had it never begun anew; MISSING before its first word."""
        return np.where(counter.shown == MISSING, MISSING, counter.shown + counter.before)


def sites(work: Pass) -> I64:
    """The site of each row: machines move."""
    spread, machines = work.track.spread, work.machines
    moved = work.at_ms >= spread(machines["site_from_ms"])
    return np.where(moved, spread(machines["site"]), spread(machines["site_before"]))


def judge_silence(work: Pass) -> None:
    """Silences that these readings ended."""
    turns = offline.gaps(work.track, work.at_ms, work.policy.silence_ms_max)
    if turns.row.size:
        work.turns.append((AlertKind.OFFLINE, turns))


def judge_idle(work: Pass, site: I64, ground: Ground) -> None:
    """Open hours without work."""
    track, before, policy = work.track, work.before, work.policy
    previous_ms = np.where(track.is_head, MISSING, np.concatenate(([MISSING], work.at_ms[:-1])))
    at_ms = np.where(track.is_head, 0, work.at_ms)
    open_ms = open_between(ground.calendar, site, previous_ms, at_ms)
    running = work.said("running")
    works, known = idle.is_work(work.at_ms, work.engine.step, running, policy.work_s_min)
    engine_on = track.filled(work.column("running"), work.column("running") != MISSING)
    rows = idle.starts_late(track, works & known, work.engine.step, engine_on)
    lead_ms = np.zeros(len(track), np.int64)
    started_ms = np.maximum(at_ms[rows] - work.engine.step[rows] * 1_000, previous_ms[rows])
    lead_ms[rows] = open_between(ground.calendar, site[rows], previous_ms[rows], started_ms)
    found = idle.idle(
        track,
        work.at_ms,
        works,
        known,
        open_ms,
        lead_ms,
        before["work_at_ms"],
        before["idle_open_ms"],
        policy.idle_open_ms_max,
    )
    work.keep(work_at_ms=found.work_at_ms, idle_open_ms=found.open_ms)
    work.judge(AlertKind.IDLE, found.finding)


def judge_places(work: Pass, site: I64, ground: Ground) -> None:
    """Fences, leaps and frozen fixes."""
    track, before, policy = work.track, work.before, work.policy
    hdop = work.said("hdop_centi")
    fixed: Mask = (work.said("fix_valid") != 0) & (hdop <= policy.hdop_centi_max)
    raw_lat, raw_lon = work.said("lat_e7"), work.said("lon_e7")
    fixed &= (raw_lat != MISSING) & (raw_lon != MISSING)
    newest = track.latest(fixed)
    fix_at_ms = track.column(before["fix_at_ms"], work.readings.at_ms)[newest]
    lat_e7, lon_e7 = work.column("lat_e7")[newest], work.column("lon_e7")[newest]
    work.keep(fix_at_ms=fix_at_ms, lat_e7=lat_e7, lon_e7=lon_e7)
    place = _places(site, fixed, lat_e7, lon_e7, ground)
    fenced = fence.fence(
        track,
        work.at_ms,
        place,
        before["outside_fixes"],
        before["outside_from_ms"],
        policy.fence_fixes_min,
    )
    work.keep(outside_fixes=fenced.outside, outside_from_ms=fenced.from_ms)
    work.judge(AlertKind.GEOFENCE, fenced.finding)
    _note_shifted(work, site, lat_e7, lon_e7, ground)
    names = ("fix_before_ms", "lat_before_e7", "lon_before_e7")
    found = spoof.spoof(
        track,
        work.at_ms,
        spoof.Fixes(fixed, fix_at_ms, lat_e7, lon_e7),
        work.engine.step,
        before["frozen_s"],
        before["frozen_from_ms"],
        before["leap_ms"],
        (before[names[0]], before[names[1]], before[names[2]]),
        policy.spoof,
    )
    work.keep(frozen_s=found.frozen_s, frozen_from_ms=found.from_ms, leap_ms=found.leap_ms)
    work.keep(**dict(zip(names, found.earlier, strict=True)))
    work.judge(AlertKind.SPOOF, found.finding)


def _places(site: I64, fixed: Mask, lat_e7: I64, lon_e7: I64, ground: Ground) -> I64:
    """The Place of each row's fix."""
    places = np.full(site.size, int(Place.UNKNOWN))
    known = {n: shape for n, shape in ground.fences.items() if shape is not None}
    if not known:
        return places
    numbers = np.array(sorted(known), np.int64)
    which = np.minimum(np.searchsorted(numbers, site), numbers.size - 1)
    rows = np.flatnonzero(fixed & (numbers[which] == site))
    shapes = [known[number] for number in numbers.tolist()]
    places[rows] = places_of(shapes, which[rows], lat_e7[rows], lon_e7[rows])
    return places


def _note_shifted(work: Pass, site: I64, lat_e7: I64, lon_e7: I64, ground: Ground) -> None:
    """Where breaches begin, whether fence and fix may be of two datums."""
    for kind, turns in work.turns:
        if kind is AlertKind.GEOFENCE:
            for row in turns.row[turns.ended == 0].tolist():
                shape, here = ground.fences.get(int(site[row])), slice(row, row + 1)
                if shape is not None:
                    work.shifted[row] = shape.is_shifted(lat_e7[here], lon_e7[here])[0]


def judge_counters(work: Pass) -> None:
    """The hour meter, the terminal, use beyond the contract, service."""
    track, before, policy = work.track, work.before, work.policy
    engine = work.engine
    turned = meter.meter(
        track,
        work.at_ms,
        engine,
        work.fuel,
        before["stalled_ml"],
        before["stalled_from_ms"],
        policy.engine.tolerance,
        policy.stalled_ml_max,
    )
    work.keep(stalled_ml=turned.stalled_ml, stalled_from_ms=turned.from_ms)
    work.judge(AlertKind.ROLLBACK, turned.finding)
    dark = tamper.tamper(
        track,
        work.at_ms,
        work.said("tamper"),
        work.said("voltage_mv"),
        before["dark_readings"],
        before["dark_from_ms"],
        policy.voltage_mv_min,
        policy.dark_readings_min,
    )
    work.keep(dark_readings=dark.dark, dark_from_ms=dark.from_ms)
    work.judge(AlertKind.TAMPER, dark.finding)
    hours_s = work.reconciled(engine)
    period = local_day(np.where(track.is_head, 0, work.at_ms)) // PERIOD_DAYS
    used = hours.overuse(
        track,
        work.at_ms,
        period,
        hours_s,
        track.spread(work.machines["period_engine_s_max"]),
        before["period"],
        before["period_from_s"],
    )
    work.keep(period=used.period, period_from_s=used.from_s)
    work.judge(AlertKind.OVERUSE, used.finding)
    spread, machines = track.spread, work.machines
    serviced = work.at_ms >= spread(machines["service_from_ms"])
    due_s = np.where(
        serviced, spread(machines["service_due_s"]), spread(machines["service_due_before_s"])
    )
    due = hours.maintenance(work.at_ms, hours_s, due_s, track.is_head)
    work.judge(AlertKind.MAINTENANCE, due)


def judge_fuel(work: Pass) -> None:
    """Fuel taken from the tank, and fuel burnt."""
    track, before, policy, machines = work.track, work.before, work.policy, work.machines
    names = [f"tank_{n}_ml" for n in range(1, fuel_theft.CARRIED + 1)]
    tank = fuel_theft.fuel_theft(
        track,
        work.at_ms,
        work.said("tank_permille"),
        track.spread(machines["tank_ml"]),
        work.reconciled(work.fuel),
        tuple(before[name] for name in names),
        policy.theft,
    )
    work.keep(**dict(zip(names, tank.levels, strict=True)))
    work.judge(AlertKind.FUEL_THEFT, tank.finding)
    _judge_leak(work)
    day = local_day(work.at_ms[track.last])
    past = {name: before[name] for name in fuel_burn.BURN_STATE}
    burnt = fuel_burn.fuel_burn(
        track,
        work.at_ms,
        work.engine.step,
        work.fuel.step,
        work.said("load_permille"),
        fuel_burn.turned_day(past, day, policy.burn),
        machines["burn_idle_ml"],
        machines["burn_full_ml"],
        policy.burn,
    )
    work.after.update(burnt.state)
    work.judge(AlertKind.FUEL_BURN, burnt.finding)


def _judge_leak(work: Pass) -> None:
    """Fuel that goes while the machine stands."""
    track, before, policy = work.track, work.before, work.policy
    tank_ml = work.machines["tank_ml"]
    # However much was lost, a mended tank is believed in days.
    day = local_day(work.at_ms[track.last])
    turns = local_day(np.maximum(before["at_ms"], 0)) != day
    most_ml = np.where(turns, fuel_leak.lost_ml_max(tank_ml, policy.leak) * 3 // 2, 2**62)
    rests = (work.said("running") == 0) & (work.engine.step == 0)
    found = fuel_leak.fuel_leak(
        track,
        work.at_ms,
        work.said("tank_permille"),
        track.spread(tank_ml),
        rests.astype(np.int64),
        (before["parked_ml"], np.minimum(before["leak_sum"], most_ml), before["leak_from_ms"]),
        policy.leak,
    )
    work.keep(parked_ml=found.parked_ml, leak_sum=found.sums, leak_from_ms=found.from_ms)
    work.judge(AlertKind.FUEL_LEAK, found.finding)
