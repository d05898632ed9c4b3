"""A soak as JUnit XML: a trial that broke fails, a kind of fault that never struck is skipped."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement  # nosec B405

from sim.reports.junit import add_suite, text_of
from sim.run_folder import Json


def junit_of_soak(document: Json) -> str:
    """document: what ``shapan soak --json`` prints."""
    root = Element("testsuites", name="shapan")
    name = f"soak-{document['seed']}"
    add_suite(root, f"{name}.trials", list(_trials(document)))
    add_suite(root, f"{name}.faults", list(_faults(document["coverage"])))
    return text_of(root)


def _trials(document: Json) -> Iterator[Element]:
    failed = {one["trial"]: one for one in document["failed"]}
    for number in range(document["trials"]):
        case = Element("testcase", name=f"trial {number}")
        if number in failed:
            one = failed[number]
            found = SubElement(case, "failure", type=one["what"], message=one["error"])
            found.text = f"{one['replay']}\n{one['shrink']}"
        yield case


def _faults(coverage: Json) -> Iterator[Element]:
    for kind, strikes in coverage["strikes"].items():
        case = Element("testcase", name=kind)
        planned = f"planned in {coverage['trials_by_fault'][kind]} trials"
        if not strikes:
            SubElement(case, "skipped", message=f"never struck; {planned}")
        SubElement(case, "system-out").text = f"{planned}, struck {strikes} attempts"
        yield case
