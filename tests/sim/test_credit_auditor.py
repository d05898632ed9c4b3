"""The auditor of credit lines against a real run, and against a run that was tampered with."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from sim.checks.auditor import HELD
from sim.checks.credit import (
    CONSERVED,
    ONCE,
    OVER,
    REBUILT,
    Rebuilt,
    audit_ledger,
    audit_lines,
    audit_merchants,
    rebuild,
)
from system.ledger.records import TRANSFERS, Transfer
from system.subledger.records import JournalRow
from tests.sim.credit_runs import finished


@dataclass
class Books:
    journal: list[JournalRow]
    lines: dict[str, np.ndarray]
    transfers: list[Transfer]
    received_fen: np.ndarray
    paid_fen: np.ndarray
    days: range

    def verdicts(self) -> dict[str, str]:
        books = self.rebuilt()
        audit_lines(books, self.lines)
        audit_merchants(books, self.received_fen, self.paid_fen)
        audit_ledger(books, self.transfers)
        return books.verdicts

    def rebuilt(self) -> Rebuilt:
        return rebuild(self.journal, self.paid_fen.size, 365, self.days)

    def row(self, kind: str) -> int:
        """The place of the longest row of a kind."""
        places = [at for at, row in enumerate(self.journal) if row.kind == kind]
        return max(places, key=lambda at: self.journal[at].count)

    def change(self, kind: str, add_fen: int, *, total: bool = True) -> None:
        """Add to the first amount of a row; to its total as well."""
        at = self.row(kind)
        row = self.journal[at]
        amounts = np.frombuffer(row.amounts, "<i8").copy()
        amounts[:1] += add_fen
        grown = row.total + add_fen * total
        self.journal[at] = replace(row, amounts=amounts.tobytes(), total=grown)


@pytest.fixture
def books() -> Books:
    stage, _, journal = finished("collateral")
    bank = stage.bank
    lines = bank.service.view((*REBUILT, "accrued_raw", "life"), bank.rows)
    with stage.system.book.transaction() as unit:
        transfers = unit.rows.scan(TRANSFERS)
    return Books(
        list(journal),
        dict(lines),
        transfers,
        bank.received_fen,
        bank.paid_fen + bank.pledged_fen,
        range(stage.start_day, stage.end_day),
    )


def test_a_real_run_holds(books: Books) -> None:
    assert books.verdicts() == dict.fromkeys((CONSERVED, ONCE, OVER), HELD)
    assert books.rebuilt().columns["to_merchant"].sum() > 0


def test_a_fen_more_in_one_draw_is_found(books: Books) -> None:
    books.change("drawn", 1)
    assert "account" in books.verdicts()[CONSERVED]


def test_a_total_that_is_not_its_rows_sum_is_found(books: Books) -> None:
    books.change("drawn", 1, total=False)
    assert "its total is not its rows' sum" in books.verdicts()[CONSERVED]


def test_a_fen_of_interest_too_much_on_one_day_is_found(books: Books) -> None:
    at = next(at for at, row in enumerate(books.journal) if row.kind == "interest_accrued")
    books.journal[at] = replace(books.journal[at], total=books.journal[at].total + 1)
    assert "fen of interest ran up" in books.verdicts()[CONSERVED]


def test_interest_billed_that_did_not_run_up_is_found(books: Books) -> None:
    books.change("interest_billed", 1)
    verdict = books.verdicts()[CONSERVED]
    assert "interest" in verdict or "accrued" in verdict


def test_a_draw_above_the_limit_is_found(books: Books) -> None:
    books.change("drawn", 10**9)
    assert "above its limit" in books.verdicts()[OVER]


def test_a_draw_on_a_frozen_line_is_found(books: Books) -> None:
    at = books.row("drawn")
    drawn = books.journal[at]
    frozen = np.ones(drawn.count, np.int64)
    freeze = replace(drawn, cause="freeze", kind="freeze_set", total=drawn.count)
    books.journal.insert(at, replace(freeze, amounts=frozen.tobytes()))
    assert "barred" in books.verdicts()[OVER]


def test_a_command_that_happened_twice_is_found(books: Books) -> None:
    books.journal.append(books.journal[books.row("drawn")])
    assert "happened in" in books.verdicts()[ONCE]


def test_a_line_that_the_journal_cannot_explain_is_found(books: Books) -> None:
    books.lines["principal_fen"] = books.lines["principal_fen"].copy()
    books.lines["principal_fen"][5] += 1
    assert books.verdicts()[CONSERVED].startswith("account 5: principal_fen")


def test_a_merchant_that_got_less_than_the_journal_says_is_found(books: Books) -> None:
    at = int(np.argmax(books.received_fen))
    books.received_fen = books.received_fen.copy()
    books.received_fen[at] -= 1
    assert books.verdicts()[ONCE].startswith(f"account {at}: to_merchant")


def test_a_transfer_that_is_missing_or_there_twice_is_found(books: Books) -> None:
    first = books.transfers[0]
    books.transfers = books.transfers[1:]
    assert "in the ledger" in books.verdicts()[CONSERVED]
    books.transfers = [first, first, *books.transfers]
    assert books.verdicts()[ONCE] == "two transfers of the ledger have one id"
