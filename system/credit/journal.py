"""The journal of the lines, and the ledger accounts that sum them up.

Lines are the sub-ledger. Each command adds one journal row per kind of fact, with every merchant's
amount, and the ledger gets the row's total as one transfer (several where it is above the ledger's
largest). So at every quiet point each control account equals the sum of its column over all lines.
Interest that has run up but is not billed is no claim yet: the ledger knows it from its bill on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from system.credit.events import Kind
from system.credit.records import JOURNAL, JournalRow
from system.errors import IntegrityError
from system.kernels.columns import I64
from system.ledger import ledger
from system.ledger.records import Account, Side, TransferRequest
from system.limits import AMOUNT_FEN_MAX
from system.ports.store import Unit

CASH: Final = "credit/cash"
LOANS: Final = "credit/loans"
INTEREST: Final = "credit/interest-receivable"
PENALTY: Final = "credit/penalty-receivable"
FEE: Final = "credit/fee-receivable"
INTEREST_INCOME: Final = "credit/interest-income"
PENALTY_INCOME: Final = "credit/penalty-income"
FEE_INCOME: Final = "credit/fee-income"
LOSS: Final = "credit/loss"
RECOVERIES: Final = "credit/recoveries"

# Which column of the lines each control account sums up.
CONTROLS: Final[Mapping[str, str]] = {
    LOANS: "principal_fen",
    INTEREST: "interest_due_fen",
    PENALTY: "penalty_due_fen",
    FEE: "fee_due_fen",
}
_SIDES: Final[Mapping[str, Side]] = {
    CASH: "debit",
    LOANS: "debit",
    INTEREST: "debit",
    PENALTY: "debit",
    FEE: "debit",
    LOSS: "debit",
    INTEREST_INCOME: "credit",
    PENALTY_INCOME: "credit",
    FEE_INCOME: "credit",
    RECOVERIES: "credit",
}
# Debit and credit account of each kind that moves money; the other kinds move none.
MONEY: Final[Mapping[Kind, tuple[str, str]]] = {
    Kind.DRAWN: (LOANS, CASH),
    Kind.INTEREST_BILLED: (INTEREST, INTEREST_INCOME),
    Kind.PENALTY_BILLED: (PENALTY, PENALTY_INCOME),
    Kind.FEE_CHARGED: (FEE, FEE_INCOME),
    Kind.FEE_REPAID: (CASH, FEE),
    Kind.PENALTY_REPAID: (CASH, PENALTY),
    Kind.INTEREST_REPAID: (CASH, INTEREST),
    Kind.PRINCIPAL_REPAID: (CASH, LOANS),
    Kind.FEE_CAPITALISED: (LOANS, FEE),
    Kind.PENALTY_CAPITALISED: (LOANS, PENALTY),
    Kind.INTEREST_CAPITALISED: (LOANS, INTEREST),
    Kind.FEE_WRITTEN_OFF: (LOSS, FEE),
    Kind.PENALTY_WRITTEN_OFF: (LOSS, PENALTY),
    Kind.INTEREST_WRITTEN_OFF: (LOSS, INTEREST),
    Kind.PRINCIPAL_WRITTEN_OFF: (LOSS, LOANS),
    Kind.RECOVERED: (CASH, RECOVERIES),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """What one command did to some lines. accounts, amounts: int64 (n,); n is 0 for memoranda."""

    kind: Kind
    total: int
    accounts: I64
    amounts: I64


def open_books(unit: Unit) -> None:
    """Open the product's ledger accounts where they are missing."""
    found = ledger.accounts(unit, list(_SIDES))
    missing = [
        # The bank's own cash is funded elsewhere: it may go below zero here.
        Account(name, "bank", side, floor_fen=None if name == CASH else 0)
        for (name, side), account in zip(_SIDES.items(), found, strict=True)
        if account is None
    ]
    if missing:
        ledger.open_accounts(unit, missing)


def record(unit: Unit, cause: str, day: int, at_s: int, entries: Sequence[Entry]) -> None:
    """Write entries to the journal, in order, and their totals to the ledger.

    cause: the command's name, used once.  Raises IntegrityError when the ledger refuses.
    """
    if not entries:
        return
    last = unit.last(JOURNAL)
    first = last.sequence + 1 if last is not None else 1
    unit.insert(
        JOURNAL,
        [_row(first + n, cause, day, at_s, entry) for n, entry in enumerate(entries)],
    )
    transfers = [transfer for entry in entries for transfer in _transfers(cause, entry)]
    outcomes = ledger.post(unit, transfers, at_s) if transfers else []
    for outcome in outcomes:
        if outcome.status != "done":
            raise IntegrityError(f"transfer {outcome.transfer_id}", "done", outcome)


def _row(sequence: int, cause: str, day: int, at_s: int, entry: Entry) -> JournalRow:
    accounts, amounts = (x.astype("<i8").tobytes() for x in (entry.accounts, entry.amounts))
    count = entry.accounts.size
    return JournalRow(
        sequence, day, at_s, cause, str(entry.kind), count, entry.total, accounts, amounts
    )


def _transfers(cause: str, entry: Entry) -> list[TransferRequest]:
    if entry.kind not in MONEY:
        return []
    debit, credit = MONEY[entry.kind]
    parts_fen = [AMOUNT_FEN_MAX] * (entry.total // AMOUNT_FEN_MAX)
    parts_fen += [entry.total % AMOUNT_FEN_MAX] * bool(entry.total % AMOUNT_FEN_MAX)
    return [
        TransferRequest(f"{cause}/{entry.kind}/{n}", debit, credit, fen)
        for n, fen in enumerate(parts_fen)
    ]


def differences_of(unit: Unit, sums_fen: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Control accounts that differ from the lines: account id to (lines, ledger) fen.

    sums_fen: by column name of CONTROLS. Empty when the books agree.
    """
    rows = ledger.accounts(unit, list(CONTROLS))
    found = {
        name: (sums_fen[column], row.balance_fen if row is not None else 0)
        for (name, column), row in zip(CONTROLS.items(), rows, strict=True)
    }
    return {name: pair for name, pair in found.items() if pair[0] != pair[1]}


def total_of(amounts: I64) -> int:
    """Exact sum, however large. amounts: int64 (n,), each >= 0."""
    if not amounts.size or int(amounts.max()) < 2**63 // amounts.size:
        return int(amounts.sum())
    low_mask = (1 << 32) - 1
    return (int((amounts >> 32).sum()) << 32) + int((amounts & low_mask).sum())
