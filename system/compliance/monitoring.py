"""Transaction monitoring: movements of money as the products told them, looked at by rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from system.canonical import canonical_json
from system.compliance.cases import Case, case_id_of, raise_case
from system.compliance.kernels import movements as rules
from system.compliance.kernels.movements import Bounds, Movements
from system.kernels.columns import I64, i64
from system.limits import DAY_S
from system.ports.store import AtLeast, Table, Unit


@dataclass(frozen=True, slots=True)
class Movement:
    """party paid (outwards) or got amount_fen; counterparty: the other side, "bank" for the bank.

    reference: what moved it, as its product knows it.
    """

    sequence: int
    at_s: int
    party: str
    counterparty: str
    amount_fen: int
    outwards: bool
    reference: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a source was read, by its own sequence."""

    source: str
    sequence: int


MOVEMENTS: Final = Table(
    "movement", Movement, key=("sequence",), checks=(AtLeast("amount_fen", 1),), append_only=True
)
PROGRESS: Final = Table("monitoring_progress", Progress, key=("source",))
RULES: Final = {
    "structuring": rules.structuring,
    "round_trip": rules.round_trips,
    "velocity": rules.velocity,
}
_SHOWN_MAX: Final = 10


def read_up_to(unit: Unit, source: str) -> int:
    """The last sequence of the source that was taken in, 0 before the first."""
    [row] = unit.get(PROGRESS, [(source,)])
    return row.sequence if row is not None else 0


def take_in(unit: Unit, source: str, upto: int, moved: Sequence[Movement]) -> None:
    """Keep movements of one source, numbered anew, and how far it was read."""
    last = unit.last(MOVEMENTS)
    start = last.sequence if last is not None else 0
    rows = [
        Movement(start + n, m.at_s, m.party, m.counterparty, m.amount_fen, m.outwards, m.reference)
        for n, m in enumerate(moved, 1)
    ]
    unit.insert(MOVEMENTS, rows)
    known = unit.get(PROGRESS, [(source,)])[0]
    (unit.insert if known is None else unit.replace)(PROGRESS, [Progress(source, upto)])


def look(unit: Unit, now_s: int, bounds: Bounds) -> int:
    """Apply every rule to the recent movements and raise what is new; how many cases that were."""
    recent = _recent(unit, now_s, bounds)
    if not recent:
        return 0
    columns = _columns(recent)
    raised = 0
    for kind, rule in RULES.items():
        for party, rows in _by_party(recent, rule(columns, bounds)).items():
            raised += _raise(unit, kind, party, rows, now_s)
    return raised


def _recent(unit: Unit, now_s: int, bounds: Bounds) -> list[Movement]:
    """Movements that a rule may still see, by time."""
    since_s = now_s - bounds.usual_s - 2 * DAY_S
    start = read_up_to(unit, _WINDOW)
    found = unit.scan(MOVEMENTS, after=(start,))
    old = next((n for n, row in enumerate(found) if row.at_s >= since_s), len(found))
    if old:
        known = unit.get(PROGRESS, [(_WINDOW,)])[0]
        mark = Progress(_WINDOW, found[old - 1].sequence)
        (unit.insert if known is None else unit.replace)(PROGRESS, [mark])
    return sorted(found[old:], key=lambda row: (row.at_s, row.sequence))


_WINDOW: Final = "window"


def _columns(rows: Sequence[Movement]) -> Movements:
    numbers: dict[str, int] = {}

    def number(names: Sequence[str]) -> I64:
        return i64(numbers.setdefault(name, len(numbers)) for name in names)

    return Movements(
        number([row.party for row in rows]),
        number([row.counterparty for row in rows]),
        i64(row.amount_fen for row in rows),
        i64(row.at_s for row in rows),
        np.array([row.outwards for row in rows], np.bool_),
    )


def _by_party(rows: Sequence[Movement], places: I64) -> dict[str, list[Movement]]:
    found: dict[str, list[Movement]] = {}
    for place in places.tolist():
        found.setdefault(rows[place].party, []).append(rows[place])
    return found


def _raise(unit: Unit, kind: str, party: str, rows: Sequence[Movement], now_s: int) -> int:
    """One case for a party, a rule and a month: its first completed pattern."""
    first = rows[0]
    name = case_id_of(kind, party, str(first.at_s // (30 * DAY_S)))
    shown = [[row.at_s, row.counterparty, row.amount_fen, row.reference] for row in rows]
    evidence = canonical_json({"movements": shown[:_SHOWN_MAX], "count": len(rows)})
    return raise_case(unit, Case(name, kind, party, evidence, now_s, "monitoring"))
