"""A report into a file."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from sim.pilot import is_pilot_folder, reopen_pilot
from sim.reports.document import document_of, pilot_document_of
from sim.reports.html import render as html
from sim.reports.junit import junit
from sim.reports.pdf import render as pdf
from sim.reports.story.dossier import EMPTY, read_dossier
from sim.reports.story.risks import RISKS
from sim.reports.story.soaked import read_soak
from sim.reports.story.source import Source, sources_of
from sim.reports.story.stress import read_stress
from sim.reports.story.tell import Profile, tell
from sim.run_folder import Json, RunFolder, write_json
from system.errors import InputError

Kind = Literal["html", "pdf", "junit", "json"]
# Of these formats, nothing but the runs is read.
_DATA: Final = ("junit", "json")
_READERS: Final[Mapping[str, Profile]] = {
    "--dossier": "regulator",
    "--load": "qa",
    "--soak": "qa",
}
_SUFFIX: Final = {"junit": "junit.xml"}


def write_report(
    runs: Sequence[Path],
    kind: Kind,
    lang: str,
    out: Path | None = None,
    *,
    profile: Profile = "",
    dossier: Path | None = None,
    loads: Sequence[Path] = (),
    soaks: Sequence[Path] = (),
    required: Collection[str] = (),
) -> Path:
    """Write the report on these folders and return the file. Raises InputError.

    required: claims that must be supported, for junit.  dossier: a TOML file, for regulators.
    loads: what ``shapan stress --json`` printed, soaks: what ``shapan soak --json`` did, for QA.
    """
    _check_read(kind, profile, {"--dossier": dossier, "--load": loads, "--soak": soaks})
    sources = sources_of(runs)
    file = out or runs[0] / f"report.{_SUFFIX.get(kind, kind)}"
    if kind == "json":
        write_json(file, {"runs": [_document(run) for run in runs]})
    elif kind == "junit":
        file.write_text(junit(_named(sources), required), encoding="utf-8")
    else:
        read = EMPTY if dossier is None else read_dossier(dossier, tuple(RISKS))
        measured = list(map(read_stress, loads)), list(map(read_soak, soaks))
        report = tell(sources, lang, profile, read, *measured)
        made = pdf.render(report) if kind == "pdf" else html.render(report).encode()
        file.write_bytes(made)
    return file


def _check_read(kind: Kind, profile: Profile, given: Mapping[str, object]) -> None:
    """Raises InputError for a file that the asked report would not read."""
    for option, value in given.items():
        if value and (kind in _DATA or profile != _READERS[option]):
            remedy = f"add --profile {_READERS[option]} to a report as html or pdf"
            raise InputError(option, str(value), remedy)


def _named(sources: Sequence[Source]) -> list[tuple[str, RunFolder]]:
    return [(source.name, source.folder) for source in sources]


def _document(run: Path) -> Json:
    if is_pilot_folder(run):
        return pilot_document_of(reopen_pilot(run, None))
    return document_of(RunFolder(run))
