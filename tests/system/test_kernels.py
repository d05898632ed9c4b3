"""Shared arithmetic: exact against Python's unbounded integers and fractions."""

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from system.kernels.allocation import allocate_pro_rata
from system.kernels.columns import i64, is_column
from system.kernels.interest import (
    ACT_360,
    ACT_365,
    effective_apr_ppm_half_even,
    interest_floor,
    interest_half_even,
)
from system.kernels.precedence import first_code
from system.kernels.rounding import FACTOR_MAX, mul_div_ceil, mul_div_floor, mul_div_half_even
from system.limits import AMOUNT_FEN_MAX, PPM, RATE_PPM_MAX, TERM_DAYS_MAX

amounts = st.integers(0, AMOUNT_FEN_MAX)
rates = st.integers(0, RATE_PPM_MAX)
days = st.integers(0, TERM_DAYS_MAX)


@st.composite
def shares_of_one(draw: st.DrawFn) -> tuple[int, int, int]:
    d = draw(st.integers(1, FACTOR_MAX))
    return draw(st.integers(0, d)), draw(st.integers(0, FACTOR_MAX)), d


@given(st.lists(shares_of_one(), min_size=1, max_size=20))
def test_mul_div_is_exact_even_where_the_product_needs_a_hundred_bits(
    rows: list[tuple[int, int, int]],
) -> None:
    a, b, d = (i64(column) for column in zip(*rows, strict=True))
    exact = [Fraction(x * y, z) for x, y, z in rows]
    assert mul_div_floor(a, b, d).tolist() == [x.__floor__() for x in exact]
    assert mul_div_ceil(a, b, d).tolist() == [x.__ceil__() for x in exact]
    assert mul_div_half_even(a, b, d).tolist() == [round(x) for x in exact]


def test_half_even_sends_ties_to_the_even_neighbour() -> None:
    assert mul_div_half_even(i64([1, 3, 5, 7]), 1, 2).tolist() == [0, 2, 2, 4]


def test_empty_columns_give_empty_columns() -> None:
    assert mul_div_floor(i64([]), i64([]), 7).tolist() == []


@pytest.mark.parametrize(
    ("a", "b", "d"), [(-1, 1, 1), (1, -1, 1), (1, 1, 0), (FACTOR_MAX + 1, 1, 1)]
)
def test_operands_out_of_range_assert(a: int, b: int, d: int) -> None:
    with pytest.raises(AssertionError):
        mul_div_floor(i64([a]), b, d)


def test_a_result_that_does_not_fit_asserts() -> None:
    with pytest.raises(AssertionError, match="does not fit"):
        mul_div_floor(i64([FACTOR_MAX]), FACTOR_MAX, 1)


@given(st.lists(st.tuples(amounts, rates, days), min_size=1, max_size=20))
def test_interest_is_the_exact_fraction_rounded_as_named(rows: list[tuple[int, int, int]]) -> None:
    principal, rate, term = (i64(column) for column in zip(*rows, strict=True))
    for year in (ACT_365, ACT_360):
        exact = [Fraction(p * r * t, PPM * year) for p, r, t in rows]
        floor = interest_floor(principal, rate, term, year).tolist()
        even = interest_half_even(principal, rate, term, year).tolist()
        assert floor == [x.__floor__() for x in exact]
        assert even == [round(x) for x in exact]


def test_a_million_yuan_at_six_percent_for_ninety_days_costs_14_794_yuan_52() -> None:
    fee = interest_half_even(i64([100_000_000]), i64([60_000]), i64([90]), ACT_365)
    assert fee.tolist() == [1_479_452]


@given(st.integers(1, AMOUNT_FEN_MAX), st.integers(0, 1000), st.integers(1, TERM_DAYS_MAX))
def test_effective_apr_agrees_with_decimal_arithmetic(
    advance: int, fee_permille: int, term: int
) -> None:
    fee = advance * fee_permille // 1000
    exact = Decimal(fee * 365 * PPM) / Decimal(advance * term)
    apr = effective_apr_ppm_half_even(i64([advance]), i64([fee]), i64([term]))
    assert abs(int(apr[0]) - exact.quantize(Decimal(1), ROUND_HALF_EVEN)) <= (exact > 10**20)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=30), st.data())
def test_a_pro_rata_split_sums_exactly_and_never_overfills(
    weights: list[int], data: st.DataObject
) -> None:
    total = sum(weights)
    if not total:
        weights[0] = total = 1
    amount = data.draw(st.integers(0, total))
    shares = allocate_pro_rata(amount, i64(weights)).tolist()
    assert sum(shares) == amount
    for share, weight in zip(shares, weights, strict=True):
        assert share <= weight
        assert 0 <= share - weight * amount // total <= 1


def test_the_remainder_goes_fen_by_fen_to_the_first_rows() -> None:
    assert allocate_pro_rata(11, i64([10, 10, 10])).tolist() == [4, 4, 3]


def test_an_empty_row_never_takes_the_remainder() -> None:
    assert allocate_pro_rata(1, i64([0, 1, 1])).tolist() == [0, 1, 0]


def test_a_split_of_more_than_the_shares_hold_asserts() -> None:
    with pytest.raises(AssertionError):
        allocate_pro_rata(3, i64([1, 1]))


def test_the_first_failed_check_names_the_answer() -> None:
    failed = [np.array([False, True, False]), np.array([False, True, True])]
    assert first_code(failed, [7, 9]).tolist() == [0, 7, 9]


def test_columns_of_another_type_or_range_are_not_columns() -> None:
    assert is_column(i64([0, 5]), 0, 5)
    assert not is_column(i64([6]), 0, 5)
    assert not is_column(np.array([1.0]), 0, 5)  # type: ignore[arg-type]
