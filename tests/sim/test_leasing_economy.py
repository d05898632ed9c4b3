"""The machines' economy: causes have effects, luck is nobody's but its owner's."""

from datetime import date

import numpy as np
import pytest

from sim.calendar import FIRST_YEAR
from sim.leasing.contractors import Contractors, draw_contractors
from sim.leasing.fleet import draw_fleet
from sim.leasing.parameters import parameters_of
from sim.leasing.projects import Projects, draw_projects, remaining
from sim.leasing.weather import Weather, is_rest_day, is_sunday
from sim.leasing.work import NOWHERE, rank_within, shared
from sim.metrics.base import Values
from sim.metrics.leasing import measure
from sim.scenario import apply
from sim.streams import Luck
from system.errors import InputError
from tests.sim.leasing_runs import finished, small

WORLD = parameters_of(small(), "fixed").world
START = WORLD.start_day


def projects(m: int, replication: int = 0) -> tuple[Contractors, Projects]:
    luck = Luck(3, replication)
    contractors = draw_contractors(luck, WORLD, m)
    return contractors, draw_projects(luck, WORLD, contractors, START, 120)


def of(arm: str, *overrides: str) -> Values:
    stage = finished(arm, *overrides)
    return measure(stage, [])


def test_a_longer_list_of_machines_keeps_its_first_ones() -> None:
    short, long = (draw_fleet(Luck(3, 0), WORLD, n) for n in (30, 50))
    for name in ("kind", "region", "value_fen", "rent_fen", "thirst"):
        assert (getattr(short, name) == getattr(long, name)[:30]).all()


def test_projects_of_a_line_do_not_overlap() -> None:
    contractors, drawn = projects(60)
    one_line = np.flatnonzero(contractors.lines[drawn.contractor] == 1)
    owner = drawn.contractor[one_line]
    order = np.lexsort((drawn.first_day[one_line], owner))
    first, end = drawn.first_day[one_line][order], drawn.end_day[one_line][order]
    same = np.diff(owner[order]) == 0
    assert same.any()
    assert (first[1:][same] >= end[:-1][same] - 1).all()


def test_of_a_project_that_runs_at_the_start_only_the_rest_is_left() -> None:
    _, drawn = projects(60)
    left = remaining(drawn, START)
    running = (drawn.first_day < START) & (drawn.end_day > START)
    assert running.any()
    assert (left[running] < drawn.hours[running]).all()
    assert (left[drawn.end_day <= START] == 0).all()
    assert (left[drawn.first_day >= START] == drawn.hours[drawn.first_day >= START]).all()


def test_nobody_works_around_the_spring_festival_and_on_national_day() -> None:
    epoch = date(1970, 1, 1).toordinal()
    closed = [date(2026, 2, 12), date(2026, 2, 17), date(2026, 2, 25), date(2025, 10, 1)]
    open_ = [date(2026, 1, 15), date(2025, 7, 9), date(FIRST_YEAR, 6, 2)]
    assert all(is_rest_day(day.toordinal() - epoch, WORLD) for day in closed)
    assert not any(is_rest_day(day.toordinal() - epoch, WORLD) for day in open_)
    assert is_sunday(date(2026, 2, 8).toordinal() - epoch)


def test_rain_comes_as_often_as_it_should_and_in_spells() -> None:
    weather = Weather(Luck(3, 0), WORLD)
    days = np.array([weather.step(day) for day in range(START, START + 3_000)])
    assert abs(days.mean() - WORLD.wet_day_share) < 0.02
    after_rain = days[1:][days[:-1]]
    assert abs(after_rain.mean() - WORLD.wet_persistence_share) < 0.04


def test_work_is_shared_by_capacity_and_never_beyond_it() -> None:
    place = np.array([0, 0, 1, NOWHERE])
    work = shared(place, np.array([6.0, 100.0]), np.array([4.0, 8.0, 5.0, 9.0]))
    assert work.tolist() == [2.0, 4.0, 5.0, 0.0]


def test_ranks_count_anew_for_each_owner() -> None:
    assert rank_within(np.array([1, 1, 4, 4, 4, 9])).tolist() == [0, 1, 0, 1, 2, 0]
    assert rank_within(np.zeros(0, np.int64)).size == 0


def test_machines_stand_still_where_no_site_works() -> None:
    stage = finished("fixed")
    assert stage.facts.engine_slots > 0
    dry = of("fixed", "parameters.rain_stops_share=0")["utilisation"]
    wet = of("fixed", "parameters.rain_stops_share=1", "parameters.wet_day_share=0.45")
    assert wet["utilisation"] < dry  # type: ignore[operator]


def test_more_gaps_between_projects_mean_fewer_leases() -> None:
    busy = of("fixed", "parameters.project_gap_days_mean=0")
    slack = of("fixed", "parameters.project_gap_days_mean=180")
    assert slack["leased_share"] < busy["leased_share"]  # type: ignore[operator]


def test_a_cheaper_spot_market_takes_work_away() -> None:
    dear = of("fixed", "parameters.spot_rent_ratio_p50=2.2")
    cheap = of("fixed", "parameters.spot_rent_ratio_p50=1.1")
    assert cheap["leased_share"] < dear["leased_share"]  # type: ignore[operator]


def test_clients_who_never_pay_ruin_contractors() -> None:
    honest = of("fixed", "parameters.client_default_share=0")
    worst = of("fixed", "parameters.client_default_share=0.15", "parameters.insolvency_days=20")
    survival = "contractor_survival_rate"
    assert worst[survival] < honest[survival]  # type: ignore[operator]


def test_no_purse_is_ever_below_zero() -> None:
    for arm in ("fixed", "usage"):
        purses = finished(arm).world.economy.purses
        for name in ("cash_fen", "arrears_fen", "coming_fen"):
            assert (getattr(purses, name) >= 0).all()


@pytest.mark.parametrize(
    ("override", "field"),
    [
        ("parameters.value_fen_classes=[1000000, 2000000]", "parameters.value_fen_classes"),
        ("parameters.start_s=1740758401", "parameters.start_s"),
        ("parameters.poll_s=10000", "parameters.poll_s"),
        (
            "parameters.usage_edge_hours_options=[0, 160, 80]",
            "parameters.usage_edge_hours_options",
        ),
    ],
)
def test_a_number_that_the_model_cannot_use_is_named(override: str, field: str) -> None:
    with pytest.raises(InputError) as caught:
        parameters_of(apply(small(), [override]), "usage")
    assert caught.value.field.startswith(field)
