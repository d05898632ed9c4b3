"""Random leasing by two lessors at once: the second closes its days in parts, and hears all twice.

Whatever happens, both stand alike; claims equal what was posted, nothing falls below zero, no bill
is issued or paid twice, and leases, ledger and audit log agree. In some of the runs the second
keeps its book in SQL: both books are held to the same fen.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import fields
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from system.bootstrap_leasing import LEASING_FRAMES, LEASING_TABLES
from system.compliance import audit
from system.kernels.arrears import due_day
from system.kernels.columns import MISSING
from system.leasing.leases.events import Kind
from system.leasing.leases.policy import DEFAULT_POLICY
from system.leasing.leases.records import DisputeState, LeaseLife
from system.leasing.leases.reports import DayReport
from system.limits import BILLS_MAX, DAY_S, PERIOD_DAYS
from system.subledger.answers import Answer
from tests.ports.book_box import BookBox
from tests.system.lease_world import HOUR_S, World

# Enough that most rules meet a lease that can still do something.
N = 5
machine = st.integers(0, N - 1)
lease = st.integers(0, N + 2)
amount = st.one_of(st.sampled_from([-5, 0, 1, 600_000, 10_000_000_001]), st.integers(1, 6_000_000))
hours = st.integers(0, 300)
# What each kind adds to the columns that it moves.
EFFECTS: dict[str, tuple[tuple[Kind, int], ...]] = {
    "rent_due_fen": (
        (Kind.RENT_BILLED, 1),
        (Kind.RENT_PAID, -1),
        (Kind.RENT_SET_OFF, -1),
        (Kind.RENT_CREDITED, -1),
        (Kind.RENT_WRITTEN_OFF, -1),
    ),
    "penalty_due_fen": (
        (Kind.PENALTY_BILLED, 1),
        (Kind.PENALTY_PAID, -1),
        (Kind.PENALTY_SET_OFF, -1),
        (Kind.PENALTY_WRITTEN_OFF, -1),
    ),
    "fee_due_fen": (
        (Kind.FEE_CHARGED, 1),
        (Kind.FEE_PAID, -1),
        (Kind.FEE_SET_OFF, -1),
        (Kind.FEE_WRITTEN_OFF, -1),
    ),
    "deposit_fen": (
        (Kind.DEPOSIT_PAID, 1),
        (Kind.RENT_SET_OFF, -1),
        (Kind.PENALTY_SET_OFF, -1),
        (Kind.FEE_SET_OFF, -1),
        (Kind.DEPOSIT_RETURNED, -1),
    ),
    "written_off_fen": (
        (Kind.RENT_WRITTEN_OFF, 1),
        (Kind.PENALTY_WRITTEN_OFF, 1),
        (Kind.FEE_WRITTEN_OFF, 1),
        (Kind.RECOVERED, -1),
        (Kind.CLAIM_REDUCED, -1),
    ),
}
CASH: tuple[tuple[Kind, int], ...] = (
    (Kind.DEPOSIT_PAID, 1),
    (Kind.DEPOSIT_RETURNED, -1),
    (Kind.RENT_PAID, 1),
    (Kind.PENALTY_PAID, 1),
    (Kind.FEE_PAID, 1),
    (Kind.RENT_REFUNDED, -1),
    (Kind.RECOVERED, 1),
    (Kind.MACHINE_SOLD, 1),
)


def same(one: Answer, other: Answer) -> bool:
    names = [field.name for field in fields(one)]
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


class Leasing(RuleBasedStateMachine):
    """The service refuses what it must; the machine does not care which answer it gets."""

    second_on_rows = False

    @initialize()
    def open(self) -> None:
        self.folder = TemporaryDirectory()
        url = f"sqlite:///{self.folder.name}/leasing.db" if self.second_on_rows else None
        self.boxes = [BookBox(None), BookBox(url)]
        self.one, self.two = (
            World.leasing(
                N,
                book=box.open(LEASING_FRAMES, LEASING_TABLES),
                deposit_fen=700_000,
                value_fen=20_000_000,
                term_days=70,
                option_fen=1_000_000,
            )
            for box in self.boxes
        )

    def teardown(self) -> None:
        if hasattr(self, "one"):
            with self.one.parts.book.transaction() as unit:
                assert audit.verify(unit.rows) is None
            for box in self.boxes:
                box.close()
            self.folder.cleanup()

    def both(self, act: Callable[[World], Answer]) -> Answer:
        """The same with both lessors; the second is told again, and must answer again."""
        answer, other = act(self.one), act(self.two)
        self.two.commands -= 1
        assert same(answer, other)
        assert same(other, act(self.two))
        return answer

    @rule(machine=machine, lessee=machine, tariff=st.integers(0, 1), deposit=st.integers(0, 10**6))
    def start(self, machine: int, lessee: int, tariff: int, deposit: int) -> None:
        terms = {"tariff": tariff, "deposit_fen": deposit, "value_fen": 20_000_000}
        self.both(lambda world: world.start(machine, lessee, **terms))

    @rule(machine=machine, hours=hours)
    def work(self, machine: int, hours: int) -> None:
        for world in (self.one, self.two):
            world.work(machine, hours)

    @rule(machine=machine, hours=hours)
    def counter_begins_anew(self, machine: int, hours: int) -> None:
        for world in (self.one, self.two):
            twin = world.machines.twins(("engine_s", "engine_before_s"), np.array([machine]))
            before_s = sum(int(values[0]) for values in twin.values())
            world.report(machine, hours * HOUR_S, before_s=before_s)

    @rule(lease=lease, fen=amount)
    def pay(self, lease: int, fen: int) -> None:
        answer: Any = self.both(lambda world: world.pay(lease, fen))
        assert answer.applied_fen[0] + answer.returned_fen[0] == fen

    @rule(lease=lease)
    def pay_all(self, lease: int) -> None:
        if lease >= self.one.service.leases:
            return
        fen = self.one.lease(lease, "due_fen")
        answer: Any = self.both(lambda world: world.pay(lease, fen))
        if not answer.code[0]:
            assert answer.returned_fen[0] == 0
            assert self.one.lease(lease, "due_fen", "dpd_days") == [0, 0]

    @rule(lease=lease, fen=amount)
    def recover(self, lease: int, fen: int) -> None:
        self.both(lambda world: world.recover(lease, fen))

    @rule(lease=lease, meter=st.one_of(st.just(MISSING), st.integers(1_000, 1_600)))
    def give_back(self, lease: int, meter: int) -> None:
        meter_s = meter if meter == MISSING else meter * HOUR_S
        self.both(lambda world: world.give_back(lease, meter_s))

    @rule(lease=lease, days=st.integers(-5, 100))
    def renew(self, lease: int, days: int) -> None:
        self.both(lambda world: world.renew(lease, world.today + days))

    @rule(lease=lease)
    def buy(self, lease: int) -> None:
        self.both(lambda world: world.buy(lease))

    @rule(lease=lease, breach=st.booleans(), price=amount)
    def repossess_and_sell(self, lease: int, breach: bool, price: int) -> None:
        self.both(lambda world: world.repossess(lease, breach))
        self.both(lambda world: world.sell(lease, price))

    @rule(lease=lease)
    def charge_off(self, lease: int) -> None:
        self.both(lambda world: world.charge_off(lease))

    @rule(lease=lease)
    def settle(self, lease: int) -> None:
        self.both(lambda world: world.settle(lease))

    @rule(lease=lease, back=st.integers(0, 4), claimed=hours)
    def dispute(self, lease: int, back: int, claimed: int) -> None:
        self.both(lambda world: world.dispute(lease, world.period - back, claimed * HOUR_S))

    @rule(lease=lease, back=st.integers(0, 4), found=hours)
    def decide(self, lease: int, back: int, found: int) -> None:
        self.both(lambda world: world.decide(lease, world.period - back, found * HOUR_S))

    @rule(days=st.sampled_from([1, 1, 7, 30, 30, 61]), part=st.integers(0, N))
    def let_days_pass(self, days: int, part: int) -> None:
        for _ in range(days):
            report = self.one.next_day()
            day, service = self.two.today, self.two.service
            parts = [service.end_of_day(day, slice(0, part)), service.end_of_day(day)]
            assert service.end_of_day(day) == DayReport(day)
            # What accrued is rounded in each part.
            rest = [field.name for field in fields(report)[1:]]
            for name in (one for one in rest if one != "penalty_accrued_fen"):
                assert sum(getattr(part, name) for part in parts) == getattr(report, name)
            self.two.clock.time_s += DAY_S

    @rule(
        machine=machine,
        hours=st.integers(60, 300),
        days=st.sampled_from([12, 20, 45, 100]),
        then=st.lists(
            st.sampled_from(["part", "all", "dispute", "decide", "return", "settle", "give up"]),
            max_size=3,
        ),
    )
    def work_and_fall_behind(self, machine: int, hours: int, days: int, then: list[str]) -> None:
        """A long way that single rules seldom find: a bill, time, and what follows."""
        self.work(machine, hours)
        self.let_days_pass(30, machine)
        period = self.one.period - 1
        for step in then:
            if step == "part":
                self.pay(machine, max(1, self.one.lease(machine, "due_fen") * 2 // 3))
            elif step == "all":
                self.pay_all(machine)
            elif step == "dispute":
                self.both(lambda world: world.dispute(machine, period, hours * HOUR_S // 2))
            elif step == "decide":
                self.both(lambda world: world.decide(machine, period, hours * HOUR_S * 2 // 3))
            elif step == "return":
                self.give_back(machine, MISSING)
            elif step == "settle":
                self.settle(machine)
            else:
                self.charge_off(machine)
            self.let_days_pass(days, machine)

    @invariant()
    def both_lessors_stand_alike(self) -> None:
        if hasattr(self, "one"):
            assert self.one.everything() == self.two.everything()
            assert self.one.balances_fen() == self.two.balances_fen()

    @invariant()
    def books_agree(self) -> None:
        if not hasattr(self, "one"):
            return
        world = self.one
        assert world.service.differences() == {}
        posted: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for row in world.journal():
            for who, fen in zip(row.accounts.tolist(), row.amounts.tolist(), strict=True):
                posted[row.kind][who] += fen
        leases = world.everything()
        for name, effects in EFFECTS.items():
            for who in range(world.service.leases):
                assert leases[name][who] == sum(sign * posted[kind][who] for kind, sign in effects)
        cash = sum(sign * sum(posted[kind].values()) for kind, sign in CASH)
        assert world.balances_fen()["cash"] == cash

    @invariant()
    def each_bill_was_issued_once(self) -> None:
        if not hasattr(self, "one"):
            return
        seen: set[tuple[int, int]] = set()
        for row in self.one.journal():
            if row.kind == Kind.RENT_BILLED:
                issued = {(who, row.day // PERIOD_DAYS) for who in row.accounts.tolist()}
                assert len(issued) == row.accounts.size
                assert not issued & seen
                seen |= issued

    @invariant()
    def bills_are_what_is_due(self) -> None:
        if not hasattr(self, "one"):
            return
        world, n = self.one, self.one.service.leases
        leases, shown = world.everything(), world.service.view(("bill_fen",), slice(0, n))
        for who in range(n):
            one = {name: values[who] for name, values in leases.items() if "bill_" not in name}
            bills = shown["bill_fen"][:, who].tolist()
            assert min([*bills, *(v for name, v in one.items() if name.endswith("_fen"))]) >= 0
            assert sum(bills) == one["rent_due_fen"] - one["disputed_fen"]
            self._check_age(bills, one)
            self._check_disputes(who, one)
            if one["life"] in (LeaseLife.CHARGED_OFF, LeaseLife.CLOSED):
                owed = ("rent_due_fen", "fee_due_fen", "penalty_due_fen", "deposit_fen")
                assert not any(one[name] for name in owed)

    def _check_age(self, bills: list[int], one: dict[str, int]) -> None:
        last, due_days = self.one.period, DEFAULT_POLICY.due_days
        unpaid = [p for p in range(last - BILLS_MAX + 1, last + 1) if bills[p % BILLS_MAX]]
        # Overdue by the close of the first day after grace.
        grace_days = DEFAULT_POLICY.grace_days
        late = [p for p in unpaid if due_day(p, due_days) + grace_days + 1 < self.one.today]
        assert one["overdue_fen"] == sum(bills[p % BILLS_MAX] for p in late)
        unpaid += [one["end_day"] // PERIOD_DAYS] * (one["fee_due_fen"] > 0)
        assert one["unpaid_due_day"] == (due_day(min(unpaid), due_days) if unpaid else 0)

    def _check_disputes(self, who: int, one: dict[str, int]) -> None:
        if one["life"] == LeaseLife.CHARGED_OFF:
            return
        rows = self.one.disputes(who)
        is_open = [row.disputed_fen for row in rows if row.state == DisputeState.OPEN]
        assert one["disputed_fen"] == sum(is_open)


class LeasingOnRows(Leasing):
    """The second lessor keeps its book in SQL."""

    second_on_rows = True


SETTINGS: dict[str, Any] = {
    "deadline": None,
    "derandomize": True,
    "suppress_health_check": list(HealthCheck),
}
Leasing.TestCase.settings = settings(max_examples=16, stateful_step_count=16, **SETTINGS)
LeasingOnRows.TestCase.settings = settings(max_examples=3, stateful_step_count=12, **SETTINGS)
TestLeasing = Leasing.TestCase
TestLeasingOnRows = LeasingOnRows.TestCase
