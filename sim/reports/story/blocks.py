"""What a report is made of, before it is a page of HTML or a PDF.

Both renderings read these records and nothing else, so they cannot say different things.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from sim.run_folder import Json

Tone = Literal["", "good", "bad", "unsure", "quiet"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A table's cell. note: a second, quieter line.  picture: an SVG that shows the text."""

    text: str
    tone: Tone = ""
    note: str = ""
    picture: str = ""


Row = Sequence[Cell | str]


@dataclass(frozen=True, slots=True)
class Table:
    """figures: the columns that hold figures, which line up on the right."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Row]
    figures: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart. title: what it shows, as a finding.  note: units, intervals and n.

    spec: Vega-Lite without width and theme, which the renderings add.  alt: for who cannot see it.
    table: the figures behind it.
    """

    key: str
    title: str
    note: str
    spec: Json
    alt: str
    table: Table


@dataclass(frozen=True, slots=True)
class Text:
    text: str
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Points:
    """A list of sentences."""

    items: Sequence[str]


@dataclass(frozen=True, slots=True)
class Commands:
    """What to type, one command a line."""

    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values."""

    pairs: Sequence[tuple[str, str]]


Block = Text | Points | Commands | Facts | Table | Figure


@dataclass(frozen=True, slots=True)
class Section:
    """level: 1 for a chapter, 2 for a part of the chapter before it."""

    key: str
    title: str
    blocks: Sequence[Block]
    level: Literal[1, 2] = 1


@dataclass(frozen=True, slots=True)
class Report:
    """day_s: midnight UTC of the day that the file bears, from the scenario, not from a clock."""

    title: str
    subtitle: str
    lang: str
    day_s: int
    sections: Sequence[Section]

    def figures(self) -> Iterator[Figure]:
        for section in self.sections:
            yield from (block for block in section.blocks if isinstance(block, Figure))
