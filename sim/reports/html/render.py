"""A report as one HTML file: its style, script, charts and typeface inside, nothing outside.

It loads nothing and runs only the scripts whose sums its own policy names, so that it can be opened
offline, mailed, or served under a strict Content-Security-Policy.
"""

from __future__ import annotations

import json
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sim.reports.charts.theme import FONT, whole
from sim.reports.story.blocks import (
    Block,
    Commands,
    Facts,
    Figure,
    Points,
    Report,
    Section,
    Table,
    Text,
)
from sim.reports.story.tongue import Tongue
from sim.reports.typeface.subset import cut
from sim.run_folder import Json

_FOLDER: Final = Path(__file__).parent
# Vega, Vega-Lite and Vega-Embed; with the option ``ast`` it evaluates no text as code.
VEGA: Final = _FOLDER / "vega.js"


def render(report: Report) -> str:
    """The page. Equal reports give equal bytes."""
    say = Tongue(report.lang)
    specs = {
        _key(section, figure): whole(figure.spec, "container")
        for section in report.sections
        for figure in section.blocks
        if isinstance(figure, Figure)
    }
    charts = _json(specs)
    vega, script = _asset("vega.js"), _asset("page.js")
    environment = _environment(say)
    page = environment.get_template("page.html.j2")
    drawing = environment.get_template("blocks.html.j2").make_module()

    def text_of(style: str) -> str:
        return page.render(
            report=report,
            policy=_policy((vega, script), style),
            style=Markup(style),  # nosec B704
            charts=Markup(charts),  # nosec B704
            vega=Markup(vega),  # nosec B704
            script=Markup(script),  # nosec B704
            drawn=lambda block, section: _drawn(block, section, drawing),
        )

    shown = text_of("").replace(vega, "")
    return text_of(_faces(shown + json.dumps(specs, ensure_ascii=False)) + _asset("page.css"))


def fragment(section: Section, lang: str) -> tuple[str, str]:
    """A section's blocks as HTML for another page, and its charts as JSON by the id of their place.

    The page draws them with the script of ``VEGA``.
    """
    drawing = _drawing(lang)
    html = Markup("\n").join(_drawn(block, section, drawing) for block in section.blocks)
    charts = {
        _key(section, block): whole(block.spec, "container")
        for block in section.blocks
        if isinstance(block, Figure)
    }
    return html, json.dumps(charts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@cache
def _drawing(lang: str) -> Any:
    """The macros of blocks, compiled once for all of a console's pages."""
    return _environment(Tongue(lang)).get_template("blocks.html.j2").make_module()


def _environment(say: Tongue) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["say"] = say
    return environment


@cache
def _asset(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _key(section: Section, figure: Figure) -> str:
    return f"{section.key}-{figure.key}"


def _json(document: Json) -> str:
    """JSON that cannot end the script element that it stands in."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _policy(scripts: tuple[str, ...], style: str) -> str:
    sums = " ".join(f"'sha256-{_sum(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {sums}; style-src 'sha256-{_sum(style)}'; "
        "font-src data:; img-src data:; base-uri 'none'; form-action 'none'"
    )


def _sum(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


def _faces(text: str) -> str:
    """The typeface at both weights, with the characters of the page."""
    return "".join(
        f'@font-face{{font-family:"{FONT}";font-weight:{weight};src:url(data:font/woff;base64,'
        f'{b64encode(cut(weight, text)).decode()}) format("woff")}}'
        for weight in (400, 700)
    )


def _drawn(block: Block, section: Section, drawing: Any) -> Markup:
    match block:
        case Text():
            of_tone = f' class="{block.tone}"' if block.tone else ""
            return Markup("<p{}>{}</p>").format(Markup(of_tone), block.text)  # nosec B704
        case Points():
            items = Markup("").join(Markup("<li>{}</li>").format(item) for item in block.items)
            return Markup("<ul>{}</ul>").format(items)
        case Commands():
            return Markup('<pre tabindex="0"><code>{}</code></pre>').format("\n".join(block.lines))
        case Facts():
            pairs = (Markup("<dt>{}</dt><dd>{}</dd>").format(*pair) for pair in block.pairs)
            return Markup("<dl>{}</dl>").format(Markup("").join(pairs))
        case Table():
            return Markup(drawing.table(block))  # nosec B704
        case Figure():
            return Markup(drawing.figure(block, _key(section, block)))  # nosec B704
