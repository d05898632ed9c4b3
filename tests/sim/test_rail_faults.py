"""The payment rail fails: what was sent arrives once, and the books end as if nothing had been."""

from functools import cache

import pytest

from sim.faults import Faults, Window
from sim.receivables.chain_platform import Platform
from sim.receivables.economy import Economy
from sim.receivables.model import run_chain, simulate_receivables
from sim.streams import Luck
from sim.trace import first_difference
from sim.twins.faulty_rail import FaultyRail
from sim.world import Outcome, Task
from system.adapters.memory_store import MemoryStore
from system.adapters.rail_embedded import RAIL_TABLES, TRANSFERS, EmbeddedRail
from system.errors import RailUnavailable
from system.ledger.records import ACCOUNTS
from system.limits import DAY_S
from system.payments.records import PAYMENTS
from tests.ports.rail_box import NOON_S, HandClock
from tests.ports.test_rail import message
from tests.sim.faulty import BY_RAIL, broken, calm, fault, outcome, with_faults

START_S = 1_767_542_400
# From just after the debtors' payment runs at three until ten at night, when nobody decides.
EVENING = {"for": 7 / 24}
DAYS = range(5, 45)


def evenings(severity: float) -> list[dict[str, object]]:
    return [fault("rail_down", severity, at=day + 15.02 / 24, **EVENING) for day in DAYS]


def railed(*faults: dict[str, object]) -> Outcome:
    return outcome(with_faults(*faults, arm=BY_RAIL))


@cache
def world(severity: float) -> tuple[Economy, Platform]:
    """A run whose rail fails every evening; of severity 0 one that never does."""
    scenario = with_faults(*(evenings(severity) if severity else ()), arm=BY_RAIL)
    return run_chain(Task(scenario, "chain", 0, "columns", "revm", "memory"))


def line(kind: str, severity: float) -> tuple[FaultyRail, MemoryStore]:
    store, clock = MemoryStore(RAIL_TABLES), HandClock()
    windows = (Window(kind, 0, 2 * NOON_S, severity),)
    faults = Faults(windows, Luck(1, 0), clock.now_s)
    return FaultyRail(EmbeddedRail(store, clock), faults), store


def test_half_of_the_calls_that_fail_have_arrived() -> None:
    rail, store = line("rail_down", 1)
    for number in range(200):
        with pytest.raises(RailUnavailable, match="send the same message again"):
            rail.submit(f"M{number}", message(f"M{number}", f"P{number}"))
    with store.transaction() as unit:
        assert 80 <= len(unit.scan(TRANSFERS)) <= 120


def test_a_line_that_stutters_repeats_what_was_acknowledged() -> None:
    rail, _ = line("rail_duplicated", 1)
    rail.submit("M1", message("M1", "P1"))
    told = rail.collect()
    assert list(rail.collect()) == list(told), "nothing is acknowledged yet"
    rail.acknowledge([one.delivery_id for one in told])
    assert list(rail.collect()) == list(told)
    rail.acknowledge([one.delivery_id for one in told])


def test_cash_is_usable_when_the_rail_has_confirmed_it_and_not_before() -> None:
    data = with_faults(arm=BY_RAIL | {"cash_out_window_s": 600})
    events = list(outcome(data).log.events())
    paid_at_s = {event.at_s for event in events if event.kind == "rail_paid"}
    funded_at_s = [event.at_s for event in events if event.kind == "funded"]
    assert len(funded_at_s) > 3
    assert {at_s - 600 for at_s in funded_at_s} <= paid_at_s


def test_calls_that_break_off_leave_no_trace_where_asking_again_gets_through() -> None:
    disturbed = railed(*evenings(0.5))
    assert disturbed.runtime["fault.rail_down"] >= 10
    assert first_difference(calm(by_rail=True).log, disturbed.log) is None
    assert disturbed.metrics == calm(by_rail=True).metrics
    assert not broken(disturbed)


def test_after_an_outage_the_books_are_those_of_the_undisturbed_run() -> None:
    (economy, platform), (_, undisturbed) = world(1), world(0)
    late_s = [e.at_s for e in economy.log.events() if e.kind == "rail_paid"]
    soon_s = [e.at_s for e in world(0)[0].log.events() if e.kind == "rail_paid"]
    assert sum(late_s) - sum(soon_s) > 10 * 3_600
    for system in (platform.system, undisturbed.system):
        with system.store.transaction() as unit:
            assert {row.state for row in unit.scan(PAYMENTS)} == {"settled"}
    books = []
    for one in (platform, undisturbed):
        assert one.rail is not None
        with one.system.store.transaction() as unit, one.rail.books.transaction() as there:
            paid = [(t.end_to_end_id, t.account, t.amount_fen) for t in there.scan(TRANSFERS)]
            books.append((unit.scan(ACCOUNTS), sorted(paid)))
    assert books[0] == books[1]


def test_nothing_arrives_in_a_long_outage_and_all_of_it_afterwards() -> None:
    disturbed = railed(fault("rail_down", 1, at=8, **{"for": 10}))
    days = {(e.at_s - START_S) // DAY_S for e in disturbed.log.events() if e.kind == "rail_paid"}
    assert days
    assert not days & set(range(8, 18))
    longer_s = disturbed.metrics["stage_delay_s_mean.payment_rail"]
    assert longer_s is not None
    assert longer_s > DAY_S
    assert not broken(disturbed)


@pytest.mark.parametrize("kind", ["service_killed", "disk_full", "store_locked"])
def test_a_process_that_dies_between_books_and_rail_pays_once(kind: str) -> None:
    disturbed = railed(fault(kind, 0.1), *evenings(0.5))
    assert disturbed.runtime[f"fault.{kind}"] >= 10
    assert first_difference(calm(by_rail=True).log, disturbed.log) is None
    assert not broken(disturbed)


def test_the_same_run_twice_is_the_same() -> None:
    faults = (fault("rail_down", 0.5), fault("rail_duplicated", 0.5))
    assert railed(*faults).log.digest() == railed(*faults).log.digest()


@pytest.mark.slow
def test_both_wirings_meet_the_same_rail() -> None:
    scenario = with_faults(fault("rail_down", 0.5), fault("rail_duplicated", 0.5), arm=BY_RAIL)
    full = simulate_receivables(Task(scenario, "chain", 0, "full", "embedded", "sqlite"))
    assert first_difference(outcome(scenario).log, full.log) is None
    assert not broken(full)
