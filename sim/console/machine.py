"""One machine of the running bank: where it was, its fence, and what it was warned of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

import shapely
from starlette.exceptions import HTTPException

from system.api.services import Services
from system.kernels.columns import MISSING
from system.leasing import history
from system.leasing.fences import fence_of
from system.leasing.kernels.distance import M_PER_E7
from system.leasing.readings import Readings
from system.leasing.records import SITES, Alert, AlertKind, AlertState, Site

WIDTH, HEIGHT = 640.0, 420.0
_MARGIN: Final = 24.0
_FIXES_MAX: Final = 2_000
_E7: Final = 10**7
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Map:
    """Points of an SVG of WIDTH x HEIGHT. path: fixes in order.  fence: rings.  last: newest."""

    path: str
    fence: tuple[str, ...]
    last: Point | None


def machine_of(desk: Services, machine: int) -> dict[str, Any]:
    """What the page shows. Raises HTTPException for a machine that is not there."""
    service = desk.leasing.leasing
    columns = service.machines(("site", "immobilised"))
    if not 0 <= machine < columns["site"].size:
        raise HTTPException(404)
    with desk.leasing.book.transaction() as unit:
        readings = history.since(unit.rows, machine, 0)
        [site] = unit.rows.get(SITES, [(int(columns["site"][machine]),)])
    rings = _rings(site) if site is not None else []
    alerts = sorted(service.alerts(machine), key=lambda alert: -alert.start_ms)
    return {
        "machine": machine,
        "site": site.name if site is not None else "",
        "immobilised": bool(columns["immobilised"][machine]),
        "readings": len(readings),
        "map": drawn(_fixes(readings), rings),
        "alerts": [_told(alert) for alert in alerts],
        "width": WIDTH,
        "height": HEIGHT,
    }


def _rings(site: Site) -> list[list[Point]]:
    """The outlines of the site's fence, in degrees (WGS-84)."""
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


def _fixes(readings: Readings) -> list[Point]:
    """Longitude and latitude of the valid fixes, the newest last."""
    good = (readings.lat_e7 != MISSING) & (readings.fix_valid != 0)
    ordered = zip(
        readings.lon_e7[good].tolist(),
        readings.lat_e7[good].tolist(),
        readings.at_ms[good].tolist(),
        strict=True,
    )
    fixes = [(lon / _E7, lat / _E7) for lon, lat, _ in sorted(ordered, key=lambda fix: fix[2])]
    return fixes[-_FIXES_MAX:]


def drawn(fixes: list[Point], rings: list[list[Point]]) -> Map:
    """Fixes and fence at one scale, north up."""
    everything = [*fixes, *(corner for ring in rings for corner in ring)]
    if not everything:
        return Map("", (), None)
    west, east = min(x for x, _ in everything), max(x for x, _ in everything)
    south, north = min(y for _, y in everything), max(y for _, y in everything)
    span = max(east - west, (north - south) * WIDTH / HEIGHT, 1e-5)
    scale = (WIDTH - 2 * _MARGIN) / span

    def place(point: Point) -> Point:
        x, y = point
        return round(_MARGIN + (x - west) * scale, 1), round(_MARGIN + (north - y) * scale, 1)

    line = " ".join(f"{x},{y}" for x, y in map(place, fixes))
    fence = tuple(" ".join(f"{x},{y}" for x, y in map(place, ring)) for ring in rings)
    return Map(line, fence, place(fixes[-1]) if fixes else None)


def _told(alert: Alert) -> dict[str, Any]:
    return {
        "kind": AlertKind(alert.kind).name.lower(),
        "state": AlertState(alert.state).name.lower(),
        "start_ms": alert.start_ms,
        "end_ms": alert.end_ms,
        "readings": json.loads(alert.evidence).get("readings", []),
    }
