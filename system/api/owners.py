"""Whose things are whose: a platform acts for its own merchants, a lessor for its own machines.

Kept here and not in the products' own records: to them the bank itself calls.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from system.api.access import Caller
from system.api.answers import not_found
from system.api.problems import Problem
from system.ports.store import Table, Unit

Kind = Literal["merchant", "machine", "lease", "lessee", "tariff", "site"]


@dataclass(frozen=True, slots=True)
class Owned:
    """number: of the kind's own book.  party_id: who brought it."""

    kind: str
    number: int
    party_id: str


@dataclass(frozen=True, slots=True)
class OwnedFleet:
    """party_id: who named it. A fleet has a name and no number."""

    fleet: str
    party_id: str


OWNED: Final = Table("owned", Owned, key=("kind", "number"), index=(("party_id",),))
OWNED_FLEETS: Final = Table("owned_fleet", OwnedFleet, key=("fleet",))


def bind(unit: Unit, kind: Kind, number: int, party_id: str) -> None:
    """Remember whose it is. Again for the same party: nothing."""
    [known] = unit.get(OWNED, [(kind, number)])
    if known is None:
        unit.insert(OWNED, [Owned(kind, number, party_id)])


def check(unit: Unit, caller: Caller, kind: Kind, number: int, *, reading: bool) -> None:
    """Raises Problem (not found) unless it is the caller's, or the caller may see all."""
    if reading and caller.sees_all():
        return
    [problem] = check_each(unit, [caller], kind, [number])
    if problem is not None:
        raise problem


def check_each(
    unit: Unit, callers: Sequence[Caller], kind: Kind, numbers: Sequence[int]
) -> list[Problem | None]:
    """As ``check`` for writing, many at once: the Problem of each, or None."""
    known = unit.get(OWNED, [(kind, number) for number in numbers])
    return [
        None if row is not None and caller.is_one_of(row.party_id) else not_found()
        for caller, row in zip(callers, known, strict=True)
    ]


def bind_fleet(unit: Unit, fleet: str, party_id: str) -> None:
    """Remember whose fleet it is, which is new."""
    unit.insert(OWNED_FLEETS, [OwnedFleet(fleet, party_id)])


def check_fleet(unit: Unit, caller: Caller, fleet: str) -> None:
    """Raises Problem (not found) unless it is the caller's."""
    [row] = unit.get(OWNED_FLEETS, [(fleet,)])
    if row is None or not caller.is_one_of(row.party_id):
        raise not_found()


def numbers(unit: Unit, caller: Caller, kind: Kind) -> list[int]:
    """The numbers of all that is the caller's, in order."""
    found = unit.find(OWNED, {"party_id": caller.party_id}) if caller.party_id else []
    return sorted(row.number for row in found if row.kind == kind)
