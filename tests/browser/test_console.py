"""The console in a real browser: every page in both languages, and the users' main journeys."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from sim.run_folder import RunFolder
from tests.browser.conftest import SHOTS

PAGES = {
    "list": "/",
    "new": "/new?scenario=credit",
    "run": "/runs/first",
    "charts": "/runs/charted",
    "events": "/runs/first/events?arm=new&replication=0",
    "lives": "/runs/charted/lives?arm=calm&replication=0&who=machine/7",
    "watch": "/runs/first/watch?arm=new&replication=0",
    "compare": "/compare?run=first&run=slower&run=broken",
    "operations": "/operations",
}


# Milliseconds from asking for the page to its first content, told as soon as it is there.
FIRST_PAINT = """() => new Promise((done) => new PerformanceObserver((seen) => {
  for (const one of seen.getEntriesByName("first-contentful-paint"))
    done(Math.round(one.startTime));
}).observe({ type: "paint", buffered: true }))"""


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_complete_and_accessible(page: Any, address: str, name: str, lang: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    sign = "&" if "?" in PAGES[name] else "?"
    page.goto(f"{address}{PAGES[name]}{sign}lang={lang}")
    page.wait_for_load_state("networkidle")
    assert page.locator("h1").count() == 1
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_the_first_paint_of_every_page_is_recorded(page: Any, address: str) -> None:
    """Milliseconds, in build/screenshots: how busy the machine is decides too much to assert it."""
    found = {}
    for name, path in PAGES.items():
        page.goto(address + path)
        found[name] = page.evaluate(FIRST_PAINT)
    SHOTS.mkdir(parents=True, exist_ok=True)
    (SHOTS / "first-paint-ms.json").write_text(json.dumps(found, indent=2) + "\n")


@pytest.mark.parametrize("name", ["list", "run"])
def test_a_page_is_accessible_in_the_dark_too(page: Any, address: str, name: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.emulate_media(color_scheme="dark")
    page.goto(address + PAGES[name])
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_runs_charts_are_drawn_as_they_come_near_and_told_to_the_mouse(
    page: Any, address: str
) -> None:
    """The page's fixture fails at anything that the content security policy complains of."""
    page.goto(f"{address}/runs/charted?lang=zh")
    last = page.locator(".chart").last
    last.scroll_into_view_if_needed()
    expect(last.locator("svg")).to_be_visible()
    assert "阴影" in page.inner_text(".charts")
    page.locator(".chart .mark-symbol path, .chart .mark-rect path").first.hover(force=True)
    expect(page.locator("#vg-tooltip-element.visible")).to_be_visible()


def test_chinese_is_drawn_and_not_as_boxes(page: Any, address: str) -> None:
    """Two characters of one shape would be boxes."""
    page.goto(f"{address}/?lang=zh")
    page.evaluate("document.fonts.ready")
    shapes = page.evaluate(
        """() => ["沙", "盘"].map((text) => {
          const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
          pen.font = '40px "Shapan Sans"';
          pen.fillText(text, 10, 60);
          return canvas.toDataURL();
        })"""
    )
    assert shapes[0] != shapes[1]
    assert page.evaluate("document.fonts.check('16px \"Shapan Sans\"')")


def test_an_architect_finds_two_points_and_compares_them(page: Any, address: str) -> None:
    page.goto(address + "/")
    page.fill("input[type=search]", "mean_delay")
    expect(page.locator("#runs tbody tr")).to_have_count(1)
    page.fill("input[type=search]", "")
    expect(page.locator("#runs tbody tr")).to_have_count(4)
    page.check("input[value=first]")
    page.check("input[value=slower]")
    page.click("#compare")
    assert "run=first" in page.url
    expect(page.locator("text=parameters.mean_delay_s").first).to_be_attached()
    expect(page.locator(".run-line")).to_have_count(2)


def test_an_architect_moves_a_parameter_and_sees_what_it_costs(page: Any, address: str) -> None:
    page.goto(address + "/new?scenario=receivables")
    page.fill("#filter", "bank_review_share")
    slider = page.locator(".slider:visible input[type=range]").first
    slider.focus()
    before = page.input_value("[name='parameters.bank_review_share']")
    page.keyboard.press("ArrowRight")
    assert page.input_value("[name='parameters.bank_review_share']") != before
    assert page.locator(".slider.moved").count() == 1
    assert page.inner_text("#estimate")


def test_qa_finds_the_command_that_replays_a_failure(page: Any, address: str, runs: Path) -> None:
    page.goto(address + "/")
    page.click("text=broken")
    failure = RunFolder(runs / "broken").failures()[0]
    expect(page.locator(f"code:has-text('{failure['replay']}')")).to_have_count(1)


def test_a_regulator_goes_from_a_claim_down_to_one_subjects_life(page: Any, address: str) -> None:
    page.goto(address + "/runs/first")
    page.click("button:has-text('Show')")
    page.click(".kinds tbody a >> nth=0")
    page.click(".subjects a >> nth=0")
    assert re.search("The whole life of", page.inner_text("#life"))


def test_the_economy_plays_steps_and_stops(page: Any, address: str) -> None:
    page.goto(address + PAGES["watch"])
    page.wait_for_selector("#stage path", state="attached")
    page.click("#step")
    assert page.inner_text("#day") == "1"
    # Slow enough not to have reached its end, where the button would play it again.
    page.select_option("#speed", "1")
    page.click("#play")
    expect(page.locator("#day")).not_to_have_text("1")
    page.click("#play")
    expect(page.locator("#play")).to_have_attribute("aria-pressed", "false")


def test_the_theme_and_the_language_stay_as_chosen(page: Any, address: str) -> None:
    page.goto(address + "/")
    page.click("#theme")
    page.click("#language")
    page.goto(address + "/runs/first")
    assert page.get_attribute("html", "lang") == "zh-CN"
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_everything_can_be_reached_by_keyboard(page: Any, address: str) -> None:
    page.goto(address + "/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


def test_the_report_draws_its_charts_inside_the_console(page: Any, address: str) -> None:
    page.goto(address + "/runs/first")
    page.click("a.button:has-text('Report')")
    page.wait_for_load_state("networkidle")
    assert page.locator("h1").count() == 1


def test_an_architect_starts_a_run_from_the_form_and_cancels_it(
    page: Any, address: str, runs: Path
) -> None:
    """In a browser, for its forms say where they come from in their own way."""
    from axe_playwright_python.sync_playwright import Axe

    page.goto(address + "/new?scenario=receivables")
    page.fill("input[name=replications]", "40")
    page.fill("input[name=horizon_days]", "31")
    page.click("button:has-text('Start the run')")
    expect(page.locator(".status.running")).to_be_visible()
    assert "shapan run receivables --set horizon_days=31" in page.inner_text("pre")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.click("button:has-text('Cancel')")
    expect(page.locator(".status.cancelled")).to_be_visible(timeout=60_000)
    expect(page.locator("button:has-text('Cancel')")).not_to_be_visible()
    # The list of runs is as the other tests know it, whichever comes first.
    shutil.rmtree(runs / page.url.rpartition("/")[2], ignore_errors=True)


def test_an_operator_looks_for_drift(page: Any, address: str) -> None:
    page.goto(address + "/operations")
    page.click("button:has-text('Look for drift now')")
    assert page.url.endswith("/operations#drift")
    expect(page.locator("text=Nothing to compare")).to_be_visible()
