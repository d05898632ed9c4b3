"""The arithmetic of limits, prices, categories and expected losses, against slow and exact ways."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from system.credit.kernels.affordability import (
    net_revenue_floor,
    serviceable_fen_floor,
    stock_fen_floor,
)
from system.credit.kernels.ecl import expected_loss_ceil, pd_within, stages
from system.credit.kernels.limit import CashFlow, limit_floor, reviewed, worth_granting
from system.credit.kernels.pricing import risk_price_ceil
from system.credit.policy import DEFAULT_POLICY
from system.kernels.classification import (
    SUBSTANDARD,
    Standing,
    category_by_age,
    classify,
    with_cross_default,
)
from system.kernels.columns import MISSING, i64
from system.limits import LINE_FEN_MAX, PPM
from tests.system.credit_world import changed

P = DEFAULT_POLICY
pd = st.integers(0, PPM)
fen = st.integers(0, LINE_FEN_MAX)
sales = st.one_of(st.just(MISSING), st.integers(0, 10**11))


def limit(revenue: int, refunds: int, cover: int, pd_ppm: int, rate: int) -> int:
    flow = CashFlow(i64([revenue]), i64([refunds]), i64([cover]))
    share = P.billing.principal_share_ppm
    return int(limit_floor(i64([pd_ppm]), i64([rate]), flow, share, P.limit, P.affordability)[0])


@given(pd)
def test_the_price_covers_funding_work_loss_and_margin(pd_ppm: int) -> None:
    rate = int(risk_price_ceil(i64([pd_ppm]), P.price)[0])
    loss = Fraction(pd_ppm * P.price.lgd_ppm * 365, PPM * P.price.pd_window_days)
    cost = loss + P.price.funding_ppm + P.price.operating_ppm + P.price.margin_ppm
    assert rate == max(-(-cost // 1), P.price.floor_ppm)


@given(sales, st.integers(0, PPM), st.integers(0, 500), pd, st.integers(0, 160_000))
def test_a_limit_respects_every_cap(
    revenue: int, refunds: int, cover: int, pd_ppm: int, rate: int
) -> None:
    got = limit(revenue, refunds, cover, pd_ppm, rate)
    a = P.affordability
    net = Fraction(max(revenue, 0) * (PPM - refunds), PPM)
    assert got <= net * a.revenue_share_ppm / PPM
    assert got <= net * (min(cover, 365) + a.stock_cycle_days) / 30
    bill = Fraction(got) * (P.billing.principal_share_ppm + rate * Fraction(30, 365)) / PPM
    assert bill <= net * a.margin_ppm * a.service_share_ppm / PPM**2
    assert got <= Fraction(
        P.limit.fen_max * max(P.limit.pd_ppm_max - pd_ppm, 0), P.limit.pd_ppm_max
    )
    assert got <= P.limit.fen_max
    assert got == 0 or got >= P.limit.fen_min
    assert got % P.limit.step_fen == 0


@given(sales, st.integers(0, PPM), st.integers(0, 400), pd, st.integers(0, 160_000), st.data())
def test_a_worse_merchant_never_gets_more(
    revenue: int, refunds: int, cover: int, pd_ppm: int, rate: int, data: st.DataObject
) -> None:
    got = limit(revenue, refunds, cover, pd_ppm, rate)
    worse = (
        data.draw(st.integers(0, max(revenue, 0))),
        data.draw(st.integers(refunds, PPM)),
        data.draw(st.integers(0, cover)),
        data.draw(st.integers(pd_ppm, PPM)),
        data.draw(st.integers(rate, 160_000)),
    )
    assert limit(*worse) <= got


def test_what_is_not_known_counts_as_nothing() -> None:
    assert net_revenue_floor(i64([MISSING, 1_000]), i64([MISSING, MISSING])).tolist() == [0, 1_000]
    cycle = P.affordability.stock_cycle_days
    assert stock_fen_floor(i64([30]), i64([MISSING]), P.affordability).tolist() == [cycle]
    assert limit(MISSING, MISSING, MISSING, 0, 50_000) == 0


def test_a_margin_that_serves_no_bill_serves_no_debt() -> None:
    assert serviceable_fen_floor(i64([0]), i64([0]), 83_333, P.affordability).tolist() == [0]


@given(fen, fen, st.integers(0, 400))
def test_a_review_moves_down_at_once_up_after_a_while_and_not_within_the_band(
    held: int, target: int, age: int
) -> None:
    after = int(reviewed(i64([held]), i64([target]), i64([age]), P.limit)[0])
    band = held * P.limit.band_ppm // PPM
    if target == 0 or target < held - band:
        assert after == target
    elif target > held + band:
        assert after == (target if age >= P.limit.up_days_min else held)
    else:
        assert after == held
    again = int(reviewed(i64([after]), i64([target]), i64([0]), P.limit)[0])
    assert again == after


@given(st.integers(0, LINE_FEN_MAX))
def test_a_limit_is_worth_granting_from_the_minimum_on(amount: int) -> None:
    got = int(worth_granting(i64([amount]), P.limit)[0])
    stepped = amount - amount % P.limit.step_fen
    assert got == (stepped if stepped >= P.limit.fen_min else 0)


def test_the_bounds_of_the_categories_are_those_of_the_rule() -> None:
    days = i64([0, 1, 90, 91, 270, 271, 360, 361])
    assert category_by_age(days, P.classes).tolist() == [1, 2, 2, 3, 3, 4, 4, 5]


@given(st.integers(0, 400), st.integers(1, 5), st.integers(0, 800), st.integers(-1, 800))
def test_no_line_is_better_than_its_age_its_cure_and_its_observation_allow(
    dpd: int, before: int, clean: int, restructured: int
) -> None:
    standing = Standing(i64([dpd]), i64([before]), i64([clean]), i64([restructured]))
    got = int(classify(standing, P.classes)[0])
    observed = restructured >= 0 and min(restructured, clean) < P.classes.observation_days
    assert got >= category_by_age(i64([dpd]), P.classes)[0]
    assert got >= 2 or not observed
    if before >= SUBSTANDARD and (clean < P.classes.cure_days or observed):
        assert got >= SUBSTANDARD


@given(st.lists(st.tuples(st.integers(1, 5), fen, st.integers(0, 3)), min_size=1, max_size=12))
def test_cross_default_looks_at_each_borrower_as_a_whole(rows: list[tuple[int, int, int]]) -> None:
    classes, balances, borrowers = (i64(column) for column in zip(*rows, strict=True))
    got = with_cross_default(classes, balances, borrowers, P.classes)
    for (own, _, who), after in zip(rows, got.tolist(), strict=True):
        total = sum(fen for _, fen, one in rows if one == who)
        bad = sum(fen for held, fen, one in rows if one == who and held >= SUBSTANDARD)
        assert after == (max(own, SUBSTANDARD) if bad * 10 > total else own)


@pytest.mark.parametrize(
    ("dpd", "pd_ppm", "granted", "impaired", "watched", "stage"),
    [
        (0, 10_000, 10_000, False, False, 1),
        (30, 10_000, 10_000, False, False, 1),
        (31, 10_000, 10_000, False, False, 2),
        (89, 0, 0, False, False, 2),
        (90, 0, 0, False, False, 3),
        (0, 20_000, 10_000, False, False, 2),
        (0, 19_999, 10_000, False, False, 1),
        (0, 4_000, 1_000, False, False, 1),  # doubled, but still small
        (0, 0, 0, False, True, 2),
        (0, 0, 0, True, True, 3),
    ],
)
def test_stages_have_the_standards_backstops(
    dpd: int, pd_ppm: int, granted: int, impaired: bool, watched: bool, stage: int
) -> None:
    flags = np.array([impaired]), np.array([watched])
    got = stages(i64([dpd]), i64([pd_ppm]), i64([granted]), *flags, P.loss)
    assert got.tolist() == [stage]


@given(pd, st.integers(1, 720))
def test_a_longer_time_is_never_safer_and_whole_windows_are_exact(pd_ppm: int, days: int) -> None:
    one, two = (int(pd_within(i64([pd_ppm]), d, 180)[0]) for d in (days, days + 1))
    assert 0 <= one <= two <= PPM
    if pd_ppm <= 300_000:
        exact = 1 - (1 - pd_ppm / PPM) ** (days / 180)
        assert abs(one / PPM - exact) <= (pd_ppm / PPM) ** 2 / 6 + 4e-6
    assert int(pd_within(i64([pd_ppm]), 180, 180)[0]) == pd_ppm


@given(st.integers(1, 3), pd, fen, fen)
def test_expected_loss_is_pd_times_lgd_times_exposure(
    stage: int, pd_ppm: int, debt: int, undrawn: int
) -> None:
    got = int(
        expected_loss_ceil(i64([stage]), i64([pd_ppm]), i64([debt]), i64([undrawn]), P.loss)[0]
    )
    life = int(pd_within(i64([pd_ppm]), 360, P.loss.pd_window_days)[0])
    chance = PPM if stage == 3 else life
    exposure = debt + Fraction(undrawn * P.loss.ccf_ppm, PPM)
    exact = exposure * chance * P.loss.lgd_ppm / PPM**2
    # The share is rounded down to ppm, the amount up to fen.
    assert exact - exposure / PPM - 1 <= got <= exact + 1


def test_a_policy_that_contradicts_itself_asserts() -> None:
    for parts in (
        {"price": {"cap_ppm": 200_000}},
        {"billing": {"grace_days": 25}},
        {"limit": {"fen_min": 5}},
        {"classes": {"loss_dpd_days": 200}},
        {"loss": {"stage3_dpd_days": 10}},
    ):
        with pytest.raises(AssertionError):
            changed(**parts)
