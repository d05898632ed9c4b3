"""What the joint view keeps: groups' positions over all products, and warnings."""

from dataclasses import dataclass
from typing import Final

from system.ports.store import AtLeast, Table


@dataclass(frozen=True, slots=True)
class GroupPosition:
    """What a group owes the bank on a business day, by product; total_fen is their sum."""

    day: int
    group_id: str
    receivables_fen: int
    lines_fen: int
    leases_fen: int
    total_fen: int


@dataclass(frozen=True, slots=True)
class GroupWarning:
    """A party to watch. signal: ``kernels.group_view.Signal``.

    lead_id: the party behind it.  measure, bound: days past due; of a DEBTOR signal ppm of the
    party's claims.
    """

    sequence: int
    day: int
    at_s: int
    party_id: str
    signal: int
    lead_id: str
    measure: int
    bound: int


GROUP_POSITIONS: Final = Table(
    "group_position",
    GroupPosition,
    key=("day", "group_id"),
    checks=(AtLeast("total_fen", 0),),
    append_only=True,
)
GROUP_WARNINGS: Final = Table(
    "group_warning",
    GroupWarning,
    key=("sequence",),
    index=(("party_id",),),
    append_only=True,
)
GROUP_TABLES: Final = (GROUP_POSITIONS, GROUP_WARNINGS)
