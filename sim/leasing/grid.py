"""The grid of time and place: half-hour slots of the local day, metres as degrees x 10**7."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.calendar import UTC_OFFSET_S
from sim.portable import F64, I64, floor_i64
from system.limits import DAY_S

SLOT_S: Final = 1_800
SLOTS: Final = DAY_S // SLOT_S
SLOTS_PER_HOUR: Final = 3_600 // SLOT_S
MS: Final = 1_000
WEEK_DAYS: Final = 7
MONTH_DAYS: Final = 30
# 10**7 / 111,320 m per degree of latitude.
_E7_PER_M: Final = 89.83


@dataclass(frozen=True, slots=True)
class Place:
    """A region's centre, WGS-84 degrees x 10**7. stretch: one metre east in metres north."""

    name: str
    lat_e7: int
    lon_e7: int
    stretch: float


# City centres, to a kilometre; stretch is 1 / cos(latitude).
REGIONS: Final = (
    Place("jinan", 366_500_000, 1_170_000_000, 1.2464),
    Place("zhengzhou", 347_500_000, 1_136_300_000, 1.2171),
    Place("nanjing", 320_600_000, 1_187_800_000, 1.1799),
    Place("wuhan", 305_900_000, 1_143_000_000, 1.1617),
    Place("taiyuan", 378_700_000, 1_125_500_000, 1.2667),
)
_STRETCH: Final = np.array([place.stretch for place in REGIONS])
_LAT_E7: Final = np.array([place.lat_e7 for place in REGIONS], np.int64)
_LON_E7: Final = np.array([place.lon_e7 for place in REGIONS], np.int64)


def day_start_s(day: int) -> int:
    """The UTC second at which a local business day begins."""
    return day * DAY_S - UTC_OFFSET_S


def at_region(region: I64, north_m: F64, east_m: F64) -> tuple[I64, I64]:
    """Latitude and longitude x 10**7 of points so many metres from their region's centre."""
    lat_e7 = _LAT_E7[region] + floor_i64(north_m * _E7_PER_M)
    lon_e7 = _LON_E7[region] + floor_i64(east_m * _E7_PER_M * _STRETCH[region])
    return lat_e7, lon_e7


def moved(region: I64, lat_e7: I64, lon_e7: I64, north_m: F64, east_m: F64) -> tuple[I64, I64]:
    """Points moved by so many metres; region: whose metres count."""
    lat = lat_e7 + floor_i64(north_m * _E7_PER_M)
    lon = lon_e7 + floor_i64(east_m * _E7_PER_M * _STRETCH[region])
    return lat, lon


def distance_m(region: I64, lat_e7: I64, lon_e7: I64, lat2_e7: I64, lon2_e7: I64) -> F64:
    """Metres between points, on the plane: good to a percent within a province."""
    north_m = (lat2_e7 - lat_e7) / _E7_PER_M
    east_m = (lon2_e7 - lon_e7) / (_E7_PER_M * _STRETCH[region])
    away_m: F64 = np.sqrt(north_m * north_m + east_m * east_m)
    return away_m
