"""Terminals: what they read of the truth, with the noise of gauges, satellites and clocks."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.leasing.activity import Activity
from sim.leasing.fleet import Fleet
from sim.leasing.grid import MS, SLOT_S, SLOTS, moved
from sim.leasing.trouble_parameters import TroubleParameters
from sim.leasing.troubles import Ailing
from sim.leasing.whereabouts import slot_end_s
from sim.portable import F64, I64, Mask, floor_i64
from sim.streams import Luck
from system.kernels.columns import MISSING

# Reads are this long before the end of a half hour, each terminal at its own second.
_PHASE_S: Final = 120
_RUNNING_MV, _PARKED_MV, _NOISE_MV = 27_600, 25_200, 150
# Fuel moves in the tank of a machine at work about five times as much as in one that stands.
_SLOSH_AT_WORK: Final = 5.0
_CM: Final = 0.01
_HDOP_GOOD, _HDOP_SPREAD, _HDOP_BAD = 80, 120, 900


@dataclass(frozen=True, slots=True)
class Spoken:
    """Readings of one day as terminals wrote them down, int64 (r,), by machine, then time.

    true_s: when it really was; everything else is what the terminal says (see ``Readings``).
    """

    device: I64
    true_s: I64
    boot: I64
    sequence: I64
    at_ms: I64
    lat_e7: I64
    lon_e7: I64
    fix_valid: I64
    hdop_centi: I64
    engine_s: I64
    idle_s: I64
    fuel_ml: I64
    tank_permille: I64
    load_permille: I64
    voltage_mv: I64
    running: I64
    tamper: I64

    def __len__(self) -> int:
        return int(self.device.size)


class Terminals:
    """One terminal per machine; clocks are off by what they are off."""

    def __init__(self, luck: Luck, p: TroubleParameters, fleet: Fleet) -> None:
        self._luck, self._p, self._fleet = luck, p, fleet
        n = fleet.n
        self._phase_s = floor_i64(_PHASE_S * luck.cohort("terminal_phase", 0, n))
        far = luck.cohort("clock_is_off", 0, n) < p.skewed_clock_share
        error = 2 * luck.cohort("clock_error", 0, n) - 1
        self._skew_ms = np.where(
            far, floor_i64(error * p.skew_s_max * MS), floor_i64(error * 5 * MS)
        )
        self._was_on = np.zeros(n, np.bool_)

    def read(
        self, day: int, start_s: int, live: Activity, place: tuple[I64, I64, Mask], ailing: Ailing
    ) -> Spoken:
        """All that terminals write down on this day. place: latitude, longitude, riding."""
        lat_e7, lon_e7, riding = place
        opened_slot = (ailing.opened_at_s - start_s) // SLOT_S
        rows, slots = self._when(live.on, riding, opened_slot)
        true_s = slot_end_s(start_s, slots) - self._phase_s[rows]
        says = true_s < ailing.silent_from_s[rows]
        rows, slots, true_s = rows[says], slots[says], true_s[says]
        at = (rows, slots)
        lat, lon, valid, hdop = self._fixes(day, rows, slots, lat_e7[at], lon_e7[at], ailing)
        opened = true_s >= ailing.opened_at_s[rows]
        return Spoken(
            device=rows,
            true_s=true_s,
            boot=ailing.boot[rows],
            sequence=self._numbered(rows, ailing),
            at_ms=true_s * MS + self._skew_ms[rows],
            lat_e7=lat,
            lon_e7=lon,
            fix_valid=valid,
            hdop_centi=hdop,
            engine_s=np.maximum(live.engine_s[at] - ailing.offset_s[rows], 0),
            idle_s=live.idle_s[at],
            fuel_ml=live.fuel_ml[at],
            tank_permille=self._gauge(day, at, live),
            load_permille=np.where(live.on[at], floor_i64(1_000 * live.load[at] + 0.5), MISSING),
            voltage_mv=self._supply(day, at, live.on[at], opened),
            running=live.on[at].astype(np.int64),
            tamper=opened.astype(np.int64),
        )

    def _when(self, on: Mask, riding: Mask, opened_slot: I64) -> tuple[I64, I64]:
        """Each half hour at work or on the way and the one after it, or in which somebody opens
        the terminal; else a sign of life."""
        every = self._p.heartbeat_s // SLOT_S
        stops = np.concatenate((self._was_on[:, None], on[:, :-1]), axis=1) & ~on
        self._was_on = on[:, -1].copy()
        beats = np.arange(SLOTS) % every == every - 1
        opened = np.arange(SLOTS) == opened_slot[:, None]
        rows, slots = np.nonzero(on | stops | riding | beats | opened)
        return rows, slots

    def _numbered(self, rows: I64, ailing: Ailing) -> I64:
        """Sequence numbers go on within a boot."""
        count = np.bincount(rows, minlength=ailing.sequence.size)
        first = np.cumsum(count) - count
        number = ailing.sequence[rows] + np.arange(rows.size) - first[rows]
        ailing.sequence += count
        sequence: I64 = number
        return sequence

    def _noise(self, purpose: str, day: int, at: tuple[I64, I64]) -> F64:
        whole = self._luck.generator(purpose, day).standard_normal((self._fleet.n, SLOTS))
        noise: F64 = np.clip(whole[at], -4.0, 4.0)
        return noise

    def _chance(self, purpose: str, day: int, at: tuple[I64, I64]) -> F64:
        return self._luck.cohort(purpose, day, self._fleet.n * SLOTS).reshape(-1, SLOTS)[at]

    def _fixes(
        self, day: int, rows: I64, slots: I64, lat: I64, lon: I64, ailing: Ailing
    ) -> tuple[I64, I64, I64, I64]:
        """Positions as the receiver has them: noise, now and then an echo, now and then nothing."""
        p, at = self._p, (rows, slots)
        echo = self._chance("multipath", day, at) < p.multipath_share
        spread_m = p.gnss_noise_cm * _CM + p.multipath_m_max * echo
        north = self._noise("gnss_north", day, at) * spread_m
        east = self._noise("gnss_east", day, at) * spread_m
        lat, lon = moved(self._fleet.region[rows], lat, lon, north, east)
        lies = ailing.spoofs[rows]
        lat = np.where(lies, ailing.spoof_lat_e7[rows], lat)
        lon = np.where(lies, ailing.spoof_lon_e7[rows], lon)
        draw = self._chance("fix_quality", day, at)
        valid = (draw >= p.invalid_fix_share) | lies
        hdop = _HDOP_GOOD + floor_i64(_HDOP_SPREAD * self._chance("hdop", day, at))
        return lat, lon, valid.astype(np.int64), np.where(valid, hdop, _HDOP_BAD)

    def _gauge(self, day: int, at: tuple[I64, I64], live: Activity) -> I64:
        level = live.tank_ml[at] / self._fleet.tank_ml[at[0]]
        moves = self._p.slosh_share * np.where(live.on[at], _SLOSH_AT_WORK, 1.0)
        said = level + moves * self._noise("slosh", day, at)
        return np.clip(floor_i64(1_000 * said + 0.5), 0, 1_000)

    def _supply(self, day: int, at: tuple[I64, I64], on: Mask, opened: Mask) -> I64:
        usual = np.where(on, _RUNNING_MV, _PARKED_MV)
        noisy = usual + floor_i64(_NOISE_MV * self._noise("supply", day, at))
        return np.where(opened, 0, noisy)
