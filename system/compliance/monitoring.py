"""Transaction monitoring: movements of money as the products told them, looked at by rules.

Every rule is about one party's movements. So a look concerns those who moved since the one before,
and goes through them bit by bit: a bank has far more movements than can be looked at in one go.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
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
# Each is about one party's movements, and finds nothing merely because time goes by.
RULES: Final = {
    "structuring": rules.structuring,
    "round_trip": rules.round_trips,
    "velocity": rules.velocity,
}
_SHOWN_MAX: Final = 10
_MONTH_S: Final = 30 * DAY_S
# Movements that are read in one piece, while everybody waits.
_ROWS_AT_ONCE: Final = 1_000
# Most parties have no more of them in a window.
_FEW: Final = 50
# Movements after which it is noted that whoever they name was looked at.
_RANGE: Final = 100_000
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

    opens: a transaction for each piece. Where it is left half done, the next look goes on from the
    last range of movements that was done.
    """
    for _ in _place_older(opens):
        yield 0
    with opens() as unit:
        end = read_up_to(unit, _PLACED)
    while True:
        with opens() as unit:
            after = read_up_to(unit, _LOOKED) or read_up_to(unit, _WINDOW)
        if after >= end:
            return
        upto = min(end, after + _RANGE)
        yield from _look_at(opens, after, upto, now_s, bounds)
        with opens() as unit:
            _note(unit, _LOOKED, max(upto, read_up_to(unit, _LOOKED)))


def _look_at(opens: Opens, after: int, upto: int, now_s: int, bounds: Bounds) -> Iterator[int]:
    """Look at whoever is named by the movements from ``after`` to ``upto``."""
    parties: set[str] = set()
    oldest_s = now_s
    for moved in _between(opens, after, upto):
        parties.update(row.party for row in moved)
        oldest_s = min(oldest_s, *(row.at_s for row in moved))
        yield 0
    # However late the look is: each of these movements has its whole window before it.
    since_s = oldest_s - bounds.usual_s - 2 * DAY_S
    for held in _windows(opens, sorted(parties), since_s):
        yield 0 if held is None else _judge(opens, held, now_s, bounds)


def _place_older(opens: Opens) -> Iterator[None]:
    """Note where movements stand that a version without places took in."""
    while True:
        with opens() as unit:
            rows = unit.scan(MOVEMENTS, after=(read_up_to(unit, _PLACED),), limit=_ROWS_AT_ONCE)
            if not rows:
                return
            _put(unit, rows)
        yield


def _between(opens: Opens, after: int, upto: int) -> Iterator[list[Movement]]:
    while after < upto:
        with opens() as unit:
            rows = unit.scan(MOVEMENTS, after=(after,), limit=min(upto - after, _ROWS_AT_ONCE))
        after = rows[-1].sequence
        yield rows


def _windows(opens: Opens, parties: Sequence[str], since_s: int) -> Iterator[list[Movement] | None]:
    """All that a rule may still see of some parties at a time; None where more has to be read."""
    held: list[Movement] = []
    waiting = list(reversed(parties))
    after: tuple[str, int, int] | None = None
    while waiting:
        with opens() as unit:
            read = 0
            while waiting and read < _ROWS_AT_ONCE:
                rows, after = _recent(unit, after or (waiting[-1], since_s, 0))
                held += rows
                # Each look costs as much as some rows, also where it finds none.
                read += len(rows) + _FEW
                if after is None:
                    waiting.pop()
        if after is None:
            yield held
            held = []
        else:
            yield None


def _recent(
    unit: Unit, after: tuple[str, int, int]
) -> tuple[list[Movement], tuple[str, int, int] | None]:
    """A party's next movements by time, and after which to go on; None where these are the last."""
    limit = _FEW if after[2] == 0 else _ROWS_AT_ONCE
    found = unit.scan(PLACES, after=after, limit=limit)
    own = list(takewhile(lambda place: place.party == after[0], found))
    rows = unit.get(MOVEMENTS, [(place.sequence,) for place in own])
    last = own[-1] if len(own) == limit else None
    going_on = None if last is None else (last.party, last.at_s, last.sequence)
    return [row for row in rows if row is not None], going_on


def _judge(opens: Opens, held: Sequence[Movement], now_s: int, bounds: Bounds) -> int:
    """Raise what the rules find in all movements of some parties; how many cases are new."""
    rows = sorted(held, key=lambda row: (row.at_s, row.sequence))
    columns = _columns(rows)
    with opens() as unit:
        return sum(
            _raise(unit, kind, found, now_s)
            for kind, rule in RULES.items()
            for found in _by_party_and_month(rows, rule(columns, bounds))
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


def _by_party_and_month(rows: Sequence[Movement], places: I64) -> Iterable[list[Movement]]:
    found: dict[tuple[str, int], list[Movement]] = {}
    for place in places.tolist():
        row = rows[place]
        found.setdefault((row.party, row.at_s // _MONTH_S), []).append(row)
    return found.values()


def _raise(unit: Unit, kind: str, rows: Sequence[Movement], now_s: int) -> int:
    """One case for a party, a rule and a month: its first completed pattern."""
    first = rows[0]
    name = case_id_of(kind, first.party, str(first.at_s // _MONTH_S))
    shown = [[row.at_s, row.counterparty, row.amount_fen, row.reference] for row in rows]
    evidence = canonical_json({"movements": shown[:_SHOWN_MAX], "count": len(rows)})
    return raise_case(unit, Case(name, kind, first.party, evidence, now_s, "monitoring"))
