"""Transaction monitoring: movements of money as the products told them, looked at by rules.

Every rule is about one party's movements. So a look concerns those who moved since the one before, and
goes through them bit by bit: a bank has far more movements than can be looked at in one go.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import takewhile
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
class Place:
    """Where a party's movement stands, by time."""

    party: str
    at_s: int
    sequence: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a source was read, by its own sequence."""

    source: str
    sequence: int


MOVEMENTS: Final = Table(
    "movement", Movement, key=("sequence",), checks=(AtLeast("amount_fen", 1),), append_only=True
)
PLACES: Final = Table("movement_place", Place, key=("party", "at_s", "sequence"), append_only=True)
PROGRESS: Final = Table("monitoring_progress", Progress, key=("source",))
RULES: Final = {
    "structuring": rules.structuring,
    "round_trip": rules.round_trips,
    "velocity": rules.velocity,
}
_SHOWN_MAX: Final = 10
# Movements that are read in one piece, while everybody waits.
_ROWS_AT_ONCE: Final = 1_000
# Most parties have no more of them in a window.
_FEW: Final = 50
# How far movements have their places, and up to where those who moved were looked at. Versions from
# before looked at everybody in a window, and noted its beginning.
_PLACED, _LOOKED, _WINDOW = "placed", "looked", "window"
Opens = Callable[[], AbstractContextManager[Unit]]


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
    if rows and read_up_to(unit, _PLACED) == start:
        _put(unit, rows)
    _note(unit, source, upto)


def _put(unit: Unit, rows: Sequence[Movement]) -> None:
    """Note where these stand, the next ones that have no place."""
    unit.insert(PLACES, [Place(row.party, row.at_s, row.sequence) for row in rows])
    _note(unit, _PLACED, rows[-1].sequence)


def _note(unit: Unit, source: str, upto: int) -> None:
    known = unit.get(PROGRESS, [(source,)])[0]
    (unit.insert if known is None else unit.replace)(PROGRESS, [Progress(source, upto)])


def look(opens: Opens, now_s: int, bounds: Bounds) -> Iterator[int]:
    """Apply every rule to whoever moved since the last look and raise what is new, in pieces: how
    many cases each raised. Between two pieces others may work.

    opens: a transaction for each piece. Where it is left half done, the next look does it again.
    """
    for _ in _place_older(opens):
        yield 0
    with opens() as unit:
        upto = read_up_to(unit, _PLACED)
    parties: set[str] = set()
    for moved in _moved_since_last_look(opens, upto):
        parties.update(row.party for row in moved)
        yield 0
    held: list[Movement] = []
    for party in sorted(parties):
        for some in _recent(opens, party, now_s - bounds.usual_s - 2 * DAY_S):
            held += some
            yield 0
        if len(held) >= _ROWS_AT_ONCE:
            yield _judge(opens, held, now_s, bounds)
            held = []
    yield _judge(opens, held, now_s, bounds)
    with opens() as unit:
        _note(unit, _LOOKED, upto)


def _place_older(opens: Opens) -> Iterator[None]:
    """Note where movements stand that a version without places took in."""
    while True:
        with opens() as unit:
            rows = unit.scan(MOVEMENTS, after=(read_up_to(unit, _PLACED),), limit=_ROWS_AT_ONCE)
            if not rows:
                return
            _put(unit, rows)
        yield


def _moved_since_last_look(opens: Opens, upto: int) -> Iterator[list[Movement]]:
    with opens() as unit:
        after = read_up_to(unit, _LOOKED) or read_up_to(unit, _WINDOW)
    while after < upto:
        with opens() as unit:
            rows = unit.scan(MOVEMENTS, after=(after,), limit=min(upto - after, _ROWS_AT_ONCE))
        after = rows[-1].sequence
        yield rows


def _recent(opens: Opens, party: str, since_s: int) -> Iterator[list[Movement]]:
    """A party's movements that a rule may still see, by time."""
    after, limit, is_more = (party, since_s, 0), _FEW, True
    while is_more:
        with opens() as unit:
            found = unit.scan(PLACES, after=after, limit=limit)
            own = list(takewhile(lambda place: place.party == party, found))
            rows = unit.get(MOVEMENTS, [(place.sequence,) for place in own])
        yield [row for row in rows if row is not None]
        is_more = len(own) == limit
        if is_more:
            after, limit = (party, own[-1].at_s, own[-1].sequence), _ROWS_AT_ONCE


def _judge(opens: Opens, held: Sequence[Movement], now_s: int, bounds: Bounds) -> int:
    """Raise what the rules find in all movements of some parties; how many cases are new."""
    if not held:
        return 0
    rows = sorted(held, key=lambda row: (row.at_s, row.sequence))
    columns = _columns(rows)
    with opens() as unit:
        return sum(
            _raise(unit, kind, party, found, now_s)
            for kind, rule in RULES.items()
            for party, found in _by_party(rows, rule(columns, bounds)).items()
        )


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
