"""A bundle: a folder that holds all that is needed to believe a run, or to refute it.

README.md                 how to check it, with and without Shapan
run/                      the run folder, or the pilot's: scenario, seeds, results
results.json  junit.xml   the same for machines
report.en.html  report.zh.html
pins.txt                  every package that was installed
ro-crate-metadata.json    what each file is
statement.dsse.json       an in-toto Statement over all of the above, signed
public-key.pem
SHA256SUMS  SHA256SUMS.sig   every file, and a detached Ed25519 signature
"""

from __future__ import annotations

import hashlib
import shutil
from datetime import UTC, datetime
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sim.evidence.crate import crate
from sim.evidence.keys import fingerprint, public_pem
from sim.evidence.readme import readme
from sim.evidence.statement import envelope, statement
from sim.pilot import is_pilot_folder, reopen_pilot
from sim.reports.document import document_of, pilot_document_of
from sim.reports.html.render import render
from sim.reports.junit import junit
from sim.reports.story.source import Source, sources_of
from sim.reports.story.tell import tell
from sim.run_folder import SEAL, Json, RunFolder, write_json

SIGNATURE: Final = f"{SEAL}.sig"
STATEMENT: Final = "statement.dsse.json"
CRATE: Final = "ro-crate-metadata.json"
PUBLIC_KEY: Final = "public-key.pem"
RUN: Final = "run"
# Drawn again inside the bundle, in both languages.
_LEFT_OUT: Final = ("report.*",)


def write_bundle(run: Path, out: Path, key: Ed25519PrivateKey) -> str:
    """Write the bundle of a run or a pilot into a new folder; returns the key's fingerprint.

    Raises InputError where the run cannot be used or something is in the way.
    """
    sources = sources_of([run])
    RunFolder(out).check_free()
    shutil.copytree(run, out / RUN, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    results = _results(out / RUN)
    _describe(out, sources, results)
    (out / PUBLIC_KEY).write_bytes(public_pem(key.public_key()))
    _write(out / "README.md", readme(results, fingerprint(key.public_key())))
    sums = file_sums(out)
    sizes = {name: (out / name).stat().st_size for name in sums}
    write_json(out / CRATE, crate(sums, sizes, _facts(sources, results)))
    write_json(out / STATEMENT, envelope(statement(file_sums(out), results), key))
    _seal(out, key)
    return fingerprint(key.public_key())


def file_sums(folder: Path) -> dict[str, str]:
    """Relative path -> SHA-256 of every file but the seal and its signature."""
    names = sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
    return {name: _sha256(folder / name) for name in names if name not in (SEAL, SIGNATURE)}


def _results(run: Path) -> Json:
    """The JSON document of ``run`` or ``pilot``; it names no place on the machine."""
    if is_pilot_folder(run):
        return pilot_document_of(reopen_pilot(run, None)) | {"run": RUN}
    return document_of(RunFolder(run)) | {"run": RUN}


def _describe(out: Path, sources: list[Source], results: Json) -> None:
    write_json(out / "results.json", results)
    _write(out / "junit.xml", junit([(source.name, source.folder) for source in sources]))
    inside = sources_of([out / RUN])
    for lang in ("en", "zh"):
        _write(out / f"report.{lang}.html", render(tell(inside, lang)))
    pins = sorted({f"{d.metadata['Name']}=={d.version}" for d in distributions()}, key=str.lower)
    _write(out / "pins.txt", "\n".join(pins) + "\n")


def _facts(sources: list[Source], results: Json) -> Json:
    names = ", ".join(source.name for source in sources)
    starts = [s.scenario["parameters"].get("start_s", {}).get("value", 0) for s in sources]
    return {
        "name": f"Shapan evidence: {names}",
        "description": sources[0].scenario["question"]["en"],
        "day": datetime.fromtimestamp(max(starts), UTC).date().isoformat(),
        "digest": results["digest"],
        "version": version("shapan"),
        "command": f"shapan run {names}",
    }


def _seal(out: Path, key: Ed25519PrivateKey) -> None:
    lines = "".join(f"{sha256}  {name}\n" for name, sha256 in file_sums(out).items())
    _write(out / SEAL, lines)
    (out / SIGNATURE).write_bytes(key.sign(lines.encode()))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
