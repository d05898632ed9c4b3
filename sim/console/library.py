"""The runs below one folder, as the console lists them: read once, read again when they change."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from sim.pilot import is_pilot_folder, scenarios_of
from sim.run_folder import Json, RunFolder
from system.errors import InputError

COMPARED_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """One run. id: its path below the library's folder.  changed_ns: when it last changed.

    problem: why it cannot be read, empty where it can.
    """

    id: str
    scenario: str
    question: Mapping[str, str]
    status: str
    seed: int
    replications: int
    wiring: str
    digest: str
    overrides: tuple[str, ...]
    verdicts: Mapping[str, int]
    failed: int
    changed_ns: int
    problem: str = ""

    def says(self, words: Sequence[str]) -> bool:
        """Whether every word stands somewhere in what is known of the run."""
        facts = (self.id, self.scenario, self.status, str(self.seed), self.wiring, self.digest)
        text = " ".join((*facts, *self.overrides, *self.question.values())).lower()
        return all(word in text for word in words)


class Library:
    """root: the folder under which runs and pilots stand. Nothing outside it is ever opened."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._entries: dict[str, Entry] = {}
        self._known: dict[str, Path] = {}

    def page(self, search: str, most: int) -> tuple[list[Entry], int]:
        """At most so many runs that match every word of the search, the latest change first, and
        how many more there are. Without a search only those that are returned are read."""
        found = self.entries(search)
        shown = list(islice(found, most))
        more = sum(1 for _ in found) if search.split() else len(self._known) - len(shown)
        return shown, more

    def entries(self, search: str = "") -> Iterator[Entry]:
        """Runs that match every word of the search, the latest change first, each read in its
        turn, and again only when it has changed."""
        paths, words = self._paths(), search.lower().split()
        self._entries = {id_: entry for id_, entry in self._entries.items() if id_ in paths}
        changed_ns = {id_: _changed_ns(path) for id_, path in paths.items()}
        for id_ in sorted(paths, key=lambda id_: (-changed_ns[id_], id_)):
            entry = self._entries.get(id_)
            if entry is None or entry.changed_ns != changed_ns[id_]:
                entry = self._entries[id_] = _entry(id_, paths[id_], changed_ns[id_])
            if entry.says(words):
                yield entry

    def read_ahead(self) -> None:
        """Read what no page has shown yet, so that a search need not wait for it."""
        for _ in self.entries():
            pass

    def folder(self, id_: str) -> RunFolder:
        """The run of this id. Raises InputError for one that is not listed."""
        path = self._known.get(id_)
        if path is None or not (path / "run.json").is_file():
            path = self._paths().get(id_)
        if path is None:
            raise InputError("run", id_, "choose one of the list")
        return RunFolder(path)

    def _paths(self) -> dict[str, Path]:
        """Id -> path of every run folder, those of pilots included."""
        found: dict[str, Path] = {}
        for path in sorted(self.root.iterdir()) if self.root.is_dir() else ():
            if is_pilot_folder(path):
                found |= {f"{path.name}/{name}": path / name for name in _scenarios(path)}
            elif (path / "run.json").is_file():
                found[path.name] = path
        self._known = found
        return found


def _scenarios(path: Path) -> list[str]:
    try:
        names = scenarios_of(path)
    except InputError:
        return []
    return [name for name in names if (path / name / "run.json").is_file()]


def _changed_ns(path: Path) -> int:
    """When the newest of what is watched changed; 0 where nothing of it is there any more."""
    newest = 0
    for name in ("run.json", "replications", "failures"):
        with suppress(FileNotFoundError):
            newest = max(newest, os.stat(path / name).st_mtime_ns)
    return newest


def _entry(id_: str, path: Path, changed_ns: int) -> Entry:
    folder = RunFolder(path)
    try:
        run = folder.read_run()
        verdicts = Counter(claim["verdict"] for claim in _claims(folder))
    except InputError as error:
        return Entry(id_, "", {}, "", 0, 0, "", "", (), {}, 0, changed_ns, str(error))
    return Entry(
        id=id_,
        scenario=run["scenario"]["name"],
        question=run["scenario"]["question"],
        status=run["status"],
        seed=run["seed"],
        replications=folder.finished(),
        wiring=run["wiring"],
        digest=run.get("digest", ""),
        overrides=tuple(run["overrides"]),
        verdicts=verdicts,
        failed=len(folder.failures()),
        changed_ns=changed_ns,
    )


def _claims(folder: RunFolder) -> list[Json]:
    return folder.read_claims() if (folder.path / "claims.json").is_file() else []
