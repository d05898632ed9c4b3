"""The merchants' world looks like the real one where figures exist: sizes, ratings, seasons."""

from datetime import date

import numpy as np
import pytest
from scipy.stats import spearmanr

from sim.credit.columns import F64, I64, exp_portable
from sim.credit.demand import CATEGORIES, Seasons
from sim.credit.economy import Economy, Feed
from sim.credit.fraudsters import Fraud
from sim.credit.sales import FEED_COLUMNS
from tests.sim.credit_economies import CALM, HONEST, economy, live, world

N = 6_000
EPOCH = date(1970, 1, 1).toordinal()


class Year:
    """What each merchant reported over a whole calm year."""

    def __init__(self) -> None:
        self.totals = {name: np.zeros(N) for name in FEED_COLUMNS}
        self.days = np.zeros(N)
        self.by_day: dict[int, float] = {}
        self.economy = live(economy(N, **HONEST), 365, self.add)

    def add(self, feed: Feed) -> None:
        for name, total in self.totals.items():
            total += feed.columns[name] * feed.active
        self.days += feed.active
        self.by_day[feed.day] = float(feed.columns["gross_fen"].sum())

    @property
    def stayed(self) -> I64:
        """Rows that traded on every day and sold something."""
        return np.flatnonzero((self.days == 365) & (self.totals["orders"] > 0))


@pytest.fixture(scope="module")
def year() -> Year:
    return Year()


def established(one: Economy) -> I64:
    return np.flatnonzero((one.traits.since_day < one.p.start_day) & (one.traits.fraud == 0))


def usual_sales(one: Economy, rows: I64) -> F64:
    sales: F64 = one.traits.orders_per_day[rows] * one.traits.ticket_fen[rows]
    return sales


# Marginals, against 2,970 real sellers


def test_sizes_spread_as_those_of_real_sellers_do() -> None:
    one = economy(20_000)
    rows = established(one)
    log_sales = np.log(usual_sales(one, rows))
    log_orders = np.log(one.traits.orders_per_day[rows])
    assert log_sales.std() == pytest.approx(1.84, abs=0.04)
    assert log_orders.std() == pytest.approx(1.58, abs=0.04)
    assert np.median(usual_sales(one, rows)) == pytest.approx(60_000, rel=0.06)


def test_the_top_tenth_holds_two_thirds_of_what_is_sold(year: Year) -> None:
    sold = np.sort(year.totals["gross_fen"][year.stayed])
    assert sold[-sold.size // 10 :].sum() / sold.sum() == pytest.approx(0.67, abs=0.08)


def test_a_years_sales_are_as_uneven_as_real_ones(year: Year) -> None:
    assert np.log(year.totals["gross_fen"][year.stayed]).std() == pytest.approx(1.84, abs=0.1)


def test_sales_and_orders_rank_merchants_alike(year: Year) -> None:
    rows = year.stayed
    rank = spearmanr(year.totals["gross_fen"][rows], year.totals["orders"][rows]).statistic
    assert rank == pytest.approx(0.85, abs=0.04)


def stars(year: Year, orders_min: int) -> tuple[I64, F64]:
    rows = year.stayed[year.totals["orders"][year.stayed] >= orders_min]
    rows = rows[year.totals["rating_count"][rows] > 0]
    mean: F64 = year.totals["rating_sum_milli"][rows] / year.totals["rating_count"][rows] / 1_000
    return rows, mean


def test_stars_center_and_spread_as_those_of_real_sellers_do(year: Year) -> None:
    _, mean = stars(year, 20)
    assert mean.mean() == pytest.approx(4.13, abs=0.06)
    assert mean.std() == pytest.approx(0.34, abs=0.05)


def test_bigger_merchants_have_slightly_lower_stars(year: Year) -> None:
    rows, mean = stars(year, 20)
    assert spearmanr(year.totals["orders"][rows], mean).statistic == pytest.approx(-0.24, abs=0.06)


def test_late_deliveries_are_as_common_as_real_ones_and_cost_stars() -> None:
    one = economy(20_000)
    late = one.traits.late
    assert late.mean() == pytest.approx(0.077, abs=0.003)
    assert late.std() == pytest.approx(0.061, abs=0.008)
    assert spearmanr(late, one.traits.rating_milli).statistic == pytest.approx(-0.39, abs=0.04)


def test_quality_shows_in_stars_and_returns_but_not_in_size_or_wealth() -> None:
    one = economy(20_000, **HONEST)
    t = one.traits
    assert spearmanr(t.quality, t.rating_milli).statistic > 0.4
    assert spearmanr(t.quality, t.refund).statistic < -0.3
    assert abs(spearmanr(t.quality, usual_sales(one, np.arange(one.n))).statistic) < 0.03
    assert abs(spearmanr(t.quality, t.property_fen).statistic) < 0.03


def test_wealth_follows_size() -> None:
    one = economy(20_000)
    owns = np.flatnonzero(one.traits.property_fen)
    assert owns.size / one.n == pytest.approx(0.5, abs=0.02)
    rank = spearmanr(one.traits.property_fen[owns], usual_sales(one, owns)).statistic
    assert 0.3 < rank < 0.6


def test_owners_keep_as_much_cash_as_small_businesses_do(year: Year) -> None:
    t, b = year.economy.traits, year.economy.books
    days = b.cash_fen / (b.fixed_fen + b.wanted * t.unit_cost_fen)
    quarters = np.percentile(days[b.open], [25, 50, 75])
    assert quarters == pytest.approx([13, 27, 62], rel=0.35)


# The reported days


def test_a_report_adds_up(year: Year) -> None:
    total = year.totals
    assert (total["buyers"] <= total["orders"]).all()
    assert (total["refund_fen"] <= total["gross_fen"]).all()
    assert (total["rating_count"] <= total["orders"]).all()
    rated = total["rating_count"] > 0
    mean = total["rating_sum_milli"][rated] / total["rating_count"][rated]
    assert ((mean >= 1_000) & (mean <= 5_000)).all()
    assert (total["gross_fen"] == total["orders"] * year.economy.traits.ticket_fen).all()


def test_counts_of_orders_have_the_expected_mean() -> None:
    one = economy(4_000, **CALM | HONEST, season_amplitude_share=0.0, spring_slump_share=0.0)
    rows = np.flatnonzero(one.books.open & (one.traits.orders_per_day < 2))
    sold = np.zeros(one.n)
    live(one, 30, lambda feed: np.add(sold, feed.columns["orders"], out=sold))
    expected = 30 * one.traits.orders_per_day[rows]
    assert sold[rows].sum() == pytest.approx(expected.sum(), rel=0.05)


# The calendar


def test_double_eleven_and_the_new_year_are_seen_in_sales(year: Year) -> None:
    def sales(month: int, day: int) -> float:
        return year.by_day[date(2025, month, day).toordinal() - EPOCH]

    # 2025: New Year on 29 January.
    assert sales(11, 11) > 1.5 * sales(10, 15)
    assert sales(6, 18) > 1.5 * sales(5, 15)
    assert sales(1, 29) < 0.75 * sales(1, 10)


def test_categories_have_their_own_seasons() -> None:
    seasons = Seasons(world(festival_amplitude_ratio=0.0, spring_slump_share=0.0))
    first = date(2025, 1, 1).toordinal() - EPOCH
    factors = np.array([seasons.demand(first + day) for day in range(365)])
    assert (factors.max(axis=0) > 1.05).all()
    assert len(set(factors.argmax(axis=0))) == len(CATEGORIES)
    assert factors.mean(axis=0) == pytest.approx(np.ones(len(CATEGORIES)), abs=0.01)


def test_shelves_fill_before_a_festival() -> None:
    seasons = Seasons(world())
    before, usual = (
        seasons.stock(date(2025, month, day).toordinal() - EPOCH)
        for month, day in ((10, 28), (9, 10))
    )
    assert (before > usual).all()


# Entry and exit


def test_shops_open_close_and_are_replaced(year: Year) -> None:
    one = year.economy
    first_day = one.p.start_day
    began = one.traits.since_day < first_day
    closed = one.books.closed_on < first_day + 365
    opened = ~began & (one.traits.since_day < first_day + 365)
    # Eight in a hundred small employers of the USA close in a year; newcomers: 10 % (assumed).
    assert 0.03 < closed[began].mean() < 0.10
    assert opened.sum() / began.sum() == pytest.approx(0.1, abs=0.02)
    assert (one.books.open == ((began | opened) & ~closed)).all()


def test_newcomers_fail_more_often() -> None:
    one = live(economy(12_000, **HONEST, entry_per_year=0.5, entry_days_max=365), 540)
    newcomer = one.traits.since_day >= one.p.start_day
    months = (one.p.start_day + 540 - np.maximum(one.traits.since_day, one.p.start_day)) / 30
    failed = one.books.closed_on < one.p.start_day + 540
    rates = [failed[who].sum() / months[who].sum() for who in (newcomer, ~newcomer)]
    assert rates[0] > 1.2 * rates[1]


def test_dishonest_merchants_are_as_many_as_stated() -> None:
    kind = economy(60_000, ring_share=0.01).truth().fraud
    shares = [(kind == one).mean() for one in (Fraud.BRUSHER, Fraud.VANISHER, Fraud.RING)]
    assert shares == pytest.approx([0.03, 0.001, 0.01], rel=0.3)


# Arithmetic that must not differ between machines


def test_the_portable_exponential_is_one() -> None:
    x = np.linspace(-9, 9, 1_001)
    assert exp_portable(x) == pytest.approx(np.exp(x), rel=1e-4)


def test_a_shop_is_never_older_than_the_calendar_of_the_books() -> None:
    """They count days from 1970 and would refuse it, and with it the whole economy."""
    old = economy(3_000, established_years_p50_ratio=10, established_years_sigma=1.2)
    assert old.roster().since_day.min() == 0
