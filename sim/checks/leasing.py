"""The auditor of leases: claims add up, and nothing is paid twice.

Own arithmetic throughout: it shares no code with the services that it audits. Each check answers
"held" or with one sentence on what broke first.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.checks.auditor import HELD, LedgerTransfer, ledger_balances

I64 = NDArray[np.int64]

CONSERVED, ONCE, EVIDENCE = "money_is_conserved", "nothing_paid_twice", "every_alert_has_evidence"
ARRIVES: Final = "every_reading_arrives"
# Column of a lease: journal kinds that raise it, kinds that lower it.
_FLOWS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "rent_due_fen": (
        ("rent_billed",),
        ("rent_paid", "rent_set_off", "rent_credited", "rent_written_off"),
    ),
    "fee_due_fen": (("fee_charged",), ("fee_paid", "fee_set_off", "fee_written_off")),
    "penalty_due_fen": (
        ("penalty_billed",),
        ("penalty_paid", "penalty_set_off", "penalty_written_off"),
    ),
    "deposit_fen": (
        ("deposit_paid",),
        ("deposit_returned", "rent_set_off", "fee_set_off", "penalty_set_off"),
    ),
}
CLAIMS: Final = tuple(_FLOWS)
_FROM_LESSEE: Final = ("rent_paid", "fee_paid", "penalty_paid", "recovered", "deposit_paid")
_TO_LESSEE: Final = ("rent_refunded", "deposit_returned")
_FROM_BUYER: Final = ("machine_sold",)
# Lessees' flows that go to the lessor or come from it.
_WITH_LESSOR: Final = ("rent", "deposits")
# The ledger account that must equal each column's sum over all leases, and that of cash.
_CONTROL: Final = {
    "rent_due_fen": "leasing/rent-receivable",
    "fee_due_fen": "leasing/fee-receivable",
    "penalty_due_fen": "leasing/penalty-receivable",
    "deposit_fen": "leasing/deposits",
}
# What the lessor owes stands on the other side of the ledger than what it is owed.
_OWED_TO_LESSEES: Final = ("deposit_fen",)
_CASH: Final = "leasing/cash"


_CASH_KINDS: Final = (
    ("from_lessee", _FROM_LESSEE),
    ("to_lessee", _TO_LESSEE),
    ("from_buyer", _FROM_BUYER),
)


class Fact(Protocol):
    """A row of the leases' journal: one kind of fact in one command, columns as int64 bytes."""

    @property
    def cause(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def total(self) -> int: ...
    @property
    def accounts(self) -> bytes: ...
    @property
    def amounts(self) -> bytes: ...


def _columns(fact: Fact) -> tuple[I64, I64]:
    accounts, amounts = (np.frombuffer(part, "<i8") for part in (fact.accounts, fact.amounts))
    return accounts.astype(np.int64), amounts.astype(np.int64)


def rebuild(facts: Sequence[Fact], leases: int) -> dict[str, I64]:
    """Every lease's claims as the journal makes them, and cash in and out: int64 (leases,)."""
    books = {
        name: np.zeros(leases, np.int64)
        for name in (*CLAIMS, "from_lessee", "to_lessee", "from_buyer")
    }
    for fact in facts:
        accounts, amounts = _columns(fact)
        for name, (up, down) in _FLOWS.items():
            sign = int(fact.kind in up) - int(fact.kind in down)
            if sign:
                np.add.at(books[name], accounts, sign * amounts)
        for name, kinds in _CASH_KINDS:
            if fact.kind in kinds:
                np.add.at(books[name], accounts, amounts)
    return books


def audit_claims(
    books: Mapping[str, I64], view: Mapping[str, I64], transfers: Iterable[LedgerTransfer]
) -> str:
    """money_is_conserved: each lease's claims and each ledger account are what events make them."""
    balances_fen = ledger_balances(transfers)
    for name in CLAIMS:
        wrong = np.flatnonzero(books[name] != view[name])
        if wrong.size:
            lease = int(wrong[0])
            return f"lease {lease}: {name} {view[name][lease]}, events {books[name][lease]}"
        total_fen = int(books[name].sum())
        sign = 1 if name in _OWED_TO_LESSEES else -1
        held_fen = sign * balances_fen.get(_CONTROL[name], 0)
        if total_fen != held_fen:
            return f"{_CONTROL[name]}: {held_fen} fen, its leases {total_fen}"
    cash_fen = int((books["from_lessee"] - books["to_lessee"] + books["from_buyer"]).sum())
    if cash_fen != -balances_fen.get(_CASH, 0):
        return f"{_CASH}: {-balances_fen.get(_CASH, 0)} fen, events {cash_fen}"
    return HELD


def audit_purses(
    start_fen: int, flows_fen: Mapping[str, int], end_fen: int, books: Mapping[str, I64]
) -> str:
    """money_is_conserved: lessees' cash moves by named flows alone, and rent reaches the bank.

    flows_fen: into purses, out of them where negative; ``rent`` and
    ``deposits`` are what went to the lessor, less what came back.
    """
    moved_fen = start_fen + sum(flows_fen.values())
    if moved_fen != end_fen:
        return f"purses hold {end_fen} fen where flows leave {moved_fen}"
    taken_fen = int(books["from_lessee"].sum() - books["to_lessee"].sum())
    given_fen = -sum(flows_fen.get(name, 0) for name in _WITH_LESSOR)
    if taken_fen != given_fen:
        return f"the lessor took {taken_fen} fen, lessees gave {given_fen}"
    return HELD


def audit_once(facts: Sequence[Fact], paid_fen: Mapping[str, int]) -> str:
    """nothing_paid_twice: each command tells each kind once, and takes what was paid under it.

    paid_fen: cash that lessees handed over, by command.
    """
    seen: set[tuple[str, str]] = set()
    taken_fen: dict[str, int] = {}
    for fact in facts:
        if (fact.cause, fact.kind) in seen:
            return f"command {fact.cause}: {fact.kind} twice"
        seen.add((fact.cause, fact.kind))
        if fact.kind in _FROM_LESSEE:
            taken_fen[fact.cause] = taken_fen.get(fact.cause, 0) + fact.total
    for cause in sorted(taken_fen.keys() | paid_fen.keys()):
        if taken_fen.get(cause, 0) != paid_fen.get(cause, 0):
            return f"command {cause}: {taken_fen.get(cause, 0)} fen taken, {paid_fen.get(cause, 0)}"
    return HELD


def audit_arrivals(
    handed: Mapping[int, int], stored: Mapping[int, int], waiting: int, is_late: bool
) -> str:
    """every_reading_arrives: readings sent and readings stored, by machine, each counted once.

    waiting: readings that gateways could not send yet.  is_late: the last fault is a day ago.
    """
    for machine in sorted(handed.keys() | stored.keys()):
        sent, there = handed.get(machine, 0), stored.get(machine, 0)
        if there > sent:
            return f"machine {machine}: {there} readings stored, {sent} were sent"
        if is_late and there < sent:
            return f"machine {machine}: {sent - there} of {sent} readings have not arrived"
    if is_late and waiting:
        return f"gateways still keep {waiting} readings"
    return HELD


def first_breach(*sentences: str) -> str:
    """The first sentence that is not "held"."""
    return next((sentence for sentence in sentences if sentence != HELD), HELD)
