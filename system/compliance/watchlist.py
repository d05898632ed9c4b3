"""Lists of people and firms to beware of, and who of ours is like somebody on them.

Every list is replaced as a whole by its next version. A name of ours that is like a listed one
raises a case; one of a sanctions list also keeps its bearer out until two people have found that
it is somebody else.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any, Final, Literal

import numpy as np

from system.canonical import canonical_json
from system.compliance.cases import CASES, Case, case_id_of, raise_case
from system.errors import InputError
from system.limits import TEXT_CHARS_MAX
from system.ports.store import Table, Unit

ListKind = Literal["sanction", "pep"]
KINDS: Final = ("sanction", "pep")
# From here on people look. Tried on the sample: lower floods them, higher misses transliterations.
LIKENESS_MIN: Final = 86
_NAMES_MAX: Final = 16
_ENTRIES_MAX: Final = 100_000


@dataclass(frozen=True, slots=True)
class ListedName:
    """One name of one entry. removed: the list's next version does not have it any more.

    place: of the name in its entry.
    """

    list_name: str
    entry_id: str
    place: int
    kind: str
    name: str
    version: str
    removed: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """A name of ours that is like a listed one. likeness: 0 to 100."""

    subject: str
    name: str
    list_name: str
    entry_id: str
    kind: str
    listed: str
    likeness: int


LISTED: Final = Table("watchlist", ListedName, key=("list_name", "entry_id", "place"))


def sample() -> dict[str, Any]:
    """The packaged list of invented names, Chinese and Latin."""
    text = files("system.compliance").joinpath("lists/sample.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def load(unit: Unit, list_name: str, version: str, entries: Sequence[Any]) -> int:
    """Replace a list by its next version; how many names it has.

    entries: objects of entry_id, kind and names.  Raises InputError.
    """
    rows = {row_key(row): row for row in _rows(list_name, version, entries)}
    known = unit.find(LISTED, {"list_name": list_name})
    gone = [replace(row, removed=True) for row in known if row_key(row) not in rows]
    old = {row_key(row) for row in known}
    unit.replace(LISTED, [*gone, *(row for key, row in rows.items() if key in old)])
    unit.insert(LISTED, [row for key, row in rows.items() if key not in old])
    return len(rows)


def row_key(row: ListedName) -> tuple[str, str, int]:
    return (row.list_name, row.entry_id, row.place)


def _rows(list_name: str, version: str, entries: Sequence[Any]) -> list[ListedName]:
    if not 1 <= len(entries) <= _ENTRIES_MAX:
        raise InputError("entries", len(entries), f"give 1 to {_ENTRIES_MAX}")
    rows = []
    for entry in entries:
        entry_id, kind, names = entry["entry_id"], entry["kind"], entry["names"]
        if kind not in KINDS:
            raise InputError("kind", kind, f"write {' or '.join(KINDS)}")
        if not 1 <= len(names) <= _NAMES_MAX:
            raise InputError("names", len(names), f"give 1 to {_NAMES_MAX} names of {entry_id}")
        for place, name in enumerate(names):
            if not 1 <= len(name) <= TEXT_CHARS_MAX or "\0" in name:
                raise InputError("names", name, f"give 1 to {TEXT_CHARS_MAX} characters, no NUL")
            rows.append(ListedName(list_name, entry_id, place, kind, name, version, False))
    return rows


def hits(unit: Unit, names: Sequence[tuple[str, str]]) -> list[Hit]:
    """Who of these is like whom: the closest name of each entry, in the order of ``names``.

    names: pairs of subject and name.
    """
    listed = [row for row in unit.scan(LISTED) if not row.removed] if names else []
    if not listed:
        return []
    # Loads dictionaries of sounds: only where there is something to compare with.
    from system.compliance.names import likeness

    score = likeness([name for _, name in names], [row.name for row in listed])
    found: dict[tuple[str, str, str], Hit] = {}
    for n, m in np.argwhere(score >= LIKENESS_MIN).tolist():
        (subject, name), row = names[n], listed[m]
        hit = Hit(subject, name, row.list_name, row.entry_id, row.kind, row.name, int(score[n, m]))
        key = (subject, row.list_name, row.entry_id)
        if key not in found or hit.likeness > found[key].likeness:
            found[key] = hit
    return list(found.values())


def in_words(hit: Hit) -> dict[str, Any]:
    """Both names as they are: what a case keeps of firms."""
    return {"name": hit.name, "listed": hit.listed}


def screen(
    unit: Unit,
    names: Sequence[tuple[str, str]],
    now_s: int,
    kept_names: Callable[[Hit], dict[str, Any]] = in_words,
) -> set[str]:
    """Raise a case for each new hit; the subjects that a sanctions list keeps out.

    A hit that two people dismissed keeps nobody out, as long as both names stay what they were.
    kept_names: what the case keeps of both names, the same for the same ones.
    """
    kept_out = set()
    for hit in hits(unit, names):
        case = _case_of(hit, kept_names(hit), now_s)
        [known] = unit.get(CASES, [(case.case_id,)])
        if known is None:
            raise_case(unit, case)
        if hit.kind == "sanction" and (known is None or known.state != "dismissed"):
            kept_out.add(hit.subject)
    return kept_out


def kept_out(unit: Unit, found: Iterable[Case]) -> set[str]:
    """The subjects that these cases keep out, whatever name they go by now.

    A case stands until two people dismiss it, or its list lets go of the entry.
    """
    standing: dict[tuple[str, str], bool] = {}
    subjects = set()
    for case in found:
        if case.kind != "sanction" or case.state == "dismissed":
            continue
        evidence = json.loads(case.evidence)
        entry = evidence["list"], evidence["entry"]
        if entry not in standing:
            rows = unit.find(LISTED, {"list_name": entry[0], "entry_id": entry[1]})
            standing[entry] = any(not row.removed for row in rows)
        if standing[entry]:
            subjects.add(case.subject)
    return subjects


def _case_of(hit: Hit, names: dict[str, Any], now_s: int) -> Case:
    found = {"list": hit.list_name, "entry": hit.entry_id, "likeness": hit.likeness}
    evidence = canonical_json(names | found)
    return Case(
        case_id_of(hit.kind, hit.subject, evidence),
        hit.kind,
        hit.subject,
        evidence,
        now_s,
        "screening",
    )
