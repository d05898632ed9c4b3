"""Payment schedules: the field's own examples, and what holds for all of them."""

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from system.errors import InputError
from system.kernels.day_count import YEAR_UNITS, DayCount, year_units
from system.leasing.kernels.schedule import Repayment
from system.leasing.schedule import PERIODS, Schedule, Terms, payment_schedule
from system.limits import PPM
from tests.system.test_day_count import LAST, quantlib_part


def schedule_of(repayment: str = "annuity", **terms: Any) -> Schedule:
    """12 months from 2013-01-01 on 5,000 yuan at 8 %, unless told otherwise."""
    usual: dict[str, Any] = {
        "principal_fen": 500_000,
        "rate_ppm": 80_000,
        "start": "2013-01-01",
        "periods": 12,
        "period": "1M",
        "day_count": DayCount.A365,
    }
    return payment_schedule(Terms(Repayment(repayment), **(usual | terms)))


terms = st.fixed_dictionaries(
    {
        "principal_fen": st.one_of(st.integers(1, 10**12), st.integers(1, 5_000)),
        "rate_ppm": st.one_of(st.integers(0, 10**6), st.integers(0, 90_000)),
        "start": st.dates(
            min_value=np.datetime64("1970-01-01").item(),
            max_value=np.datetime64("2199-12-31").item(),
        ).map(lambda day: day.isoformat()),
        "periods": st.integers(1, 60),
        "period": st.sampled_from(list(PERIODS)),
        "day_count": st.sampled_from(DayCount),
    }
)


def lasting(repayment: str, terms: dict[str, Any]) -> Schedule:
    try:
        return schedule_of(repayment, **terms)
    except InputError as error:
        assume(error.field != "periods")
        raise


def test_the_annuity_is_the_fields_434_87_and_not_the_textbooks_434_94() -> None:
    # actusfrf/actus-tests, ann01: 434.866594118346.
    payments = schedule_of().flows.payment_fen.tolist()
    assert payments[:-1] == [43_487] * 11
    assert abs(payments[-1] - 43_487) <= 6


def test_an_annuity_of_ten_years_by_equal_months_is_that_of_actus() -> None:
    # actusfrf/actus-tests, ann02: 1161.08479218624.
    found = schedule_of(
        principal_fen=10_000_000, rate_ppm=70_000, periods=120, day_count=DayCount.E30_360
    )
    assert set(found.flows.payment_fen[:-1].tolist()) == {116_108}


def test_equal_principal_is_equal_to_the_fen_but_for_the_last() -> None:
    found = schedule_of("equal-principal", periods=7).flows
    assert found.principal_fen.tolist() == [71_428] * 6 + [71_432]


def test_a_bullet_pays_interest_and_at_the_end_the_principal() -> None:
    found = schedule_of("bullet", periods=3).flows
    assert found.interest_fen.tolist() == [3_397, 3_068, 3_397]
    assert found.principal_fen.tolist() == [0, 0, 500_000]


def test_dates_keep_the_day_of_the_month_where_there_is_one() -> None:
    assert schedule_of(start="2024-01-31", periods=3).dates == [
        "2024-02-29",
        "2024-03-31",
        "2024-04-30",
    ]
    yearly = schedule_of(start="2024-02-29", periods=4, period="1Y")
    assert yearly.dates == ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]


@pytest.mark.parametrize("repayment", Repayment)
@given(terms=terms)
@settings(max_examples=50)
def test_every_schedule_repays_what_was_lent(repayment: Repayment, terms: dict[str, Any]) -> None:
    found = lasting(repayment, terms).flows
    assert int(found.principal_fen.sum()) == terms["principal_fen"]
    assert int(found.balance_fen.min()) >= 0
    assert int(found.principal_fen.min()) >= 0
    assert found.balance_fen[-1] == 0
    assert (found.payment_fen == found.interest_fen + found.principal_fen).all()


@given(terms=terms)
@settings(max_examples=50)
def test_annuities_are_equal_to_the_fen_but_for_the_last(terms: dict[str, Any]) -> None:
    payments = lasting("annuity", terms).flows.payment_fen
    assert len(set(payments[:-1].tolist())) <= 1


@pytest.mark.parametrize("repayment", Repayment)
@given(terms=terms)
@settings(max_examples=50)
def test_interest_is_that_of_quantlibs_days_on_the_balance_before(
    repayment: Repayment, terms: dict[str, Any]
) -> None:
    found = lasting(repayment, terms)
    days = [int(np.datetime64(terms["start"]).astype(np.int64)), *found.days.tolist()]
    assume(days[-1] < LAST)
    balance_fen = terms["principal_fen"]
    for row, span in enumerate(itertools.pairwise(days)):
        part = quantlib_part(*span, terms["day_count"])
        exact = balance_fen * terms["rate_ppm"] / PPM * part
        assert abs(found.flows.interest_fen[row] - exact) <= 0.5 + 1e-9 * exact
        balance_fen = int(found.flows.balance_fen[row])


@given(terms=terms, rate_ppm=st.integers(0, 200_000), at=st.integers(0, 58))
@settings(max_examples=50)
def test_an_annuity_that_is_split_goes_on_as_it_would_have(
    terms: dict[str, Any], rate_ppm: int, at: int
) -> None:
    """What is left at the split, lent anew over the rest, costs the same but for rounding.

    A row rounds by a fen at most, which then grows to less than three in five years at 20 %.
    """
    start = terms["start"][:8] + "15"
    terms = terms | {"rate_ppm": rate_ppm, "start": start, "period": "1M"}
    left = terms["periods"] - at - 1
    assume(left > 0)
    whole = lasting("annuity", terms)
    balance_fen = int(whole.flows.balance_fen[at])
    assume(balance_fen > 0)
    rest = {"principal_fen": balance_fen, "start": whole.dates[at], "periods": left}
    found = lasting("annuity", terms | rest)
    assert found.dates == whole.dates[at + 1 :]
    was_fen, is_fen = int(whole.flows.payment_fen[at + 1]), int(found.flows.payment_fen[0])
    assert abs(is_fen - was_fen) <= 3 * terms["periods"]


@given(terms=terms, principal_fen=st.integers(10**6, 10**12), rate_ppm=st.integers(0, 200_000))
@settings(max_examples=50)
def test_the_payment_is_the_exact_annuity_rounded(
    terms: dict[str, Any], principal_fen: int, rate_ppm: int
) -> None:
    terms = terms | {"principal_fen": principal_fen, "rate_ppm": rate_ppm}
    found = lasting("annuity", terms | {"periods": terms["periods"] + 1})
    start = np.datetime64(terms["start"]).astype(np.int64)
    days = np.concatenate(([start], found.days))
    worth, discount = Fraction(0), Fraction(1)
    for part in year_units(days[:-1], days[1:], terms["day_count"]).tolist():
        discount /= 1 + Fraction(rate_ppm * part, PPM * YEAR_UNITS[terms["day_count"]])
        worth += discount
    assert abs(found.flows.payment_fen[0] - principal_fen / worth) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("principal_fen", 0),
        ("principal_fen", 10**12 + 1),
        ("principal_fen", 1.5),
        ("rate_ppm", -1),
        ("rate_ppm", 1_000_001),
        ("periods", 0),
        ("periods", 1_201),
        ("periods", True),
        ("period", "2W"),
        ("start", "2013-02-30"),
        ("start", "20130201"),
        ("start", "1969-12-31"),
        ("start", 20130201),
    ],
)
def test_terms_that_cannot_be_used_name_their_field(field: str, value: object) -> None:
    with pytest.raises(InputError) as caught:
        schedule_of(**{field: value})
    assert caught.value.field == field
    assert caught.value.remedy


def test_a_schedule_past_the_end_of_the_calendar_is_refused() -> None:
    with pytest.raises(InputError, match="after the year 9999"):
        schedule_of(start="9999-06-01")


def test_an_annuity_whose_payment_does_not_cover_a_rows_interest_is_refused() -> None:
    with pytest.raises(InputError, match="interest exceeds the payment"):
        schedule_of(rate_ppm=10**6, periods=40, period="1Y")
