"""What an alert rests on: the readings that showed it, with what they said, as JSON.

``{"measure": m, "bound": b, "readings": [...]}``: what was found, what it was held against, and
the reading at which it could be known, after the one before it. Each has its boot, sequence and
event time, by which it is found again in the history; the last one also its kind's values. A
breach of a fence may say ``"datum_suspected": true``: fence and fixes differ as two datums do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from system.canonical import canonical_json
from system.kernels.columns import I64, MISSING
from system.leasing.passes import Episodes
from system.leasing.readings import Readings
from system.leasing.records import AlertKind

_IDENTITY: Final = ("boot", "sequence", "at_ms")
_VALUES: Final[Mapping[AlertKind, tuple[str, ...]]] = {
    AlertKind.IDLE: ("engine_s", "running"),
    AlertKind.OFFLINE: (),
    AlertKind.GEOFENCE: ("lat_e7", "lon_e7", "hdop_centi"),
    AlertKind.FUEL_BURN: ("engine_s", "fuel_ml", "load_permille"),
    AlertKind.FUEL_THEFT: ("tank_permille", "fuel_ml", "engine_s"),
    AlertKind.TAMPER: ("tamper", "voltage_mv"),
    AlertKind.ROLLBACK: ("engine_s",),
    AlertKind.SPOOF: ("lat_e7", "lon_e7", "engine_s"),
    AlertKind.OVERUSE: ("engine_s",),
    AlertKind.MAINTENANCE: ("engine_s",),
    AlertKind.FUEL_LEAK: ("tank_permille", "fuel_ml", "engine_s"),
}


@dataclass(frozen=True, slots=True)
class Turn:
    """An episode that began or ended on one machine. evidence: of a beginning, else empty.

    is_doubtful: its evidence names a harmless cause that would look the same.
    """

    machine: int
    kind: AlertKind
    since_ms: int
    at_ms: int
    ended: bool
    evidence: str
    is_doubtful: bool = False


def alert_id(machine: int, kind: AlertKind, since_ms: int) -> str:
    """The same episode always has the same."""
    return f"{machine}/{kind.name}/{since_ms}"


def turns_of(
    found: Episodes, machines: I64, before: Mapping[str, I64], readings: Readings
) -> list[Turn]:
    """Episodes of a pass with their evidence, in its order."""
    turns = []
    for at in range(found.kind.size):
        kind, ended = AlertKind(int(found.kind[at])), bool(found.ended[at])
        since_ms, found_ms = int(found.since_ms[at]), int(found.found_ms[at])
        if kind is AlertKind.OFFLINE and not ended:
            found_ms = since_ms + int(found.bound[at])
        text = "" if ended else _evidence(kind, found, at, before, readings)
        machine, doubtful = int(machines[found.machine[at]]), _is_shifted(kind, found, at)
        turns.append(Turn(machine, kind, since_ms, found_ms, ended, text, doubtful))
    return turns


def _is_shifted(kind: AlertKind, found: Episodes, at: int) -> bool:
    return kind is AlertKind.GEOFENCE and bool(found.shifted[at])


def _evidence(
    kind: AlertKind, found: Episodes, at: int, before: Mapping[str, I64], readings: Readings
) -> str:
    row, previous, machine = int(found.row[at]), int(found.previous[at]), int(found.machine[at])
    shown = []
    if previous >= 0:
        shown.append(_said(_IDENTITY, {n: getattr(readings, n)[previous] for n in _IDENTITY}))
    elif before["at_ms"][machine] != MISSING:
        shown.append(_said(_IDENTITY, {n: before[n][machine] for n in _IDENTITY}))
    if kind is not AlertKind.OFFLINE:
        names = (*_IDENTITY, *_VALUES[kind])
        shown.append(_said(names, {name: getattr(readings, name)[row] for name in names}))
    more = {"datum_suspected": True} if _is_shifted(kind, found, at) else {}
    return evidence_text(int(found.measure[at]), int(found.bound[at]), shown, **more)


def evidence_text(measure: int, bound: int, readings: list[dict[str, int]], **more: bool) -> str:
    """Evidence as it is kept."""
    return canonical_json({"measure": measure, "bound": bound, "readings": readings, **more})


def _said(names: tuple[str, ...], values: Mapping[str, Any]) -> dict[str, int]:
    return {name: int(values[name]) for name in names if int(values[name]) != MISSING}
