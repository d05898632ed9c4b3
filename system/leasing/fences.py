"""Fences of sites: GeoJSON in, and whether fixes lie inside, on the edge or outside.

A fence is a Polygon, a MultiPolygon, or a Point with ``radius_m`` among its feature's properties;
a FeatureCollection is all of its fences together. Work is done in metres on a plane that touches at
the fence: exact to 0.1 % over a site, and shapely's own distances then are metres.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry import Point, shape
from shapely.geometry.base import BaseGeometry

from system.errors import InputError
from system.kernels.columns import I64
from system.leasing.kernels.datum import gcj02_from_wgs84, in_china, wgs84_from_gcj02
from system.leasing.kernels.distance import M_PER_E7, cosine
from system.leasing.kernels.fence import Place

DATUMS: Final = ("WGS-84", "GCJ-02")
FENCE_CHARS_MAX: Final = 1_000_000
FENCE_M_MAX: Final = 200_000


@dataclass(frozen=True, slots=True)
class FenceShape:
    """A fence in metres about its origin. outer: with the buffer around it.

    near_m: radius of a circle about the origin that lies inside; far_m: of one outside of which
    nothing of ``outer`` lies.
    """

    lat_e7: int
    lon_e7: int
    shrink: float
    inner: BaseGeometry
    outer: BaseGeometry
    near_m: float
    far_m: float

    def places(self, lat_e7: I64, lon_e7: I64) -> I64:
        """The Place of each position, int64 (n,)."""
        return places_of([self], np.zeros(lat_e7.size, np.int64), lat_e7, lon_e7)

    def exact(self, east: Any, north: Any) -> Any:
        """The Place of positions in metres about the origin."""
        within = shapely.contains_xy(self.inner, east, north)
        around = shapely.contains_xy(self.outer, east, north)
        return np.where(within, Place.INSIDE, np.where(around, Place.EDGE, Place.OUTSIDE))

    def is_shifted(self, lat_e7: I64, lon_e7: I64) -> Any:
        """True where a position lies inside once the shift of GCJ-02 is added or taken away.

        Then fence and fixes may be of two datums, which looks like a machine beside its site.
        """
        found = np.zeros(lat_e7.size, np.bool_)
        for moved in (gcj02_from_wgs84, wgs84_from_gcj02):
            found |= self.places(*moved(lat_e7, lon_e7)) == Place.INSIDE
        return found & in_china(lat_e7, lon_e7)


def places_of(shapes: Sequence[FenceShape], which: I64, lat_e7: I64, lon_e7: I64) -> I64:
    """The Place of each position by its own fence, int64 (n,).

    which: int64 (n,), of ``shapes``.  Most positions need no more than a look at two circles, which
    all fences get at once; what lies between them is asked fence by fence.
    """
    facts = np.array(
        [(s.lat_e7, s.lon_e7, s.shrink, s.near_m, s.far_m) for s in shapes], np.float64
    ).reshape(-1, 5)[which]
    lat0, lon0, shrink, near_m, far_m = facts.T
    turn = (lon_e7 - lon0.astype(np.int64) + 5_400_000_000) % 3_600_000_000 - 1_800_000_000
    east, north = turn * (M_PER_E7 * shrink), (lat_e7 - lat0.astype(np.int64)) * M_PER_E7
    reach = np.sqrt(east * east + north * north)
    places = np.where(reach > far_m, int(Place.OUTSIDE), int(Place.INSIDE))
    rows = np.flatnonzero((reach > near_m) & (reach <= far_m))
    rows = rows[np.argsort(which[rows], kind="stable")]
    numbers, starts = np.unique(which[rows], return_index=True)
    for number, some in zip(numbers.tolist(), np.split(rows, starts[1:]), strict=False):
        places[some] = shapes[number].exact(east[some], north[some])
    return places


@lru_cache(maxsize=65_536)
def fence_of(text: str, datum: str, buffer_m: int) -> FenceShape | None:
    """The fence that a GeoJSON text tells, None for an empty one. Raises InputError."""
    if not text:
        return None
    if datum not in DATUMS:
        raise InputError("datum", datum, f"use {' or '.join(DATUMS)}")
    parts = list(_parts(_parsed(text)))
    if not parts:
        raise InputError("fence", text, "give a Polygon, a MultiPolygon, or a Point with radius_m")
    degrees = [_in_wgs84(part, datum) for part, _ in parts]
    west, south, east, north = shapely.total_bounds(degrees)
    lat_e7, lon_e7 = round((south + north) * 5e6), round((west + east) * 5e6)
    return _shaped(degrees, [radius for _, radius in parts], lat_e7, lon_e7, buffer_m)


def _parsed(text: str) -> Any:
    if len(text) > FENCE_CHARS_MAX:
        raise InputError("fence", len(text), f"give at most {FENCE_CHARS_MAX} characters")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError("fence", text, f"give GeoJSON: {error}") from None


def _parts(value: Any, radius_m: float | None = None) -> Iterator[tuple[BaseGeometry, float]]:
    """Geometries with their radius: 0 for areas. Raises InputError."""
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "FeatureCollection":
        for feature in value.get("features", ()):
            yield from _parts(feature)
    elif kind == "Feature":
        properties = value.get("properties") or {}
        yield from _parts(value.get("geometry"), properties.get("radius_m"))
    elif kind == "Point":
        if not isinstance(radius_m, int | float) or not 1 <= radius_m <= FENCE_M_MAX:
            raise InputError("radius_m", radius_m, f"give metres from 1 to {FENCE_M_MAX}")
        yield _geometry(value), float(radius_m)
    elif kind in ("Polygon", "MultiPolygon"):
        yield _geometry(value), 0.0
    else:
        raise InputError("fence", kind, "use Polygon, MultiPolygon, or Point with radius_m")


def _geometry(value: Any) -> BaseGeometry:
    try:
        found = shape(value)
        west, south, east, north = found.bounds
    except (
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
        IndexError,
        shapely.errors.ShapelyError,
    ) as error:
        raise InputError("fence", value, f"give coordinates as GeoJSON has them: {error}") from None
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise InputError(
            "fence", [west, south, east, north], "give longitude, then latitude, in degrees"
        )
    if found.is_empty or not found.is_valid:
        raise InputError(
            "fence", shapely.is_valid_reason(found), "draw a ring that does not cross itself"
        )
    return found


def _in_wgs84(part: BaseGeometry, datum: str) -> BaseGeometry:
    if datum == "WGS-84":
        return part

    def moved(points: Any) -> Any:
        lon_e7, lat_e7 = np.rint(points.T * 1e7).astype(np.int64)
        lat_e7, lon_e7 = wgs84_from_gcj02(lat_e7, lon_e7)
        return np.column_stack((lon_e7, lat_e7)) / 1e7

    return shapely.transform(part, moved)


def _shaped(
    degrees: list[BaseGeometry], radii_m: list[float], lat_e7: int, lon_e7: int, buffer_m: int
) -> FenceShape:
    shrink = float(cosine(np.array([lat_e7], np.float64))[0])

    def flat(points: Any) -> Any:
        scale = M_PER_E7 * 1e7
        return np.column_stack(
            ((points[:, 0] - lon_e7 / 1e7) * scale * shrink, (points[:, 1] - lat_e7 / 1e7) * scale)
        )

    areas = [
        shapely.transform(part, flat).buffer(radius, quad_segs=32)
        if radius
        else shapely.transform(part, flat)
        for part, radius in zip(degrees, radii_m, strict=True)
    ]
    inner = shapely.union_all(areas)
    outer = inner.buffer(buffer_m, quad_segs=16)
    side_m = float(np.abs(outer.bounds).max())
    if side_m > FENCE_M_MAX:
        raise InputError(
            "fence", round(side_m), f"give a fence of at most {FENCE_M_MAX} metres from its middle"
        )
    origin = Point(0.0, 0.0)
    near_m = origin.distance(inner.boundary) if inner.contains(origin) else 0.0
    far_m = float(np.sqrt((shapely.get_coordinates(outer) ** 2).sum(axis=1)).max())
    shapely.prepare(inner)
    shapely.prepare(outer)
    return FenceShape(lat_e7, lon_e7, shrink, inner, outer, near_m, far_m)
