"""Runs that are started from the console."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sim.console.forms import sliders, wish_of
from sim.console.launches import BROKEN, CANCELLED, DONE, RUNNING, Launch
from sim.run_folder import RunFolder
from sim.scenario import load
from system.errors import InputError
from tests.sim.console.visitor import Visitor

SMALL = {
    "scenario": "receivables",
    "arms": ["chain", "paper"],
    "replications": "2",
    "horizon_days": "31",
    "parameters.bank_review_share": "0.25",
}


def wait(launch: Launch, seconds: float = 240) -> None:
    ends = time.monotonic() + seconds
    while launch.state == "running" and time.monotonic() < ends:
        time.sleep(0.1)


def started(visitor: Visitor, form: dict[str, object]) -> Launch:
    answer = visitor.post("/launches", form)
    assert answer.status_code == 303, answer.text
    launch = visitor.console.launches.find(answer.headers["location"].rpartition("/")[2])
    assert launch is not None
    return launch


@pytest.mark.slow
def test_a_run_goes_from_the_form_to_its_page_and_shows_its_claims(tmp_path: Path) -> None:
    visitor = Visitor.of(tmp_path)
    launch = started(visitor, SMALL)
    assert "parameters.bank_review_share=0.25" in visitor.get(f"/launches/{launch.id}").text
    wait(launch)
    assert launch.state == DONE, launch.log_tail()
    told = visitor.get(f"/launches/{launch.id}/progress").text
    assert "event: end" in told
    assert "verdict" in told
    assert "replications.min=2" in visitor.get("/").text
    run = RunFolder(tmp_path / launch.id).read_run()
    assert run["scenario"]["parameters"]["bank_review_share"]["value"] == 0.25
    assert launch.id in visitor.get("/estimate?scenario=receivables&replications=5").text


@pytest.mark.slow
def test_a_cancelled_run_is_closed_and_can_be_resumed(tmp_path: Path) -> None:
    """Also where Ctrl-C is not heard, as in a shell's background."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        launch = cancelled(tmp_path)
    finally:
        signal.signal(signal.SIGINT, before)
    assert launch.state == CANCELLED, launch.log_tail()
    assert launch.folder.read_run()["status"] == "partial"


def cancelled(tmp_path: Path) -> Launch:
    visitor = Visitor.of(tmp_path)
    long: dict[str, object] = {"replications": "40", "horizon_days": "120"}
    launch = started(visitor, SMALL | long)
    while not (launch.folder.path / "run.json").exists():
        time.sleep(0.1)
    time.sleep(1)
    assert visitor.post(f"/launches/{launch.id}/cancel", {}).status_code == 303
    wait(launch)
    return launch


CAUGHT_INSIDE_TEXT = """
import os, signal, sys
signal.signal(signal.SIGTERM, signal.default_int_handler)
try:
    exec("os.kill(os.getpid(), signal.SIGTERM)")
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize(
    ("ends", "state"),
    [
        ("import time; time.sleep(60)", RUNNING),
        ("pass", DONE),
        ("raise SystemExit(3)", DONE),
        ("raise SystemExit(130)", CANCELLED),
        ("import os; os.kill(os.getpid(), 15)", CANCELLED),
        (CAUGHT_INSIDE_TEXT, CANCELLED),
        ("raise SystemExit(1)", BROKEN),
        ("import os; os.kill(os.getpid(), 9)", BROKEN),
    ],
)
def test_how_a_process_ends_says_where_its_run_stands(
    tmp_path: Path, ends: str, state: str
) -> None:
    # As a module, as the console starts it: a script's codes are given in another way.
    (tmp_path / "ends.py").write_text(ends)
    with subprocess.Popen((sys.executable, "-m", "ends"), cwd=tmp_path) as process:
        launch = Launch("a", RunFolder(tmp_path), load("receivables"), 1, (), process)
        if state == RUNNING:
            found = launch.state
            process.kill()
        else:
            process.wait(60)
            found = launch.state
    assert found == state


@pytest.mark.parametrize("origin", ["http://evil.example", ""])
def test_another_sites_page_starts_nothing(tmp_path: Path, origin: str) -> None:
    visitor = Visitor.of(tmp_path)
    assert visitor.post("/launches", SMALL, origin).status_code == 403
    assert not visitor.console.launches.running()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"parameters.bank_review_share": "many"}, "bank_review_share"),
        ({"parameters.bank_review_share": "2"}, "bank_review_share"),
        ({"replications": "-1"}, "replications"),
        ({"scenario": "../x.toml"}, "scenario"),
        ({"arms": ["nobody"]}, "nobody"),
    ],
)
def test_a_form_that_cannot_be_run_is_refused_with_field_and_remedy(
    tmp_path: Path, changes: dict[str, object], named: str
) -> None:
    answer = Visitor.of(tmp_path).post("/launches", SMALL | changes)
    assert answer.status_code == 422
    assert named in answer.text


def test_a_form_as_packaged_overrides_nothing() -> None:
    scenario = load("credit")
    form = {f"parameters.{one.name}": [str(one.value)] for one in sliders(scenario)}
    form |= {"seed": [str(scenario.seed)], "arms": list(scenario.arms)}
    wish = wish_of(scenario, form)
    assert (wish.overrides, wish.arms) == ((), ())


def test_how_many_actors_there_are_is_asked_and_overrides_what_differs(tmp_path: Path) -> None:
    page = Visitor.of(tmp_path).get("/new?scenario=credit").text
    assert 'name="populations.merchant.count"' in page
    scenario = load("credit")
    form = {
        f"populations.{name}.count": [str(one.whole("count"))]
        for name, one in scenario.populations.items()
    }
    assert wish_of(scenario, form).overrides == ()
    form["populations.merchant.count"] = ["150"]
    assert wish_of(scenario, form).overrides == ("populations.merchant.count=150",)


def test_every_slider_can_reach_its_value() -> None:
    for one in sliders(load("receivables")):
        assert one.low <= one.value <= one.high
        assert one.step > 0


def test_a_word_for_a_number_is_refused() -> None:
    with pytest.raises(InputError, match="seed"):
        wish_of(load("credit"), {"seed": ["soon"]})
