"""The auditor of credit lines: rebuilds every merchant's debt from the journal, day by day.

Own arithmetic throughout: it shares no code with the kernels, rules and services that it audits.
Each check answers "held" or with one sentence on what broke first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.checks.auditor import HELD, LedgerTransfer, ledger_balances

I64 = NDArray[np.int64]

CONSERVED, ONCE, OVER = "money_is_conserved", "nothing_paid_twice", "no_loan_over_limit"
_PPM: Final = 1_000_000
_OPEN: Final = 1
_CLOSE: Final = "end of day "
_ACCRUED: Final = "interest_accrued"
# Kinds of which only the total is kept.
_TOTALS: Final = (_ACCRUED, "penalty_accrued")
# Column of a line: journal kinds that raise it, kinds that lower it.
_FLOWS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "principal_fen": (
        ("drawn", "fee_capitalised", "penalty_capitalised", "interest_capitalised"),
        ("principal_repaid", "principal_written_off"),
    ),
    "interest_due_fen": (
        ("interest_billed",),
        ("interest_repaid", "interest_capitalised", "interest_written_off"),
    ),
    "penalty_due_fen": (
        ("penalty_billed",),
        ("penalty_repaid", "penalty_capitalised", "penalty_written_off"),
    ),
    "fee_due_fen": (("fee_charged",), ("fee_repaid", "fee_capitalised", "fee_written_off")),
    "written_off_fen": (
        (
            "principal_written_off",
            "interest_written_off",
            "penalty_written_off",
            "fee_written_off",
        ),
        ("recovered",),
    ),
}
REBUILT: Final = tuple(_FLOWS)
_TO_MERCHANT: Final = ("drawn",)
_FROM_MERCHANT: Final = (
    "principal_repaid",
    "interest_repaid",
    "penalty_repaid",
    "fee_repaid",
    "recovered",
)
# The ledger account that must equal each column's sum over all lines.
_CONTROL: Final = {
    "principal_fen": "credit/loans",
    "interest_due_fen": "credit/interest-receivable",
    "penalty_due_fen": "credit/penalty-receivable",
    "fee_due_fen": "credit/fee-receivable",
}
_CASH: Final = "credit/cash"


class Fact(Protocol):
    """A row of the lines' journal: one kind of fact in one command, columns as int64 bytes."""

    @property
    def sequence(self) -> int: ...
    @property
    def day(self) -> int: ...
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


@dataclass(slots=True)
class Rebuilt:
    """Every account as the journal makes it, and the first breach of each invariant."""

    n: int
    year_days: int
    columns: dict[str, I64] = field(init=False)
    accrued_raw: I64 = field(init=False)
    verdicts: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        names = (
            *REBUILT,
            "limit_fen",
            "rate_ppm",
            "life",
            "frozen",
            "to_merchant",
            "from_merchant",
        )
        self.columns = {name: np.zeros(self.n, np.int64) for name in names}
        self.accrued_raw = np.zeros(self.n, np.int64)
        self.verdicts = dict.fromkeys((CONSERVED, ONCE, OVER), HELD)

    def broken(self, invariant: str, sentence: str) -> None:
        """Keep the first sentence."""
        if self.verdicts[invariant] == HELD:
            self.verdicts[invariant] = sentence


def rebuild(journal: Sequence[Fact], n: int, year_days: int, days: range) -> Rebuilt:
    """Follow the journal of n accounts. year_days: of the interest.  days: all that were closed.

    Of each day first what people did, then a day's interest, then the close of the books.
    """
    books = Rebuilt(n, year_days)
    seen: dict[tuple[str, str], int] = {}
    by_day: dict[int, list[Fact]] = {}
    for fact in journal:
        key = (fact.cause, fact.kind)
        if key in seen:
            books.broken(
                ONCE, f"journal row {fact.sequence}: {key} happened in {seen[key]} already"
            )
        seen[key] = fact.sequence
        by_day.setdefault(fact.day, []).append(fact)
    for day in sorted({*by_day, *days}):
        facts = by_day.get(day, [])
        for closing in (False, True):
            if closing and day in days:
                _accrue(books, day, sum(f.total for f in facts if f.kind == _ACCRUED))
            for fact in facts:
                if fact.cause.startswith(_CLOSE) == closing and fact.kind not in _TOTALS:
                    _apply(books, fact)
    return books


def _apply(books: Rebuilt, fact: Fact) -> None:
    accounts = np.frombuffer(fact.accounts, dtype="<i8").astype(np.int64)
    amounts = np.frombuffer(fact.amounts, dtype="<i8").astype(np.int64)
    columns = books.columns
    if fact.total != sum(map(int, amounts)):
        books.broken(CONSERVED, f"journal row {fact.sequence}: its total is not its rows' sum")
    terms = {"limit_set": "limit_fen", "rate_set": "rate_ppm", "life_set": "life"}
    if fact.kind == "freeze_set":
        columns["frozen"][accounts] = amounts
    elif fact.kind in terms:
        columns[terms[fact.kind]][accounts] = amounts
    for name, (up, down) in _FLOWS.items():
        if fact.kind in up:
            columns[name][accounts] += amounts
        elif fact.kind in down:
            columns[name][accounts] -= amounts
    if fact.kind in _TO_MERCHANT:
        columns["to_merchant"][accounts] += amounts
        _check_draw(books, fact, accounts)
    elif fact.kind in _FROM_MERCHANT:
        columns["from_merchant"][accounts] += amounts
    elif fact.kind == "interest_billed":
        books.accrued_raw[accounts] -= amounts * (_PPM * books.year_days)


def _accrue(books: Rebuilt, day: int, noted_fen: int) -> None:
    """A day's interest on every principal; the journal keeps its total only."""
    raw = books.columns["principal_fen"] * books.columns["rate_ppm"]
    books.accrued_raw += raw
    unit = _PPM * books.year_days
    expected_fen = (sum(map(int, raw)) + unit // 2) // unit
    if expected_fen != noted_fen:
        sentence = f"day {day}: {noted_fen} fen of interest ran up, {expected_fen} by principal"
        books.broken(CONSERVED, sentence)


def _check_draw(books: Rebuilt, fact: Fact, accounts: I64) -> None:
    """Nobody draws above the limit of that moment, on a line that is not open, or when frozen."""
    columns = books.columns
    over = columns["principal_fen"][accounts] > columns["limit_fen"][accounts]
    barred = (columns["life"][accounts] != _OPEN) | (columns["frozen"][accounts] != 0)
    for wrong, what in ((over, "above its limit"), (barred, "on a line that is barred")):
        if wrong.any():
            account = int(accounts[np.argmax(wrong)])
            books.broken(OVER, f"{fact.cause}: account {account} draws {what}")


def audit_lines(books: Rebuilt, lines: Mapping[str, I64]) -> None:
    """money_is_conserved: each line is what the journal makes of it; accrued_raw while it lives."""
    for name in REBUILT:
        _compare(books, CONSERVED, name, books.columns[name], lines[name])
        below = np.flatnonzero(books.columns[name] < 0)
        if below.size:
            books.broken(CONSERVED, f"account {below[0]}: {name} fell below zero")
    # A claim that was given up leaves its unbilled interest behind.
    live = lines["life"] == _OPEN
    _compare(
        books,
        CONSERVED,
        "accrued_raw",
        np.where(live, books.accrued_raw, 0),
        np.where(live, lines["accrued_raw"], 0),
    )


def audit_merchants(books: Rebuilt, received_fen: I64, paid_fen: I64) -> None:
    """nothing_paid_twice: merchants got and gave what the journal says, once."""
    for name, found in (("to_merchant", received_fen), ("from_merchant", paid_fen)):
        _compare(books, ONCE, name, books.columns[name], found)


def _compare(books: Rebuilt, invariant: str, name: str, expected: I64, found: I64) -> None:
    apart = np.flatnonzero(expected != found)
    if apart.size:
        at = int(apart[0])
        sentence = f"account {at}: {name} is {found[at]}, {expected[at]} by the journal"
        books.broken(invariant, sentence)


def audit_ledger(books: Rebuilt, transfers: Sequence[LedgerTransfer]) -> None:
    """money_is_conserved: control accounts are the sums over the lines, cash what passed."""
    balances_fen = ledger_balances(transfers)
    expected_fen = {
        account: -sum(map(int, books.columns[name])) for name, account in _CONTROL.items()
    }
    given = sum(map(int, books.columns["to_merchant"]))
    taken = sum(map(int, books.columns["from_merchant"]))
    expected_fen[_CASH] = given - taken
    for account, fen in expected_fen.items():
        found_fen = balances_fen.get(account, 0)
        if found_fen != fen:
            books.broken(
                CONSERVED, f"{account}: {found_fen} fen in the ledger, {fen} by the journal"
            )
    if len({transfer.transfer_id for transfer in transfers}) != len(transfers):
        books.broken(ONCE, "two transfers of the ledger have one id")
