"""The auditor of what the three products share: one purse per enterprise, one position per group.

Own arithmetic throughout: it shares no code with what it audits. Each check answers "held" or with
one sentence on what broke first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from sim.checks.auditor import HELD

ADDS_UP: Final = "group_exposure_adds_up"
UNBOUGHT: Final = "nothing_bought_against_a_hold"


class ReasonedTransfer(Protocol):
    """A line of the purses' journal."""

    @property
    def payer(self) -> str: ...
    @property
    def payee(self) -> str: ...
    @property
    def amount_fen(self) -> int: ...
    @property
    def reason(self) -> str: ...


class Position(Protocol):
    """What the joint view says that a group owes on a day."""

    @property
    def day(self) -> int: ...
    @property
    def group_id(self) -> str: ...
    @property
    def receivables_fen(self) -> int: ...
    @property
    def lines_fen(self) -> int: ...
    @property
    def leases_fen(self) -> int: ...
    @property
    def total_fen(self) -> int: ...


class Hold(Protocol):
    """A bank's word that it buys nothing on or of a party."""

    @property
    def bank_id(self) -> str: ...
    @property
    def party_id(self) -> str: ...
    @property
    def held_at_s(self) -> int: ...
    @property
    def lifted_at_s(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Purchase:
    """A claim that a bank has paid for. at_s: when the chain says so."""

    bank_id: str
    debtor_id: str
    supplier_id: str
    at_s: int


@dataclass(frozen=True, slots=True)
class Owed:
    """What each product is owed in all, as its own events make it."""

    receivables_fen: int
    lines_fen: int
    leases_fen: int


def audit_shared_purses(
    journal: Iterable[ReasonedTransfer], bank: str, *, drawn_fen: int, paid_fen: int, rent_fen: int
) -> str:
    """money_is_conserved: what enterprises' purses got and gave is what each product booked.

    drawn_fen, paid_fen: of the lines' journal.  rent_fen: of the leases'.
    """
    found = {"line_drawn": 0, "line_paid": 0, "rent": 0}
    for line in journal:
        if line.reason in found:
            found[line.reason] += line.amount_fen
            if bank not in (line.payer, line.payee):
                return f"{line.reason} of {line.payer} to {line.payee} passes the bank by"
    expected = {"line_drawn": drawn_fen, "line_paid": paid_fen, "rent": rent_fen}
    for reason, fen in expected.items():
        if found[reason] != fen:
            return f"purses moved {found[reason]} fen of {reason}, the product booked {fen}"
    return HELD


def audit_positions(rows: Iterable[Position], day: int, owed: Owed) -> str:
    """group_exposure_adds_up: each position is the sum of its products, and on ``day`` all
    positions together are what the three products are owed."""
    sums = [0, 0, 0]
    for row in rows:
        parts = (row.receivables_fen, row.lines_fen, row.leases_fen)
        if sum(parts) != row.total_fen:
            return f"group {row.group_id}, day {row.day}: {row.total_fen} fen, parts {sum(parts)}"
        if row.day == day:
            sums = [total + part for total, part in zip(sums, parts, strict=True)]
    expected = (owed.receivables_fen, owed.lines_fen, owed.leases_fen)
    for product, found, fen in zip(("receivables", "lines", "leases"), sums, expected, strict=True):
        if found != fen:
            return f"groups owe {found} fen in {product}, its own events {fen}"
    return HELD


def audit_holds(holds: Iterable[Hold], purchases: Iterable[Purchase], under_way_s: int) -> str:
    """nothing_bought_against_a_hold: a bank pays for no claim on or of a party that it holds.

    under_way_s: how long a purchase may take that was signed before the hold.
    """
    of_party = {(hold.bank_id, hold.party_id): hold for hold in holds}
    for one in purchases:
        for party_id in (one.debtor_id, one.supplier_id):
            hold = of_party.get((one.bank_id, party_id))
            if hold is None or one.at_s <= hold.held_at_s + under_way_s:
                continue
            if hold.lifted_at_s is None or one.at_s < hold.lifted_at_s:
                return f"{one.bank_id} bought of {one.supplier_id} while it held {party_id}"
    return HELD
