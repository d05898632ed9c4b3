"""The report as one HTML file: complete, offline, and equal on repeat."""

import itertools
import re
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from sim.reports.html.render import render
from sim.reports.story.blocks import Report
from sim.reports.story.source import sources_of
from sim.reports.story.tell import tell
from sim.reports.typeface.subset import cut, missing
from sim.reports.write import write_report
from system.errors import InputError
from tests.sim.toy_runs import study_of

LANGS = ("en", "zh")


@pytest.fixture(scope="module", params=LANGS)
def told(request: pytest.FixtureRequest, finished: Path) -> Report:
    return tell(sources_of([finished]), request.param)


class Outline(HTMLParser):
    """Headings in order, and the addresses that the page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.addresses: list[str] = []
        self.captions = self.tables = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(tag)
        self.tables += tag == "table"
        self.captions += tag == "caption"
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]


def outline(page: str) -> Outline:
    found = Outline()
    found.feed(page)
    return found


def test_equal_runs_give_equal_bytes(finished: Path, told: Report) -> None:
    again = tell(sources_of([finished]), told.lang)
    assert render(told) == render(again)


def test_page_one_holds_the_question_and_every_verdict(told: Report) -> None:
    page = render(told)
    first = page[page.index('id="answer"') : page.index('id="run-toy"')]
    question = "新办法更快吗？" if told.lang == "zh" else "Does the new way take less time?"
    assert question in first
    for verdict in ("成立", "不成立") if told.lang == "zh" else ("supported", "refuted"):
        assert verdict in first


def test_the_page_loads_nothing(told: Report) -> None:
    found = outline(render(told))
    assert all(address.startswith("#") for address in found.addresses)


def test_headings_go_down_one_level_at_a_time_and_each_table_has_a_caption(told: Report) -> None:
    found = outline(render(told))
    levels = [int(heading[1]) for heading in found.headings]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert found.tables == found.captions > 0


def test_text_of_a_scenario_cannot_become_markup(finished: Path, told: Report) -> None:
    evil = "</script><img src=x onerror=alert(1)>"
    shown = Report(evil, evil, told.lang, 0, told.sections)
    assert evil not in render(shown)


def test_the_policy_allows_the_scripts_of_the_page_and_no_others(told: Report) -> None:
    page = render(told)
    policy = re.search(r'Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert "unsafe" not in policy[1]
    assert policy[1].count("sha256-") == 3


def test_the_typeface_has_every_character_of_the_page(told: Report) -> None:
    page = render(told)
    text = re.sub(r"<style>.*?</style>|<script>.*?</script>", "", page, flags=re.DOTALL)
    assert missing(text) == []


def test_a_character_that_the_typeface_lacks_is_named() -> None:
    assert missing("沙盘 𠮷 ok") == ["𠮷"]


@pytest.mark.parametrize("weight", [400, 700])
def test_a_cut_typeface_holds_the_characters_asked_for_and_no_others(weight: int) -> None:
    font = TTFont(BytesIO(cut(weight, "沙盘A")))
    assert set(map(chr, font.getBestCmap())) == set("沙盘A")
    assert font["OS/2"].usWeightClass == weight
    assert cut(weight, "沙盘A") == cut(weight, ["A盘", "沙"])


def test_bold_is_drawn_bolder_and_not_the_same_outline() -> None:
    widths = []
    for weight in (400, 700):
        font = TTFont(BytesIO(cut(weight, "永")))
        widths.append(font["CFF "].cff[0].CharStrings[font.getBestCmap()[ord("永")]].bytecode)
    assert widths[0] != widths[1]


def test_the_report_leaves_the_seal_of_the_run_whole(finished: Path) -> None:
    from sim.prepare import reopen
    from sim.run_folder import RunFolder
    from sim.verify import verify

    file = write_report([finished], "html", "en")
    try:
        assert file == finished / "report.html"
        assert all(check.held for check in verify(reopen(RunFolder(finished), None)))
    finally:
        file.unlink()


def test_a_run_without_replications_says_how_to_go_on(tmp_path: Path) -> None:
    study = study_of(tmp_path)
    from sim.study import begin

    begin(study)
    with pytest.raises(InputError, match="--resume"):
        tell(sources_of([study.folder.path]), "en")
