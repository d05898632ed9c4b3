"""Day counts and month arithmetic, held against QuantLib over the years that it knows."""

import numpy as np
import pytest
import QuantLib
from hypothesis import given
from hypothesis import strategies as st

from system.kernels.day_count import (
    YEAR_UNITS,
    DayCount,
    add_months,
    month_days,
    month_of,
    month_start,
    year_units,
)
from system.limits import CIVIL_DAY_MAX

# 1970-01-01 by QuantLib's count, and the last day that it has (2199-12-31).
EPOCH = 25_569
LAST = 84_006
PEERS = {
    DayCount.A365: QuantLib.Actual365Fixed(),
    DayCount.A360: QuantLib.Actual360(),
    DayCount.E30_360: QuantLib.Thirty360(QuantLib.Thirty360.European),
    DayCount.AA: QuantLib.ActualActual(QuantLib.ActualActual.ISDA),
}
days = st.integers(0, CIVIL_DAY_MAX)


def column(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def random_days(n: int) -> np.ndarray:
    """Days all over the range, and the days around each turn of a month and of a leap year."""
    luck = np.random.Generator(np.random.Philox(20260101))
    anywhere = luck.integers(0, LAST - 3_700, n)
    turns = month_start(luck.integers(0, 2_600, n)) + luck.integers(-2, 3, n)
    return np.maximum(np.concatenate((anywhere, turns)), 0).astype(np.int64)


def quantlib_part(first_day: int, last_day: int, convention: DayCount) -> float:
    """The part of a year between two days, as QuantLib sees it."""
    dates = (QuantLib.Date(day + EPOCH) for day in (first_day, last_day))
    return float(PEERS[convention].yearFraction(*dates))


@pytest.mark.parametrize("convention", DayCount)
def test_parts_of_a_year_are_those_of_quantlib(convention: DayCount) -> None:
    first, span = random_days(2_000), random_days(2_000) % 1_500
    found = year_units(first, first + span, convention) / YEAR_UNITS[convention]
    expected = [
        quantlib_part(a, a + b, convention)
        for a, b in zip(first.tolist(), span.tolist(), strict=True)
    ]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_months_later_is_the_same_day_or_the_months_last_as_in_quantlib() -> None:
    later = np.arange(0, 120, dtype=np.int64)
    for day in random_days(150).tolist():
        start = QuantLib.Date(day + EPOCH)
        expected = [
            (start + QuantLib.Period(months, QuantLib.Months)).serialNumber() - EPOCH
            for months in later.tolist()
        ]
        assert add_months(day, later).tolist() == expected


def test_the_31st_of_january_is_followed_by_the_28th_and_the_31st() -> None:
    start = int(np.datetime64("2026-01-31").astype(np.int64))
    found = add_months(start, column(1, 2, 3, 25)).astype("datetime64[D]").astype(str)
    assert found.tolist() == ["2026-02-28", "2026-03-31", "2026-04-30", "2028-02-29"]


@given(st.lists(days, min_size=3, max_size=3).map(sorted), st.sampled_from(DayCount))
def test_the_parts_of_neighbouring_spans_add_up(span: list[int], convention: DayCount) -> None:
    a, b, c = (column(day) for day in span)
    whole = year_units(a, c, convention)
    assert (year_units(a, b, convention) + year_units(b, c, convention) == whole).all()


@given(days)
def test_a_day_lies_in_its_month(day: int) -> None:
    month = month_of(column(day))
    start = month_start(month)
    assert start <= day < start + month_days(month)


def test_a_span_that_ends_before_it_begins_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="before it begins"):
        year_units(column(2), column(1), DayCount.A365)
