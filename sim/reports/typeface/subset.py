"""The report's typeface, cut down to the characters that a page shows.

Shapan Sans is Noto Sans CJK SC at two weights with all of GB 2312 (see README.md beside the files).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

from fontTools import subset
from fontTools.ttLib import TTFont

FOLDER: Final = Path(__file__).parent
FILES: Final = {
    400: FOLDER / "ShapanSans-Regular.otf",
    700: FOLDER / "ShapanSans-Bold.otf",
}
# Line ends and tabs are laid out, not drawn.
_UNDRAWN: Final = frozenset("\n\r\t")


@cache
def characters(weight: int) -> frozenset[str]:
    """Every character that the typeface can draw at this weight."""
    with TTFont(FILES[weight], lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


def missing(text: str) -> list[str]:
    """The characters of ``text`` that the typeface cannot draw, in order, each once."""
    known = characters(400) & characters(700) | _UNDRAWN
    return sorted(set(text) - known)


def cut(weight: int, text: Iterable[str]) -> bytes:
    """A WOFF file with the characters of ``text`` and no others; equal for equal characters."""
    options = subset.Options(hinting=False, notdef_outline=True)
    options.layout_features = ["kern"]
    options.recalc_timestamp = False
    options.flavor = "woff"
    font = TTFont(FILES[weight], lazy=True, recalcTimestamp=False)
    cutter = subset.Subsetter(options)
    cutter.populate(text="".join(sorted(set("".join(text)))))
    cutter.subset(font)
    font.flavor = "woff"
    written = BytesIO()
    font.save(written)
    return written.getvalue()
