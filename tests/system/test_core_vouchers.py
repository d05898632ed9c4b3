"""What the bank's core is told: every posting in exactly one voucher, and disagreement is seen."""

import logging
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from system.adapters.core_embedded import CORE_TABLES as CORE_OWN_TABLES
from system.adapters.core_embedded import EmbeddedCore
from system.adapters.memory_store import MemoryStore
from system.core.core_work import CoreWork
from system.core.vouchers import CORE_TABLES, VOUCHERS, Voucher, close, general_account
from system.errors import CoreUnavailable, IntegrityError
from system.ledger import ledger
from system.ledger.records import ACCOUNTS, LEDGER_TABLES, Account, TransferRequest
from system.ports.core import Entries

ACCOUNT_IDS = {
    "cash": Account("credit/cash", "bank", "debit", floor_fen=None),
    "alpha": Account("receivables/deposit/alpha", "alpha", "credit"),
    "beta": Account("receivables/deposit/beta", "beta", "credit"),
}
DAY = 20_454


def bank() -> MemoryStore:
    store = MemoryStore((*LEDGER_TABLES, *CORE_TABLES, *CORE_OWN_TABLES))
    with store.transaction() as unit:
        ledger.open_accounts(unit, list(ACCOUNT_IDS.values()))
    return store


def move(store: MemoryStore, name: str, debit: str, credit: str, amount_fen: int) -> None:
    ids = (ACCOUNT_IDS[debit].account_id, ACCOUNT_IDS[credit].account_id)
    with store.transaction() as unit:
        ledger.post(unit, [TransferRequest(name, *ids, amount_fen)], 5)


def close_day(store: MemoryStore, day: int) -> Voucher | None:
    with store.transaction() as unit:
        return close(unit, day, 9)


def states(store: MemoryStore) -> list[tuple[str, str]]:
    with store.transaction() as unit:
        return [(one.voucher_id, one.state) for one in unit.scan(VOUCHERS)]


class OddCore(EmbeddedCore):
    """adds: what its balances are off by.  is_away: answers are lost.  silent_on: of one day."""

    adds: Mapping[str, int] = {}
    is_away = False
    silent_on = -1

    def book(self, entries: Entries) -> None:
        super().book(entries)
        if self.is_away:
            raise CoreUnavailable("take a voucher", "its answer was lost")

    def balances_fen(self, day: int) -> Mapping[str, int] | None:
        if day == self.silent_on:
            raise CoreUnavailable("tell its balances", "its file is a folder")
        told = super().balances_fen(day)
        return told and {**told, **{k: told[k] + fen for k, fen in self.adds.items()}}


def test_a_days_voucher_sums_up_alike_accounts() -> None:
    store = bank()
    move(store, "t1", "cash", "alpha", 500)
    move(store, "t2", "cash", "beta", 300)
    move(store, "t3", "alpha", "beta", 100)
    made = close_day(store, DAY)
    assert made is not None
    assert made.voucher_id == "GL-2026-01-01"
    lines = {line.account: (line.debit_fen, line.credit_fen) for line in made.entries().lines}
    assert lines == {"credit/cash": (800, 0), "receivables/deposit": (100, 900)}
    assert made.balances_fen() == {"credit/cash": 800, "receivables/deposit": -800}


def test_a_day_is_closed_once_and_what_comes_later_belongs_to_the_next(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = bank()
    quiet = close_day(store, DAY - 1)
    assert quiet is not None
    assert (quiet.state, quiet.entries().lines) == ("nothing", ())
    move(store, "t1", "cash", "alpha", 500)
    assert close_day(store, DAY - 1) is None
    assert close_day(store, DAY) is not None
    assert caplog.text == ""
    move(store, "t2", "cash", "alpha", 7)
    assert close_day(store, DAY) is None
    assert close_day(store, DAY - 1) is None
    assert "the clock is before" in caplog.text
    later = close_day(store, DAY + 3)
    assert later is not None
    assert {line.debit_fen for line in later.entries().lines} == {7, 0}


def test_books_that_do_not_balance_make_no_voucher() -> None:
    store = bank()
    with store.transaction() as unit:
        unit.insert(ACCOUNTS, [Account("odd", "bank", "debit", None, debits_posted_fen=1)])
    with pytest.raises(IntegrityError, match="all debits"):
        close_day(store, DAY)
    assert states(store) == []


MOVES = st.lists(
    st.tuples(st.sampled_from(["cash"]), st.sampled_from(["alpha", "beta"]), st.integers(1, 999)),
    max_size=4,
)


@given(days=st.lists(st.tuples(MOVES, st.booleans(), st.booleans()), max_size=6))
def test_every_posting_is_in_one_voucher_whatever_the_core_does(
    days: list[tuple[list[tuple[str, str, int]], bool, bool]],
) -> None:
    store = bank()
    core = OddCore(store)
    work = CoreWork(core, store)
    total_fen = 0
    for number, (moves, is_away, is_closed_again) in enumerate(days):
        for n, (debit, credit, amount_fen) in enumerate(moves):
            move(store, f"t{number}/{n}", debit, credit, amount_fen)
            total_fen += amount_fen
        close_day(store, DAY + number)
        if is_closed_again:
            close_day(store, DAY + number)
        core.is_away = is_away
        try:
            work.run()
        except CoreUnavailable:
            assert is_away
    core.is_away = False
    work.run()
    work.run()
    assert {state for _, state in states(store)} <= {"agreed", "nothing"}
    with store.transaction() as unit:
        made = unit.scan(VOUCHERS)
    lines = [line for one in made for line in one.entries().lines]
    assert sum(line.debit_fen for line in lines) == total_fen
    if total_fen:
        told = core.balances_fen([one for one in made if one.state == "agreed"][-1].day)
        assert told == {"credit/cash": total_fen, "receivables/deposit": -total_fen}


def test_a_core_that_says_otherwise_is_seen(caplog: pytest.LogCaptureFixture) -> None:
    store = bank()
    core = OddCore(store)
    core.adds = {"credit/cash": -3}
    move(store, "t1", "cash", "alpha", 500)
    close_day(store, DAY)
    CoreWork(core, store).run()
    with store.transaction() as unit:
        [kept] = unit.scan(VOUCHERS)
    assert kept.state == "differs"
    assert kept.note == "credit/cash: 497 in the core, 500 here"
    assert [one.levelno for one in caplog.records] == [logging.ERROR]
    CoreWork(core, store).run()
    assert len(caplog.records) == 1
    core.adds = {}
    CoreWork(core, store).run()
    assert states(store) == [("GL-2026-01-01", "agreed")]


def test_one_day_that_cannot_be_told_does_not_stop_the_others() -> None:
    store = bank()
    core = OddCore(store)
    for number in (0, 1):
        move(store, f"t{number}", "cash", "alpha", 500)
        close_day(store, DAY + number)
    core.silent_on = DAY
    with pytest.raises(CoreUnavailable):
        CoreWork(core, store).run()
    assert states(store) == [("GL-2026-01-01", "booked"), ("GL-2026-01-02", "agreed")]


def test_a_voucher_that_the_core_lost_is_handed_over_again() -> None:
    store = bank()
    first, second = OddCore(bank()), OddCore(bank())
    first.silent_on = DAY
    move(store, "t1", "cash", "alpha", 500)
    close_day(store, DAY)
    with pytest.raises(CoreUnavailable):
        CoreWork(first, store).run()
    assert states(store) == [("GL-2026-01-01", "booked")]
    CoreWork(second, store).run()
    assert states(store) == [("GL-2026-01-01", "agreed")]


def test_a_party_may_be_called_like_the_bank_itself() -> None:
    party = Account("receivables/deposit/bank", "bank", "credit")
    own = Account("credit/cash", "bank", "debit")
    assert [general_account(one) for one in (party, own)] == ["receivables/deposit", "credit/cash"]


def test_a_voucher_that_the_core_refuses_stops_those_behind_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = bank()
    core = OddCore(store)
    move(store, "t1", "cash", "alpha", 500)
    made = close_day(store, DAY)
    assert made is not None
    core.book(Entries(made.voucher_id, DAY, ()))
    move(store, "t2", "cash", "alpha", 1)
    close_day(store, DAY + 1)
    for _ in range(3):
        CoreWork(core, store).run()
    assert states(store) == [("GL-2026-01-01", "new"), ("GL-2026-01-02", "new")]
    assert len(caplog.records) == 1
    assert "booked with other lines" in caplog.text
