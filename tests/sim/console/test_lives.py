"""Down to one loan or one machine: what was simulated again is found, told and drawn."""

import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from benchmarks.run_library import START_S, made_run
from sim.console.lives import ABSENT, BROKEN, READY
from sim.credit.lives import lives_of
from sim.joint.lives import lives_of as lives_of_joint
from sim.leasing.lives import lives_of as lives_of_leasing
from sim.lives import LINKS, Fact, Lives, is_told
from sim.receivables.lives import _snake
from sim.receivables.lives import lives_of as lives_of_receivables
from sim.reports.story.happenings import happening
from sim.scenario import apply, load, packaged
from sim.world import Task
from system.chain.abi import load_contract
from system.chain.bindings import CONTRACT_NAMES
from system.chain.deploy import BUILD_FOLDER
from system.credit.events import Kind as CreditKind
from system.leasing.leases.events import Kind as LeaseKind
from system.leasing.records import AlertKind
from tests.sim.console.visitor import Visitor
from tests.sim.credit_runs import small
from tests.sim.joint_runs import WATCHED
from tests.sim.joint_runs import task as joint_task

PAGE = "/runs/leasing/lives?arm=usage&replication=0"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("lives")
    made_run(place / "leasing", "leasing", 1)
    return place


@pytest.fixture
def visitor(runs: Path) -> Iterator[Visitor]:
    visitor = Visitor.of(runs)
    yield visitor
    visitor.loop.close()


def told() -> Lives:
    lives = Lives()
    lives.add(
        [
            Fact("machine/7", 86_400 * 3, "alert_geofence", 900, "now closed"),
            Fact("machine/12", 86_400, "leased_as", 1),
            Fact("lease/1", 86_400 * 2 + 61, "rent_billed", 123_456, "close of day 2"),
        ]
    )
    lives.places = [(7, 100, 116.40, 39.90), (7, 200, 116.41, 39.91)]
    yard, site = ([(x, 39.8), (x + 0.2, 39.8), (x + 0.2, 40.0), (x, 39.8)] for x in (116.0, 116.3))
    lives.fences = {7: [[yard], [site]]}
    return lives


def test_nothing_is_simulated_again_until_somebody_asks(runs: Path, tmp_path: Path) -> None:
    # Nobody else asks here.
    shutil.copytree(runs / "leasing", tmp_path / "leasing")
    visitor = Visitor.of(tmp_path)
    assert "Simulate it again" in visitor.get(PAGE).text
    assert visitor.post(PAGE, {}, origin="http://elsewhere").status_code == 403
    assert not (tmp_path / ".console").exists()
    assert visitor.get("/runs/leasing/lives?arm=nobody").status_code == 422
    visitor.loop.close()


def test_a_life_is_found_by_name_and_told_in_order_with_its_map(
    visitor: Visitor, runs: Path
) -> None:
    told().write(visitor.console.lives.place("leasing", "usage", 0))
    assert visitor.console.lives.state("leasing", "usage", 0) == READY
    page = visitor.get(f"{PAGE}&search=machine").text
    assert page.index("machine/7<") < page.index("machine/12<")
    assert "lease/1<" not in page
    page = visitor.get(f"{PAGE}&who=lease/1").text
    assert "123,456" in page
    assert "<td>08:01:01</td>" in page
    assert 'class="fence"' not in page
    page = visitor.get(f"{PAGE}&who=machine/7").text
    assert page.count('class="fence"') == page.count('class="track-line"') == 1
    assert page.count('class="fence other"') == 1
    page = visitor.get(f"{PAGE}&who=machine/12").text
    assert "No map" in page


def test_a_machine_that_only_ever_had_a_fence_has_a_map(visitor: Visitor, runs: Path) -> None:
    lives = told()
    lives.places, lives.fences = [], {7: [lives.fences[7][0], []]}
    made_run(runs / "leasing-3", "leasing", 1)
    lives.write(visitor.console.lives.place("leasing-3", "usage", 0))
    page = visitor.get(PAGE.replace("leasing", "leasing-3") + "&who=machine/7").text
    assert page.count('class="fence other"') == 1
    assert "No map" not in page


@pytest.mark.parametrize("number", ["", "abc", "²", "9" * 60, "9" * 5_000])
def test_a_machine_whose_number_is_none_has_no_map(
    visitor: Visitor, runs: Path, number: str
) -> None:
    told().write(visitor.console.lives.place("leasing", "usage", 0))
    page = visitor.get(f"{PAGE}&who=machine/{number}")
    assert page.status_code == 200
    assert "No map" in page.text


def test_the_fleet_stands_on_its_map_step_by_step_once_it_was_simulated_again(
    visitor: Visitor, runs: Path
) -> None:
    frames = "/runs/leasing/watch.json?arm=usage&replication=1"
    made_run(runs / "leasing-2", "leasing", 2)
    frames = frames.replace("leasing", "leasing-2")
    assert [one["kind"] for one in visitor.get(frames).json()["pictures"]] == ["counts"]
    assert "simulate this replication again" in visitor.get(frames.replace(".json", "")).text
    lives = Lives()
    lives.add([Fact("machine/7", START_S + 86_400 * 3, "alert_geofence", 900, "now closed")])
    moves = ((0, 116.4), (3_600, 116.5), (86_400 * 3, 116.6))
    lives.places = [(7, START_S + after_s, lon, 39.9) for after_s, lon in moves]
    lives.write(visitor.console.lives.place("leasing-2", "usage", 1))
    shown = visitor.get(frames).json()
    [fleet] = shown["pictures"]
    step = str(3 // shown["step_days"])
    (first, _), (later, _) = fleet["places"]["0"]["7"], fleet["places"][step]["7"]
    assert first < later
    assert fleet["alerts"] == {step: [7]}
    assert "simulate this replication again" not in visitor.get(frames.replace(".json", "")).text


def test_a_run_that_takes_anothers_name_tells_none_of_its_lives(
    visitor: Visitor, runs: Path
) -> None:
    made_run(runs / "again", "leasing", 1)
    lives = visitor.console.lives
    told().write(lives.place("again", "usage", 0))
    assert lives.state("again", "usage", 0) == READY
    file = runs / "again" / "run.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"seed": 99}))
    assert lives.state("again", "usage", 0) == ABSENT


def test_what_cannot_be_simulated_again_says_so(visitor: Visitor, runs: Path) -> None:
    made_run(runs / "other", "leasing", 1)
    file = runs / "other" / "run.json"
    run = json.loads(file.read_text())
    file.write_text(json.dumps(run | {"scenario_digest": "0" * 64}))
    lives = visitor.console.lives
    lives.start("other", visitor.console.library.folder("other"), "usage", 0)
    ends = time.monotonic() + 60
    while lives.state("other", "usage", 0) == "running" and time.monotonic() < ends:
        time.sleep(0.1)
    assert lives.state("other", "usage", 0) == BROKEN


def assert_in_chinese(kinds: set[object]) -> None:
    assert not [kind for kind in kinds if re.search("[A-Za-z]", happening(str(kind), "zh"))]


def test_every_fact_of_the_journals_and_every_event_of_the_contracts_has_chinese_words() -> None:
    # Rights are of no receivable's life.
    names = [name for name in CONTRACT_NAMES if name != "AccessManager"]
    abis = [load_contract(BUILD_FOLDER, name) for name in names]
    events = {event.name for abi in abis for event in abi.events.values()}
    assert {"Registered", "Disbursed"} <= events
    # One stands in the ABI and never happens.
    happens = events - {"EIP712DomainChanged"}
    assert_in_chinese({f"chain_{_snake(name)}" for name in happens})
    assert_in_chinese(
        {*CreditKind, *LeaseKind, *(f"alert_{one.name.lower()}" for one in AlertKind)}
    )
    assert happening("alert_fuel_theft", "zh") == "预警：盗油"
    assert happening("principal_repaid", "en") == "principal repaid"


def test_every_yuan_that_a_merchant_drew_is_in_its_life() -> None:
    task = Task(small(), "collateral", 0, "columns", "revm", "memory")
    rows = [row for table in lives_of(task).facts for row in table.to_pylist()]
    drawn = [row for row in rows if row["kind"] == "drawn"]
    [who] = {row["who"] for row in drawn[:1]}
    assert_in_chinese({row["kind"] for row in rows})
    life = [row["kind"] for row in rows if row["who"] == who]
    assert {"asked_for_credit", "approved_at_pd_ppm", "drawn", "principal_repaid"} <= set(life)
    assert all(row["value"] > 0 for row in drawn)


FEW = (
    "horizon_days=40",
    "warmup_days=3",
    "populations.core.count=2",
    "populations.tier1.count=6",
    "populations.tier2.count=3",
    "populations.tier3.count=2",
)


def test_every_machine_has_its_yard_and_its_sites_in_order() -> None:
    few = ("populations.machine.count=6", "populations.contractor.count=5")
    scenario = apply(load("leasing"), (*few, "horizon_days=25", "warmup_days=10"))
    found = lives_of_leasing(Task(scenario, "usage", 0, "columns", "revm", "memory"))
    assert sorted(found.fences) == list(range(6))
    assert all(len(site) == 1 for sites in found.fences.values() for site in sites)
    assert max(map(len, found.fences.values())) > 1
    assert_in_chinese({row["kind"] for table in found.facts for row in table.to_pylist()})


def of_receivables(arm: str) -> dict[str, list[dict[str, object]]]:
    """Who -> what happened, in order."""
    task = Task(apply(load("receivables"), FEW), arm, 0, "columns", "revm", "memory")
    rows = pa.concat_tables(lives_of_receivables(task).facts).sort_by("at_s").to_pylist()
    return {who: [row for row in rows if row["who"] == who] for who in {r["who"] for r in rows}}


def test_a_receivables_life_has_its_chain_transactions_and_its_postings() -> None:
    lives = of_receivables("chain")
    assert_in_chinese({row["kind"] for rows in lives.values() for row in rows})
    [life, *_] = [rows for rows in lives.values() if any(row["kind"] == "funded" for row in rows)]
    kinds = [row["kind"] for row in life]
    steps = ["chain_registered", "chain_accepted", "sought", "chain_split", "chain_disbursed"]
    assert [kinds.index(kind) for kind in steps] == sorted(map(kinds.index, steps))
    [advance, *_] = [row["value"] for row in life if row["kind"] == "funded"]
    assert advance in [row["value"] for row in life if row["kind"] == "ledger_post_hold"]
    causes = [str(row["cause"]) for row in life if str(row["kind"]).startswith("chain_")]
    assert all(re.fullmatch("transaction 0x[0-9a-f]{64}", cause) for cause in causes)


def test_on_paper_a_receivables_life_is_what_people_did() -> None:
    kinds = {row["kind"] for rows in of_receivables("paper").values() for row in rows}
    assert {"ordered", "delivered", "invoiced", "paid"} <= kinds
    assert_in_chinese(kinds)
    assert not [kind for kind in kinds if str(kind).startswith(("chain_", "ledger_"))]


def test_every_packaged_scenario_can_be_told_down_to_one_life() -> None:
    assert [s.name for s in packaged() if not is_told(s.products)] == []


def test_a_joint_run_tells_receivables_lines_leases_and_machines_and_whose_they_are() -> None:
    found = lives_of_joint(joint_task("joint-contagion", "joint", *WATCHED))
    rows = pa.concat_tables(found.facts).to_pylist()
    lives: dict[str, list[dict[str, object]]] = {}
    for row in rows:
        lives.setdefault(str(row["who"]), []).append(row)
    kinds = {who: {row["kind"] for row in life} for who, life in lives.items()}
    assert_in_chinese({row["kind"] for row in rows})

    def of(prefix: str, *wanted: str) -> list[str]:
        return [w for w in kinds if w.startswith(prefix) and kinds[w] >= set(wanted)]

    assert of("line/", "limit_set", "drawn", "principal_repaid")
    assert of("lease/", "started", "rent_billed", "rent_paid")
    assert of("receivable/", "sought", "chain_registered", "ledger_post_hold", "funded")
    assert of("machine/", "leased_as")
    assert of("enterprise/", "has", "watched")
    # From each life, the way to its enterprise leads back.
    links = {(r["who"], r["cause"]) for r in rows if r["kind"] in LINKS}
    assert links
    assert all((cause, who) in links for who, cause in links)
