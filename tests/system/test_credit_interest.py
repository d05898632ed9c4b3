"""Interest by the day: exact against fractions, and on the day counts of QuantLib."""

from fractions import Fraction

import numpy as np
import pytest
import QuantLib
from hypothesis import given
from hypothesis import strategies as st

from system.kernels.accrual import (
    ACT_360,
    ACT_365,
    fen_unit_raw,
    one_day_raw,
    whole_fen_half_even,
)
from system.kernels.columns import i64
from system.limits import LINE_FEN_MAX, RATE_PPM_MAX
from tests.system.credit_world import DAY0, World, changed

EPOCH = QuantLib.Date(1, 1, 1970)
DAY_COUNTS = {ACT_365: QuantLib.Actual365Fixed(), ACT_360: QuantLib.Actual360()}
balance = st.integers(0, LINE_FEN_MAX)
rate = st.integers(0, RATE_PPM_MAX)


@given(
    st.lists(st.tuples(balance, rate), min_size=1, max_size=90), st.sampled_from([ACT_365, ACT_360])
)
def test_bills_of_any_days_drift_by_half_a_fen_at_most(
    days: list[tuple[int, int]], year_days: int
) -> None:
    raw, billed_fen, exact = i64([0]), 0, Fraction(0)
    for fen, ppm in days:
        raw += one_day_raw(i64([fen]), i64([ppm]))
        exact += Fraction(fen * ppm, 10**6 * year_days)
        if (fen + ppm) % 7 == 0:
            bill = whole_fen_half_even(raw, year_days)
            raw -= bill * fen_unit_raw(year_days)
            billed_fen += int(bill[0])
    billed_fen += int(whole_fen_half_even(raw, year_days)[0])
    assert abs(billed_fen - exact) <= Fraction(1, 2)


@given(st.integers(-182_500_000, 10**15))
def test_a_bill_is_the_nearest_whole_fen_and_the_even_one_of_two(raw: int) -> None:
    fen = int(whole_fen_half_even(i64([raw]), ACT_365)[0])
    assert fen == round(Fraction(raw, 365_000_000))
    assert fen >= 0


@pytest.mark.parametrize("year_days", [ACT_365, ACT_360])
def test_exactly_half_a_fen_goes_to_the_even_one(year_days: int) -> None:
    half = fen_unit_raw(year_days) // 2
    raw = i64([-half, half, 3 * half, 5 * half, 5 * half - 1, 5 * half + 1])
    assert whole_fen_half_even(raw, year_days).tolist() == [0, 0, 2, 2, 2, 3]


@pytest.mark.parametrize("year_days", DAY_COUNTS)
@pytest.mark.parametrize(("first", "days"), [(1, 29), (3, 27), (60, 30), (409, 22)])
def test_a_line_costs_what_the_day_count_of_quantlib_says(
    year_days: int, first: int, days: int
) -> None:
    """Drawn on one day and asked for days later; around ends of months, of February, of a year."""
    world = World.lending(policy=changed(billing={"year_days": year_days}), limit_fen=90_000_000)
    world.next_day(first)
    drawn = world.today
    world.draw(0, 90_000_000)
    world.next_day(days)
    fraction = DAY_COUNTS[year_days].yearFraction(EPOCH + drawn, EPOCH + world.today)
    expected_fen = round(Fraction(fraction).limit_denominator(10**6) * 90_000_000 * 12 / 100)
    assert world.line(0, "outstanding_fen") - 90_000_000 == expected_fen


def test_drawn_and_repaid_on_one_day_costs_nothing() -> None:
    world = World.lending()
    world.draw(0, 5_000_000)
    assert world.repay(0, 5_000_001).returned_fen[0] == 1
    world.next_day(40)
    assert world.line(0, "outstanding_fen", "dpd_days") == [0, 0]


def test_the_day_of_a_drawdown_counts_and_the_day_of_repayment_does_not() -> None:
    world = World.lending(rate_ppm=146_000)
    world.draw(0, 10_000_000)
    world.next_day()
    assert world.line(0, "outstanding_fen") == 10_000_000 + 4_000
    world.repay(0, 10_004_000)
    world.next_day()
    assert world.line(0, "outstanding_fen") == 0


def test_interest_accrued_in_the_report_is_what_the_lines_gained() -> None:
    world = World.lending(rate_ppm=146_000)
    world.draw(0, 10_000_000)
    world.draw(1, 5_000_000)
    assert world.next_day().interest_accrued_fen == 6_000
    assert world.today == DAY0 + 1


def test_bad_input_to_the_kernels_asserts() -> None:
    with pytest.raises(AssertionError):
        one_day_raw(i64([LINE_FEN_MAX + 1]), i64([1]))
    with pytest.raises(AssertionError):
        one_day_raw(i64([1]), i64([RATE_PPM_MAX + 1]))
    with pytest.raises(AssertionError):
        whole_fen_half_even(np.array([-365_000_000]), ACT_365)
