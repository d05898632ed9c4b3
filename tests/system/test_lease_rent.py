"""What hours cost, and which hours a bill has: kernels alone."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from system.kernels.columns import MISSING
from system.leasing.kernels.leaving import LeaveTerms, leave_fee_floor
from system.leasing.kernels.metered import Use, metered
from system.leasing.kernels.rent import (
    FIXED,
    NORM_S,
    PERIOD_S,
    Month,
    Tariff,
    bill_fen,
    metered_raw,
    overuse_floor,
    rent_half_even,
)
from system.leasing.kernels.residual import ResidualCurve, residual_floor
from system.limits import LEASE_RENT_FEN_MAX, PPM
from tests.system.lease_world import HOUR_S, RENT_FEN, USAGE, column

DAY_MS = 86_400_000


def month(engine_s: Any, **changes: Any) -> Month:
    """A full period in January at the usual list rent."""
    hours = np.atleast_1d(np.array(engine_s, np.int64))
    usual = {
        "rent_fen": RENT_FEN,
        "days": 30,
        "month": 0,
        "renewed": 0,
        "engine_s_max": 0,
    }
    columns = {name: np.full(hours.size, value) for name, value in (usual | changes).items()}
    return Month(engine_s=hours, **columns)


@st.composite
def tariffs(draw: st.DrawFn) -> Tariff:
    n = draw(st.integers(1, 5))
    edges = sorted(draw(st.sets(st.integers(1, PERIOD_S), min_size=n - 1, max_size=n - 1)))
    prices = draw(st.lists(st.integers(0, 2 * PPM), min_size=n, max_size=n))
    least, most = sorted(draw(st.lists(st.integers(0, 2 * PPM), min_size=2, max_size=2)))
    seasons = tuple(draw(st.lists(st.integers(0, 2 * PPM), min_size=12, max_size=12)))
    return Tariff((0, *edges), tuple(sorted(prices, reverse=True)), least, most, seasons)


seconds = st.lists(st.integers(0, PERIOD_S), min_size=2, max_size=30).map(sorted)
days = st.integers(1, 30)
rent = st.integers(0, LEASE_RENT_FEN_MAX)


@given(tariffs(), seconds, days, rent, st.integers(0, 11))
def test_more_hours_never_cost_less(
    tariff: Tariff, hours: list[int], days: int, rent: int, at: int
) -> None:
    found = rent_half_even(tariff, month(hours, days=days, rent_fen=rent, month=at))
    assert (np.diff(found) >= 0).all()


@given(tariffs(), st.integers(0, PERIOD_S - 200), st.integers(1, 100), days)
def test_no_further_hour_is_dearer_than_the_one_before(
    tariff: Tariff, start: int, step: int, days: int
) -> None:
    hours = np.array([start, start + step, start + 2 * step])
    first, second = np.diff(metered_raw(tariff, hours, np.full(3, days)))
    assert second <= first


@given(tariffs(), seconds, days)
def test_the_price_per_hour_falls_with_use(tariff: Tariff, hours: list[int], days: int) -> None:
    """Minimum and cap included; to the fen that rounding moves."""
    found = rent_half_even(tariff, month(hours, days=days, rent_fen=LEASE_RENT_FEN_MAX)).tolist()
    for (s, a), (t, b) in zip(
        zip(hours, found, strict=True), zip(hours[1:], found[1:], strict=True), strict=False
    ):
        assert (b - 1) * s <= (a + 1) * t


@given(tariffs(), seconds, rent, st.integers(0, 11))
def test_a_batch_is_its_rows(tariff: Tariff, hours: list[int], rent: int, at: int) -> None:
    whole = rent_half_even(tariff, month(hours, rent_fen=rent, month=at)).tolist()
    alone = [rent_half_even(tariff, month(one, rent_fen=rent, month=at))[0] for one in hours]
    assert whole == alone


@given(tariffs(), st.integers(0, PERIOD_S // 30), days)
def test_a_part_of_a_period_costs_that_part(tariff: Tariff, a_day: int, days: int) -> None:
    """At the same hours per day, to the fen: tiers, minimum and cap shrink alike."""
    whole = rent_half_even(tariff, month(a_day * 30))[0]
    part = rent_half_even(tariff, month(a_day * days, days=days))[0]
    assert abs(part * 30 - whole * days) <= 30


@pytest.mark.parametrize(
    ("hours", "expected_fen"),
    [
        (0, 1_200_000),  # the minimum: 40 % of 30,000 yuan
        (64, 1_200_000),
        (80, 1_500_000),
        (160, 2_700_000),  # 80 h at 187.50 yuan, 80 h at 150
        (240, 3_600_000),
        (400, 3_900_000),  # the cap: 130 %
    ],
)
def test_rent_by_use(hours: int, expected_fen: int) -> None:
    assert rent_half_even(USAGE, month(hours * HOUR_S))[0] == expected_fen


def test_fixed_rent_is_the_same_for_all_hours() -> None:
    found = rent_half_even(FIXED, month([0, 160 * HOUR_S, PERIOD_S]))
    assert found.tolist() == [RENT_FEN] * 3


def test_season_and_renewal_change_the_list_rent() -> None:
    tariff = replace(USAGE, seasons_ppm=(500_000, *[PPM] * 11))
    winter, summer = month(160 * HOUR_S), month(160 * HOUR_S, month=6)
    assert rent_half_even(tariff, winter)[0] * 2 == rent_half_even(tariff, summer)[0]
    renewed = month(160 * HOUR_S, month=6, renewed=1)
    assert rent_half_even(tariff, renewed)[0] == 2_700_000 * 8 // 10


def test_hours_above_the_contracts_cost_wear_beside_the_rent() -> None:
    within, above = (month(h * HOUR_S, engine_s_max=NORM_S) for h in (160, 180))
    assert overuse_floor(USAGE, within)[0] == 0
    # 20 h at half of 187.50 yuan.
    assert overuse_floor(USAGE, above)[0] == 187_500
    assert bill_fen(USAGE, above)[0] == rent_half_even(USAGE, above)[0] + 187_500


@pytest.mark.parametrize(
    "changes",
    [
        {"prices_ppm": (800_000, 900_000, 100_000)},
        {"edges_s": (0, 160 * HOUR_S, 80 * HOUR_S)},
        {"edges_s": (1, 80 * HOUR_S, 160 * HOUR_S)},
        {"least_ppm": 1_400_000},
        {"most_ppm": 20 * PPM},
        {"seasons_ppm": (PPM,) * 11},
    ],
)
def test_a_tariff_that_breaks_its_promises_is_no_tariff(changes: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        replace(USAGE, **changes)


# Hours.


def use_of(**changes: int) -> Use:
    """Counter at 1,100 h, 1,000 h at handover, heard at the end, nothing billed; pace 90 h."""
    usual = {
        "counter_s": 1_100 * HOUR_S,
        "seen_ms": 30 * DAY_MS,
        "from_s": 1_000 * HOUR_S,
        "from_ms": 0,
        "billed_s": 0,
        "pace_s": 90 * HOUR_S,
    }
    return Use(**{name: column(value) for name, value in (usual | changes).items()})


def hours_of(use: Use, days: int = 30) -> tuple[float, bool]:
    found = metered(use, 30 * DAY_MS, column(days), DAY_MS)
    return int(found.engine_s[0]) / HOUR_S, bool(found.estimated[0])


def test_a_bill_has_the_hours_since_the_last_one() -> None:
    assert hours_of(use_of()) == (100, False)
    assert hours_of(use_of(billed_s=60 * HOUR_S)) == (40, False)


def test_a_silent_machine_is_billed_at_its_pace_and_told_so() -> None:
    assert hours_of(use_of(seen_ms=20 * DAY_MS)) == (130, True)
    assert hours_of(use_of(counter_s=MISSING, seen_ms=MISSING)) == (90, True)


def test_each_bill_of_a_long_silence_has_the_hours_of_its_own_days() -> None:
    """Heard at the handover only: three bills, each at the pace."""
    silent = {"counter_s": 1_000 * HOUR_S, "seen_ms": 0, "pace_s": 60 * HOUR_S}
    for number in (1, 2, 3):
        use = use_of(**silent, billed_s=(number - 1) * 60 * HOUR_S)
        found = metered(use, number * 30 * DAY_MS, column(30), DAY_MS)
        assert found.engine_s[0] == 60 * HOUR_S


def test_a_silence_of_a_day_is_no_silence() -> None:
    assert hours_of(use_of(seen_ms=29 * DAY_MS)) == (100, False)


def test_what_was_guessed_too_high_is_not_billed_again() -> None:
    found = metered(use_of(billed_s=130 * HOUR_S), 30 * DAY_MS, column(30), DAY_MS)
    assert found.engine_s[0] == 0
    assert found.over_s[0] == 30 * HOUR_S


def test_no_bill_has_more_hours_than_its_days() -> None:
    assert hours_of(use_of(counter_s=3_000 * HOUR_S)) == (720, False)
    assert hours_of(use_of(counter_s=3_000 * HOUR_S), days=2) == (48, False)


@given(st.lists(st.tuples(st.integers(0, 800), st.booleans()), min_size=1, max_size=12))
def test_over_any_bills_hours_are_billed_once(story: list[tuple[int, bool]]) -> None:
    """After a bill that hears the machine, all that was billed is at most what was worked."""
    counter_s, billed_s, pace_s, seen_ms = 1_000 * HOUR_S, 0, 0, 0
    for number, (hours, is_heard) in enumerate(story, 1):
        end_ms = number * 30 * DAY_MS
        counter_s += hours * HOUR_S
        seen_ms = end_ms if is_heard else seen_ms
        shown_s = counter_s if is_heard else 1_000 * HOUR_S
        use = use_of(counter_s=shown_s, seen_ms=seen_ms, billed_s=billed_s, pace_s=pace_s)
        found = metered(use, end_ms, column(30), DAY_MS)
        billed_s += int(found.engine_s[0])
        pace_s = int(found.pace_s[0])
        over_s = int(found.over_s[0])
        if is_heard:
            assert billed_s <= counter_s - 1_000 * HOUR_S + over_s
            assert over_s == 0 or found.engine_s[0] == 0


# Leaving, and what a machine is worth.


def test_leaving_early_costs_the_minimum_rent_of_the_days_left_within_bounds() -> None:
    least = np.full(4, 400_000)
    found = leave_fee_floor(np.full(4, RENT_FEN), least, column(200, 30, 2, -50), LeaveTerms(60, 5))
    assert found.tolist() == [2_400_000, 1_200_000, 200_000, 200_000]


@given(st.integers(0, 10**10), st.lists(st.integers(0, 20_000), min_size=2).map(sorted))
def test_a_machine_never_gains_value_with_age(value: int, ages: list[int]) -> None:
    found = residual_floor(np.full(len(ages), value), np.array(ages), ResidualCurve())
    assert (np.diff(found) <= 0).all()
    assert 0 <= found[-1] <= found[0] <= value


def test_the_value_follows_the_second_order_polynomial() -> None:
    found = residual_floor(np.full(3, 10**6), column(0, 5 * 365, 10 * 365), ResidualCurve())
    assert found.tolist() == [850_000, 460_000, 270_000]
