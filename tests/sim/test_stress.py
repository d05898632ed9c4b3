"""Load on a bank of its own: who comes when, how clients go on, and a short run with a kill."""

import asyncio
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from sim.__main__ import call
from sim.streams import Luck
from sim.stress.arrivals import Phase, festival_factor, instants_s, ranks
from sim.stress.bank import Bank
from sim.stress.client import Client
from sim.stress.faults import KILLED
from sim.stress.fleet import Machines
from sim.stress.gateway import Gateway, Refused
from sim.stress.histogram import Histogram
from sim.stress.http import Answer, Unanswered
from sim.stress.load import Loaded, drive
from sim.stress.measure import Measure
from sim.stress.profile import names, profile, rates_per_s, thresholds
from sim.stress.streams import Decisions, Money, Stream
from sim.stress.telemetry import Voice
from system.adapters.mqtt_link import MqttLink
from system.errors import InputError


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


class Slow:
    """Takes a tenth of a second; the second one breaks."""

    name, unit, each = "money", "moves", 1

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


class Stalled(Slow):
    """The first one stops everything for a while; the others take no time."""

    async def arrive(self, number: int, intended_s: float) -> float:
        if number == 0:
            time.sleep(0.6)
        return asyncio.get_running_loop().time()


def test_who_could_not_start_in_time_waited_too() -> None:
    """Else a bank that stands still would be measured by the few requests that it let begin."""
    loop = asyncio.new_event_loop()
    # The second one still sleeps when the first one begins, also where the loop is a little late.
    at = {"money": np.array([0.0, 0.1, 0.15, 0.2])}
    loaded = loop.run_until_complete(drive([cast(Stream, Stalled())], at, nothing))
    loop.close()
    measure = loaded.measures["money"]
    assert measure.whole().percentile_us(1) >= 200_000
    assert loaded.late_us_max >= 200_000


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


class Silent(Clerk):
    """Takes each application, but no answer comes to the first ones of this path."""

    def __init__(self, silent: str, times: int) -> None:
        super().__init__()
        self._silent, self._times = silent, times

    async def command(self, client: Client, path: str, body: Any, key: str) -> Any:
        if path.endswith(self._silent) and self._times:
            self._times -= 1
            if self._silent == "applications":
                await super().command(client, path, body, key)
            raise Unanswered("the line broke")
        return await super().command(client, path, body, key)


def decided(clerk: Silent, applicants: tuple[int, ...], count: int) -> Measure:
    """What came of so many applications at once."""
    shop = Client("c", "p", "s")
    bank = Bank(shop, (shop,), 1, (), applicants, 0, Machines(shop, (), 0))
    loop = asyncio.new_event_loop()
    decisions = Decisions(cast(Gateway, clerk), bank, loop.time, "r")
    at = {"decisions": np.zeros(count)}
    loaded = loop.run_until_complete(asyncio.wait_for(drive([decisions], at, nothing), timeout=10))
    loop.close()
    return loaded.measures["decisions"]


@pytest.mark.parametrize("silent", ["applications", "closing"])
def test_whoever_may_have_something_open_applies_no_more(silent: str) -> None:
    found = decided(Silent(silent, times=1), (3, 4), count=7)
    assert found.errors == {"Unanswered: the line broke": 1}
    assert found.whole().count == 6


@pytest.mark.parametrize("applicants", [(), (3, 4)])
def test_where_no_applicant_is_left_every_further_arrival_says_so(
    applicants: tuple[int, ...],
) -> None:
    found = decided(Silent("closing", times=7), applicants, count=7)
    told = f"NobodyLeft: none of {len(applicants)} applicants is left"
    assert sum(n for text, n in found.errors.items() if text.startswith(told)) == (
        7 - len(applicants)
    )
    assert found.errors.total() == 7


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


class Telling:
    """A link whose broker answers for everything, until it is down."""

    is_down = False

    async def publish(self, topic: str, payload: bytes) -> None:
        if self.is_down:
            raise TimeoutError


class Slowly:
    """A bank that shows the second machine's reading when it is looked at for the third time."""

    def __init__(self) -> None:
        self.looks: Counter[str] = Counter()

    async def read(self, client: Client, path: str) -> Any:
        self.looks[path] += 1
        is_there = path.endswith("/0") or self.looks[path] == 3
        return {"at_ms": 1_001_000 if is_there else None}


def test_a_load_is_over_once_the_last_word_of_each_link_is_in_the_books() -> None:
    machines = Machines(Client("c", "p", "s"), (("north", ""), ("south", "")), 2)
    north, south = Telling(), Telling()
    links = [cast(MqttLink, link) for link in (north, south)]
    voice, bank = Voice("", machines, 1_000, links, [0, 0], [0, 0]), Slowly()

    async def told() -> None:
        for number in (0, 1, 2, 3):
            machine = number % 2
            await voice.say(number, [machine], [voice.reading(machine)])
        # Nobody answered for this one, so that nobody waits for it.
        south.is_down = True
        with pytest.raises(TimeoutError):
            await voice.say(5, [1], [voice.reading(1)])
        await asyncio.wait_for(voice.drained(cast(Gateway, bank)), 10)

    asyncio.run(told())
    assert voice.kept == [2, 2]
    assert bank.looks == {"/leasing/machines/0": 1, "/leasing/machines/1": 3}


def test_a_bank_under_load_is_killed_and_loses_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own.toml"
    lenient = [f"{name}_p99_ms_max = 60000" for name in rates_per_s(1.0, None)]
    own.write_text("\n".join(["[thresholds]", "recovery_s_max = 600", *lenient]))
    files = {kind: tmp_path / f"stress.{kind}" for kind in ("junit", "html")}
    # The kill comes two seconds before the end: what a busy machine delays beyond it is left out.
    options = ["--duration", "8", "--rate", "0.1", "--merchants", "40", "--thresholds", str(own)]
    outputs = [part for kind, file in files.items() for part in (f"--{kind}", str(file))]
    code = call(["stress", "recovery", "--json", *options, *outputs])
    told = json.loads(capsys.readouterr().out)
    missed = [check for check in told["checks"] if not check["holds"]]
    # A run of seconds may end before the bank is back, and leave no second away from the kill.
    usual = ("recovery_after_", *(f"{name}_p99_ms" for name in told["streams"]))
    assert all(check["name"].startswith(usual) and check["value"] is None for check in missed), (
        missed
    )
    assert code == bool(missed)
    assert [fault["kind"] for fault in told["faults"]] == [KILLED]
    assert set(told["invariants"].values()) == {"held"}
    assert all(stream["asked"] for stream in told["streams"].values())
    assert all(file.stat().st_size for file in files.values())
