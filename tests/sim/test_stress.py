"""Load and faults on a bank of its own: what is measured, what must hold, what breaks."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree

import numpy as np
import pytest

from sim.__main__ import call
from sim.checks.auditor import HELD
from sim.streams import Luck
from sim.stress import report
from sim.stress.arrivals import Phase, festival_factor, instants_s, ranks
from sim.stress.audit import paid_out
from sim.stress.bank import Bank
from sim.stress.client import Client
from sim.stress.faults import KILLED, Faults, Struck, schedule
from sim.stress.fleet import Machines
from sim.stress.gateway import Gateway, Refused
from sim.stress.histogram import Histogram
from sim.stress.http import Answer, Unanswered
from sim.stress.load import Loaded, drive
from sim.stress.measure import Measure
from sim.stress.profile import names, profile, rates_per_s, thresholds
from sim.stress.proxy import Proxy
from sim.stress.result import Result
from sim.stress.server import Server
from sim.stress.streams import Decisions, Money, Stream
from system.adapters.memory_store import MemoryStore
from system.errors import InputError
from system.payments import desk
from system.payments.desk import Order
from system.payments.records import PAYMENT_TABLES


def test_the_memory_of_a_server_is_its_own_and_that_of_what_it_started(tmp_path: Path) -> None:
    server = Server(tmp_path, b"", {}, 1, 2)
    assert (server.rss_bytes(), server.started()) == (0, [])
    program = "import subprocess; subprocess.Popen(['cat']); print(1, flush=True); input()"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=-1, stdout=-1) as server.process:
        assert server.process.stdout is not None
        server.process.stdout.readline()
        [child] = server.started()
        both = server.rss_bytes()
        os.kill(child, signal.SIGKILL)
        while Path(f"/proc/{child}/cmdline").read_bytes():
            time.sleep(0.01)
        alone = server.rss_bytes()
        server.process.communicate(b"\n")
    assert both > alone > 0
    assert server.rss_bytes() == 0


def test_percentiles_are_known_to_one_percent() -> None:
    values = np.random.Generator(np.random.Philox(7)).lognormal(9, 1, 5_000).astype(int)
    held, other = Histogram(), Histogram()
    for value in values[:2_000].tolist():
        held.add(value)
    for value in values[2_000:].tolist():
        other.add(value)
    held.merge(other)
    for percent in (1, 50, 90, 99, 99.9, 100):
        exact = int(np.sort(values)[-(-5_000 * round(percent * 10) // 1_000) - 1])
        assert exact <= held.percentile_us(percent) <= 1.011 * exact + 1, percent
    assert Histogram().percentile_us(99) == 0


def test_arrivals_follow_the_shape_and_the_seed() -> None:
    shape = [Phase(0.5, 1.0), Phase(1.0, 4.0)]
    at = instants_s(Luck(1, 0), "money", 100.0, shape, 100.0)
    assert (np.diff(at) >= 0).all()
    first = int((at < 50).sum())
    assert abs(first - 5_000) < 4 * 71
    assert abs(at.size - first - 20_000) < 4 * 142
    assert (at == instants_s(Luck(1, 0), "money", 100.0, shape, 100.0)).all()
    assert at.size != instants_s(Luck(2, 0), "money", 100.0, shape, 100.0).size
    who = Counter(ranks(Luck(1, 0), "money", 50, 10_000).tolist())
    assert set(who) <= set(range(50))
    assert who[0] > 5 * who[49]


def test_profiles_and_thresholds_are_data_that_is_checked(tmp_path: Path) -> None:
    assert names() == ["steady", "peak", "spike", "soak", "faults", "recovery"]
    assert festival_factor() == 2.5
    assert max(phase.factor for phase in profile("peak", None).shape[:2]) == 2.5
    assert rates_per_s(1.0, "money") == {"money": 300.0}
    with pytest.raises(InputError, match="use one of steady"):
        profile("storm", None)
    with pytest.raises(InputError, match="only"):
        rates_per_s(1.0, "gold")
    file = tmp_path / "own.toml"
    file.write_text("[thresholds]\nmoney_p99_ms_max = 7\n")
    assert thresholds(file)["money_p99_ms_max"] == 7
    assert thresholds(file)["alerts_p99_ms_max"] == 2_000
    for text in ("money_p99_ms_max = -1", "gold = 1", "money_p99_ms_max = true", "= 1"):
        file.write_text(text)
        with pytest.raises(InputError):
            thresholds(file)
    assert call(["stress", "storm"]) == 2


def test_faults_are_planned_from_the_seed() -> None:
    planned = schedule(profile("faults", 900.0), Luck(1, 0), None)
    assert Counter(kind for _, kind in planned)[KILLED] == 50
    assert planned == sorted(planned) == schedule(profile("faults", 900.0), Luck(1, 0), None)
    assert planned != schedule(profile("faults", 900.0), Luck(2, 0), None)
    restarts = schedule(profile("faults", 900.0), Luck(1, 0), None, ("broker", "database"))
    assert {kind for _, kind in restarts} - {kind for _, kind in planned} == {
        "broker_restarted",
        "database_restarted",
    }


def test_a_part_behind_the_bank_is_restarted_by_its_own_command(tmp_path: Path) -> None:
    up = tmp_path / "up"
    commands = {"broker": f"touch {up}", "node": "exit 3"}
    faults = Faults(cast(Server, None), cast(Proxy, None), commands)
    loaded = Loaded({}, wall_s=0.0)
    asyncio.run(faults.strike("broker_restarted", loaded))
    assert up.exists()
    assert [one.kind for one in faults.struck] == ["broker_restarted"]
    with pytest.raises(InputError, match="once node is up again: exit 3"):
        asyncio.run(faults.strike("node_restarted", loaded))


def test_a_restart_without_a_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["stress", "faults", "--restart", "broker"]) == 2
    assert "PART=COMMAND" in capsys.readouterr().err


class Slow:
    """Takes a tenth of a second; the second one breaks."""

    unit, each = "moves", 1

    def __init__(self, name: str = "money") -> None:
        self.name = name

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def arrive(self, number: int, intended_s: float) -> float:
        if number == 1:
            raise TimeoutError
        await asyncio.sleep(0.1)
        return asyncio.get_running_loop().time()


async def nothing(_: Loaded) -> None: ...


def test_latency_counts_from_the_intended_start_and_errors_are_kept() -> None:
    loop = asyncio.new_event_loop()
    at = {"money": np.array([0.0, 0.0, 0.0])}
    loaded = loop.run_until_complete(drive([cast(Stream, Slow())], at, nothing))
    loop.close()
    measure = loaded.measures["money"]
    assert (measure.asked, measure.whole().count) == (3, 2)
    assert measure.whole().percentile_us(50) >= 100_000
    assert measure.errors == {"TimeoutError: ": 1}


class Clerk:
    """Takes a while for each application, and refuses a second one beside it."""

    def __init__(self) -> None:
        self.open: set[str] = set()

    async def command(self, client: Client, path: str, body: Any, key: str) -> Any:
        merchant = path.rsplit("/", 1)[0]
        if path.endswith("closing"):
            self.open.discard(merchant)
            return {}
        if merchant in self.open:
            raise Refused(Answer(409, b"application_line_exists"))
        self.open.add(merchant)
        await asyncio.sleep(0.01)
        return {"approved": True}


def test_whoever_has_an_application_under_way_does_not_apply_again() -> None:
    shop = Client("c", "p", "s")
    bank = Bank(shop, (shop,), 1, (), (3, 4), 0, Machines(shop, (), 0))
    loop = asyncio.new_event_loop()
    decisions = Decisions(cast(Gateway, Clerk()), bank, loop.time, "r")
    at = {"decisions": np.zeros(7)}
    loaded = loop.run_until_complete(drive([decisions], at, nothing))
    loop.close()
    assert loaded.measures["decisions"].errors == {}
    assert decisions.approved == 7
    # Who waits for a free merchant is late, and counted so.
    assert loaded.measures["decisions"].whole().percentile_us(99) >= 40_000


class Deaf:
    """Does what it is told, once per key, and does not answer the first time."""

    def __init__(self) -> None:
        self.done: dict[str, int] = {}

    async def command(self, client: Client, path: str, body: Any, key: str) -> Any:
        answered = key in self.done
        self.done[key] = body["amount_fen"]
        if not answered:
            raise Unanswered("the line broke")
        return body


def test_what_clients_gave_up_is_asked_for_once_more_before_the_audit() -> None:
    shop = Client("c", "p", "s")
    fleet = Machines(shop, (), 0)
    bank = Bank(shop, (shop,), 1, (0,), (), 0, fleet)
    deaf = Deaf()
    loop = asyncio.new_event_loop()
    money = Money(cast(Gateway, deaf), bank, np.zeros(1, np.int64), loop.time, "r")
    loaded = loop.run_until_complete(drive([money], {"money": np.array([0.0])}, nothing))
    loop.close()
    assert sum(loaded.measures["money"].errors.values()) == 1
    assert money.received_fen[0] == sum(deaf.done.values()) == 50_000


@pytest.mark.parametrize(
    ("told_fen", "verdict"),
    [
        (50_000, HELD),
        (60_000, "merchant/0 drew 60000 fen, and is paid 50000 fen"),
        (0, "merchant/0 drew 0 fen, and is paid 50000 fen"),
    ],
)
def test_a_draw_that_is_not_paid_out_or_twice_is_found(told_fen: int, verdict: str) -> None:
    store = MemoryStore(PAYMENT_TABLES)
    with store.transaction() as unit:
        orders = [Order("credit", "merchant/0", cause, 50_000) for cause in ("c/k", "overpaid/c/r")]
        desk.order(unit, [*orders, Order("receivables", "s-1", "c/k", 7)], 0)
        assert paid_out(unit, {0: told_fen, 1: 0}) == verdict


def measured(late_seconds: range) -> Measure:
    """Twenty seconds in time, but for some that take two seconds."""
    measure = Measure("money", asked=20)
    for second in range(20):
        measure.done(second + 0.5, 2.0 if second in late_seconds else 0.01)
    return measure


def result(measure: Measure, **more: Any) -> Result:
    chosen = profile("recovery", 20.0)
    loaded = Loaded({"money": measure}, wall_s=20.0)
    streams = (cast(Stream, Slow()),)
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


def test_each_stream_has_a_recovery_of_its_own_and_the_last_one_counts() -> None:
    """Telemetry may be away for longer than money: its late seconds are the fault's as well."""
    struck = [Struck(KILLED, 5.0, 7.0)]
    money, telemetry = measured(range(5, 9)), Measure("telemetry", asked=10)
    for second in (2, 6, 10, 12, 14, 18):
        telemetry.done(second + 0.5, 3.0 if second in (6, 10, 12) else 0.01)
    found = result(money, struck=struck)
    found.loaded.measures["telemetry"] = telemetry
    found.streams = (*found.streams, cast(Stream, Slow(name="telemetry")))
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


@pytest.mark.slow
def test_a_bank_under_load_is_killed_and_loses_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own.toml"
    lenient = [f"{name}_p99_ms_max = 60000" for name in rates_per_s(1.0, None)]
    own.write_text("\n".join(["[thresholds]", "recovery_s_max = 600", *lenient]))
    files = {kind: tmp_path / f"stress.{kind}" for kind in ("junit", "html")}
    options = ["--duration", "4", "--rate", "0.1", "--merchants", "40", "--thresholds", str(own)]
    outputs = [part for kind, file in files.items() for part in (f"--{kind}", str(file))]
    code = call(["stress", "recovery", "--json", *options, *outputs])
    told = json.loads(capsys.readouterr().out)
    missed = [check for check in told["checks"] if not check["holds"]]
    # On busy cores a run of seconds may end before the bank is back.
    assert all(check["name"].startswith("recovery") for check in missed), missed
    assert code == bool(missed)
    assert [fault["kind"] for fault in told["faults"]] == [KILLED]
    assert set(told["invariants"].values()) == {"held"}
    assert all(stream["asked"] for stream in told["streams"].values())
    assert all(file.stat().st_size for file in files.values())
