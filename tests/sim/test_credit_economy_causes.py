"""What causes what among merchants, by twins: worlds of the same luck that differ in one thing."""

from dataclasses import dataclass

import numpy as np
import pytest

from sim.credit.columns import I64, Mask
from sim.credit.economy import Economy
from sim.credit.fraudsters import Fraud
from system.limits import LINE_FEN_MAX
from tests.sim.credit_economies import CALM, HONEST, Bank, economy, live, net_worth_fen, nothing

N = 6_000
WARM_DAYS, LENT_DAYS = 60, 600


def lived(lends: bool, **changes: float) -> Bank:
    """A world that trades for itself at first, and then meets a bank that lends or does not."""
    bank = Bank(live(economy(N, **HONEST, **changes), WARM_DAYS), lends)
    return bank.run(bank.economy.p.start_day + WARM_DAYS, LENT_DAYS)


@dataclass(frozen=True)
class Twins:
    without: Bank
    with_loans: Bank

    def borrowers(self, low: float, high: float) -> Mask:
        """Who drew in the world with loans, and has quality between these scores."""
        quality = self.without.economy.traits.quality
        chosen: Mask = self.with_loans.borrowers & (quality > low) & (quality <= high)
        return chosen

    def gain(self, rows: Mask) -> float:
        """Mean demand with loans, over that without."""
        levels = [bank.economy.books.level[rows].mean() for bank in (self.with_loans, self.without)]
        return float(levels[0] / levels[1])


@pytest.fixture(scope="module")
def twins() -> Twins:
    return Twins(lived(False), lived(True))


# Loans


def test_loans_make_good_merchants_grow(twins: Twins) -> None:
    good = twins.borrowers(0.5, 9)
    assert good.sum() > 200
    assert twins.gain(good) > 1.15


def test_loans_drag_bad_merchants_down(twins: Twins) -> None:
    """They spend the money on chances that they cannot use, and are left with the debt."""
    bad = twins.borrowers(-9, -1.5)
    assert bad.sum() > 80
    assert twins.gain(bad) < 1
    worth = [np.median(net_worth_fen(bank)[bad]) for bank in (twins.with_loans, twins.without)]
    assert worth[0] < worth[1]


def test_what_a_loan_does_rises_with_quality(twins: Twins) -> None:
    gains = [twins.gain(twins.borrowers(low, low + 1)) for low in (-2, -1, 0, 1)]
    assert gains == sorted(gains)


def test_good_merchants_fall_behind_less_often(twins: Twins) -> None:
    bank = twins.with_loans
    shares = [bank.was_bad[twins.borrowers(*span)].mean() for span in ((-9, -0.5), (0.5, 9))]
    assert shares[1] < 0.8 * shares[0]


def test_who_earns_less_than_it_costs_falls_behind_more_often(twins: Twins) -> None:
    bank = twins.with_loans
    sound = bank.economy.truth().sound
    shares = [bank.was_bad[bank.borrowers & who].mean() for who in (sound, ~sound)]
    assert shares[1] > 2 * shares[0]
    assert shares[0] > 0, "bad luck hits sound merchants too"


def test_loans_keep_shops_open_that_would_have_closed(twins: Twins) -> None:
    rows = twins.with_loans.borrowers
    open_shares = [b.economy.books.open[rows].mean() for b in (twins.with_loans, twins.without)]
    assert open_shares[0] > open_shares[1]


def test_most_of_what_was_lent_comes_back(twins: Twins) -> None:
    bank = twins.with_loans
    assert bank.repaid_fen.sum() > 0.5 * bank.received_fen.sum()


# Shocks


@pytest.mark.parametrize("depth", [0.15, 0.3])
def test_a_recession_breaks_borrowers_on_its_path(twins: Twins, depth: float) -> None:
    calm = twins.with_loans
    worse = lived(True, recession_at_days=150, recession_demand_fall_share=depth)
    assert worse.economy.books.open.sum() < calm.economy.books.open.sum()
    bad = [bank.was_bad[bank.borrowers].mean() for bank in (calm, worse)]
    assert bad[1] > (1.1 if depth < 0.2 else 1.5) * bad[0]


def test_before_a_recession_nothing_differs() -> None:
    calm, worse = (
        live(economy(500, recession_at_days=50, recession_demand_fall_share=fall), 50)
        for fall in (0.0, 0.4)
    )
    assert (calm.books.cash_fen == worse.books.cash_fen).all()


def test_a_recession_takes_property_down_and_gives_it_back() -> None:
    one = economy(
        200,
        recession_at_days=10,
        recession_fall_days=20,
        recession_hold_days=5,
        recession_recovery_days=20,
        recession_property_fall_share=0.33,
    )
    start = one.p.start_day
    everybody = np.arange(one.n)
    values = [one.property_fen(start + day, everybody) for day in (10, 20, 30, 35, 45, 55)]
    owns = values[0] > 0
    ratios = [(value[owns] / values[0][owns]).mean() for value in values]
    assert ratios == pytest.approx([1, 0.835, 0.67, 0.67, 0.835, 1], abs=1e-3)


def test_neighbours_in_a_region_share_a_fate() -> None:
    one = economy(4_000, **CALM | HONEST | {"region_shock_cv": 0.2})
    sold = np.zeros((60, one.p.region_count))
    for day in range(60):
        feed = one.morning(one.p.start_day + day)
        np.add.at(sold[day], one.traits.region, feed.columns["orders"])
        one.evening(one.p.start_day + day)
    change = sold[50:].sum(axis=0) / sold[:10].sum(axis=0)
    assert change.std() > 0.05


def test_a_mishap_costs_cash_and_can_end_a_shop() -> None:
    safe, struck = (live(economy(2_000, **HONEST, mishap_per_year=y), 120) for y in (0.0, 2.0))
    assert struck.books.open.sum() < 0.97 * safe.books.open.sum()


# Owners


def poor(one: Economy, rows: I64) -> None:
    """Take all goods and nearly all money."""
    one.books.stock[rows] = 0
    one.books.cash_fen[rows] = 1_000


def test_an_owner_applies_for_a_reason_and_not_again_before_long() -> None:
    one = economy(400, **CALM | HONEST | {"credit_taker_share": 1.0, "reapply_days": 30})
    start, view = one.p.start_day, nothing(400)
    rows = np.flatnonzero(one.books.open)[:50]
    poor(one, rows)
    asked = np.zeros((60, 400), np.int64)
    for day in range(60):
        one.morning(start + day)
        asked[day] = one.wants_credit(start + day, view)
        one.evening(start + day)
    times = (asked > 0).sum(axis=0)
    assert (times[rows] > 0).mean() > 0.8
    assert times.max() <= 2
    assert (times > 0).mean() < 0.3, "whoever lacks nothing asks for nothing"


def test_nobody_asks_for_more_than_a_line_can_hold() -> None:
    one = live(economy(2_000, sales_fen_per_day_p50=10**8, reapply_days=1), 40)
    asked = [one.wants_credit(one.p.start_day + 40 + day, nothing(2_000)) for day in range(7)]
    assert max(fen.max() for fen in asked) == LINE_FEN_MAX


def test_whoever_has_a_line_does_not_apply() -> None:
    one = economy(400)
    view = nothing(400)
    view["state"][:] = 1
    live(one, 20)
    for day in range(7):
        assert not one.wants_credit(one.p.start_day + 20 + day, view).any()


def test_a_draw_fills_the_gap_and_never_passes_what_is_available() -> None:
    one = live(economy(300, **CALM | HONEST), 1)
    rows = np.flatnonzero(one.books.open)
    poor(one, rows)
    one.morning(one.p.start_day + 1)
    one.evening(one.p.start_day + 1)
    view = nothing(300)
    view["available_fen"][rows[::2]] = 60_000
    drawn = one.wants_draw(one.p.start_day + 2, view)
    assert (drawn <= view["available_fen"]).all()
    assert (drawn <= np.maximum(one.books.short_fen, 0)).all()
    assert drawn.any()


def test_a_closed_shop_draws_nothing_whatever_it_owes() -> None:
    one = live(economy(2_000, **HONEST, mishap_per_year=3.0), 120)
    view = nothing(2_000)
    view["available_fen"][:] = 10_000_000
    owes = ~one.books.open & (one.books.arrears_fen > 0)
    assert owes.sum() > 20
    assert not one.wants_draw(one.p.start_day + 120, view)[~one.books.open].any()


def repayments(due_fen: int, cash_fen: int, **changes: float) -> I64:
    """What each of 70 open, honest merchants offers on one day, with this much cash."""
    one = economy(70, **CALM | HONEST | {"entry_per_year": 0.0} | changes)
    one.books.cash_fen[:] = cash_fen
    view = nothing(70)
    view["outstanding_fen"][:] = 1_000_000
    view["due_fen"][:] = due_fen
    return one.pays(one.p.start_day, view)


def test_dues_are_paid_on_the_day_by_careful_owners_with_cash() -> None:
    rich = 10**9
    offered = repayments(50_000, rich, careless_owner_share=0.0, idle_repaid_share=0.0)
    assert (offered == 50_000).all()


def test_careless_owners_pay_on_their_office_day_only() -> None:
    offered = repayments(50_000, 10**9, careless_owner_share=1.0, idle_repaid_share=0.0)
    assert 0 < (offered > 0).sum() < 30


def test_idle_cash_repays_early() -> None:
    offered = repayments(0, 10**10, careless_owner_share=0.0)
    early = offered > 0
    assert 0 < early.sum() < 30
    assert (offered[early] == 1_000_000).all()


def test_wages_to_come_are_held_back_from_the_bank() -> None:
    assert not repayments(50_000, 10, careless_owner_share=0.0, reserve_days=30).any()


def test_former_owners_pay_what_the_shop_left_and_then_little_by_little() -> None:
    one = live(economy(3_000, **HONEST, retirement_per_year=5.0, household_payer_share=1.0), 90)
    closed = np.flatnonzero(one.books.closed_on <= one.p.start_day + 60)
    one.books.cash_fen[closed] = 0
    view = nothing(3_000)
    view["outstanding_fen"][closed] = 10**9
    live_on = range(one.p.start_day + 90, one.p.start_day + 104)
    paid = np.zeros(3_000, np.int64)
    for day in live_on:
        one.morning(day)
        offered = one.pays(day, view)
        one.paid(np.arange(3_000), offered)
        paid += offered
        one.evening(day)
    debts = (one.books.arrears_fen + one.books.payable_fen)[closed] > 0
    assert (paid[closed[~debts]] >= 7 * 2_000).all()


# Fraud


def test_brushing_shows_in_the_feed_as_many_orders_of_few_buyers_and_costs_cash() -> None:
    honest, dishonest = (economy(600, **HONEST | {"brusher_share": share}) for share in (0.0, 1.0))
    day = honest.p.start_day
    before = dishonest.books.cash_fen.copy()
    true = {k: v.copy() for k, v in honest.morning(day).columns.items()}
    shown = dishonest.morning(day).columns
    busy = true["orders"] > 20
    assert (shown["orders"] > 1.7 * true["orders"])[busy].all()
    shares = [one["buyers"][busy] / one["orders"][busy] for one in (shown, true)]
    assert (shares[0] < shares[1]).all()
    assert (shown["stock_fen"] == true["stock_fen"]).all(), "no goods leave the shelf"
    assert (shown["refund_fen"] == true["refund_fen"]).all()
    assert (dishonest.books.cash_fen <= before + honest.books.cash_fen - before).all()
    assert (dishonest.books.cash_fen < honest.books.cash_fen)[busy].any()


def test_brushing_ends_where_the_cash_ends() -> None:
    one = economy(200, **HONEST | {"brusher_share": 1.0, "brush_ratio": 15, "brush_cost_share": 1})
    one.books.cash_fen[:] = 5
    one.morning(one.p.start_day)
    assert (one.books.cash_fen >= 0).all()


def test_a_vanisher_takes_all_and_leaves_nothing() -> None:
    one = economy(400, vanisher_share=1.0, brusher_share=0.0, ring_share=0.0, entry_days_max=1)
    bank = Bank(one).run(one.p.start_day, 90)
    took = np.flatnonzero(bank.received_fen)
    assert took.size > 200
    gone = one.truth().closed_on[took] < one.p.start_day + 90
    assert gone.mean() > 0.9
    assert (one.books.cash_fen[took[gone]] == 0).all()
    assert not one.pays(one.p.start_day + 90, bank.view)[took[gone]].any()


def test_shops_of_a_ring_have_one_owner_and_strike_together() -> None:
    one = economy(2_000, ring_share=0.5)
    truth = one.truth()
    ring = np.flatnonzero(truth.fraud == Fraud.RING)
    owners, shops = np.unique(truth.owner[ring], return_counts=True)
    assert (shops == one.p.ring_count).mean() > 0.95
    assert (one.traits.strike_day[ring] == one.traits.strike_day[truth.owner[ring]]).all()
    alone = truth.fraud != Fraud.RING
    assert (truth.owner[alone] == np.arange(2_000)[alone]).all()
    assert np.unique(one.traits.strike_day[owners]).size > 10


# What a lender may ask for


def test_statements_are_noisy_and_show_less_than_there_is() -> None:
    one = economy(3_000, **HONEST)
    t = one.traits
    everyone = np.arange(3_000)
    shown = one.statements(one.p.start_day, everyone)
    true = one.books.year_sold * t.ticket_fen * 365
    ratio = shown.sales_fen / true
    assert ratio.mean() == pytest.approx(0.75, abs=0.02)
    assert ratio.std() == pytest.approx(0.19, abs=0.02)
    later = one.statements(one.p.start_day + 100, everyone)
    assert (later.sales_fen == shown.sales_fen).all(), "a year's error stays a year"
    next_year = one.statements(one.p.start_day + 365, everyone)
    assert (next_year.sales_fen != shown.sales_fen).mean() > 0.9
    assert 0.05 < (shown.profit_fen < 0).mean() < 0.3
