"""The moving pictures of the products' own runs, from events made by hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim.console.watch import watch_of
from sim.event_queries import Part
from sim.run_folder import RunFolder, write_parquet
from sim.scenario import load
from sim.trace import EventLog
from system.limits import DAY_S

START_S = 1_767_225_600


Happening = tuple[int, str, str, tuple[int, ...]]
Watch = Callable[..., Any]


@pytest.fixture
def watched(tmp_path: Path) -> Watch:
    """Scenario, arm and events -> the picture of a run that had them."""

    def watch(name: str, arm: str, *events: Happening) -> Any:
        log = EventLog()
        for day, kind, subject, values in events:
            log.add(START_S + day * DAY_S, kind, subject, values)
        write_parquet(tmp_path / "events.parquet", [log.table(arm, 0)])
        return watch_of(load(name), Part(RunFolder(tmp_path), 0, arm))

    return watch


def test_a_link_shows_the_most_telling_thing_of_its_step(watched: Watch) -> None:
    events = (
        (0, "delivered", "e3d900", (5,)),
        (0, "overdue", "e3d850", ()),
        (0, "delivered", "e4d900", (5,)),
        (40, "funded", "k0-e3d900", (4, 1)),
        (40, "funded", "x27d1p0o0", (4, 1)),
    )
    found = watched("receivables", "chain", *events)
    [told] = found["pictures"]
    first, later = told["states"][0], told["states"][40 // found["step_days"]]
    assert first == {3: "overdue", 4: "busy"}
    assert later == {3: "financed"}
    assert len(told["nodes"]) == max(max(link) for link in told["links"]) + 1


def test_an_economy_of_all_products_shows_its_network_and_its_lines(watched: Watch) -> None:
    events = ((0, "delivered", "e3d900", (5,)), (1, "drawn", "draw/1", (1, 100, 7)))
    network, book = watched("joint-contagion", "joint", *events)["pictures"]
    assert network["states"] == {0: {3: "busy"}}
    assert book["series"]["balance"][-1] == 100


def test_a_later_delivery_never_hides_what_is_overdue(watched: Watch) -> None:
    events = ((0, "overdue", "e3d850", ()), (0, "delivered", "e3d900", (5,)))
    assert watched("receivables", "chain", *events)["pictures"][0]["states"][0] == {3: "overdue"}


def test_the_balance_of_the_book_is_what_went_out_less_what_came_back_or_was_lost(
    watched: Watch,
) -> None:
    events = (
        (0, "drawn", "draw/1", (2, 1_000, 7)),
        (20, "principal_repaid", "repay/1", (1, 300, 7)),
        (100, "principal_written_off", "charge/1", (1, 200, 7)),
        (100, "went_bad", "day/1", (3, 0, 7)),
    )
    told = watched("credit", "data", *events)
    series, step = told["pictures"][0]["series"], told["step_days"]
    assert series["balance"][0] == 1_000
    assert series["balance"][20 // step] == 700
    assert series["balance"][-1] == 500
    assert sum(series["bad"]) == 3
