"""What leases cost as contractors see it: the same as the product bills, and never odd."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.leasing.choices import RANKS, Outlook, before_leased, wanted_machines
from sim.leasing.contractors import draw_contractors
from sim.leasing.lease_desk import tariff_of
from sim.leasing.parameters import Parameters, parameters_of
from sim.leasing.terms import month_of, terms_of
from sim.streams import Luck
from system.kernels.day_count import month_of as product_month_of
from system.leasing.kernels.rent import Month, bill_fen
from system.limits import PERIOD_DAYS
from tests.sim.leasing_runs import small

HOURS = np.arange(0.0, 400.0)
RENT = np.full(HOURS.size, 2_000_000.0)


def parameters(*overrides: str) -> Parameters:
    return parameters_of(small(*overrides), "usage")


def test_no_further_hour_is_dearer_than_the_one_before_it_above_the_minimum() -> None:
    terms = terms_of("usage", parameters().lessor)
    bill = terms.bill_fen(RENT, HOURS)
    steps = np.diff(bill)
    charged = steps[np.flatnonzero(steps > 0)[1:]]
    assert (steps >= 0).all()
    assert (np.diff(charged) < 1).all()


def test_a_period_has_the_season_of_the_month_in_which_it_begins() -> None:
    begins = (np.datetime64("2025-08-07") - np.datetime64("1970-01-01")).astype(int)
    first = int(begins) // PERIOD_DAYS * PERIOD_DAYS
    found = [month_of(day) for day in (first, first + PERIOD_DAYS - 1)]
    assert found == [product_month_of(np.array([first]))[0] % 12] * 2


def test_a_usual_month_costs_the_fixed_rent() -> None:
    p = parameters().lessor
    usual = np.array([float(p.usage_neutral_hours)])
    assert abs(terms_of("usage", p).bill_fen(RENT[:1], usual)[0] - RENT[0]) < 1


@settings(max_examples=40, deadline=None)
@given(
    hours=st.integers(0, 700),
    rent_fen=st.integers(100_000, 10_000_000),
    day=st.integers(20_000, 20_800),
)
def test_contractors_reckon_what_the_product_bills(hours: int, rent_fen: int, day: int) -> None:
    p = parameters().lessor
    use = (rent_fen, hours * 3600, PERIOD_DAYS, month_of(day), 0, 0)
    month = Month(*(np.array([n], np.int64) for n in use))
    for process in ("fixed", "usage"):
        terms = terms_of(process, p).on(day)
        reckoned = terms.bill_fen(np.array([float(rent_fen)]), np.array([hours]))
        billed = bill_fen(tariff_of(process, p).tariff, month)
        assert abs(reckoned[0] - billed[0]) <= 1 + rent_fen // 100_000


def _outlook(hours: float, m: int) -> Outlook:
    return Outlook(np.full(m, hours), np.full(m, hours), np.full(m, 60.0))


def test_few_hours_are_worth_a_machine_by_use_but_not_at_fixed_rent() -> None:
    p = parameters("parameters.own_machine_share=0", "parameters.spot_rent_sigma=0")
    c = draw_contractors(Luck(1, 0), p.world, 50)
    outlook = _outlook(2.5, 50)
    fixed, usage = (
        wanted_machines(c, outlook, terms_of(process, p.lessor), p.world)[0]
        for process in ("fixed", "usage")
    )
    assert (fixed == 0).all()
    assert usage.mean() > 0.5


def test_more_work_never_wants_fewer_machines() -> None:
    p = parameters()
    c = draw_contractors(Luck(1, 0), p.world, 100)
    for process in ("fixed", "usage"):
        terms = terms_of(process, p.lessor)
        wanted = [wanted_machines(c, _outlook(h, 100), terms, p.world)[0] for h in (2, 6, 15, 40)]
        assert all((more >= less).all() for less, more in pairwise(wanted))
        assert wanted[-1].max() <= RANKS


def test_work_goes_elsewhere_where_the_next_leased_hour_is_dearer() -> None:
    p = parameters().world
    c = draw_contractors(Luck(1, 0), p, 200)
    need = np.full(200, 5.0)
    free, dear = (before_leased(c, need, np.full(200, price), p) for price in (0.0, 1e9))
    assert (free.own + free.spot == 0).all()
    assert (dear.own[c.owns] == 5.0).all()
    assert (dear.spot[~c.owns] == 5.0 * p.spot_supply_share).all()
