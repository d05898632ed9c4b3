"""The lessor's machines: classes, what they burn, where their yards are."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.leasing.grid import at_region
from sim.leasing.world_parameters import WorldParameters
from sim.portable import F64, I64, floor_i64
from sim.streams import Luck

CLASSES: Final = (
    "mini_excavator",
    "excavator_22t",
    "loader_926m",
    "loader_950m",
    "loader_966m",
    "loader_980m",
    "truck_crane",
)
# A machine's age takes up to so much off its value, and its rent.
_AGE_DISCOUNT: Final = 0.4
_YARD_M: Final = 15_000.0


@dataclass(frozen=True, slots=True)
class Fleet:
    """Columns (n,). kind: row of CLASSES.  region: of the home yard.  thirst: factor on fuel.

    burn_idle_ml, burn_full_ml: in an hour at no load and at full load, as the maker says.
    """

    kind: I64
    region: I64
    yard_lat_e7: I64
    yard_lon_e7: I64
    value_fen: I64
    rent_fen: I64
    tank_ml: I64
    burn_idle_ml: I64
    burn_full_ml: I64
    thirst: F64

    @property
    def n(self) -> int:
        return self.kind.size


def shared_out(draw: F64, shares: tuple[float, ...]) -> I64:
    """A row of ``shares`` for each uniform draw, in proportion."""
    edges = np.cumsum(shares)
    row: I64 = np.searchsorted(edges[:-1], draw * edges[-1], side="right").astype(np.int64)
    return row


def draw_fleet(luck: Luck, p: WorldParameters, n: int) -> Fleet:
    """n machines; a longer fleet keeps its first ones."""
    kind = shared_out(luck.cohort("machine_class", 0, n), p.fleet_share_classes)
    region = floor_i64(luck.cohort("machine_region", 0, n) * p.region_count)
    age = 1 - _AGE_DISCOUNT * luck.cohort("machine_age", 0, n)
    value_fen = floor_i64(np.array(p.value_fen_classes)[kind] * age)
    # A region has one yard; its machines stand side by side.
    north_m, east_m = (_YARD_M * (2 * luck.cohort(name, 0, 5)[region] - 1) for name in _YARD)
    lat_e7, lon_e7 = at_region(region, north_m, east_m)
    idle_ml, medium_ml = (
        np.array(column, np.int64)[kind]
        for column in (p.burn_idle_ml_per_hour_classes, p.burn_medium_ml_per_hour_classes)
    )
    normal = luck.generator("machine_thirst", 0).standard_normal(n)
    return Fleet(
        kind=kind,
        region=region,
        yard_lat_e7=lat_e7,
        yard_lon_e7=lon_e7,
        value_fen=value_fen,
        rent_fen=floor_i64(value_fen * p.rent_value_share_per_month),
        tank_ml=np.array(p.tank_ml_classes, np.int64)[kind],
        burn_idle_ml=idle_ml,
        burn_full_ml=idle_ml + floor_i64((medium_ml - idle_ml) / p.work_load_share),
        thirst=1 + p.burn_machine_cv * np.clip(normal, -2.0, 2.0),
    )


_YARD: Final = ("yard_north", "yard_east")
