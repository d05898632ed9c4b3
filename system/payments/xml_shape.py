"""Writing and reading ISO 20022: one Document under one schema, times in UTC, amounts in yuan."""

import datetime
from collections.abc import Sequence
from typing import Any, Final

from lxml import etree

from system.errors import InputError
from system.money import FEN_PER_YUAN, fen_of_yuan
from system.xml_documents import check_schema, parse_xml

CURRENCY: Final = "CNY"
_SPACE: Final = "urn:iso:std:iso:20022:tech:xsd:"
# name, then a text or members; None leaves an element out.
Member = tuple[str, Any]


def document(schema: str, members: Sequence[Member]) -> bytes:
    """The document's bytes, the same for the same members. What breaks its schema asserts."""
    space = _SPACE + schema
    root = etree.Element(f"{{{space}}}Document", nsmap={None: space})
    _fill(root, members, space)
    try:
        check_schema(root, schema, schema)
    except InputError as error:
        raise AssertionError(f"we wrote a message that is none: {error}") from error
    raw: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return raw


def _fill(parent: Any, members: Sequence[Member], space: str) -> None:
    for name, value in members:
        if value is None:
            continue
        child = etree.SubElement(parent, f"{{{space}}}{name}")
        if isinstance(value, str):
            child.text = value
        elif isinstance(value, int):
            child.text = plain_yuan(value)
            child.set("Ccy", CURRENCY)
        else:
            _fill(child, value, space)


def read_document(raw: bytes, schemas: Sequence[str], file: str) -> tuple[str, Any]:
    """Which of the schemas it follows, and its root. Raises InputError."""
    root = parse_xml(raw, file)
    space, _, name = str(root.tag)[1:].partition("}")
    schema = space.removeprefix(_SPACE)
    if name != "Document" or schema not in schemas:
        remedy = f"send a Document of {' or '.join(schemas)}"
        raise InputError("document", root.tag, remedy, file=file, line=root.sourceline)
    check_schema(root, schema, file)
    return schema, root


def all_of(element: Any, path: str) -> list[Any]:
    """Elements at a path of plain names."""
    found: list[Any] = element.findall("/".join(f"{{*}}{name}" for name in path.split("/")))
    return found


def text_of(element: Any, path: str) -> str:
    """The text of the first element at the path, empty where there is none."""
    found = all_of(element, path)
    return (found[0].text or "").strip() if found else ""


def amount_fen(element: Any, path: str, file: str) -> int:
    """The amount at the path in fen. Raises InputError for another currency or parts of a fen."""
    found = all_of(element, path)
    if not found:
        raise InputError(path, None, "give an amount", file=file, line=element.sourceline)
    if found[0].get("Ccy") != CURRENCY:
        remedy = f"this ledger holds {CURRENCY} only"
        raise InputError(path, found[0].get("Ccy"), remedy, file=file, line=found[0].sourceline)
    try:
        return fen_of_yuan(found[0].text.strip(), field=path)
    except InputError as error:
        line = found[0].sourceline
        raise InputError(path, error.value, error.remedy, file=file, line=line) from None


def plain_yuan(amount: int) -> str:
    """'1234.56' for 123456 fen: xs:decimal knows no thousands."""
    yuan, fen = divmod(amount, FEN_PER_YUAN)
    return f"{yuan}.{fen:02d}"


def moment(at_s: int) -> str:
    """As ISODateTime, in UTC."""
    return _utc(at_s).strftime("%Y-%m-%dT%H:%M:%SZ")


def date(at_s: int) -> str:
    """As ISODate, in UTC."""
    return _utc(at_s).strftime("%Y-%m-%d")


def _utc(at_s: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(at_s, datetime.UTC)
