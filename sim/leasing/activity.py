"""A day of every machine by half hours: engine, load, fuel, tank. All of it is the truth."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.leasing.fleet import Fleet
from sim.leasing.grid import SLOT_S, SLOTS, SLOTS_PER_HOUR
from sim.leasing.machines import MachineDay
from sim.leasing.world_parameters import WorldParameters
from sim.portable import F64, I64, Mask, floor_i64
from sim.streams import Luck

_DAY_BEGINS: Final = 7 * SLOTS_PER_HOUR
_NOON: Final = 12 * SLOTS_PER_HOUR
_NIGHT_BEGINS: Final = 19 * SLOTS_PER_HOUR
# Slots in the order in which a shift fills them: from seven on, with an hour at noon.
_DAY_ORDER: Final = np.array(
    [
        *range(_DAY_BEGINS, _NOON),
        *range(_NOON + SLOTS_PER_HOUR, SLOTS),
        *range(_DAY_BEGINS),
        _NOON,
        _NOON + 1,
    ]
)
# Nights begin at seven in the evening; what is left is done before the morning.
_NIGHT_ORDER: Final = np.array([*range(_NIGHT_BEGINS, SLOTS), *range(_NIGHT_BEGINS)])
_RANK_OF_SLOT: Final = np.stack([np.argsort(_DAY_ORDER), np.argsort(_NIGHT_ORDER)])
# The tanker comes before the shift, when less than this is left, and fills to that.
_LOW, _FULL = 0.35, 0.97
_TANKER_SLOT: Final = 6 * SLOTS_PER_HOUR
# Half hours of engine time at most: a machine rests now and then.
_LOAD_MIN, _LOAD_MAX = 0.15, 0.95


@dataclass(slots=True)
class Tanks:
    """What every machine has counted and holds: int64 (n,), of the machine, not of its display."""

    engine_s: I64
    idle_s: I64
    fuel_ml: I64
    tank_ml: I64


@dataclass(frozen=True, slots=True)
class Activity:
    """(n, SLOTS): what happened in each half hour, and how counters stood at its end.

    on: bool.  load: mean engine load while on, of full load, float64.  burnt_ml: int64.
    engine_s, idle_s, fuel_ml, tank_ml: int64, at the end of the slot.
    """

    on: Mask
    load: F64
    burnt_ml: I64
    engine_s: I64
    idle_s: I64
    fuel_ml: I64
    tank_ml: I64


def slots_on(day: MachineDay, nights: Mask) -> Mask:
    """In which half hours each engine runs: bool (n, SLOTS). nights: bool (n,), a night site."""
    return _RANK_OF_SLOT[nights.astype(np.int64)] < day.slots[:, None]


def live_day(
    luck: Luck,
    p: WorldParameters,
    fleet: Fleet,
    tanks: Tanks,
    day: int,
    done: MachineDay,
    on: Mask,
    burn: F64,
    stolen_ml: I64,
) -> Activity:
    """Move counters and tanks through one day.

    burn: float64 (n,), factor on fuel of faults and drivers.  stolen_ml: int64 (n, SLOTS).
    """
    n = fleet.n
    noise = luck.generator("slot_load", day).standard_normal((n, SLOTS))
    of_day = luck.generator("day_load", day).standard_normal(n)
    work = p.work_load_share * (
        1 + p.work_load_day_cv * of_day[:, None] + p.work_load_slot_cv * noise
    )
    load = np.clip(work, _LOAD_MIN, _LOAD_MAX) * (1 - done.idle)[:, None] * on
    span_ml = (fleet.burn_full_ml - fleet.burn_idle_ml)[:, None] * load
    hourly_ml = (fleet.burn_idle_ml[:, None] + span_ml) * (fleet.thirst * burn)[:, None]
    burnt_ml = floor_i64(hourly_ml * on / SLOTS_PER_HOUR)
    idle_s = floor_i64(SLOT_S * done.idle[:, None] * on)
    tank_ml = _tank(fleet, tanks.tank_ml, burnt_ml, stolen_ml)
    engine_s = tanks.engine_s[:, None] + np.cumsum(SLOT_S * on, axis=1)
    activity = Activity(
        on=on,
        load=load,
        burnt_ml=burnt_ml,
        engine_s=engine_s,
        idle_s=tanks.idle_s[:, None] + np.cumsum(idle_s, axis=1),
        fuel_ml=tanks.fuel_ml[:, None] + np.cumsum(burnt_ml, axis=1),
        tank_ml=tank_ml,
    )
    for name in ("engine_s", "idle_s", "fuel_ml", "tank_ml"):
        getattr(tanks, name)[:] = getattr(activity, name)[:, -1]
    return activity


def _tank(fleet: Fleet, tank_ml: I64, burnt_ml: I64, stolen_ml: I64) -> I64:
    """The level at the end of each slot; the tanker comes where it is low, before the shift."""
    out_ml = np.cumsum(burnt_ml + stolen_ml, axis=1)
    level_ml = tank_ml[:, None] - out_ml
    comes = level_ml[:, _TANKER_SLOT] < floor_i64(fleet.tank_ml * _LOW)
    added_ml = (floor_i64(fleet.tank_ml * _FULL) - level_ml[:, _TANKER_SLOT]) * comes
    level_ml[:, _TANKER_SLOT:] += added_ml[:, None]
    # Whoever runs dry fetches a canister.
    level: I64 = np.maximum(level_ml, fleet.tank_ml[:, None] // 50)
    return level


def open_tanks(luck: Luck, fleet: Fleet) -> Tanks:
    """Terminals count from the day on which they are fitted."""
    n = fleet.n
    level = 0.5 + 0.4 * luck.cohort("machine_tank", 0, n)
    return Tanks(
        engine_s=np.zeros(n, np.int64),
        idle_s=np.zeros(n, np.int64),
        fuel_ml=np.zeros(n, np.int64),
        tank_ml=floor_i64(fleet.tank_ml * level),
    )
