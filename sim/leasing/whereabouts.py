"""Where machines are, in truth and by their contracts; hauls by day, and what thieves do."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.leasing.fleet import Fleet
from sim.leasing.grid import REGIONS, SLOT_S, SLOTS, at_region, distance_m, moved
from sim.leasing.projects import Projects
from sim.leasing.work import NOWHERE
from sim.portable import F64, I64, Mask, floor_i64
from sim.streams import Luck

# A lorry with a machine on it makes so much in half an hour.
_LORRY_M: Final = 30_000.0
# Hauls leave at half past two in the morning and are there before work; thieves leave from one on.
HAUL_SLOT: Final = 5
SHIFT_SLOT: Final = 14
_THIEF_SLOT: Final = 2
_THIEF_SLOTS: Final = 6
_HIDEOUT_M: Final = 40_000.0
# At work, a machine comes up to so far from where it parks towards the middle of its site.
_WANDER_SHARE: Final = 0.6


@dataclass(slots=True)
class Whereabouts:
    """Columns (n,). lat_e7, lon_e7: the true place where it stands for the night.

    region: whose metres count.  site: the project at which the contract has it, NOWHERE for the
    yard.  place: the project at which it is.
    """

    lat_e7: I64
    lon_e7: I64
    region: I64
    site: I64
    place: I64


@dataclass(frozen=True, slots=True)
class Trip:
    """One day's journeys, int64 (j,): machines, first slot, slots that they take, and the goal."""

    rows: I64
    slot: I64
    slots: I64
    lat_e7: I64
    lon_e7: I64


def at_home(fleet: Fleet) -> Whereabouts:
    """All machines in their yards."""
    nowhere = np.full(fleet.n, NOWHERE, np.int64)
    return Whereabouts(
        fleet.yard_lat_e7.copy(),
        fleet.yard_lon_e7.copy(),
        fleet.region.copy(),
        nowhere,
        nowhere.copy(),
    )


@dataclass(frozen=True, slots=True)
class Ground:
    """Sites as circles. edge_share: of parkings, close to the fence."""

    fleet: Fleet
    projects: Projects
    radius_m: int
    edge_share: float

    def middle(self, rows: I64, place: I64) -> tuple[I64, I64]:
        """The middle of each machine's site or yard."""
        at = place != NOWHERE
        lat_e7 = np.where(at, self.projects.lat_e7[place], self.fleet.yard_lat_e7[rows])
        lon_e7 = np.where(at, self.projects.lon_e7[place], self.fleet.yard_lon_e7[rows])
        return lat_e7, lon_e7

    def parking(self, luck: Luck, rows: I64, place: I64, day: int) -> tuple[I64, I64]:
        """Where these machines stand on their sites: a spot of their own, some at the fence."""
        n = self.fleet.n
        near = luck.cohort("parks_at_edge", day, n)[rows] < self.edge_share
        inside = 0.8 * np.sqrt(luck.cohort("parking_reach", day, n)[rows])
        reach_m = self.radius_m * np.where(near, 0.97, inside)
        east, north = _on_circle(4 * luck.cohort("parking_side", day, n)[rows])
        lat_e7, lon_e7 = self.middle(rows, place)
        region = self.fleet.region[rows]
        return moved(region, lat_e7, lon_e7, reach_m * north, reach_m * east)


def _on_circle(along: F64) -> tuple[F64, F64]:
    """A point of the unit circle for 0..4: a diamond's rim pushed outwards, without a sine."""
    side = floor_i64(along) % 4
    part = along - np.floor(along)
    long = np.sqrt(part * part + (1 - part) * (1 - part))
    x, y = (1 - part) / long, part / long
    east = np.choose(side, [x, -y, -x, y])
    north = np.choose(side, [y, x, -y, -x])
    return east, north


def theft_trip(luck: Luck, where: Whereabouts, rows: I64, day: int) -> Trip:
    """Thieves take machines to another region by lorry."""
    n = where.region.size
    hop = 1 + floor_i64(luck.cohort("theft_goal", day, n)[rows] * (len(REGIONS) - 1))
    goal = (where.region[rows] + hop) % len(REGIONS)
    north, east = (
        _HIDEOUT_M * (2 * luck.cohort(f"theft_{axis}", day, n)[rows] - 1)
        for axis in ("north", "east")
    )
    lat_e7, lon_e7 = at_region(goal, north, east)
    away_m = distance_m(goal, where.lat_e7[rows], where.lon_e7[rows], lat_e7, lon_e7)
    slot = _THIEF_SLOT + floor_i64(luck.cohort("theft_slot", day, n)[rows] * _THIEF_SLOTS)
    slots = np.minimum(1 + floor_i64(away_m / _LORRY_M), SLOTS - slot)
    return Trip(rows, slot, slots, lat_e7, lon_e7)


def haul_trip(where: Whereabouts, rows: I64, lat_e7: I64, lon_e7: I64) -> Trip:
    """Ordinary hauls: some hours of the night on a lorry."""
    start = where.lat_e7[rows], where.lon_e7[rows]
    away_m = distance_m(where.region[rows], *start, lat_e7, lon_e7)
    slots = np.minimum(1 + floor_i64(away_m / _LORRY_M), SLOTS - HAUL_SLOT)
    return Trip(rows, np.full(rows.size, HAUL_SLOT, np.int64), slots, lat_e7, lon_e7)


def positions(
    luck: Luck,
    where: Whereabouts,
    trips: list[Trip],
    on: Mask,
    middle: tuple[I64, I64],
    day: int,
) -> tuple[I64, I64, Mask]:
    """True latitude, longitude at the end of each slot, (n, SLOTS), and whether it was on a lorry.

    on: bool (n, SLOTS), at work.  middle: of the sites where machines are.
    Moves ``where`` on to the evening.
    """
    n = where.region.size
    lat = np.repeat(where.lat_e7[:, None], SLOTS, axis=1)
    lon = np.repeat(where.lon_e7[:, None], SLOTS, axis=1)
    riding = np.zeros((n, SLOTS), np.bool_)
    slot = np.arange(SLOTS)
    for trip in trips:
        done = np.clip((slot - trip.slot[:, None] + 1) / trip.slots[:, None], 0, 1)
        rows = trip.rows
        start = lat[rows, -1], lon[rows, -1]
        gone = slot >= trip.slot[:, None]
        for column, begin, goal in ((lat, start[0], trip.lat_e7), (lon, start[1], trip.lon_e7)):
            way = begin[:, None] + floor_i64((goal - begin)[:, None] * done)
            column[rows] = np.where(gone, way, column[rows])
        riding[rows] |= gone & (done < 1)
    where.lat_e7[:], where.lon_e7[:] = lat[:, -1], lon[:, -1]
    inwards = _WANDER_SHARE * luck.cohort("wander", day, n * SLOTS).reshape(n, SLOTS)
    for column, centre in ((lat, middle[0]), (lon, middle[1])):
        column += floor_i64((centre[:, None] - column) * (inwards * (on & ~riding)))
    return lat, lon, riding


def slot_end_s(day_start_s: int, slot: I64) -> I64:
    """The UTC second at which a slot of the day ends."""
    return day_start_s + (slot + 1) * SLOT_S
