"""A report into a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sim.reports.html import render as html
from sim.reports.pdf import render as pdf
from sim.reports.story.source import sources_of
from sim.reports.story.tell import tell


def write_report(runs: Sequence[Path], kind: str, lang: str, out: Path | None) -> Path:
    """Write the report on these folders and return the file. Raises InputError."""
    report = tell(sources_of(runs), lang)
    file = out or runs[0] / f"report.{kind}"
    made = pdf.render(report) if kind == "pdf" else html.render(report).encode()
    file.write_bytes(made)
    return file
