"""The merchants' luck: the same in every arm, for any number of threads, and for longer lists."""

from dataclasses import fields, replace
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.credit.columns import BLOCK_ROWS
from sim.credit.economy import Economy
from sim.credit.owners import View
from sim.credit.world_parameters import WORLD_BOUNDS, WORLD_NAMES, world_parameters_of
from sim.scenario import load
from sim.streams import Luck
from system.errors import InputError
from tests.sim.credit_economies import HONEST, Bank, economy, live, nothing, world

# Words that would put an answer among the causes.
OUTCOMES = ("default", "npl", "approv", "loss", "charge", "bad", "auc", "recovery_rate")


def print_of(one: Economy, n: int) -> str:
    """A fingerprint of the first n merchants: everything that they are and own."""
    digest = sha256()
    for record in (one.traits, one.books):
        for field in fields(record):
            digest.update(getattr(record, field.name)[:n].tobytes())
    return digest.hexdigest()


def test_the_same_seed_lives_the_same_life() -> None:
    first, again, other = (
        print_of(live(economy(300, replication=number), 60), 300) for number in (0, 0, 1)
    )
    assert first == again != other


def test_threads_change_nothing() -> None:
    n = 2 * BLOCK_ROWS + 100
    alone, together = (live(economy(n, threads=threads), 15) for threads in (1, 3))
    assert print_of(alone, n) == print_of(together, n)


def test_no_two_merchants_share_their_luck() -> None:
    one = live(economy(2 * BLOCK_ROWS, own_shock_cv=0.3), 8)
    for column in (one.traits.quality, one.traits.property_fen, one.books.own, one.books.level):
        first, second = column[:BLOCK_ROWS], column[BLOCK_ROWS:]
        assert abs(np.corrcoef(first, second)[0, 1]) < 0.05


@pytest.mark.parametrize("n", [50, BLOCK_ROWS + 7])
def test_a_longer_list_of_merchants_keeps_its_first_rows(n: int) -> None:
    short, longer = (live(economy(rows), 15) for rows in (n, n + 1_000))
    # A ring that the end of the list cut in half is whole in the longer one.
    kept = n - n % BLOCK_ROWS % short.p.ring_count
    assert print_of(short, kept) == print_of(longer, kept)


@pytest.mark.parametrize(
    "change",
    [
        {"household_payer_share": 0.9},
        {"credit_taker_share": 0.1},
        {"reapply_days": 15},
        {"property_fen_p50": 1_000_000},
        {"statement_noise_cv": 0.6},
    ],
)
def test_what_concerns_only_the_bank_moves_no_sale(change: dict[str, float]) -> None:
    usual, changed = (live(economy(400, **parameters), 45) for parameters in ({}, change))
    for name in ("stock", "level", "own", "wanted", "arrears_fen"):
        assert (getattr(usual.books, name) == getattr(changed.books, name)).all()


def test_more_retirements_keep_everybody_elses_luck() -> None:
    few, many = (live(economy(2_000, **HONEST, retirement_per_year=y), 60) for y in (0.0, 1.0))
    stayed = few.books.open & many.books.open
    assert many.books.open.sum() < 0.95 * few.books.open.sum()
    assert (few.books.level == many.books.level)[stayed].all()
    assert (few.books.cash_fen == many.books.cash_fen)[stayed].all()


def test_a_loan_changes_no_luck_of_others() -> None:
    n = 600
    without, one = economy(n), economy(n)
    one.receive(one.p.start_day, np.array([3]), np.array([10_000_000]))
    live(without, 40)
    live(one, 40)
    others = np.arange(n) != 3
    assert (without.books.cash_fen == one.books.cash_fen)[others].all()
    assert without.books.cash_fen[3] != one.books.cash_fen[3]


# Money


@settings(max_examples=20, deadline=None)
@given(
    replication=st.integers(0, 1_000),
    supplier_credit_share=st.floats(0, 0.95),
    reserve_days=st.integers(0, 10),
    settlement_days=st.integers(1, 30),
    mishap_per_year=st.floats(0, 5),
    recession=st.floats(0, 0.5),
)
def test_no_purse_no_shelf_and_no_debt_is_ever_below_zero(
    replication: int,
    supplier_credit_share: float,
    reserve_days: int,
    settlement_days: int,
    mishap_per_year: float,
    recession: float,
) -> None:
    one = economy(
        200,
        replication=replication,
        supplier_credit_share=supplier_credit_share,
        reserve_days=reserve_days,
        settlement_days=settlement_days,
        mishap_per_year=mishap_per_year,
        recession_demand_fall_share=recession,
        vanisher_share=0.1,
        brusher_share=0.5,
        brush_ratio=15,
        brush_cost_share=1,
        insolvency_arrears_days=10,
    )
    bank = Bank(one)
    for day in range(one.p.start_day, one.p.start_day + 50):
        bank.day(day)
        for name in ("cash_fen", "stock", "held_fen", "payable_fen", "arrears_fen", "short_fen"):
            assert (getattr(one.books, name) >= 0).all(), name


def test_what_is_paid_leaves_the_purse_and_what_is_received_enters_it() -> None:
    one = economy(100)
    before = one.books.cash_fen.copy()
    rows = np.array([5, 2, 90])
    one.receive(one.p.start_day, rows, np.array([100, 200, 300]))
    one.paid(rows, np.array([1, 2, 3]))
    gained = one.books.cash_fen - before
    assert (gained[rows] == [99, 198, 297]).all()
    assert gained.sum() == 594


def test_paying_more_than_one_has_is_a_bug_that_shows() -> None:
    one = economy(10)
    with pytest.raises(AssertionError, match="more than it has"):
        one.paid(np.array([1]), one.books.cash_fen[[1]] + 1)


def test_a_view_is_not_written_to() -> None:
    one = economy(500)
    view: View = nothing(500)
    for name, column in view.items():
        column[:] = 1_000_000 if name.endswith("_fen") else 0
        column.flags.writeable = False
    one.morning(one.p.start_day)
    one.wants_credit(one.p.start_day, view)
    one.wants_draw(one.p.start_day, view)
    one.pays(one.p.start_day, view)


# Parameters


def test_no_outcome_is_a_parameter() -> None:
    found = [name for name in WORLD_NAMES for word in OUTCOMES if word in name]
    assert not found


def values() -> dict[str, object]:
    return {name: item.value for name, item in load("credit").parameters.items()}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("supplier_credit_share", 1.0),
        ("region_count", 0),
        ("stock_cover_days", 0),
        ("start_s", 1_735_660_801),
        ("brusher_share", 1.0),
        ("ticket_fen_p50", "many"),
        ("repeat_buyer_share", True),
    ],
)
def test_an_unusable_parameter_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(InputError) as caught:
        world_parameters_of({**values(), name: value})
    assert caught.value.field == f"parameters.{name}"


def test_a_missing_parameter_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="parameters\\.late_share"):
        world_parameters_of({k: v for k, v in values().items() if k != "late_share"})


@pytest.mark.parametrize("end", [0, 1])
@pytest.mark.parametrize("name", sorted(WORLD_BOUNDS))
def test_the_world_lives_at_the_ends_of_every_bound(name: str, end: int) -> None:
    bound = WORLD_BOUNDS[name][end]
    kind = {field.name: field.type for field in fields(world())}[name]
    changed = replace(world(), **{name: int(bound) if kind is int else float(bound)})
    one = Economy(Luck(7, 0), changed, 60)
    live(one, 9)
    for name in ("cash_fen", "stock", "payable_fen", "arrears_fen"):
        assert (getattr(one.books, name) >= 0).all(), name
    assert np.isfinite(one.books.level).all()
