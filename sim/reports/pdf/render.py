"""A report as a PDF/A-2a that is tagged for screen readers (PDF/UA-1): same figures, static.

Needs the ``report`` extra (typst, vl-convert). Typst says nothing of a character that the typeface
lacks and little of a font that it does not know, so both are errors here.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sim.reports.charts.theme import whole
from sim.reports.story.blocks import (
    Block,
    Cell,
    Commands,
    Facts,
    Figure,
    Points,
    Report,
    Row,
    Table,
    Text,
)
from sim.reports.typeface.subset import FOLDER as TYPEFACE
from sim.reports.typeface.subset import missing
from sim.run_folder import Json
from system.errors import InputError

_TEMPLATE: Final = Path(__file__).parent / "page.typ"
_WIDTH_PX: Final = 640
_STANDARDS: Final = ["a-2a", "ua-1"]
# Longer tables stand at the end, so that charts are not torn apart.
_ROWS_BEHIND_MAX: Final = 12
# Sections of a few lines with which a report ends: one below the other.
_CLOSING: Final = ("method", "limits", "verify")


def render(report: Report) -> bytes:
    """The file. Equal reports give equal bytes. Raises InputError where the extra is missing,
    and where the text has a character that the typeface lacks."""
    typst, vl_convert = _libraries()
    vl_convert.register_font_directory(str(TYPEFACE))
    with TemporaryDirectory() as name:
        folder = Path(name)
        document = _Writer(folder, vl_convert).document(report)
        text = json.dumps(document, ensure_ascii=False, sort_keys=True)
        _check_characters(text)
        (folder / "report.json").write_text(text, encoding="utf-8")
        (folder / "page.typ").write_text(_TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8")
        made, warnings = typst.compile_with_warnings(
            folder / "page.typ",
            root=folder,
            font_paths=[str(TYPEFACE)],
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards=_STANDARDS,
            timestamp=report.day_s,
        )
    _check_warnings(warnings)
    return bytes(made)


def _libraries() -> tuple[Any, Any]:
    try:
        import typst
        import vl_convert
    except ImportError:
        remedy = "needs typst and vl-convert: pip install 'shapan[report]'"
        raise InputError("--format", "pdf", remedy) from None
    return typst, vl_convert


def _check_characters(text: str) -> None:
    lacking = missing(text)
    if lacking:
        shown = ", ".join(f"{one} (U+{ord(one):04X})" for one in lacking[:5])
        raise InputError("text", shown, "the typeface lacks it: write it otherwise, or use html")


def _check_warnings(warnings: list[Any]) -> None:
    assert not warnings, [warning.message for warning in warnings]


class _Writer:
    """Records as JSON, pictures as files beside it."""

    def __init__(self, folder: Path, vl_convert: Any) -> None:
        self._folder, self._vl_convert, self._count = folder, vl_convert, 0

    def document(self, report: Report) -> Json:
        day = datetime.fromtimestamp(report.day_s, UTC)
        return {
            "title": report.title,
            "subtitle": report.subtitle,
            "lang": report.lang,
            "day": [day.year, day.month, day.day],
            "sections": [
                {
                    "title": section.title,
                    "level": section.level,
                    "is_new_page": number > 0
                    and section.level == 1
                    and section.key not in _CLOSING,
                    "blocks": [self._block(block) for block in section.blocks],
                }
                for number, section in enumerate(report.sections)
            ],
        }

    def _block(self, block: Block) -> Json:
        match block:
            case Text():
                return {"kind": "text", "text": block.text, "tone": block.tone}
            case Points():
                return {"kind": "points", "items": list(block.items)}
            case Commands():
                return {"kind": "commands", "lines": list(block.lines)}
            case Facts():
                return {"kind": "facts", "pairs": [list(pair) for pair in block.pairs]}
            case Table():
                return self._table(block)
            case Figure():
                return self._figure(block)

    def _figure(self, figure: Figure) -> Json:
        spec = whole(figure.spec, _WIDTH_PX)
        return {
            "kind": "figure",
            "title": figure.title,
            "note": figure.note,
            "alt": figure.alt,
            "picture": self._picture(self._vl_convert.vegalite_to_svg(spec)),
            "number": self._count,
            "table": self._table(figure.table),
            "small": len(figure.table.rows) <= _ROWS_BEHIND_MAX,
        }

    def _table(self, table: Table) -> Json:
        rows = [self._row(row) for row in table.rows]
        return {
            "kind": "table",
            "caption": table.caption,
            "head": list(table.head),
            "columns": _columns(len(table.head), rows),
            "figures": sorted(table.figures),
            "rows": rows,
        }

    def _row(self, row: Row) -> list[Json]:
        cells = [Cell(item) if isinstance(item, str) else item for item in row]
        return [
            {
                "text": cell.text,
                "tone": cell.tone,
                "note": cell.note,
                "picture": self._picture(cell.picture) if cell.picture else "",
            }
            for cell in cells
        ]

    def _picture(self, svg: str) -> str:
        self._count += 1
        name = f"picture-{self._count:04d}.svg"
        (self._folder / name).write_text(svg, encoding="utf-8")
        return name


# Up to this many characters a column is as wide as its text; the others share what is left.
_NARROW: Final = 18


def _columns(width: int, rows: list[list[Json]]) -> list[int]:
    """0 for a column as wide as its text, else its share of the rest."""
    return [max((_weight(row[i]) for row in rows), default=0) for i in range(width)]


def _weight(cell: Json) -> int:
    longest = max(len(cell["text"]), len(cell["note"]) // 2)
    return 0 if cell["picture"] or longest <= _NARROW else min(6, 1 + longest // 40)
