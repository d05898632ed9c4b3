"""Quotes and approval policy, through the kernels and the rules that number their answers."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from system.chain.kernels.policy import FINANCING_CHECKS, FinancingColumns, reserve_in_order
from system.chain.kernels.pricing import VALUE_FEN_PRICED_MIN, Prices, PricingPolicy, price
from system.chain.rules import Refusal, financing_refusals
from system.kernels.columns import i64
from system.limits import AMOUNT_FEN_MAX, PPM, TERM_DAYS_MAX, TIER_MAX

POLICY = PricingPolicy(
    funding_rate_ppm=22_000,
    operating_margin_ppm=8_000,
    lgd_ppm=450_000,
    recourse_relief_ppm=400_000,
    tenor_margin_ppm_per_30_days=500,
    tenor_free_days=90,
    tier_margin_ppm=2_500,
    rate_floor_ppm=25_000,
    rate_cap_ppm=240_000,
    holdback_ppm=100_000,
)


def price_one(
    value_fen: int = 100_000_000,
    pd_ppm: int = 20_000,
    days: int = 90,
    recourse: bool = False,
    tier: int = 1,
) -> Prices:
    return price(
        POLICY, i64([value_fen]), i64([pd_ppm]), i64([days]), np.array([recourse]), i64([tier])
    )


@given(
    st.integers(VALUE_FEN_PRICED_MIN, AMOUNT_FEN_MAX),
    st.integers(0, PPM),
    st.integers(1, TERM_DAYS_MAX),
    st.booleans(),
    st.integers(1, TIER_MAX),
)
def test_the_parts_of_a_quote_sum_to_the_lot_and_leave_some_cash(
    value_fen: int, pd_ppm: int, days: int, recourse: bool, tier: int
) -> None:
    quote = price_one(value_fen, pd_ppm, days, recourse, tier)
    parts = (quote.advance_fen + quote.discount_fen + quote.holdback_fen).tolist()
    assert parts == [value_fen]
    assert quote.advance_fen[0] >= 1
    assert min(quote.discount_fen[0], quote.holdback_fen[0]) >= 0


@given(st.integers(10_000_000, AMOUNT_FEN_MAX), st.integers(1, TERM_DAYS_MAX))
def test_the_effective_apr_is_never_below_the_quoted_rate_but_for_rounding(
    value_fen: int, days: int
) -> None:
    quote = price_one(value_fen, days=days)
    assert quote.apr_ppm[0] >= quote.rate_ppm[0] - 30


def test_a_worked_example_can_be_checked_by_hand() -> None:
    # 2.2 % + 0.8 % + 2 % x 45 % = 3.9 %; 10 % held back; 900,000 x 3.9 % x 90/365 = 8,654.79.
    quote = price_one()
    assert quote.rate_ppm.tolist() == [39_000]
    assert quote.holdback_fen.tolist() == [10_000_000]
    assert quote.discount_fen.tolist() == [865_479]
    assert quote.advance_fen.tolist() == [89_134_521]
    assert quote.apr_ppm.tolist() == [39_379]


@pytest.mark.parametrize(
    ("dearer", "cheaper"),
    [
        (price_one(pd_ppm=30_000), price_one(pd_ppm=20_000)),
        (price_one(recourse=False), price_one(recourse=True)),
        (price_one(days=91), price_one(days=90)),
        (price_one(tier=2), price_one(tier=1)),
    ],
    ids=["risk", "recourse", "tenor", "tier"],
)
def test_more_risk_costs_more(dearer: Prices, cheaper: Prices) -> None:
    assert dearer.rate_ppm[0] > cheaper.rate_ppm[0]


def test_the_rate_stays_between_floor_and_cap() -> None:
    assert price_one(pd_ppm=PPM).rate_ppm.tolist() == [POLICY.rate_cap_ppm]
    free = dataclasses.replace(POLICY, funding_rate_ppm=0, operating_margin_ppm=0)
    quote = price(free, i64([10_000]), i64([0]), i64([1]), np.array([True]), i64([1]))
    assert quote.rate_ppm.tolist() == [POLICY.rate_floor_ppm]


CLEAN = {
    "supplier_verified": True,
    "debtor_verified": True,
    "bank_verified": True,
    "accepted": True,
    "disputed": False,
    "lot_free": True,
    "days_to_due": 60,
    "term_days": 90,
    "long_term_approved": False,
    "tier": 1,
    "tier_max": 3,
    "value_fen": 1_000,
    "value_fen_min": 100,
    "value_fen_max": 10_000,
    "verdict_clear": True,
    "debtor_room_fen": 1_000,
    "supplier_room_fen": 1_000,
    "bank_room_fen": 1_000,
    "group_room_fen": 1_000,
}
OBSTACLES = {
    "SUPPLIER_NOT_VERIFIED": {"supplier_verified": False},
    "DEBTOR_NOT_VERIFIED": {"debtor_verified": False},
    "BANK_NOT_VERIFIED": {"bank_verified": False},
    "NOT_ACCEPTED": {"accepted": False},
    "DISPUTED": {"disputed": True},
    "LOT_NOT_FREE": {"lot_free": False},
    "ALREADY_DUE": {"days_to_due": 0},
    "TERM_TOO_LONG": {"term_days": TERM_DAYS_MAX + 1},
    "TERM_UNUSUAL": {"term_days": 185},
    "TIER_TOO_DEEP": {"tier": 4},
    "AMOUNT_TOO_SMALL": {"value_fen_min": 1_001},
    "AMOUNT_TOO_LARGE": {"value_fen_max": 999},
    "VERDICT_NOT_CLEAR": {"verdict_clear": False},
    "DEBTOR_LIMIT": {"debtor_room_fen": 999},
    "SUPPLIER_LIMIT": {"supplier_room_fen": 999},
    "BANK_LIMIT": {"bank_room_fen": 999},
    "GROUP_LIMIT": {"group_room_fen": 999},
}


def refusal_of(changes: dict[str, object]) -> Refusal:
    row = {name: np.array([value]) for name, value in {**CLEAN, **changes}.items()}
    return Refusal(int(financing_refusals(FinancingColumns(**row))[0]))


def test_a_clean_request_is_not_refused() -> None:
    assert refusal_of({}) is Refusal.NONE


@pytest.mark.parametrize("name", FINANCING_CHECKS)
def test_each_obstacle_alone_gets_its_own_refusal(name: str) -> None:
    assert refusal_of(OBSTACLES[name]) is Refusal[f"FINANCING_{name}"]


@given(st.sets(st.sampled_from(FINANCING_CHECKS), min_size=1))
def test_of_several_obstacles_the_first_in_order_is_named(names: set[str]) -> None:
    changes: dict[str, object] = {}
    for name in FINANCING_CHECKS:
        if name in names:
            changes = {**OBSTACLES[name], **changes}
    first = min(Refusal[f"FINANCING_{name}"] for name in names)
    assert refusal_of(changes) is first


def test_a_long_term_passes_once_a_person_has_allowed_it() -> None:
    assert refusal_of({"term_days": 300, "long_term_approved": True}) is Refusal.NONE


@st.composite
def contended_batches(draw: st.DrawFn) -> tuple[list[int], list[list[int]], list[int]]:
    n = draw(st.integers(1, 12))
    values = draw(st.lists(st.integers(1, 50), min_size=n, max_size=n))
    # Rooms 0-2 are debtors, 3-5 suppliers, 6-7 banks.
    kinds = [
        draw(st.lists(st.integers(low, high), min_size=n, max_size=n))
        for low, high in ((0, 2), (3, 5), (6, 7))
    ]
    return values, kinds, draw(st.lists(st.integers(0, 120), min_size=8, max_size=8))


@given(contended_batches())
def test_linked_limits_are_shared_exactly_as_if_requests_came_one_by_one(
    batch: tuple[list[int], list[list[int]], list[int]],
) -> None:
    values, kinds, rooms = batch
    left, expected = list(rooms), []
    for row, value in enumerate(values):
        used = [kind[row] for kind in kinds]
        short = next((k for k, room in enumerate(used) if left[room] < value), -1)
        expected.append(short)
        for room in used if short < 0 else []:
            left[room] -= value
    got = reserve_in_order(i64(values), np.array(kinds, dtype=np.int64), i64(rooms))
    assert got.tolist() == expected
