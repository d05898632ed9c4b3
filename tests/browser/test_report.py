"""The report in a real Chromium: drawn without a request, clean under axe, in light and dark."""

from pathlib import Path
from typing import Any

import pytest

from sim.reports.html.render import render
from sim.reports.story.blocks import Figure, Report, Section, Table
from sim.reports.story.source import sources_of
from sim.reports.story.tell import tell
from tests.sim.reports.test_charts import CHARTS


def gallery(run: Path, lang: str) -> Report:
    """The toy's report with one chart of each kind before it."""
    report = tell(sources_of([run]), lang, "regulator")
    table = Table("数据", ("环节", "值"), [("签约", "3 天")])
    figures = [
        Figure(name, f"发现 {name}", "n = 9", spec, name, table) for name, spec in CHARTS.items()
    ]
    sections = [Section("gallery", "图表", figures), *report.sections]
    return Report(report.title, report.subtitle, lang, report.day_s, sections)


@pytest.mark.parametrize(("lang", "scheme"), [("en", "light"), ("zh", "dark")])
def test_every_chart_is_drawn_offline_and_axe_finds_nothing(
    browser: Any, runs: Path, tmp_path: Path, lang: str, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    file = tmp_path / "report.html"
    file.write_text(render(gallery(runs / "first", lang)), encoding="utf-8")
    page = browser.new_page(color_scheme=scheme, viewport={"width": 1280, "height": 900})
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(file.as_uri())
    for place in page.locator(".chart").all():
        place.scroll_into_view_if_needed()
        place.locator("svg").wait_for()
        assert place.bounding_box()["height"] > 80
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert said == []
    page.close()


def test_text_is_set_in_the_typeface_of_the_page(browser: Any, runs: Path, tmp_path: Path) -> None:
    """No system font stands in: both weights were loaded, for text and for charts."""
    file = tmp_path / "report.html"
    file.write_text(render(gallery(runs / "first", "zh")), encoding="utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    page.locator(".chart svg").first.wait_for()
    loaded = page.evaluate(
        "[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family + f.weight)"
    )
    assert sorted(loaded) == ["Shapan Sans400", "Shapan Sans700"]
    page.close()
