"""Fleet snapshots of makers and platforms: AEMP 2.0 (ISO/TS 15143-3), pages of XML or JSON.

They come from server to server, some minutes to days old, each element with a time of its own. What
real feeds do with the standard (docs/OPERATIONS.md): an install date in the year 1, "missing" as a
serial number, a tank of 0 litres, hours ten days older than the position, litres or gallons, a last
page that names itself as the next.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError
from defusedxml.ElementTree import fromstring as defused_fromstring
from orjson import JSONDecodeError, loads

from system.errors import InputError
from system.leasing.decode_values import moment_ms
from system.limits import DOCUMENT_BYTES_MAX, READING_MS_MIN

EQUIPMENT_MAX: Final = 1_000
PAGES_MAX: Final = 1_000
_DEPTH_MAX: Final = 6
_BRACKETS_MAX: Final = 50_000
# What feeds write where they know nothing.
_NOTHING: Final = frozenset({"", "missing", "unknown", "n/a", "none", "null", "0"})
Node = dict[str, Any]
_FAULT: Final = "faultcode"


@dataclass(frozen=True, slots=True)
class Equipment:
    """One machine of a snapshot. pin, equipment_id, model: "" where not given.

    installed_ms: None where not known.  elements: by lower-case name, each with lower-case members;
    text, number or truth as the feed has them.  faults: each FaultCode, as elements are.
    """

    pin: str
    equipment_id: str
    model: str
    installed_ms: int | None
    elements: dict[str, Node]
    faults: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """next_href: of the page after this, None on the last."""

    equipment: tuple[Equipment, ...]
    next_href: str | None


def read_page(body: bytes) -> Page:
    """One page of a fleet snapshot, XML or JSON by its first sign. Raises InputError."""
    if len(body) > DOCUMENT_BYTES_MAX:
        raise InputError("page", f"{len(body)} bytes", f"send at most {DOCUMENT_BYTES_MAX}")
    text = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    root = _xml(text) if text.startswith(b"<") else _json(text)
    listed = _as_list(root.get("equipment"))
    if len(listed) > EQUIPMENT_MAX:
        raise InputError("Equipment", len(listed), f"send at most {EQUIPMENT_MAX} a page")
    return Page(tuple(_equipment(node) for node in listed), _next_href(_as_list(root.get("links"))))


def read_fleet(fetch: Callable[[str], bytes], url: str) -> Iterator[Page]:
    """All pages from a first one on. Links that leave its origin are refused, not followed.

    fetch: gets a URL's body.  Raises InputError.
    """
    seen: set[str] = set()
    origin = urlsplit(url)[:2]
    at: str | None = url
    while at is not None:
        if urlsplit(at)[:2] != origin:
            raise InputError("Links", at, f"pages of one fleet stay on {'://'.join(origin)}")
        if at in seen or len(seen) >= PAGES_MAX:
            raise InputError("Links", at, f"pages must end, within {PAGES_MAX}, and not come again")
        seen.add(at)
        page = read_page(fetch(at))
        yield page
        at = None if page.next_href is None else urljoin(at, page.next_href)


def _xml(body: bytes) -> Node:
    try:
        root = defused_fromstring(body, forbid_dtd=True, forbid_entities=True)
    except DefusedXmlException:
        raise InputError("page", "DOCTYPE", "send XML without a document type") from None
    except (ParseError, ValueError, LookupError):
        raise InputError("page", body[:40], "send one well-formed XML document") from None
    if _name(root.tag) != "fleet":
        raise InputError("page", _name(root.tag), "send a Fleet of AEMP 2.0")
    tree = _tree(root, 0)
    return tree if isinstance(tree, dict) else {}


def _tree(element: Any, depth: int) -> Node | str:
    """An element as its members by name; repeated ones as a list. Attributes are members too."""
    if depth > _DEPTH_MAX:
        raise InputError("page", _name(element.tag), f"nest at most {_DEPTH_MAX} deep")
    members: Node = {_name(name): value for name, value in element.attrib.items()}
    for child in element:
        _add(members, _name(child.tag), _tree(child, depth + 1))
    return members or (element.text or "").strip()


def _add(members: Node, name: str, value: Any) -> None:
    if name in members:
        members[name] = [*_as_list(members[name]), value]
    else:
        members[name] = value


def _name(tag: str) -> str:
    return tag.rpartition("}")[2].lower()


def _json(body: bytes) -> Node:
    if body.count(b"{") + body.count(b"[") > _BRACKETS_MAX:
        raise InputError("page", "brackets", f"send at most {_BRACKETS_MAX} objects and lists")
    try:
        document = loads(body)
    except JSONDecodeError:
        raise InputError("page", body[:40], "send one JSON document") from None
    lowered = _lowered(document, 0)
    if not isinstance(lowered, dict):
        raise InputError("page", type(document).__name__, "send a Fleet of AEMP 2.0")
    inner = lowered.get("fleet")
    return inner if isinstance(inner, dict) else lowered


def _lowered(value: Any, depth: int) -> Any:
    if depth > _DEPTH_MAX + 2:
        raise InputError("page", "…", f"nest at most {_DEPTH_MAX} deep")
    if isinstance(value, dict):
        return {name.lstrip("@").lower(): _lowered(v, depth + 1) for name, v in value.items()}
    if isinstance(value, list):
        return [_lowered(item, depth + 1) for item in value]
    return value


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _equipment(node: Any) -> Equipment:
    held = node if isinstance(node, dict) else {}
    header = held.get("equipmentheader")
    header = header if isinstance(header, dict) else {}
    elements = {
        name: value
        for name, value in held.items()
        if isinstance(value, dict) and name not in ("equipmentheader", _FAULT)
    }
    return Equipment(
        pin=_said(header, "pin"),
        equipment_id=_said(header, "equipmentid"),
        model=_said(header, "model"),
        installed_ms=_installed_ms(header),
        elements=elements,
        faults=tuple(code for code in _as_list(held.get(_FAULT)) if isinstance(code, dict)),
    )


def _said(header: Node, member: str) -> str:
    value = header.get(member)
    text = str(value).strip() if isinstance(value, str | int) else ""
    return "" if text.lower() in _NOTHING else text


def _installed_ms(header: Node) -> int | None:
    """None for the year 1, with which feeds say that they do not know."""
    moment = moment_ms(header.get("unitinstalldatetime"))
    return moment if moment is not None and moment >= READING_MS_MIN else None


def _next_href(links: list[Any]) -> str | None:
    hrefs = {
        str(link.get("rel")).lower(): str(link.get("href"))
        for link in links
        if isinstance(link, dict) and link.get("href")
    }
    following = hrefs.get("next")
    return None if following == hrefs.get("self") else following
