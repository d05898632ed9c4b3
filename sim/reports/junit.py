"""Runs as JUnit XML, for continuous integration.

Broken invariants and failed replications fail. A claim is evidence, not a test: only one that was
required fails, as with exit code 3; others that are not supported are shown as skipped.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring  # nosec B405

from sim.run import HELD
from sim.run_folder import Json, RunFolder

_FAILURES: Final = ("failure", "error")
# What XML has no way to write; errors quote what they met, terminals' colours among it.
_UNWRITABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(runs: Sequence[tuple[str, RunFolder]], required: Collection[str] = ()) -> str:
    """runs: name and folder. required: ids of claims that must be supported."""
    root = Element("testsuites", name="shapan")
    for name, folder in runs:
        add_suite(root, f"{name}.invariants", list(_invariants(folder)))
        add_suite(root, f"{name}.replications", list(_replications(folder)))
        add_suite(root, f"{name}.claims", list(_claims(folder, required)))
    return text_of(root)


def text_of(root: Element) -> str:
    """The whole file."""
    indent(root)
    text = _UNWRITABLE.sub("\ufffd", tostring(root, encoding="unicode"))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def add_suite(root: Element, name: str, cases: Sequence[Element]) -> None:
    """A suite of these cases, with its counts."""
    counts = {
        kind: str(sum(case.find(kind) is not None for case in cases))
        for kind in (*_FAILURES, "skipped")
    }
    suite = SubElement(
        root,
        "testsuite",
        name=name,
        tests=str(len(cases)),
        failures=counts["failure"],
        errors=counts["error"],
        skipped=counts["skipped"],
    )
    for case in cases:
        case.set("classname", name)
        suite.append(case)


def _invariants(folder: RunFolder) -> Iterator[Element]:
    for name, state in folder.read_run()["invariants"].items():
        case = Element("testcase", name=name)
        if state != HELD:
            SubElement(case, "failure", type="broken", message=state).text = replay(folder, state)
        yield case


def replay(folder: RunFolder, state: str) -> str:
    """The command that shows the break again, where the state names a replication."""
    words = state.split()
    if words[:1] == ["replication"]:
        return f"shapan run {folder.path} --replication {words[1].rstrip(',')}"
    return state


def _replications(folder: RunFolder) -> Iterator[Element]:
    failed = {one["replication"]: one for one in folder.failures()}
    done = [record["replication"] for record in folder.records()]
    for number in sorted({*failed, *done}):
        case = Element("testcase", name=f"replication {number}")
        if number in failed:
            _error(case, failed[number])
        yield case


def _error(case: Element, failure: Json) -> None:
    found = SubElement(case, "error", type=failure["stage"], message=failure["error"])
    found.text = f"{failure['replay']}\n{failure['shrink']}\n\n{failure['traceback']}"


def _claims(folder: RunFolder, required: Collection[str]) -> Iterator[Element]:
    for claim in folder.read_claims():
        case = Element("testcase", name=claim["id"])
        said = (
            f"{claim['verdict']}: {claim['metric']} {claim['estimate']} "
            f"[{claim['ci_low']}, {claim['ci_high']}], promised {claim['operator']} "
            f"{claim['threshold']}, n = {claim['n']}"
        )
        if claim["verdict"] != "supported":
            if claim["id"] in required:
                SubElement(case, "failure", type=claim["verdict"], message=said)
            else:
                SubElement(case, "skipped", message=f"not required; {said}")
        SubElement(case, "system-out").text = said
        yield case
