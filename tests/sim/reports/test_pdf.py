"""The report as a PDF: archival, tagged, in our typeface, and equal on repeat."""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from sim.reports.html import render as html
from sim.reports.pdf.render import render
from sim.reports.story.blocks import Report
from sim.reports.story.source import sources_of
from sim.reports.story.tell import tell
from system.errors import InputError

vl_convert = pytest.importorskip("vl_convert", reason="the report extra is not installed")


@pytest.fixture(scope="module", params=["en", "zh"])
def told(request: pytest.FixtureRequest, finished: Path) -> Report:
    return tell(sources_of([finished]), request.param)


@pytest.fixture(scope="module")
def file(told: Report) -> bytes:
    return render(told)


def text_of(file: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(BytesIO(file)).pages)


def test_equal_reports_give_equal_bytes(told: Report, file: bytes) -> None:
    assert render(told) == file


def test_it_is_tagged_and_says_its_title_and_language(told: Report, file: bytes) -> None:
    found = PdfReader(BytesIO(file))
    root = found.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].startswith(told.lang)
    assert root["/Metadata"].get_data().count(b"<pdfaid:part>2</pdfaid:part>") == 1
    assert found.metadata is not None
    assert told.title in str(found.metadata.title)


def test_question_and_verdicts_can_be_read_out_of_it(told: Report, file: bytes) -> None:
    text = text_of(file).replace("\n", "").replace(" ", "")
    question = "新办法更快吗？" if told.lang == "zh" else "Doesthenewwaytakelesstime?"
    assert question in text
    assert ("不成立" if told.lang == "zh" else "refuted") in text


def test_both_weights_of_the_typeface_are_inside_and_no_other(file: bytes) -> None:
    fonts: set[str] = set()
    for page in PdfReader(BytesIO(file)).pages:
        fonts |= {str(font["/BaseFont"]) for font in page["/Resources"]["/Font"].values()}
    names = {name.partition("+")[2].partition("-Identity")[0] for name in fonts}
    assert names == {"ShapanSans-Regular", "ShapanSans-Bold"}


def test_a_character_that_the_typeface_lacks_is_refused_and_named(told: Report) -> None:
    with pytest.raises(InputError, match=r"U\+20BB7"):
        render(replace(told, title="𠮷"))


def test_the_committed_vega_is_the_one_of_vl_convert() -> None:
    committed = (Path(html.__file__).parent / "vega.js").read_text(encoding="utf-8")
    assert committed == vl_convert.javascript_bundle()


def test_it_keeps_the_rules_of_the_archive(file: bytes) -> None:
    """ISO 19005-2, level A: what an archive looks at first. Its whole rule book needs veraPDF."""
    found = PdfReader(BytesIO(file))
    root = found.trailer["/Root"]
    assert b"<pdfaid:conformance>A</pdfaid:conformance>" in root["/Metadata"].get_data()
    assert "/Encrypt" not in found.trailer
    assert found.trailer["/ID"]
    [intent] = root["/OutputIntents"]
    assert intent.get_object()["/S"] == "/GTS_PDFA1"
    assert intent.get_object()["/DestOutputProfile"].get_data()[36:40] == b"acsp"
    assert not {"/JavaScript", "/EmbeddedFiles"} & set(root.get("/Names", {}))
    for font in (font for page in found.pages for font in page["/Resources"]["/Font"].values()):
        [inner] = font["/DescendantFonts"]
        assert "/FontFile3" in inner.get_object()["/FontDescriptor"]
        assert "/ToUnicode" in font.get_object()


def test_every_figure_in_it_says_what_it_shows(file: bytes) -> None:
    root = PdfReader(BytesIO(file)).trailer["/Root"]
    figures = [one for one in _elements(root["/StructTreeRoot"]) if one.get("/S") == "/Figure"]
    assert figures
    assert all(one.get("/Alt") for one in figures)


def _elements(node: Any) -> Iterator[Any]:
    """Every element of the structure tree."""
    node = node.get_object()
    if isinstance(node, list):
        for child in node:
            yield from _elements(child)
    elif isinstance(node, dict):
        yield node
        yield from _elements(node["/K"]) if "/K" in node else ()
