"""The journal of a sub-ledger, and the ledger accounts that sum it up.

Columns of accounts are the sub-ledger. Each command adds one journal row per kind of fact, with
every account's amount, and the ledger gets the row's total as one transfer (several where it is
above the ledger's largest). So at every quiet point each control account equals the sum of its
column over all accounts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from system.errors import IntegrityError
from system.kernels.columns import I64
from system.ledger import ledger
from system.ledger.records import Account, Side, TransferRequest
from system.limits import AMOUNT_FEN_MAX
from system.ports.store import Table, Unit
from system.subledger.records import Entry, JournalRow


@dataclass(frozen=True, slots=True)
class Chart:
    """A product's ledger accounts.

    controls: which column of the sub-ledger each control account sums up.  sides: of all accounts;
    cash is the one of them that may fall below zero, since it is funded elsewhere.  money: debit
    and credit account of each kind that moves money; the other kinds move none.
    """

    journal: Table[JournalRow]
    cash: str
    controls: Mapping[str, str]
    sides: Mapping[str, Side]
    money: Mapping[str, tuple[str, str]]

    def __post_init__(self) -> None:
        named = {account for pair in self.money.values() for account in pair}
        assert named <= self.sides.keys()
        assert {self.cash, *self.controls} <= self.sides.keys()


def open_books(unit: Unit, chart: Chart) -> None:
    """Open the product's ledger accounts where they are missing."""
    found = ledger.accounts(unit, list(chart.sides))
    missing = [
        Account(name, "bank", side, floor_fen=None if name == chart.cash else 0)
        for (name, side), account in zip(chart.sides.items(), found, strict=True)
        if account is None
    ]
    if missing:
        ledger.open_accounts(unit, missing)


def record(
    unit: Unit, chart: Chart, day: int, at_s: int, told: Sequence[tuple[str, Sequence[Entry]]]
) -> None:
    """Write entries to the journal, in order, and their totals to the ledger.

    told: by command: its name, used once, and what it did.  Raises IntegrityError when the ledger
    refuses.
    """
    entries = [(cause, entry) for cause, some in told for entry in some]
    if not entries:
        return
    last = unit.last(chart.journal)
    first = last.sequence + 1 if last is not None else 1
    unit.insert(
        chart.journal,
        [_row(n, cause, day, at_s, entry) for n, (cause, entry) in enumerate(entries, first)],
    )
    transfers = [one for cause, entry in entries for one in _transfers(chart, cause, entry)]
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


def _transfers(chart: Chart, cause: str, entry: Entry) -> list[TransferRequest]:
    if entry.kind not in chart.money:
        return []
    debit, credit = chart.money[entry.kind]
    parts_fen = [AMOUNT_FEN_MAX] * (entry.total // AMOUNT_FEN_MAX)
    parts_fen += [entry.total % AMOUNT_FEN_MAX] * bool(entry.total % AMOUNT_FEN_MAX)
    return [
        TransferRequest(f"{cause}/{entry.kind}/{n}", debit, credit, fen)
        for n, fen in enumerate(parts_fen)
    ]


def differences_of(
    unit: Unit, chart: Chart, sums_fen: Mapping[str, int]
) -> dict[str, tuple[int, int]]:
    """Control accounts that differ from their columns: account id to (columns, ledger) fen.

    sums_fen: by column name of the chart's controls. Empty when the books agree.
    """
    rows = ledger.accounts(unit, list(chart.controls))
    found = {
        name: (sums_fen[column], row.balance_fen if row is not None else 0)
        for (name, column), row in zip(chart.controls.items(), rows, strict=True)
    }
    return {name: pair for name, pair in found.items() if pair[0] != pair[1]}


def total_of(amounts: I64) -> int:
    """Exact sum, however large. amounts: int64 (n,), each >= 0."""
    if amounts.size == 1:
        return int(amounts.item())
    if not amounts.size or int(amounts.max()) < 2**63 // amounts.size:
        return int(amounts.sum())
    low_mask = (1 << 32) - 1
    return (int((amounts >> 32).sum()) << 32) + int((amounts & low_mask).sum())
