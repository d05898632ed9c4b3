"""One machine of the running bank: where it was, its fence, and what it was warned of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import Any, Final

from starlette.exceptions import HTTPException

from sim.leasing.places import Point, fixes_of, rings_of
from system.api.services import Services
from system.leasing import history
from system.leasing.records import SITES, Alert, AlertKind, AlertState

WIDTH, HEIGHT = 640.0, 420.0
_MARGIN: Final = 24.0
FIXES_MAX: Final = 2_000
_M_PER_DEGREE: Final = 111_320.0
_ROUND_M: Final = tuple(step * 10**power for power in range(6) for step in (1, 2, 5))


@dataclass(frozen=True, slots=True)
class Ruler:
    """A bar that shows a round distance. length: in the picture's units."""

    length: float
    text: str


@dataclass(frozen=True, slots=True)
class Map:
    """Points of an SVG of WIDTH x HEIGHT. path: fixes in order.  fence: rings.  last: newest."""

    path: str
    fence: tuple[str, ...]
    last: Point | None
    scale: Ruler | None = None
    height: float = HEIGHT


def machine_of(desk: Services, machine: int) -> dict[str, Any]:
    """What the page shows. Raises HTTPException for a machine that is not there."""
    service = desk.leasing.leasing
    columns = service.machines(("site", "immobilised"))
    if not 0 <= machine < columns["site"].size:
        raise HTTPException(404)
    with desk.leasing.book.transaction() as unit:
        readings = history.since(unit.rows, machine, 0)
        [site] = unit.rows.get(SITES, [(int(columns["site"][machine]),)])
    rings = rings_of(site) if site is not None else []
    fixes = [(lon, lat) for _, lon, lat in fixes_of(readings)[-FIXES_MAX:]]
    alerts = sorted(service.alerts(machine), key=lambda alert: -alert.start_ms)
    return {
        "machine": machine,
        "site": site.name if site is not None else "",
        "immobilised": bool(columns["immobilised"][machine]),
        "readings": len(readings),
        "map": drawn(fixes, rings),
        "alerts": [_told(alert) for alert in alerts],
        "width": WIDTH,
        "height": HEIGHT,
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


def drawn(fixes: list[Point], rings: list[list[Point]]) -> Map:
    """Fixes and fence at one scale, north up."""
    everything = [*fixes, *(corner for ring in rings for corner in ring)]
    if not everything:
        return Map("", (), None)
    shown = projection_of(everything)
    line = " ".join(f"{x},{y}" for x, y in map(shown.place, fixes))
    fence = tuple(" ".join(f"{x},{y}" for x, y in map(shown.place, ring)) for ring in rings)
    return Map(line, fence, shown.place(fixes[-1]) if fixes else None, shown.ruler)


def _told(alert: Alert) -> dict[str, Any]:
    return {
        "kind": AlertKind(alert.kind).name.lower(),
        "state": AlertState(alert.state).name.lower(),
        "start_ms": alert.start_ms,
        "end_ms": alert.end_ms,
        "readings": json.loads(alert.evidence).get("readings", []),
    }
