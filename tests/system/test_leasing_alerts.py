"""Alerts from their first word to their end, and what is done about them; on both books."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from system.bootstrap_leasing import LeasingSystem, build_leasing
from system.compliance import audit
from system.errors import InputError
from system.leasing.absorb import Absorbed
from system.leasing.alerts import AlertSheet, settle
from system.leasing.commands import (
    AcknowledgeAlerts,
    ActOnAlert,
    ClearAlerts,
    EscalateAlerts,
    SettleAction,
)
from system.leasing.events import BANK, MACHINE
from system.leasing.evidence import Turn, alert_id
from system.leasing.policy import DEFAULT_POLICY
from system.leasing.records import (
    ALERTS,
    ActionKind,
    ActionState,
    Alert,
    AlertKind,
    AlertState,
    Severity,
)
from system.leasing.rules import Refusal
from system.ledger import outbox
from system.ledger.outbox import OUTBOX
from tests.system.leasing_world import (
    DAY_MS,
    HOUR_MS,
    LAT_E7,
    MONDAY_MS,
    HeldClock,
    joined,
    readings,
    sqlite_url,
    system_of,
)

NOW_S = MONDAY_MS // 1_000 + 7_200
OUTSIDE = readings(8, lat_e7=LAT_E7 + 100_000 + np.arange(8))
INSIDE = readings(8, start_ms=MONDAY_MS + 2 * HOUR_MS, engine_s=3_607_200 + np.arange(8) * 900)


@pytest.fixture(params=["memory", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return "memory" if request.param == "memory" else sqlite_url(tmp_path)


@pytest.fixture
def breached(url: str) -> Iterator[LeasingSystem]:
    """A machine that is outside its fence now."""
    built = system_of(url, clock=HeldClock(NOW_S))
    built.leasing.take_in(OUTSIDE)
    yield built
    built.close()


def the_alert(system: LeasingSystem) -> Alert:
    [alert] = system.leasing.alerts()
    return alert


def told(system: LeasingSystem, target: str = BANK) -> list[tuple[str, str]]:
    """What left for the bank, in order: event and state."""
    with system.book.transaction() as unit:
        rows = [row for row in unit.rows.scan(OUTBOX) if row.target == target]
    rows.sort(key=lambda row: (row.ordering_key, row.sequence))
    loads = [json.loads(row.payload) for row in rows]
    return [(load.get("event", load.get("order")), load.get("state", "")) for load in loads]


def clock_of(system: LeasingSystem) -> HeldClock:
    clock = system.leasing._parts.clock
    assert isinstance(clock, HeldClock)
    return clock


def test_an_alert_is_raised_taken_on_and_over_when_its_cause_is(breached: LeasingSystem) -> None:
    alert = the_alert(breached)
    take = AcknowledgeAlerts("take", (alert.alert_id,), "li")
    assert breached.leasing.acknowledge(take) == [Refusal.NONE]
    assert breached.leasing.acknowledge(take) == [Refusal.NONE]
    breached.leasing.take_in(INSIDE)
    closed = the_alert(breached)
    assert (closed.state, closed.officer, closed.end_ms) == (
        AlertState.CLEARED,
        "li",
        OUTSIDE.at_ms[-1] + 2 * 900_000,
    )
    assert told(breached) == [
        ("raised", "RAISED"),
        ("acknowledged", "ACKNOWLEDGED"),
        ("cleared", "CLEARED"),
    ]


def test_one_open_alert_per_machine_and_kind_however_often_it_shows(
    breached: LeasingSystem,
) -> None:
    flapping = INSIDE.lat_e7.copy()
    flapping[1::3] += 100_000
    flapping[2::3] += 100_000
    columns = {"lat_e7": flapping, "engine_s": INSIDE.engine_s}
    breached.leasing.take_in(readings(8, start_ms=MONDAY_MS + 2 * HOUR_MS, **columns))
    assert len(breached.leasing.alerts()) == 1
    assert told(breached) == [("raised", "RAISED")]


def test_an_alert_that_nobody_takes_goes_up_in_rank_and_severity(url: str) -> None:
    system = system_of(url, clock=HeldClock(NOW_S))
    system.leasing.take_in(readings(8))
    clock_of(system).at_s += 2 * 86_400
    system.leasing.tick((NOW_S + 2 * 86_400) * 1_000)
    assert the_alert(system).state == AlertState.RAISED
    clock_of(system).at_s += 2 * 86_400
    assert system.leasing.tick((NOW_S + 4 * 86_400) * 1_000) == 1
    assert system.leasing.tick((NOW_S + 9 * 86_400) * 1_000) == 0
    alert = the_alert(system)
    assert (alert.state, alert.severity) == (AlertState.ESCALATED, Severity.CRITICAL)
    system.close()


def test_a_cleared_alert_stays_closed_while_its_cause_lasts(breached: LeasingSystem) -> None:
    name = the_alert(breached).alert_id
    assert breached.leasing.clear(ClearAlerts("c", (name,), "li", "agreed")) == [Refusal.NONE]
    after = MONDAY_MS + 2 * HOUR_MS
    engine_s = INSIDE.engine_s
    breached.leasing.take_in(
        readings(8, start_ms=after, lat_e7=LAT_E7 + 100_000, engine_s=engine_s)
    )
    assert the_alert(breached).state == AlertState.CLEARED
    assert [event for event, _ in told(breached)] == ["raised", "cleared"]


def test_late_readings_withdraw_an_alert(url: str) -> None:
    """Silent for a day, then the terminal hands in what it had kept: the bank hears of both."""
    system = system_of(url, clock=HeldClock(NOW_S))
    kept = readings(96, start_ms=MONDAY_MS + 2 * HOUR_MS, engine_s=3_607_200 + np.arange(96) * 900)
    system.leasing.take_in(readings(8))
    system.leasing.tick(MONDAY_MS + DAY_MS)
    assert the_alert(system).state == AlertState.RAISED
    system.leasing.take_in(kept)
    assert the_alert(system).state == AlertState.CORRECTED
    assert told(system) == [("raised", "RAISED"), ("corrected", "CORRECTED")]
    system.close()


def test_every_refusal_of_answers_to_alerts_is_given(breached: LeasingSystem) -> None:
    leasing, name = breached.leasing, the_alert(breached).alert_id
    assert leasing.acknowledge(AcknowledgeAlerts("1", ("9/IDLE/1", name), "li")) == [
        Refusal.ALERT_UNKNOWN,
        Refusal.NONE,
    ]
    assert leasing.acknowledge(AcknowledgeAlerts("1", (name,), "li")) == [Refusal.COMMAND_ID_REUSED]
    assert leasing.acknowledge(AcknowledgeAlerts("2", (name,), "wu")) == [Refusal.ALERT_TAKEN]
    assert leasing.escalate(EscalateAlerts("3", (name,), "li")) == [Refusal.NONE]
    assert leasing.escalate(EscalateAlerts("4", (name,), "li")) == [Refusal.ALERT_ALREADY_ESCALATED]
    assert leasing.clear(ClearAlerts("5", (name,), "li", "seen")) == [Refusal.NONE]
    assert leasing.clear(ClearAlerts("6", (name,), "li", "seen")) == [Refusal.ALERT_CLOSED]
    with pytest.raises(InputError, match="officer"):
        leasing.acknowledge(AcknowledgeAlerts("7", (name,), ""))


def test_a_machine_is_stopped_by_two_people_and_its_own_word(breached: LeasingSystem) -> None:
    leasing, name = breached.leasing, the_alert(breached).alert_id
    stop = ActionKind.IMMOBILISE
    for number, checker in enumerate(("", "li")):
        alone = ActOnAlert(f"alone-{number}", name, stop, "li", checker)
        assert leasing.act(alone) == Refusal.NEEDS_FOUR_EYES
    order = ActOnAlert("stop", name, stop, "li", "wu")
    assert leasing.act(order) == leasing.act(order) == Refusal.NONE
    assert leasing.act(ActOnAlert("again", name, stop, "li", "wu")) == Refusal.ALREADY_IMMOBILISED
    assert told(breached, MACHINE) == [("IMMOBILISE", "")]
    assert leasing.machines(["immobilised"])["immobilised"].tolist() == [0, 0, 0]
    by_hand = SettleAction("by-hand", "stop", True, "li")
    assert leasing.settle_action(by_hand) == Refusal.SETTLED_BY_MACHINE
    assert leasing.receipt("stop", done=True)
    assert not leasing.receipt("stop", done=True)
    assert leasing.machines(["immobilised"])["immobilised"].tolist() == [1, 0, 0]
    with breached.book.transaction() as unit:
        assert outbox.pending(unit.rows, MACHINE, 9) == []
    assert leasing.act(ActOnAlert("go", name, ActionKind.RELEASE, "li", "wu")) == Refusal.NONE
    assert leasing.receipt("go", done=True)
    assert leasing.machines(["immobilised"])["immobilised"].tolist() == [0, 0, 0]
    assert leasing.act(ActOnAlert("go2", name, ActionKind.RELEASE, "li", "wu")) == (
        Refusal.NOT_IMMOBILISED
    )


def test_orders_leave_for_a_machine_one_after_the_other(breached: LeasingSystem) -> None:
    leasing, name = breached.leasing, the_alert(breached).alert_id
    leasing.act(ActOnAlert("stop", name, ActionKind.IMMOBILISE, "li", "wu"))
    leasing.act(ActOnAlert("go", name, ActionKind.RELEASE, "li", "wu"))
    with breached.book.transaction() as unit:
        assert [m.message_id for m in outbox.pending(unit.rows, MACHINE, 9)] == ["stop"]
    leasing.receipt("stop", done=False, note="engine on")
    with breached.book.transaction() as unit:
        assert [m.message_id for m in outbox.pending(unit.rows, MACHINE, 9)] == ["go"]


def test_people_settle_what_people_do(breached: LeasingSystem) -> None:
    leasing, name = breached.leasing, the_alert(breached).alert_id
    assert leasing.act(ActOnAlert("call", name, ActionKind.CALL, "li")) == Refusal.NONE
    assert leasing.settle_action(SettleAction("s1", "none", True, "li")) == Refusal.ACTION_UNKNOWN
    assert leasing.settle_action(SettleAction("s2", "call", True, "li")) == Refusal.NONE
    assert leasing.settle_action(SettleAction("s3", "call", False, "li")) == Refusal.ACTION_SETTLED
    [action] = leasing.actions(name)
    assert (action.kind, action.state) == (ActionKind.CALL, ActionState.DONE)
    with pytest.raises(InputError, match="action_id"):
        leasing.receipt("call", done=True)


def test_an_alert_shows_the_readings_on_which_it_rests(breached: LeasingSystem) -> None:
    evidence = json.loads(the_alert(breached).evidence)
    first, second = evidence["readings"]
    assert (first["sequence"], second["sequence"]) == (0, 1)
    assert second["lat_e7"] == LAT_E7 + 100_001
    assert (evidence["measure"], evidence["bound"]) == (2, 2)


def test_a_new_process_goes_on_where_the_last_one_stopped(tmp_path: Path) -> None:
    """What was committed is there, and what comes again has no second effect."""
    first = system_of(sqlite_url(tmp_path), clock=HeldClock(NOW_S))
    first.leasing.take_in(OUTSIDE)
    first.close()
    second = build_leasing(clock=HeldClock(NOW_S), store_url=sqlite_url(tmp_path))
    assert second.leasing.take_in(OUTSIDE).stored == 0
    second.leasing.take_in(INSIDE)
    assert the_alert(second).state == AlertState.CLEARED
    assert [event for event, _ in told(second)] == ["raised", "cleared"]
    with second.book.transaction() as unit:
        assert audit.verify(unit.rows) is None
    second.close()


def test_a_failure_in_mid_work_leaves_nothing_half_done(
    breached: LeasingSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The outbox breaks: neither twin nor alert nor history has moved; then all of it does."""
    before = breached.leasing.twins(["at_ms"])["at_ms"].tolist()

    def broken(*_: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as broken_world:
        broken_world.setattr("system.leasing.alerts.outbox.enqueue", broken)
        with pytest.raises(RuntimeError, match="power cut"):
            breached.leasing.take_in(INSIDE)
    assert breached.leasing.twins(["at_ms"])["at_ms"].tolist() == before
    assert the_alert(breached).state == AlertState.RAISED
    assert breached.leasing.take_in(INSIDE).stored == len(INSIDE)
    assert the_alert(breached).state == AlertState.CLEARED


def test_a_machine_that_is_not_enrolled_is_refused_whole(breached: LeasingSystem) -> None:
    with pytest.raises(InputError, match="device = 3"):
        breached.leasing.take_in(joined(INSIDE, readings(2, device=3)))
    assert the_alert(breached).state == AlertState.RAISED


def looked(
    system: LeasingSystem, *turns: tuple[int, bool], again_from_ms: int = 0, is_on: bool = False
) -> AlertState:
    """Settle episodes of a leak that began at hour 0 (hour, ended), and the alert's state then.

    again_from_ms: a second look from there on.  is_on: the leak was on there.
    """
    found = [Turn(0, AlertKind.FUEL_LEAK, MONDAY_MS, h * HOUR_MS, e, "{}") for h, e in turns]
    name = alert_id(0, AlertKind.FUEL_LEAK, MONDAY_MS)
    again = {0: again_from_ms} if again_from_ms else {}
    lasting = frozenset([name] if is_on else [])
    with system.book.transaction() as unit:
        sheet = AlertSheet(unit.rows, DEFAULT_POLICY, NOW_S)
        settle(sheet, Absorbed(found, again, {}, 0, lasting), {0: MONDAY_MS + 9 * HOUR_MS})
        sheet.write()
        [alert] = unit.rows.get(ALERTS, [(name,)])
    assert alert is not None
    return AlertState(alert.state)


def test_a_leak_that_came_back_under_its_name_is_over_when_a_second_look_finds_none(
    url: str,
) -> None:
    system = system_of(url, clock=HeldClock(NOW_S))
    first, second = MONDAY_MS // HOUR_MS + 1, MONDAY_MS // HOUR_MS + 5
    assert looked(system, (first, False)) == AlertState.RAISED
    assert looked(system, (first + 1, True)) == AlertState.CLEARED
    assert looked(system, (second, False)) == AlertState.RAISED
    since_ms = (second - 1) * HOUR_MS
    assert looked(system, again_from_ms=since_ms, is_on=True) == AlertState.RAISED
    assert looked(system, again_from_ms=since_ms) == AlertState.CLEARED
    assert looked(system, again_from_ms=since_ms) == AlertState.CLEARED
    system.close()
