"""A report into a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sim.reports.html.render import render
from sim.reports.story.source import sources_of
from sim.reports.story.tell import tell


def write_report(runs: Sequence[Path], kind: str, lang: str, out: Path | None) -> Path:
    """Write the report on these folders and return the file. Raises InputError."""
    report = tell(sources_of(runs), lang)
    file = out or runs[0] / f"report.{kind}"
    file.write_text(render(report), encoding="utf-8", newline="\n")
    return file
