"""What breaks between machines, broker, service and bank, and what it may change."""

import pytest

from sim.failure import attempt
from sim.fault_kinds import KINDS, kinds_of
from sim.leasing.channel_columns import ColumnChannel
from sim.trace import first_difference
from sim.world import Task
from system.errors import InputError
from tests.sim.faulty import broken, fault
from tests.sim.faulty_leasing import calm, leasing_with, outcome

KNOWN = kinds_of("leasing")
HIDDEN = [name for name in KNOWN if KINDS[name].hidden]
SEEN = [name for name in KNOWN if name not in HIDDEN]
_LONG = {"at": 2, "for": 22}


def storm(kinds: list[str], **when: float) -> list[dict[str, object]]:
    return [fault(kind, 0.1, **(when or _LONG)) for kind in kinds]


@pytest.mark.parametrize("wiring", ["columns", "full"])
def test_all_faults_that_should_not_show_leave_no_trace(wiring: str) -> None:
    disturbed = outcome(leasing_with(*storm(HIDDEN)), wiring)
    assert {f"fault.{kind}" for kind in HIDDEN} <= set(disturbed.runtime)
    assert first_difference(calm().log, disturbed.log) is None
    assert disturbed.metrics == calm().metrics
    assert not broken(disturbed)


def test_under_faults_that_show_everything_heals_and_both_wirings_tell_the_same() -> None:
    scenario = leasing_with(*storm(SEEN, every=3, **{"for": 0.7}))
    fast, full = outcome(scenario), outcome(scenario, "full")
    assert len({name for name in fast.runtime if name.startswith("fault.")}) >= len(SEEN) - 2
    assert first_difference(fast.log, full.log) is None
    assert not broken(fast)
    assert not broken(full)


def test_a_broker_that_is_away_delays_readings_and_loses_none() -> None:
    away = outcome(leasing_with(fault("broker_down", 1, at=12, **{"for": 3})))
    assert away.runtime["fault.broker_down"] >= 10
    assert not broken(away)
    assert first_difference(calm().log, away.log) is not None
    # Three days of silence of all are told of nobody.
    silent, usual = (
        sum(event.kind == "alert" and "offline" in event.subject for event in run.log.events())
        for run in (away, calm())
    )
    assert silent <= usual


def test_the_lessor_without_telemetry_does_not_notice_a_bad_line() -> None:
    line = [kind for kind in KNOWN if kind.startswith(("mqtt", "broker", "consumer"))]
    disturbed = outcome(leasing_with(*storm(line)), arm="fixed")
    assert first_difference(outcome(leasing_with(), arm="fixed").log, disturbed.log) is None


def test_a_service_that_nobody_could_get_through_to_is_refused() -> None:
    with pytest.raises(InputError, match="write at most"):
        outcome(leasing_with(fault("service_killed", 0.5)))


def test_a_consumer_that_forgets_a_poll_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = ColumnChannel._take_in

    def forgetful(channel: ColumnChannel, arrived: object) -> None:
        if arrived.at_s % 864_000 >= 21_600:  # type: ignore[attr-defined]
            sound(channel, arrived)  # type: ignore[arg-type]

    monkeypatch.setattr(ColumnChannel, "_take_in", forgetful)
    task = Task(leasing_with(*storm(["mqtt_late"])), "usage", 0, "columns", "revm", "memory")
    _, failure = attempt(task)
    assert failure is not None
    assert failure.what == "every_reading_arrives"
    assert "have not arrived" in failure.error
