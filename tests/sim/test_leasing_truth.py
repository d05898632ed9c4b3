"""What really happens to machines, what terminals say of it, and how that travels."""

import numpy as np
import pytest

from sim.leasing.fleet import draw_fleet
from sim.leasing.grid import SLOT_S, SLOTS, day_start_s, distance_m
from sim.leasing.network import Network
from sim.leasing.parameters import parameters_of
from sim.leasing.terminals import Spoken
from sim.leasing.troubles import FAR_S, all_well
from sim.leasing.truth import Episodes, Kind, Truth
from sim.leasing.whereabouts import at_home, theft_trip
from sim.metrics.leasing_alerts import hidden, measure_alerts
from sim.portable import I64
from sim.streams import Luck
from tests.sim.leasing_runs import finished, small

P = parameters_of(small(), "usage")
N, DAY = 40, P.world.start_day
POLL_S = P.trouble.poll_s


def spoken(day: int = DAY) -> Spoken:
    """A reading of each machine in each half hour."""
    device = np.repeat(np.arange(N), SLOTS)
    true_s = day_start_s(day) + (np.tile(np.arange(SLOTS), N) + 1) * SLOT_S - 60
    columns = {name: np.zeros(device.size, np.int64) for name in Spoken.__slots__}
    return Spoken(**{**columns, "device": device, "true_s": true_s, "sequence": true_s})


def arrivals(network: Network, days: int = 6) -> tuple[I64, I64, I64]:
    """When each reading arrived: device, true time, time of the poll."""
    rows = []
    for at_s in range(day_start_s(DAY), day_start_s(DAY + days), POLL_S):
        found = network.collect(at_s)
        rows.append((found.spoken.device, found.spoken.true_s, np.full(len(found), at_s)))
    device, true_s, at_s = (np.concatenate(column) for column in zip(*rows, strict=True))
    return device, true_s, at_s


def test_an_episode_ends_when_it_ends_and_an_open_one_at_the_horizon() -> None:
    truth = Truth(3)
    truth.begin(Kind.IDLE, np.array([0, 2]), 100)
    truth.begin(Kind.IDLE, np.array([0]), 150)
    truth.end(Kind.IDLE, np.array([0, 1]), 200)
    truth.moment(Kind.ROLLBACK, np.array([1]), np.array([170]))
    found = truth.episodes(900)
    assert list(zip(found.kind, found.machine, found.start_s, found.end_s, strict=True)) == [
        (Kind.IDLE, 0, 100, 200),
        (Kind.IDLE, 2, 100, 900),
        (Kind.ROLLBACK, 1, 170, 170),
    ]


def test_nothing_arrives_before_it_is_written_and_little_gets_lost() -> None:
    network = Network(Luck(5, 0), P.trouble, N)
    sent = spoken()
    network.send(DAY, sent, all_well(N))
    device, true_s, at_s = arrivals(network)
    assert (at_s >= true_s).all()
    keys = device * 10**11 + true_s
    unique, count = np.unique(keys, return_counts=True)
    assert 0.99 * len(sent) < unique.size < len(sent)
    assert count.max() == 2
    assert 0 < (count == 2).mean() < 0.05
    # Most come with the next poll; late ones out of order.
    assert np.mean(at_s - true_s > POLL_S) < 0.05


def test_what_cannot_be_sent_comes_after_the_outage() -> None:
    ailing = all_well(N)
    start_s = day_start_s(DAY)
    ailing.outage_from_s[7], ailing.outage_until_s[7] = start_s, start_s + 30 * 3_600
    network = Network(Luck(5, 0), P.trouble, N)
    network.send(DAY, spoken(), ailing)
    device, _, at_s = arrivals(network)
    assert at_s[device == 7].min() >= start_s + 30 * 3_600
    assert at_s[device == 8].min() < start_s + 12 * 3_600


def test_thieves_take_machines_to_another_region() -> None:
    fleet = draw_fleet(Luck(5, 0), P.world, N)
    where = at_home(fleet)
    rows = np.arange(N)
    trip = theft_trip(Luck(5, 0), where, rows, DAY)
    away_m = distance_m(fleet.region, where.lat_e7, where.lon_e7, trip.lat_e7, trip.lon_e7)
    assert (away_m > 100_000).all()
    assert (trip.slot + trip.slots <= SLOTS).all()


def test_no_truth_reaches_the_bank() -> None:
    """Every column of what arrives is one that a terminal could know."""
    known = set(Spoken.__slots__) - {"true_s"}
    assert not known & {"burn", "gone", "spoofs", "kind", "truth", "lessee"}


@pytest.mark.slow
def test_a_terminal_that_was_taken_off_says_so_and_then_nothing() -> None:
    stage = finished("usage", "parameters.terminal_removed_per_year=1.0")
    episodes = stage.world.truth.episodes(day_start_s(stage.end_day))
    opened = np.flatnonzero(episodes.kind == Kind.TAMPER)
    assert opened.size > 1
    values = measure_alerts(stage)
    assert values["alert_recall.tamper"] is not None
    assert values["alert_recall.tamper"] > 0.8


@pytest.mark.slow
def test_turned_meters_do_not_cheapen_the_rent() -> None:
    stage = finished("usage", "parameters.rollback_per_year=2.0")
    assert stage.world.troubles.ailing.offset_s.any()
    turned = stage.world.troubles.ailing.offset_s > 0
    twins = stage.system.leasing.twins(("engine_s", "engine_before_s"))
    reconciled_s = (twins["engine_s"] + twins["engine_before_s"])[turned]
    true_s = stage.world.tanks.engine_s[turned]
    heard = stage.world.troubles.ailing.silent_from_s[turned] == FAR_S
    assert (np.abs(reconciled_s - true_s)[heard] <= 2 * 24 * 3_600).all()


def test_a_silence_hides_what_begins_and_ends_in_it() -> None:
    kinds = [Kind.OFFLINE, Kind.IDLE, Kind.IDLE, Kind.IDLE]
    machine, start, end = [1, 1, 1, 2], [100, 110, 90, 110], [200, 190, 190, 190]
    columns = (np.array(column, np.int64) for column in (kinds, machine, start, end))
    assert hidden(Episodes(*columns)).tolist() == [False, True, False, False]
