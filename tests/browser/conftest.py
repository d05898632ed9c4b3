"""A real Chromium against a real `shapan serve`. Screenshots are kept in build/screenshots."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.run_library import made_run
from sim.console.lives import Lives
from tests.sim.console.test_lives import told
from tests.sim.test_serve import free_port, wait_for
from tests.sim.toy_runs import ROOT, run, study_of

CHROMIUM = shutil.which("chromium") or ""
SHOTS = ROOT / "build" / "screenshots"
# Without these, a browser as root does not start, or looks for its maker's hosts.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two parameter points of the toy, a run in which a replication failed, and one with charts."""
    place = tmp_path_factory.mktemp("browser") / "runs"
    place.mkdir()
    run(study_of(place, out="first"))
    run(study_of(place, "parameters.mean_delay_s=2000", out="slower"))
    run(study_of(place, "products.toy.trouble=fail", out="broken"))
    (place / "toy.toml").unlink()
    made_run(place / "charted", "feed-outage", 3)
    told().write(Lives(place).place("charted", "calm", 0))
    return place


@pytest.fixture(scope="session")
def address(runs: Path) -> Iterator[str]:
    """Where the console answers."""
    port, mqtt = free_port(), free_port()
    command = [sys.executable, "-m", "sim", "serve", "--port", str(port), "--mqtt-port", str(mqtt)]
    command += ["--runs", str(runs)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=ROOT) as process:
        wait_for(f"http://127.0.0.1:{port}", lambda: process.poll() is None)
        yield f"http://127.0.0.1:{port}/console"
        process.terminate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, driven by playwright; for one module, as its loop would stop all others."""
    if not CHROMIUM and not os.environ.get("SHAPAN_REQUIRE_CHROMIUM"):
        pytest.skip("needs Debian's chromium: apt-get install chromium")
    from playwright.sync_api import expect, sync_playwright

    # It only ends what hangs: charts are drawn on the server, on a machine that may be busy.
    expect.set_options(timeout=60_000)
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A fresh page; what it asked of other hosts, or complained of, fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("console", lambda said: said.type == "error" and troubles.append(said.text))
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("request", lambda asked: "127.0.0.1" in asked.url or troubles.append(asked.url))
    yield opened
    SHOTS.mkdir(parents=True, exist_ok=True)
    opened.screenshot(path=SHOTS / f"{request.node.name}.png", full_page=True)
    context.close()
    assert not troubles
