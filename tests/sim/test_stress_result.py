"""What a stress run came to: recoveries, latencies, errors and memory, and what holds."""

import json
from dataclasses import dataclass
from typing import Any, cast
from xml.etree import ElementTree

import pytest

from sim.stress import report
from sim.stress.faults import KILLED, Struck
from sim.stress.load import Loaded
from sim.stress.measure import Measure
from sim.stress.profile import STREAMS, profile, thresholds
from sim.stress.result import Check, Result
from sim.stress.streams import Stream


@dataclass(frozen=True, slots=True)
class Named:
    """A stream that nobody drives."""

    name: str = "money"
    unit: str = "moves"
    each: int = 1


def measured(late_seconds: range) -> Measure:
    """Twenty seconds in time, but for some that take two seconds."""
    measure = Measure("money", asked=20)
    for second in range(20):
        measure.done(second + 0.5, 2.0 if second in late_seconds else 0.01)
    return measure


def result(measure: Measure, **more: Any) -> Result:
    chosen = profile("recovery", 20.0)
    loaded = Loaded({"money": measure}, wall_s=20.0)
    streams = (cast(Stream, Named()),)
    return Result(chosen, 1, {"store": "sqlite"}, {"money": 1.0}, streams, loaded, **more)


def test_recovery_is_the_time_until_answers_are_in_time_again() -> None:
    struck = [Struck(KILLED, 5.0, 7.0)]
    found = result(measured(range(5, 9)), struck=struck)
    assert found.recoveries_s("money") == [4.0]
    checks = {check.name: check for check in found.checks(thresholds(None))}
    assert checks["recovery_after_gateway_killed_s"].holds
    # What was late because of the fault does not count as the bank's usual latency.
    assert checks["money_p99_ms"].holds
    never = result(measured(range(5, 20)), struck=struck)
    assert never.recoveries_s("money") == [None]
    assert not all(check.holds for check in never.checks(thresholds(None)))


def failing(seconds: range, *, wholly: bool) -> Measure:
    """Twenty seconds in time, but for some in which one request failed, or all."""
    measure = Measure("money")
    for second in range(20):
        if second in seconds:
            measure.failed(second + 0.5, TimeoutError())
        if second not in seconds or not wholly:
            measure.done(second + 0.5, 0.01)
    return measure


@pytest.mark.parametrize("wholly", [True, False])
def test_a_second_in_which_requests_failed_is_late(wholly: bool) -> None:
    struck = [Struck(KILLED, 5.0, 7.0)]
    outage = result(failing(range(5, 9), wholly=wholly), struck=struck)
    assert outage.recoveries_s("money") == [4.0]
    endless = result(failing(range(5, 20), wholly=wholly), struck=struck)
    assert endless.recoveries_s("money") == [None]
    nothing_after = Measure("money")
    nothing_after.failed(6.5, TimeoutError())
    assert result(nothing_after, struck=struck).recoveries_s("money") == [None]


def test_a_stream_of_which_nothing_was_asked_after_a_fault_was_not_late() -> None:
    """An alert comes every twenty seconds: none may come after the last fault."""
    rare = Measure("money", asked=1)
    rare.done(2.5, 0.01)
    for struck_s in (2.7, 5.0):
        assert result(rare, struck=[Struck(KILLED, struck_s, 7.0)]).recoveries_s("money") == [0.0]
    rare.done(6.5, 2.0)
    assert result(rare, struck=[Struck(KILLED, 5.0, 7.0)]).recoveries_s("money") == [None]


def test_a_latency_holds_only_where_somebody_was_answered() -> None:
    def check(measure: Measure) -> Check:
        return result(measure).checks(thresholds(None))[0]

    unanswered = Measure("money", asked=3)
    unanswered.failed(0.5, TimeoutError())
    found = check(unanswered)
    assert (found.name, found.holds) == ("money_p99_ms", False)
    assert found.detail == "0 answered away from faults, of 3 asked"
    assert check(Measure("money")).holds


def test_each_stream_has_a_recovery_of_its_own_and_the_last_one_counts() -> None:
    """Telemetry may be away for longer than money: its late seconds are the fault's as well."""
    struck = [Struck(KILLED, 5.0, 7.0)]
    money, telemetry = measured(range(5, 9)), Measure("telemetry", asked=10)
    for second in (2, 6, 10, 12, 14, 18):
        telemetry.done(second + 0.5, 3.0 if second in (6, 10, 12) else 0.01)
    found = result(money, struck=struck)
    found.loaded.measures["telemetry"] = telemetry
    found.streams = (*found.streams, cast(Stream, Named(name="telemetry")))
    assert found.recoveries_s("telemetry") == [8.0]
    [check] = [one for one in found.checks(thresholds(None)) if one.name.startswith("recovery")]
    assert (check.value, check.detail) == (8.0, "telemetry was late for longest")
    assert found.quiet("telemetry").count == 2
    document = found.document(thresholds(None))
    assert document["faults"][0]["in_time_again_after_s"] == {"money": 4.0, "telemetry": 8.0}


def test_what_is_late_after_the_next_fault_is_that_ones() -> None:
    struck = [Struck(KILLED, 3.0, 5.0), Struck(KILLED, 8.0, 10.0), Struck(KILLED, 17.0, 18.0)]
    found = result(measured(range(4, 12)), struck=struck)
    assert found.recoveries_s("money") == [5.0, 4.0, 0.0]
    assert found.quiet("money").percentile_us(100) < 2_000_000
    alone = result(measured(range(17, 20)), struck=struck)
    assert alone.recoveries_s("money") == [0.0, 0.0, None]


def test_errors_count_while_the_bank_must_hold_and_a_step_with_errors_is_not_borne() -> None:
    def peak(failed_at_s: float) -> Result:
        measure = measured(range(0))
        measure.failed(failed_at_s, TimeoutError())
        found = result(measure)
        found.profile = profile("peak", 20.0)
        return found

    def errors_hold(found: Result) -> bool:
        checks = {check.name: check for check in found.checks(thresholds(None))}
        return checks["money_errors_ppm"].holds

    within, beyond = peak(5.0), peak(15.0)
    assert (errors_hold(within), errors_hold(beyond)) == (False, True)
    # The step of four times the rate ends at 14 s, that of five times at 16 s.
    assert beyond.saturation_per_s("money", 50_000) == 8.0
    shape = beyond.profile.shape
    in_last = peak(shape[-2].until * 20.0 + 0.1)
    assert in_last.saturation_per_s("money", 50_000) == shape[-2].factor
    assert result(measured(range(0))).saturation_per_s("money", 50_000) is None


class Read(dict[str, float]):
    """Thresholds that remember which were asked for."""

    def __init__(self) -> None:
        super().__init__(thresholds(None))
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> float:
        self.read.add(name)
        return super().__getitem__(name)


def test_every_threshold_is_held_against_something() -> None:
    found, read = result(measured(range(0)), rss_bytes=rising(300, 110)), Read()
    found.profile = profile("soak", 300.0)
    found.streams = tuple(cast(Stream, Named(name)) for name in STREAMS)
    found.loaded.measures |= {name: measured(range(0)) for name in STREAMS}
    assert found.checks(read)
    assert read.read == set(read)


def rising(duration_s: float, until_s: float) -> list[tuple[float, int]]:
    """A process that fills its caches until then, from 100 MB on a MB a second."""
    return [(float(s), 1_000_000 * (100 + min(s, int(until_s)))) for s in range(int(duration_s))]


def test_memory_is_judged_once_its_caches_are_full() -> None:
    def growth(duration_s: float, until_s: float) -> float | None:
        found = result(measured(range(0)), rss_bytes=rising(duration_s, until_s))
        found.profile = profile("soak", duration_s)
        return found.memory_growth_permille()

    assert growth(60, 60) is None
    assert growth(300, 110) == 0
    assert growth(3_600, 800) == 0
    assert cast(float, growth(3_600, 3_600)) > 1_000


def test_what_was_missed_stands_in_every_report() -> None:
    found = result(measured(range(20)), invariants={"nothing_paid_twice": "account 3: twice"})
    document = found.document(thresholds(None))
    assert document["status"] == "missed"
    suite = ElementTree.fromstring(report.junit(document))
    assert suite.get("failures") == "2"
    assert "account 3: twice" in report.html(document)
    assert json.dumps(document)


def test_the_slowest_hundredth_decides_and_not_the_usual_request() -> None:
    def check(late_seconds: range) -> Check:
        found = result(measured(late_seconds)).checks(thresholds(None))
        [latency] = [one for one in found if one.name == "money_p99_ms"]
        return latency

    assert check(range(0)).holds
    late = check(range(7, 8))
    assert (late.holds, late.value > 1_900) == (False, True)


def test_faults_that_did_not_strike_are_told() -> None:
    def told(left_out: int) -> str:
        found = result(measured(range(0)), left_out=left_out)
        return report.html(found.document(thresholds(None)))

    assert "3 planned faults did not strike" in told(3)
    assert "did not strike" not in told(0)
