"""Random consents, withdrawals, expiries, deliveries, readings: none is read without consent."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sim.checks.consent import no_data_without_consent
from system.credit.access import Access, Use, note
from system.credit.features import features_as_of
from system.credit.feed_intake import read_period
from system.credit.feed_records import FeedRefusal
from system.credit.feeds import erase_feed
from system.kernels.account_sets import pack_accounts
from system.kernels.business_day import business_day
from system.kernels.columns import MISSING
from system.parties.consent import DataClass, Purpose
from tests.ports.book_box import BookBox
from tests.system.feed_world import DAY0, FRAMES, TABLES, FeedBank, column, values
from tests.system.watched_book import WatchedBook

N = 5
some = st.lists(st.integers(0, N - 1), min_size=1, max_size=N, unique=True)
purposes = st.sampled_from(list(Purpose))
spans = st.integers(1, 200_000)


@dataclass
class Given:
    classes: int
    until_s: int


def watched_bank() -> tuple[FeedBank, WatchedBook]:
    book = WatchedBook(BookBox(None).open(FRAMES, TABLES))
    return FeedBank(book, N, consent=False), book


class ConsentMachine(RuleBasedStateMachine):
    """The bank beside a dictionary of consents."""

    @initialize()
    def start(self) -> None:
        self.bank, self.book = watched_bank()
        self.given: dict[tuple[int, Purpose], Given] = {}

    def classes(self, account: int, purpose: Purpose) -> int:
        given = self.given.get((account, purpose))
        return given.classes if given and self.bank.now_s < given.until_s else 0

    @rule(
        accounts=some, purpose=purposes, classes=st.integers(1, 15), for_s=st.integers(1, 200_000)
    )
    def grant(self, accounts: list[int], purpose: Purpose, classes: int, for_s: int) -> None:
        until_s = self.bank.now_s + for_s
        assert not any(self.bank.grant(accounts, purpose, classes, until_s))
        self.given |= {(account, purpose): Given(classes, until_s) for account in accounts}

    @rule(accounts=some, purpose=purposes)
    def withdraw(self, accounts: list[int], purpose: Purpose) -> None:
        codes = self.bank.withdraw(accounts, purpose)
        assert [code == 0 for code in codes] == [self.classes(a, purpose) > 0 for a in accounts]
        for account in accounts:
            self.given.pop((account, purpose), None)

    @rule(seconds=st.integers(0, 90_000))
    def wait(self, seconds: int) -> None:
        self.bank.now_s += seconds

    @rule(accounts=some, back=st.integers(0, 3))
    def deliver(self, accounts: list[int], back: int) -> None:
        day = business_day(self.bank.now_s) - back
        codes = self.bank.receive([(account, day, 0, values()) for account in accounts])
        is_open = [
            any(self.classes(account, purpose) & DataClass.ORDERS for purpose in Purpose)
            for account in accounts
        ]
        assert [code != FeedRefusal.NO_CONSENT for code in codes] == is_open

    @rule(accounts=some, purpose=purposes)
    def read(self, accounts: list[int], purpose: Purpose) -> None:
        day = business_day(self.bank.now_s)
        found = self.bank.features(accounts, day, purpose)
        is_open = [bool(self.classes(a, purpose) & DataClass.ORDERS) for a in accounts]
        assert [value != MISSING for value in found["tenure_days"]] == is_open
        for name in found:
            assert all(is_open[n] or value == MISSING for n, value in enumerate(found[name])), name

    @rule(accounts=some)
    def erase(self, accounts: list[int]) -> None:
        with self.bank.unit() as unit:
            erase_feed(unit, column(sorted(accounts)), self.bank.now_s)

    @invariant()
    def the_journals_alone_show_that_consent_stood(self) -> None:
        rows = (self.bank.consent_rows(), self.bank.access_rows())
        assert no_data_without_consent(*rows) == "held"

    @invariant()
    def every_touch_of_a_feed_is_noted(self) -> None:
        assert not self.book.unnoted


TestConsentMachine = ConsentMachine.TestCase
TestConsentMachine.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


def test_a_reader_that_goes_around_the_gate_is_caught_by_what_it_touched() -> None:
    bank, book = watched_bank()
    bank.grant([0])
    bank.receive([(0, DAY0, 0, values())])
    assert not book.unnoted
    with book.transaction() as unit:
        read_period(unit, slice(0, 2), DAY0 // 30)
    assert book.unnoted == {0, 1}


def test_a_reader_that_notes_what_it_should_not_have_read_is_caught_by_the_auditor() -> None:
    bank, _ = watched_bank()
    bank.grant([0, 1])
    bank.now_s += 10
    bank.withdraw([1])
    with bank.unit() as unit:
        access = Access(Use.FEATURES, Purpose.SCORING, 15, DAY0, DAY0, bank.now_s)
        note(unit, access, 15, pack_accounts(column([0, 1])), "")
    sentence = no_data_without_consent(bank.consent_rows(), bank.access_rows())
    assert sentence == (
        f"reading 1: account 1 was read for scoring at {bank.now_s} without its consent"
    )


def test_withdrawal_stops_the_use_of_what_is_already_kept_at_once() -> None:
    bank, _ = watched_bank()
    bank.grant([0, 1])
    for back in range(30):
        bank.at(DAY0 + back)
        bank.receive([(0, DAY0 + back, 0, values()), (1, DAY0 + back, 0, values())])
    bank.at(DAY0 + 30)
    assert bank.features([0, 1], DAY0 + 30)["revenue_1p_fen"] == [3_000_000, 3_000_000]
    bank.withdraw([1])
    assert bank.features([0, 1], DAY0 + 30)["revenue_1p_fen"] == [3_000_000, MISSING]


def test_a_reading_that_is_undone_leaves_no_row_in_the_log() -> None:
    bank, _ = watched_bank()
    bank.grant([0])

    def read_and_fail() -> None:
        with bank.unit() as unit:
            features_as_of(unit, np.array([0]), DAY0, Purpose.SCORING, bank.now_s)
            raise KeyError

    with pytest.raises(KeyError):
        read_and_fail()
    assert bank.access_rows() == []
