"""Features against a slow model, and the mistakes that a naive notebook makes with them."""

from collections.abc import Sequence
from fractions import Fraction
from math import floor, isqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from system.credit.features import FEATURES
from system.credit.feed_records import FEED_FIELDS
from system.credit.reasons import Reason
from system.errors import InputError, MissingRow
from system.kernels.columns import MISSING
from system.limits import FEED_PERIOD_DAYS_MIN, PERIOD_DAYS, PPM
from system.parties.consent import DataClass, Purpose
from tests.system.feed_world import (
    DAY0,
    FeedBank,
    Row,
    SlowFeed,
    batch_of,
    column_bank,
    values,
)

Sums = dict[str, int]


class SlowFeatures:
    """One merchant's features from period sums, newest first, by fractions."""

    def __init__(self, periods: Sequence[Sums], since_day: int, day: int) -> None:
        self.periods, self.since_day, self.day = periods, since_day, day

    def knows(self, first: int, end: int) -> bool:
        return all(one["days"] >= FEED_PERIOD_DAYS_MIN for one in self.periods[first:end])

    def full(self, name: str, n: int) -> int:
        return self.periods[n][name] * PERIOD_DAYS // self.periods[n]["days"]

    def total(self, name: str, first: int, end: int) -> int:
        return sum(self.full(name, n) for n in range(first, end))

    def raw(self, name: str, first: int, end: int) -> int:
        return sum(one[name] for one in self.periods[first:end])

    def all(self) -> dict[str, int]:
        return {name: getattr(self, name)() for name in FEATURES}

    def history_periods(self) -> int:
        return sum(one["days"] >= FEED_PERIOD_DAYS_MIN for one in self.periods)

    def _revenue(self, n: int) -> int:
        return self.total("gross_fen", 0, n) // n if self.knows(0, n) else MISSING

    def revenue_1p_fen(self) -> int:
        return self._revenue(1)

    def revenue_3p_fen(self) -> int:
        return self._revenue(3)

    def revenue_12p_fen(self) -> int:
        return self._revenue(12)

    def growth_3p_ppm(self) -> int:
        if not self.knows(0, 6) or not self.total("gross_fen", 3, 6):
            return MISSING
        now, before = (self.total("gross_fen", n, n + 3) for n in (0, 3))
        return floor((Fraction(now, before) - 1) * PPM)

    def volatility_6p_ppm(self) -> int:
        if not self.knows(0, 6) or not self.total("gross_fen", 0, 6):
            return MISSING
        sales = [self.full("gross_fen", n) for n in range(6)]
        total = sum(sales)
        squares = 6 * sum(one * one for one in sales) - total * total
        return isqrt(squares * PPM * PPM) // total

    def orders_3p(self) -> int:
        return self.total("orders", 0, 3) if self.knows(0, 3) else MISSING

    def _ratio(self, known: bool, top: int, bottom: int) -> int:
        return floor(Fraction(top, bottom)) if known and bottom else MISSING

    def ticket_3p_fen(self) -> int:
        orders = self.orders_3p()
        return self._ratio(orders > 0, self.total("gross_fen", 0, 3) if orders > 0 else 0, orders)

    def buyers_per_order_3p_ppm(self) -> int:
        orders = self.orders_3p()
        return self._ratio(
            orders > 0, self.total("buyers", 0, 3) * PPM if orders > 0 else 0, orders
        )

    def refund_rate_3p_ppm(self) -> int:
        top, bottom = self.raw("refund_fen", 0, 3), self.raw("gross_fen", 0, 3)
        return self._ratio(self.knows(0, 3), top * PPM, bottom)

    def _rating(self, first: int) -> int:
        top, bottom = (self.raw(name, first, first + 3) for name in FEED_FIELDS[4:6])
        return self._ratio(self.knows(first, first + 3), top, bottom)

    def rating_3p_milli(self) -> int:
        return self._rating(0)

    def rating_trend_milli(self) -> int:
        now, before = self._rating(0), self._rating(3)
        return MISSING if MISSING in (now, before) else now - before

    def stock_cover_days(self) -> int:
        if not self.knows(0, 3):
            return MISSING
        stock_fen = self.full("stock_fen", 0) // PERIOD_DAYS
        return self._ratio(True, stock_fen * 90, self.total("gross_fen", 0, 3))

    def coverage_3p_ppm(self) -> int:
        days = min(90, self.day // PERIOD_DAYS * PERIOD_DAYS - self.since_day)
        return self._ratio(days > 0, self.raw("days", 0, 3) * PPM, days)

    def tenure_days(self) -> int:
        return self.day - self.since_day


def life(seed: int, days: int, present: Sequence[float]) -> list[Row]:
    """A row per merchant and day, of which each merchant's share comes through."""
    luck = np.random.Generator(np.random.Philox(seed))
    rows: list[Row] = []
    for day in range(DAY0, DAY0 + days):
        for account, share in enumerate(present):
            if luck.random() < share:
                gross_fen = int(luck.integers(0, 10**8)) * int(luck.random() < 0.8)
                rows.append(
                    (
                        account,
                        day,
                        0,
                        values(
                            gross_fen,
                            int(luck.integers(0, 500)) * int(gross_fen > 0),
                            refund_fen=int(luck.integers(0, 10**6)) if gross_fen > 10**6 else 0,
                            rating_sum_milli=int(luck.integers(0, 20_000)),
                            stock_fen=int(luck.integers(0, 10**9)),
                        ),
                    )
                )
    return rows


def lived(rows: Sequence[Row], days: int, n: int) -> tuple[FeedBank, SlowFeed]:
    """A bank and a dictionary that got the rows, ten days at a time."""
    bank, slow = column_bank(n), SlowFeed()
    for first in range(DAY0, DAY0 + days, 10):
        bank.at(first + 9)
        part = [row for row in rows if first <= row[1] < first + 10]
        bank.receive_batch(batch_of(part))
        slow.receive(part, first + 9)
    return bank, slow


@given(
    st.integers(0, 2**32),
    st.integers(1, 14),
    st.lists(st.sampled_from([0.0, 0.3, 0.55, 0.9, 1.0]), min_size=2, max_size=3),
    st.integers(0, 29),
)
@settings(max_examples=25, deadline=None)
def test_every_feature_equals_the_slow_model(
    seed: int, periods: int, present: list[float], into_period: int
) -> None:
    days = periods * PERIOD_DAYS
    bank, slow = lived(life(seed, days, present), days, len(present))
    day = DAY0 + days + into_period
    bank.at(day)
    newest = (DAY0 + days) // PERIOD_DAYS - 1
    found = bank.features(range(len(present)), day)
    for account in range(len(present)):
        sums = [slow.sums(account, newest - back) for back in range(12)]
        expected = SlowFeatures(sums, DAY0 - 400, day).all()
        got = {name: found[name][account] for name in FEATURES}
        assert got.pop("volatility_6p_ppm") == pytest.approx(
            expected.pop("volatility_6p_ppm"), abs=1
        )
        assert got == expected


@given(st.integers(0, 2**32), st.integers(0, 20), st.lists(st.integers(0, 9), max_size=20))
@settings(max_examples=15, deadline=None)
def test_future_rows_change_nothing(seed: int, into_period: int, later: list[int]) -> None:
    days = 7 * PERIOD_DAYS
    bank, _ = lived(life(seed, days, [0.9, 0.9]), days, 2)
    day = DAY0 + days + into_period
    bank.at(day)
    before = bank.features([0, 1], day)
    bank.at(day + 9)
    bank.receive([(0, day + ahead, n, values(10**9 + n)) for n, ahead in enumerate(later)])
    running = range(max(0, into_period - 5), into_period)
    bank.receive([(0, DAY0 + days + n, 9, values(10**9)) for n in running])
    assert bank.features([0, 1], day) == before


def test_a_merchants_growth_never_comes_from_its_neighbour() -> None:
    """Mistake 1 of the naive notebook: a change over rows that belong to different merchants."""
    days = 6 * PERIOD_DAYS
    rows = [(a, DAY0 + d, 0, values(10 ** (2 + 3 * a))) for d in range(days) for a in range(2)]
    alone, _ = lived([row for row in rows if row[0] == 1], days, 2)
    both, _ = lived(rows, days, 2)
    for bank in (alone, both):
        bank.at(DAY0 + days)
    assert both.features([0, 1], DAY0 + days)["growth_3p_ppm"] == [0, 0]
    for name, found in alone.features([1], DAY0 + days).items():
        assert both.features([0, 1], DAY0 + days)[name][1] == found[0]
        assert both.features([1, 0], DAY0 + days)[name][0] == found[0]


def test_the_first_periods_are_missing_not_zero() -> None:
    """Mistake 3: no history is not "no growth"."""
    bank, _ = lived(life(1, 150, [1.0]), 150, 2)
    bank.at(DAY0 + 150)
    found = bank.features([0, 1], DAY0 + 150)
    assert found["history_periods"] == [5, 0]
    for name in ("growth_3p_ppm", "volatility_6p_ppm", "rating_trend_milli", "revenue_12p_fen"):
        assert found[name] == [MISSING, MISSING], name
    assert found["revenue_3p_fen"][0] > 0
    assert found["coverage_3p_ppm"] == [PPM, 0]
    assert found["refund_rate_3p_ppm"][1] == found["revenue_1p_fen"][1] == MISSING


def test_a_day_that_did_not_come_counts_as_an_average_day_and_is_not_zero() -> None:
    rows = [(0, DAY0 + d, 0, values(1_000, 10)) for d in range(90) if d % 3]
    bank, _ = lived(rows, 90, 1)
    bank.at(DAY0 + 90)
    found = bank.features([0], DAY0 + 90)
    assert found["revenue_3p_fen"] == [30_000]
    assert found["orders_3p"] == [900]
    assert found["coverage_3p_ppm"] == [666_666]


def test_the_running_period_does_not_count_before_it_is_complete() -> None:
    """Mistake 5: a feature must not know what comes after its observation date."""
    days = 3 * PERIOD_DAYS
    bank, _ = lived([(0, DAY0 + d, 0, values(100)) for d in range(days)], days, 1)
    bank.at(DAY0 + days + 29)
    bank.receive([(0, DAY0 + days + 29 - n, 0, values(10**9)) for n in range(10)])
    assert bank.features([0], DAY0 + days + 29)["revenue_1p_fen"] == [3_000]
    bank.at(DAY0 + days + 30)
    assert bank.features([0], DAY0 + days + 30)["revenue_1p_fen"] == [MISSING]


def test_a_late_day_counts_from_its_arrival_on() -> None:
    days = 30
    bank, _ = lived([(0, DAY0 + d, 0, values(100)) for d in range(days - 1)], days, 1)
    bank.at(DAY0 + 33)
    assert bank.features([0], DAY0 + 33)["revenue_1p_fen"] == [3_000]
    bank.receive([(0, DAY0 + 29, 0, values(3_100))])
    assert bank.features([0], DAY0 + 33)["revenue_1p_fen"] == [6_000]


def test_the_close_of_a_periods_last_day_after_midnight_still_sees_twelve_periods() -> None:
    days = 13 * PERIOD_DAYS
    bank, _ = lived([(0, DAY0 + d, 0, values(100)) for d in range(days)], days, 1)
    bank.at(DAY0 + days)
    bank.receive([(0, DAY0 + days, 0, values(7))])
    found = bank.features([0], DAY0 + days - 1)
    assert found["history_periods"] == [12]
    assert found["revenue_12p_fen"] == [3_000]


@pytest.mark.parametrize("day", [DAY0 + 101, DAY0 + 59])
def test_a_day_ahead_or_too_far_back_is_refused(day: int) -> None:
    bank = column_bank()
    bank.at(DAY0 + 100)
    with pytest.raises(InputError, match="day"):
        bank.features([0], day)


def test_an_unknown_merchant_is_refused() -> None:
    with pytest.raises(MissingRow):
        column_bank().features([3], DAY0)


def test_what_lies_outside_the_consent_is_missing_even_when_it_is_kept() -> None:
    days = 90
    bank, _ = lived(life(3, days, [1.0]), days, 1)
    bank.at(DAY0 + days)
    bank.grant([0], Purpose.MONITORING, DataClass.ORDERS | DataClass.RATINGS)
    full, part = (bank.features([0], DAY0 + days, p) for p in (Purpose.SCORING, Purpose.MONITORING))
    for name in FEATURES:
        hidden = name in ("refund_rate_3p_ppm", "stock_cover_days")
        assert part[name] == ([MISSING] if hidden else full[name])
    assert bank.features([0], DAY0 + days, Purpose.TRAINING)["history_periods"] == [MISSING]


def test_days_that_came_without_a_class_leave_its_features_missing_until_they_pass() -> None:
    bank = column_bank(1, consent=False)
    bank.grant([0], classes=DataClass.ORDERS)
    for day in range(DAY0, DAY0 + 120):
        bank.at(day)
        if day == DAY0 + 30:
            bank.grant([0])
        bank.receive([(0, day, 0, values(1_000))])
    bank.at(DAY0 + 90)
    early = bank.features([0], DAY0 + 90)
    assert (early["refund_rate_3p_ppm"], early["rating_3p_milli"]) == ([MISSING], [MISSING])
    assert early["stock_cover_days"] == [7]
    bank.at(DAY0 + 120)
    late = bank.features([0], DAY0 + 120)
    assert (late["refund_rate_3p_ppm"], late["rating_3p_milli"]) == ([50_000], [4_500])


def test_every_feature_has_a_reason_of_its_name() -> None:
    assert [name.upper() for name in FEATURES] != []
    assert {name.upper() for name in FEATURES} <= set(Reason.__members__)
