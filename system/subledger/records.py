"""What every sub-ledger keeps: a journal of what moved, and which days were closed."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from system.kernels.columns import I64
from system.ports.store import AtLeast, Table


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One kind of fact in one command: who, how much. ``kind`` is one of the product's.

    accounts, amounts: ``count`` little-endian int64 each; empty where only the total is kept.
    """

    sequence: int
    day: int
    at_s: int
    cause: str
    kind: str
    count: int
    total: int
    accounts: bytes
    amounts: bytes


def journal_table(name: str) -> Table[JournalRow]:
    """A product's journal: append-only, each command tells a kind once."""
    return Table(
        name,
        JournalRow,
        key=("sequence",),
        unique=(("cause", "kind"),),
        checks=(AtLeast("count", 0),),
        append_only=True,
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """What a command did to some accounts. accounts, amounts: int64 (n,); n is 0 for memoranda."""

    kind: str
    total: int
    accounts: I64
    amounts: I64


@dataclass(frozen=True, slots=True)
class Happened:
    """A journal row with its columns read. accounts, amounts: int64 (n,), n may be 0."""

    sequence: int
    day: int
    at_s: int
    cause: str
    kind: str
    total: int
    accounts: I64
    amounts: I64


def happened(row: JournalRow) -> Happened:
    """The event that a journal row keeps."""
    return Happened(
        row.sequence,
        row.day,
        row.at_s,
        row.cause,
        row.kind,
        row.total,
        np.frombuffer(row.accounts, dtype="<i8").astype(np.int64),
        np.frombuffer(row.amounts, dtype="<i8").astype(np.int64),
    )


@dataclass(frozen=True, slots=True)
class ClosedDays:
    """Which day was closed last for which accounts of the sub-ledger ``name``.

    ranges: JSON of [[stop, day], ...] over all accounts: each range begins where the one before
    ends, and has another day than that.
    """

    name: str
    ranges: str


CLOSED_DAYS: Final = Table("closed_days", ClosedDays, key=("name",))
