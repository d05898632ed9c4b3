"""Where repayments go: the waterfall, bills by age, penalty and fees."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from system.credit.kernels.delinquency import (
    called_principal_ceil,
    late_fee_floor,
    penalty_rate_ppm,
)
from system.credit.kernels.waterfall import Debt, Payment, pay
from system.credit.policy import DEFAULT_POLICY
from system.kernels.arrears import (
    days_past_due,
    due_day,
    period_due_on,
    settle_oldest_first,
)
from system.kernels.columns import i64
from system.limits import LINE_FEN_MAX, PERIOD_DAYS
from tests.system.credit_world import World, changed

BILLING = DEFAULT_POLICY.billing
fen = st.integers(0, LINE_FEN_MAX)


def debt_of(parts: Sequence[int]) -> Debt:
    fee, penalty, interest, due, accrued, more = (i64([part]) for part in parts)
    return Debt(fee, penalty, interest, due, accrued, due + more)


def parts_of(payment: Payment) -> list[int]:
    names = ("fee", "penalty", "interest", "principal_due", "interest_early", "principal_early")
    return [int(getattr(payment, f"{name}_fen")[0]) for name in names]


@given(st.lists(fen, min_size=6, max_size=6), fen)
def test_a_payment_fills_each_claim_before_the_next_and_loses_no_fen(
    owed: list[int], amount: int
) -> None:
    payment = pay(i64([amount]), debt_of(owed))
    left = amount
    for part, claim in zip(parts_of(payment), owed, strict=True):
        assert part == min(left, claim)
        left -= part
    assert payment.returned_fen[0] == left
    assert payment.applied_fen[0] + left == amount
    assert payment.bills_fen[0] == parts_of(payment)[2] + parts_of(payment)[3]


@given(st.lists(fen, min_size=6, max_size=6), fen, fen)
def test_two_payments_at_once_do_what_one_of_their_sum_does(
    owed: list[int], first: int, second: int
) -> None:
    once = parts_of(pay(i64([first + second]), debt_of(owed)))
    one = parts_of(pay(i64([first]), debt_of(owed)))
    left = [claim - part for claim, part in zip(owed, one, strict=True)]
    two = parts_of(pay(i64([second]), debt_of(left)))
    assert once == [a + b for a, b in zip(one, two, strict=True)]


@given(st.lists(st.integers(0, 1_000), min_size=1, max_size=14), st.data())
def test_bills_are_settled_oldest_first(bills: list[int], data: st.DataObject) -> None:
    paid = data.draw(st.integers(0, sum(bills)))
    columns = np.array(bills, np.int64)[:, None]
    left, unpaid_due_day = settle_oldest_first(columns, i64([paid]), 600, BILLING.due_days)
    expected, money = [], paid
    for bill in bills:
        expected.append(bill - min(bill, money))
        money -= min(bill, money)
    assert left[:, 0].tolist() == expected
    oldest = next((at for at, bill in enumerate(expected) if bill), None)
    assert unpaid_due_day[0] == (0 if oldest is None else due_day(600 + oldest, BILLING.due_days))


@given(st.integers(0, 10_000))
def test_the_period_of_a_due_day_is_found_again(period: int) -> None:
    assert period_due_on(i64([due_day(period, BILLING.due_days)]), BILLING.due_days)[0] == period


@given(st.integers(0, LINE_FEN_MAX), st.integers(1, 10**6))
def test_a_bill_calls_its_share_or_the_minimum_but_never_more_than_there_is(
    uncalled: int, share: int
) -> None:
    called = int(called_principal_ceil(i64([uncalled]), i64([share]), BILLING)[0])
    assert called == min(uncalled, max(-(-uncalled * share // 10**6), BILLING.principal_fen_min))


@given(st.integers(0, 240_000), st.integers(0, LINE_FEN_MAX), st.integers(0, 10**6))
def test_rate_penalty_and_late_fee_stay_within_the_cap(rate: int, unpaid: int, fee: int) -> None:
    billing = changed(billing={"late_fee_ppm": fee}).billing
    extra = int(penalty_rate_ppm(i64([rate]), billing)[0])
    assert 0 <= extra <= rate // 2
    assert rate + extra <= billing.cost_cap_ppm
    charged = int(late_fee_floor(i64([unpaid]), i64([rate]), billing)[0])
    yearly_fen = unpaid * (rate + extra) * PERIOD_DAYS + charged * 365 * 10**6
    assert yearly_fen <= unpaid * billing.cost_cap_ppm * PERIOD_DAYS


def test_days_past_due_count_from_the_due_day() -> None:
    assert days_past_due(i64([0, 99, 100, 130]), 100).tolist() == [0, 1, 0, 0]


def test_paying_what_is_due_in_time_costs_no_penalty() -> None:
    world = World.lending()
    world.draw(0, 6_000_000)
    for _ in range(6):
        world.to_day_of_period(5)
        world.repay(0, world.line(0, "due_fen"))
        assert world.line(0, "due_fen", "dpd_days") == [0, 0]
        world.next_day()
    assert world.balances_fen()["credit/penalty-income"] == 0
    assert world.line(0, "asset_class") == 1


def test_within_grace_a_bill_is_past_due_but_costs_nothing_more() -> None:
    world = World.lending()
    world.draw(0, 6_000_000)
    world.to_day_of_period(29)
    world.next_day(1 + BILLING.due_days + BILLING.grace_days)
    due_fen = world.line(0, "due_fen")
    assert world.line(0, "dpd_days") == BILLING.grace_days + 1
    assert world.line(0, "overdue_fen") == 0
    assert world.repay(0, due_fen).penalty_fen[0] == 0
    assert world.line(0, "dpd_days") == 0


def test_after_grace_the_unpaid_part_costs_half_the_rate_on_top() -> None:
    world = World.lending(rate_ppm=146_000)
    world.draw(0, 6_000_000)
    world.to_day_of_period(29)
    world.next_day()
    bill_fen = world.line(0, "due_fen")
    world.next_day(BILLING.due_days + BILLING.grace_days + 10)
    # The tenth day past grace closes with the tenth day's penalty at 7.3 % a year.
    expected_fen = round(bill_fen * 73_000 * 10 / 365 / 10**6)
    assert world.line(0, "due_fen") == bill_fen + expected_fen
    paid = world.repay(0, bill_fen)
    assert paid.penalty_fen[0] == expected_fen
    assert world.line(0, "due_fen") == expected_fen
    assert world.line(0, "dpd_days") > 0


def test_a_late_fee_comes_once_per_bill_and_is_paid_first() -> None:
    world = World.lending(policy=changed(billing={"late_fee_ppm": 1_000}), rate_ppm=60_000)
    world.draw(0, 6_000_000)
    world.to_day_of_period(29)
    world.next_day()
    bill_fen = world.line(0, "due_fen")
    world.next_day(20)
    fee_fen = bill_fen * 1_000 // 10**6
    assert world.line(0, "fee_due_fen") == fee_fen
    assert world.repay(0, fee_fen + 1).fee_fen[0] == fee_fen
    assert sum(report.fee_charged_fen for report in world.reports) == fee_fen


@pytest.mark.parametrize("unpaid_bills", [2, 4])
def test_several_unpaid_bills_age_by_the_oldest(unpaid_bills: int) -> None:
    world = World.lending()
    world.draw(0, 6_000_000)
    world.to_day_of_period(29)
    world.next_day()
    first_fen = world.line(0, "due_fen")
    age = PERIOD_DAYS * (unpaid_bills - 1) + 1
    world.next_day(age + BILLING.due_days - 2)
    assert world.line(0, "dpd_days") == age - 1
    bills_fen = sum(world.everything()["bill_fen"])
    penalty_fen = world.line(0, "due_fen") - bills_fen
    world.repay(0, penalty_fen + first_fen - 1)
    assert world.line(0, "dpd_days") == age - 1
    world.repay(0, 1)
    assert world.line(0, "dpd_days") == max(age - 1 - PERIOD_DAYS, 0)
    assert sum(world.everything()["bill_fen"]) == bills_fen - first_fen


def test_what_is_paid_costs_no_penalty_any_more() -> None:
    world = World.lending()
    world.draw(0, 6_000_000)
    world.to_day_of_period(29)
    world.next_day(1 + BILLING.due_days + BILLING.grace_days + 5)
    assert world.line(0, "overdue_fen") == sum(world.everything()["bill_fen"]) > 0
    world.repay(0, world.line(0, "due_fen"))
    assert world.line(0, "overdue_fen") == 0
    before = world.line(0, "penalty_raw")
    world.next_day(5)
    assert world.line(0, "penalty_raw") == before
