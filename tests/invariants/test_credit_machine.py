"""Random lending on two banks at once: the second closes its days in parts, and hears all twice.

Whatever happens, both stand alike; debts equal what was posted, nothing falls below zero, no draw
goes above its limit, and lines, ledger and audit log agree.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from system.bootstrap_credit import CREDIT_FRAMES, CREDIT_TABLES
from system.compliance import audit
from system.credit.events import Kind
from system.credit.records import LineState
from system.credit.reports import DayReport
from system.kernels.arrears import due_day
from system.limits import BILLS_MAX, PERIOD_DAYS
from system.subledger.answers import Answer
from tests.ports.book_box import BookBox
from tests.system.credit_world import World, changed

# Enough that most rules meet a line that can still do something.
N = 12
POLICY = changed(billing={"late_fee_ppm": 2_000})
account = st.integers(0, N - 1)
amount = st.one_of(
    st.sampled_from([-5, 0, 1, 9_999, 10_000, 250_000, 3_000_000, 10_000_001]),
    st.integers(10_000, 12_000_000),
)
LOST = (
    Kind.PRINCIPAL_WRITTEN_OFF,
    Kind.INTEREST_WRITTEN_OFF,
    Kind.PENALTY_WRITTEN_OFF,
    Kind.FEE_WRITTEN_OFF,
)
# What each kind adds to the columns that it moves.
EFFECTS: dict[str, tuple[tuple[Kind, int], ...]] = {
    "written_off_fen": (*((kind, 1) for kind in LOST), (Kind.RECOVERED, -1)),
    "principal_fen": (
        (Kind.DRAWN, 1),
        (Kind.INTEREST_CAPITALISED, 1),
        (Kind.PENALTY_CAPITALISED, 1),
        (Kind.FEE_CAPITALISED, 1),
        (Kind.PRINCIPAL_REPAID, -1),
        (Kind.PRINCIPAL_WRITTEN_OFF, -1),
    ),
    "interest_due_fen": (
        (Kind.INTEREST_BILLED, 1),
        (Kind.INTEREST_REPAID, -1),
        (Kind.INTEREST_CAPITALISED, -1),
        (Kind.INTEREST_WRITTEN_OFF, -1),
    ),
    "penalty_due_fen": (
        (Kind.PENALTY_BILLED, 1),
        (Kind.PENALTY_REPAID, -1),
        (Kind.PENALTY_CAPITALISED, -1),
        (Kind.PENALTY_WRITTEN_OFF, -1),
    ),
    "fee_due_fen": (
        (Kind.FEE_CHARGED, 1),
        (Kind.FEE_REPAID, -1),
        (Kind.FEE_CAPITALISED, -1),
        (Kind.FEE_WRITTEN_OFF, -1),
    ),
}


def same(one: Answer, other: Answer) -> bool:
    names = [field.name for field in fields(one)]
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


class Lending(RuleBasedStateMachine):
    """The service refuses what it must; the machine does not care which answer it gets."""

    @initialize()
    def open(self) -> None:
        self.one, self.two = (
            World.lending(N, policy=POLICY, book=BookBox(None).open(CREDIT_FRAMES, CREDIT_TABLES))
            for _ in range(2)
        )

    def teardown(self) -> None:
        if hasattr(self, "one"):
            with self.one.parts.book.transaction() as unit:
                assert audit.verify(unit.rows) is None

    def both(self, act: Callable[[World], Answer]) -> Answer:
        """The same on both banks; the second is told again, and must answer again."""
        answer, other = act(self.one), act(self.two)
        self.two.commands -= 1
        assert same(answer, other)
        assert same(other, act(self.two))
        return answer

    @rule(account=account, fen=amount)
    def draw(self, account: int, fen: int) -> None:
        answer = self.both(lambda world: world.draw(account, fen))
        if not answer.code[0]:
            limit_fen, principal_fen = self.one.line(account, "limit_fen", "principal_fen")
            assert principal_fen <= limit_fen

    @rule(account=account, fen=amount)
    def repay(self, account: int, fen: int) -> None:
        answer: Any = self.both(lambda world: world.repay(account, fen))
        assert answer.applied_fen[0] + answer.returned_fen[0] == fen

    @rule(account=account, what=st.sampled_from(["due_fen", "outstanding_fen"]))
    def repay_all(self, account: int, what: str) -> None:
        fen = self.one.line(account, what)
        answer: Any = self.both(lambda world: world.repay(account, fen))
        if not answer.code[0]:
            assert answer.returned_fen[0] == 0
            assert self.one.line(account, what, "due_fen", "dpd_days") == [0, 0, 0]

    @rule(account=account, fen=amount)
    def recover(self, account: int, fen: int) -> None:
        self.both(lambda world: world.recover(account, fen))

    @rule(account=account, on=st.booleans())
    def freeze(self, account: int, on: bool) -> None:
        self.both(lambda world: world.freeze(account) if on else world.unfreeze(account))

    @rule(account=account, rate=st.integers(0, 130_000))
    def restructure(self, account: int, rate: int) -> None:
        self.both(lambda world: world.restructure(account, rate))

    @rule(account=account)
    def charge_off(self, account: int) -> None:
        self.both(lambda world: world.charge_off(account))

    @rule(account=account)
    def close(self, account: int) -> None:
        self.both(lambda world: world.close(account))

    @rule(account=account, limit=st.integers(0, 120_000_000), rate=st.integers(0, 170_000))
    def grant(self, account: int, limit: int, rate: int) -> None:
        self.both(lambda world: world.grant(account, limit_fen=limit, rate_ppm=rate))

    @rule(days=st.sampled_from([1, 1, 7, 30, 61, 100]), part=st.integers(0, N))
    def let_days_pass(self, days: int, part: int) -> None:
        for _ in range(days):
            report = self.one.next_day()
            day = self.two.today
            parts = [
                self.two.service.end_of_day(day, slice(0, part)),
                self.two.service.end_of_day(day),
            ]
            assert self.two.service.end_of_day(day) == DayReport(day)
            # What accrued is rounded in each part.
            rest = [field.name for field in fields(report)[1:]]
            for name in (one for one in rest if one != "interest_accrued_fen"):
                assert sum(getattr(part, name) for part in parts) == getattr(report, name)
            self.two.clock.time_s += 86_400

    @rule(
        account=account,
        fen=st.integers(10_000, 9_000_000),
        days=st.sampled_from([45, 50, 75, 100, 135, 400]),
        then=st.lists(st.sampled_from(["part", "due", "restructure", "give up", "recover"])),
    )
    def vanish_and_come_back(self, account: int, fen: int, days: int, then: list[str]) -> None:
        """A long way that single rules seldom find: draw, fall behind, and what follows."""
        if self.one.line(account, "life") in (LineState.NONE, LineState.CLOSED):
            self.grant(account, 10_000_000, 120_000)
        self.draw(account, fen)
        self.let_days_pass(days, account)
        for step in then:
            if step == "part":
                self.repay(account, max(1, self.one.line(account, "due_fen") * 2 // 3))
            elif step == "due":
                self.repay(account, max(1, self.one.line(account, "due_fen")))
            elif step == "restructure":
                self.restructure(account, 60_000)
            elif step == "give up":
                self.charge_off(account)
            else:
                self.recover(account, fen // 2 + 1)
            self.let_days_pass(1, account)

    @invariant()
    def both_banks_stand_alike(self) -> None:
        if hasattr(self, "one"):
            assert self.one.everything() == self.two.everything()
            assert self.one.balances_fen() == self.two.balances_fen()

    @invariant()
    def books_agree(self) -> None:
        if not hasattr(self, "one"):
            return
        world = self.one
        assert world.service.differences() == {}
        posted: dict[Kind, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for row in world.journal():
            for who, fen in zip(row.accounts.tolist(), row.amounts.tolist(), strict=True):
                posted[row.kind][who] += fen
        lines = world.everything()
        for name, effects in EFFECTS.items():
            for who in range(N):
                assert lines[name][who] == sum(sign * posted[kind][who] for kind, sign in effects)
        cash = world.balances_fen()["credit/cash"]
        kinds = (Kind.PRINCIPAL_REPAID, Kind.INTEREST_REPAID, Kind.PENALTY_REPAID, Kind.FEE_REPAID)
        paid = sum(sum(posted[kind].values()) for kind in (*kinds, Kind.RECOVERED))
        assert cash == paid - sum(posted[Kind.DRAWN].values())

    @invariant()
    def bills_are_what_is_due(self) -> None:
        if not hasattr(self, "one"):
            return
        lines, shown = self.one.everything(), self.one.service.view(("bill_fen",), slice(0, N))
        for who in range(N):
            line = {name: values[who] for name, values in lines.items() if name != "bill_fen"}
            bills = shown["bill_fen"][:, who].tolist()
            assert min([*bills, *(v for name, v in line.items() if name.endswith("_fen"))]) >= 0
            assert sum(bills) == line["interest_due_fen"] + line["principal_due_fen"]
            assert line["principal_due_fen"] <= line["principal_fen"]
            assert line["overdue_fen"] <= sum(bills)
            self._check_age(bills, line["unpaid_due_day"])
            if line["life"] == LineState.RESTRUCTURED:
                assert line["principal_fen"] <= line["limit_fen"]
            elif line["life"] != LineState.OPEN:
                assert not line["principal_fen"]

    def _check_age(self, bills: list[int], unpaid_due_day: int) -> None:
        last = self.one.today // PERIOD_DAYS - 1
        unpaid = [p for p in range(last - BILLS_MAX + 1, last + 1) if bills[p % BILLS_MAX]]
        assert unpaid_due_day == (due_day(unpaid[0], POLICY.billing.due_days) if unpaid else 0)


Lending.TestCase.settings = settings(
    max_examples=24,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
TestLending = Lending.TestCase
