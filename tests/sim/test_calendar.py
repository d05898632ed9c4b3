"""Office hours in China, checked against a minute-by-minute walk."""

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.calendar import Calendar

HOUR_S = 3600
CHINA = timezone(timedelta(hours=8))
CALENDAR = Calendar()
START_S = int(datetime(2025, 12, 1, tzinfo=UTC).timestamp())
TIMES = st.integers(START_S, START_S + 400 * 86_400)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=CHINA).timestamp())


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-01-05 08:59:59", False),  # an ordinary Monday
        ("2026-01-05 09:00:00", True),
        ("2026-01-05 16:59:59", True),
        ("2026-01-05 17:00:00", False),
        ("2026-01-03 12:00:00", False),  # Saturday
        ("2026-01-04 12:00:00", True),  # a Sunday made up for 2 January
        ("2026-01-02 12:00:00", False),
        ("2026-02-14 12:00:00", True),  # a Saturday made up for Spring Festival
        ("2026-02-17 12:00:00", False),  # Spring Festival, a Tuesday
        ("2026-10-01 12:00:00", False),  # National Day
        ("2027-10-01 12:00:00", False),  # statutory, before its yearly notice
    ],
)
def test_offices_are_open_when_they_are_in_china(moment: str, is_open: bool) -> None:
    assert CALENDAR.is_open(at(moment)) is is_open


def test_work_moves_over_nights_weekends_and_holidays() -> None:
    friday = at("2026-01-09 16:00:00")
    assert CALENDAR.add_working_s(friday, HOUR_S) == at("2026-01-09 17:00:00")
    assert CALENDAR.add_working_s(friday, HOUR_S + 1) == at("2026-01-12 09:00:01")
    eve = at("2026-02-14 16:00:00")
    assert CALENDAR.add_working_s(eve, 2 * HOUR_S) == at("2026-02-24 10:00:00")
    night = at("2026-01-10 03:00:00")
    assert CALENDAR.add_working_s(night, 60) == at("2026-01-12 09:01:00")


def test_no_work_is_ready_as_soon_as_somebody_is_there() -> None:
    assert CALENDAR.add_working_s(at("2026-01-05 10:00:00"), 0) == at("2026-01-05 10:00:00")
    assert CALENDAR.add_working_s(at("2026-01-05 17:00:00"), 0) == at("2026-01-06 09:00:00")


@given(TIMES)
def test_the_next_opening_is_the_first_open_second(at_s: int) -> None:
    opening_s = CALENDAR.next_open_s(at_s)
    assert CALENDAR.is_open(opening_s)
    assert not any(CALENDAR.is_open(s) for s in range(at_s, opening_s, 1800))
    assert opening_s == at_s or not CALENDAR.is_open(opening_s - 1)


@given(TIMES, st.integers(1, 60 * HOUR_S))
def test_exactly_the_asked_seconds_of_work_lie_before_the_end(at_s: int, working_s: int) -> None:
    end_s = CALENDAR.add_working_s(at_s, working_s)
    assert CALENDAR.is_open(end_s - 1)
    minutes = np.arange(at_s, end_s, 60)
    worked = sum(CALENDAR.is_open(int(minute)) for minute in minutes) * 60
    # Each day's opening and closing may cut one minute of the walk.
    assert abs(worked - working_s) <= 60 * (2 + 2 * (end_s - at_s) // 86_400)


@given(TIMES, st.integers(0, 10**5), st.integers(0, 10**5))
def test_work_in_two_parts_ends_when_it_would_in_one(at_s: int, one_s: int, two_s: int) -> None:
    halfway_s = CALENDAR.add_working_s(at_s, one_s)
    whole_s = CALENDAR.add_working_s(at_s, one_s + two_s)
    assert CALENDAR.add_working_s(halfway_s, two_s) == whole_s or two_s == 0


@given(st.lists(st.tuples(TIMES, st.integers(0, 10**6)), min_size=1, max_size=20))
def test_columns_give_the_same_ends_as_single_calls(jobs: list[tuple[int, int]]) -> None:
    at_s, working_s = (np.array(column, np.int64) for column in zip(*jobs, strict=True))
    many = CALENDAR.add_working_s_many(at_s, working_s)
    assert many.dtype == np.int64
    assert many.tolist() == [CALENDAR.add_working_s(*job) for job in jobs]


@given(TIMES)
def test_local_days_change_at_midnight_in_china(at_s: int) -> None:
    local = datetime.fromtimestamp(at_s, CHINA)
    assert CALENDAR.local_date(at_s) == local.date()
    next_s = CALENDAR.next_day_s(at_s)
    assert CALENDAR.local_date(next_s) == local.date() + timedelta(days=1)
    assert CALENDAR.local_date(next_s - 1) == local.date()
    assert CALENDAR.start_of_s(local.date() + timedelta(days=1)) == next_s


def test_hours_are_parameters_and_time_outside_the_table_is_refused() -> None:
    late = Calendar(opens_s=13 * HOUR_S, closes_s=21 * HOUR_S)
    assert late.is_open(at("2026-01-05 20:00:00"))
    assert not late.is_open(at("2026-01-05 12:00:00"))
    with pytest.raises(AssertionError):
        Calendar(opens_s=10, closes_s=10)
    with pytest.raises(AssertionError, match="begins in 2015"):
        CALENDAR.is_open(CALENDAR.start_of_s(date(2014, 12, 31)))
    with pytest.raises(IndexError):
        CALENDAR.add_working_s(at("2045-12-01 09:00:00"), 10**8)
