"""A stress run as JUnit for CI and as one HTML page for people."""

from collections.abc import Mapping
from html import escape
from typing import Any
from xml.etree import ElementTree  # nosec B405


def junit(document: dict[str, Any]) -> str:
    """One test case per check."""
    checks = document["checks"]
    failed = [check for check in checks if not check["holds"]]
    suite = ElementTree.Element(
        "testsuite",
        name=f"shapan stress {document['profile']}",
        tests=str(len(checks)),
        failures=str(len(failed)),
        time=f"{document['wall_s']:.3f}",
    )
    for check in checks:
        case = ElementTree.SubElement(suite, "testcase", name=check["name"], classname="stress")
        if not check["holds"]:
            message = f"{check['value']} where {check['limit']} is allowed"
            ElementTree.SubElement(case, "failure", message=message).text = check["detail"]
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)


def html(document: dict[str, Any]) -> str:
    """One page without scripts or links."""
    streams = [
        (
            name,
            f"{one['per_s']:,} {one['unit']}/s",
            f"{one['asked']:,}",
            sum(one["errors"].values()),
            *(f"{value:,.1f}" for value in one["latency_ms"].values()),
            f"{one['latency_ms_max']:,.1f}",
            "" if one["saturated_above_per_s"] is None else f"{one['saturated_above_per_s']:,.0f}",
        )
        for name, one in document["streams"].items()
    ]
    checks = [
        (
            check["name"],
            check["value"],
            check["limit"],
            "✓" if check["holds"] else "✗",
            check["detail"],
        )
        for check in document["checks"]
    ]
    names = list(document["streams"])
    faults = [
        (
            one["kind"],
            one["at_s"],
            one["cause_gone_after_s"],
            *(one["in_time_again_after_s"][name] for name in names),
        )
        for one in document["faults"]
    ]
    late = tuple(f"{name} in time again after s" for name in names)
    heads = ("stream", "rate", "asked", "errors", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms")
    return "\n".join(
        (
            "<!doctype html><html lang=en><meta charset=utf-8>",
            f"<title>shapan stress {escape(document['profile'])}</title><style>{_STYLE}</style>",
            f"<h1>{escape(document['profile'])}: {escape(document['status'])}</h1>",
            f"<p>{document['duration_s']:g} s, seed {document['seed']}; "
            f"{escape(', '.join(f'{k}: {v}' for k, v in document['parts'].items()))}</p>",
            _table((*heads, "max ms", "saturated above /s"), streams),
            _table(("check", "value", "limit", "holds", "detail"), checks),
            _table(("fault", "at s", "cause gone after s", *late), faults),
            f"<p>{left_out(document)}</p>",
        )
    )


def left_out(document: Mapping[str, Any]) -> str:
    """What to say of planned faults that did not strike; empty where all did."""
    count = document["faults_left_out"]
    return f"{count} planned faults did not strike before the load's end" if count else ""


def _table(heads: tuple[str, ...], rows: list[Any]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th scope=col>{escape(one)}</th>" for one in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


_STYLE = (
    "body{font:15px/1.5 system-ui;margin:2rem;max-width:72rem}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .7rem;text-align:right;"
    "border-bottom:1px solid #ddd}td:first-child,th:first-child{text-align:left}"
)
