"""``python -m sim.reports.typeface.build NotoSansCJK-VF.otf.ttc``: cut the typeface again.

Needed only when the characters or the source change; what it writes is committed (README.md).
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from fontTools import subset
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.ttLib import TTCollection, TTFont
from fontTools.varLib import instancer

from sim.reports.typeface.subset import FILES

_FAMILY: Final = "Shapan Sans"
_SOURCE: Final = "Noto Sans CJK SC"
# A fixed instant (seconds since 1904), so that equal sources give equal files.
_MADE_S: Final = 3_848_000_000
_MORE: Final = (
    "€£¥→←↑↓↔≤≥≠≈±×÷∞√∑✓✗●○■□▲△▼▽◆◇…‰′″−·•“”‘’「」『』【】《》〈〉、。，；：？！（）—–℃№"
    "①②③④⑤⑥⑦⑧⑨⑩☐☑"
)


def characters() -> set[int]:
    """GB 2312, Latin with its accents, general punctuation, and signs that reports use."""
    pairs = (bytes([row, cell]) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF))
    gb2312 = "".join(pair.decode("gb2312", errors="ignore") for pair in pairs)
    return {*map(ord, gb2312 + _MORE), *range(0x20, 0x180), *range(0x2010, 0x2030)}


def build(source: Path) -> None:
    """Write every weight beside this module."""
    with TemporaryDirectory() as folder:
        part = Path(folder) / "part.otf"
        _subset(source, part)
        for weight, file in FILES.items():
            _static(part, weight, Path(folder) / "static.otf", file)


def _subset(source: Path, part: Path) -> None:
    faces = TTCollection(source, lazy=True).fonts
    number = [face["name"].getDebugName(1) for face in faces].index(_SOURCE)
    font = TTFont(source, fontNumber=number)
    options = subset.Options(hinting=False, notdef_outline=True, layout_features=["kern"])
    options.drop_tables += ["vhea", "vmtx", "VORG", "VVAR", "DSIG", "BASE", "HVAR"]
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=characters())
    cutter.subset(font)
    font.save(part)


def _static(part: Path, weight: int, between: Path, file: Path) -> None:
    """One weight as plain CFF: renderers draw nothing from an instance that is still CFF2."""
    instancer.instantiateVariableFont(TTFont(part, lazy=False), {"wght": weight}).save(between)
    source = TTFont(between)
    name = file.stem.removeprefix("ShapanSans-")
    builder = FontBuilder(source["head"].unitsPerEm, isTTF=False)
    builder.font.recalcTimestamp = False
    builder.setupGlyphOrder(source.getGlyphOrder())
    builder.setupCharacterMap(source.getBestCmap())
    builder.setupCFF(
        file.stem, {"FullName": f"{_FAMILY} {name}", "FamilyName": _FAMILY}, _outlines(source), {}
    )
    builder.setupHorizontalMetrics(dict(source["hmtx"].metrics))
    line = source["hhea"]
    builder.setupHorizontalHeader(ascent=line.ascent, descent=line.descent, lineGap=line.lineGap)
    _describe(builder, source, weight, name, file.stem)
    if "GPOS" in source:
        builder.font["GPOS"] = source["GPOS"]
    builder.save(file)


def _outlines(source: TTFont) -> dict[str, Any]:
    glyphs, metrics, found = source.getGlyphSet(), source["hmtx"].metrics, {}
    for name in source.getGlyphOrder():
        pen = T2CharStringPen(metrics[name][0], glyphs)
        glyphs[name].draw(pen)
        found[name] = pen.getCharString(None, None)
    return found


def _describe(builder: FontBuilder, source: TTFont, weight: int, name: str, stem: str) -> None:
    is_bold, of_source = weight == 700, source["OS/2"]
    kept = ("sTypoAscender", "sTypoDescender", "sTypoLineGap", "usWinAscent", "usWinDescent")
    builder.setupOS2(
        version=4,
        usWeightClass=weight,
        fsSelection=0x20 if is_bold else 0x40,
        **{key: getattr(of_source, key) for key in (*kept, "sxHeight", "sCapHeight")},
    )
    builder.setupNameTable(
        {
            "familyName": _FAMILY,
            "styleName": name,
            "uniqueFontIdentifier": f"{_FAMILY} {name}",
            "fullName": f"{_FAMILY} {name}",
            "psName": stem,
            "version": "Version 1.0",
            "licenseDescription": "SIL Open Font License 1.1; made from Noto Sans CJK SC",
        }
    )
    builder.setupPost()
    head = builder.font["head"]
    head.macStyle, head.created, head.modified = int(is_bold), _MADE_S, _MADE_S


if __name__ == "__main__":
    build(Path(sys.argv[1]))
