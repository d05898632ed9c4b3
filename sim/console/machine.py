"""One machine of the running bank: where it was, its fence, and what it was warned of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from starlette.exceptions import HTTPException

from sim.leasing.places import Point, fixes_of, rings_of
from system.api.services import Services
from system.leasing import history
from system.leasing.records import SITES, Alert, AlertKind, AlertState

WIDTH, HEIGHT = 640.0, 420.0
_MARGIN: Final = 24.0
FIXES_MAX: Final = 2_000


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
