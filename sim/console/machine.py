"""One machine of the running bank: where it was, its fence, and what it was warned of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import Any, Final

from starlette.exceptions import HTTPException

from sim.leasing.places import Point, fixes_of, rings_of
from system.api.services import Services
from system.kernels.columns import I64
from system.leasing import history
from system.leasing.records import SITES, Alert, AlertKind, AlertState

WIDTH, HEIGHT = 640.0, 420.0
Ring = list[Point]
_MARGIN: Final = 24.0
FIXES_MAX: Final = 2_000
_M_PER_DEGREE: Final = 111_320.0
# A fence that would be smaller than this, on a map of a long way, is ringed so as to be seen.
_SEEN: Final = 16.0
_ROUND_M: Final = tuple(step * 10**power for power in range(6) for step in (1, 2, 5))


@dataclass(frozen=True, slots=True)
class Ruler:
    """A bar that shows a round distance. length: in the picture's units."""

    length: float
    text: str


@dataclass(frozen=True, slots=True)
class Fence:
    """outlines: points of polygons.  small: middles of those that are too small to be seen."""

    outlines: tuple[str, ...] = ()
    small: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Map:
    """Points of an SVG of width x height. path: fixes in order.  last: the newest.

    fence: of the site to which the machine belongs.  others: of its sites before and after that.
    """

    path: str
    fence: Fence
    others: Fence
    last: Point | None
    scale: Ruler | None = None
    width: float = WIDTH
    height: float = HEIGHT


def sites_of(columns: Mapping[str, I64], machine: int, now_ms: int) -> tuple[int, int]:
    """The site to which a machine belongs, and the one before or, where its move is announced,
    after it; -1 for none."""
    site, before = int(columns["site"][machine]), int(columns["site_before"][machine])
    return (site, before) if now_ms >= columns["site_from_ms"][machine] else (before, site)


def machine_of(desk: Services, machine: int) -> dict[str, Any]:
    """What the page shows. Raises HTTPException for a machine that is not there."""
    service = desk.leasing.leasing
    columns = service.machines(("site", "site_from_ms", "site_before", "immobilised"))
    if not 0 <= machine < columns["site"].size:
        raise HTTPException(404)
    numbers = sites_of(columns, machine, desk.clock.now_s() * 1_000)
    with desk.leasing.book.transaction() as unit:
        readings = history.since(unit.rows, machine, 0)
        site, other = unit.rows.get(SITES, [(number,) for number in numbers])
    rings, others = (rings_of(one) if one is not None else [] for one in (site, other))
    fixes = [(lon, lat) for _, lon, lat in fixes_of(readings)[-FIXES_MAX:]]
    alerts = sorted(service.alerts(machine), key=lambda alert: -alert.start_ms)
    return {
        "machine": machine,
        "site": site.name if site is not None else "",
        "immobilised": bool(columns["immobilised"][machine]),
        "readings": len(readings),
        "map": drawn(fixes, rings, others if numbers[0] != numbers[1] else []),
        "alerts": [_told(alert) for alert in alerts],
    }


@dataclass(frozen=True, slots=True)
class Projection:
    """Degrees to a picture of WIDTH x HEIGHT at one scale, north up. middle: lon, lat."""

    middle: Point
    narrow: float
    per_m: float

    def place(self, point: Point) -> Point:
        """Where a point (longitude, latitude) stands."""
        east_m, north_m = (
            (at - centre) * _M_PER_DEGREE for at, centre in zip(point, self.middle, strict=True)
        )
        x, y = WIDTH / 2 + east_m * self.narrow * self.per_m, HEIGHT / 2 - north_m * self.per_m
        return round(x, 1), round(y, 1)

    @property
    def ruler(self) -> Ruler:
        """The longest round distance that takes at most a quarter of the width."""
        fits = [m for m in _ROUND_M if m * self.per_m <= WIDTH / 4]
        longest_m = fits[-1] if fits else _ROUND_M[0]
        text = f"{longest_m // 1_000} km" if longest_m >= 1_000 else f"{longest_m} m"
        return Ruler(round(longest_m * self.per_m, 1), text)


def projection_of(points: Sequence[Point]) -> Projection:
    """That shows all of at least one point."""
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    # A degree of longitude is shorter than one of latitude: squares stay square at the middle.
    narrow = cos(radians((south + north) / 2))
    per_m = min(
        (WIDTH - 2 * _MARGIN) / max((east - west) * narrow * _M_PER_DEGREE, 1.0),
        (HEIGHT - 2 * _MARGIN) / max((north - south) * _M_PER_DEGREE, 1.0),
    )
    return Projection(((west + east) / 2, (south + north) / 2), narrow, per_m)


def drawn(fixes: list[Point], rings: list[Ring], others: Sequence[Ring] = ()) -> Map:
    """Fixes and fences at one scale, north up. others: of sites before and after."""
    everything = [*fixes, *(corner for ring in (*rings, *others) for corner in ring)]
    if not everything:
        return Map("", Fence(), Fence(), None)
    shown = projection_of(everything)
    line = " ".join(f"{x},{y}" for x, y in map(shown.place, fixes))
    last = shown.place(fixes[-1]) if fixes else None
    return Map(line, _fence(rings, shown), _fence(others, shown), last, shown.ruler)


def _fence(rings: Sequence[Ring], shown: Projection) -> Fence:
    placed = [[shown.place(corner) for corner in ring] for ring in rings]
    outlines = tuple(" ".join(f"{x},{y}" for x, y in ring) for ring in placed)
    return Fence(outlines, tuple(_middle(ring) for ring in placed if _side(ring) < _SEEN))


def _side(ring: Ring) -> float:
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    return max(max(xs) - min(xs), max(ys) - min(ys))


def _middle(ring: Ring) -> Point:
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    return round((min(xs) + max(xs)) / 2, 1), round((min(ys) + max(ys)) / 2, 1)


def _told(alert: Alert) -> dict[str, Any]:
    return {
        "kind": AlertKind(alert.kind).name.lower(),
        "state": AlertState(alert.state).name.lower(),
        "start_ms": alert.start_ms,
        "end_ms": alert.end_ms,
        "readings": json.loads(alert.evidence).get("readings", []),
    }
