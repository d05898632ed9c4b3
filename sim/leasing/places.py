"""Where machines were and where they may be, in degrees, for whoever draws a map."""

from __future__ import annotations

from typing import Final

import shapely

from system.kernels.columns import MISSING
from system.leasing.fences import fence_of
from system.leasing.kernels.distance import M_PER_E7
from system.leasing.readings import Readings
from system.leasing.records import Site

_E7: Final = 10**7
_MS: Final = 1_000
Point = tuple[float, float]


def rings_of(site: Site) -> list[list[Point]]:
    """The outlines of the site's fence, longitude and latitude (WGS-84)."""
    fence = fence_of(site.fence, site.datum, 0)
    if fence is None:
        return []
    per_degree = M_PER_E7 * _E7
    lon, lat = fence.lon_e7 / _E7, fence.lat_e7 / _E7
    outlines = [part.exterior.coords for part in shapely.get_parts(fence.inner)]
    return [
        [(lon + x / (per_degree * fence.shrink), lat + y / per_degree) for x, y in outline]
        for outline in outlines
    ]


def fixes_of(readings: Readings) -> list[tuple[int, float, float]]:
    """UTC second, longitude and latitude of each valid fix, the newest last."""
    good = (readings.lat_e7 != MISSING) & (readings.fix_valid != 0)
    rows = zip(
        readings.at_ms[good].tolist(),
        readings.lon_e7[good].tolist(),
        readings.lat_e7[good].tolist(),
        strict=True,
    )
    return sorted((at_ms // _MS, lon / _E7, lat / _E7) for at_ms, lon, lat in rows)
