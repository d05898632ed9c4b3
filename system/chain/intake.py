"""Intake of an invoice as a JSON object, the form in which ERP systems hand it over."""

import hashlib
import json
from typing import Any, Final

from system.chain.invoice import (
    AMOUNT,
    CURRENCY,
    DATE,
    PART_CHARS_MAX,
    InvoiceDocument,
    Place,
    amount_fen_of,
    check_size,
    currency_of,
    due_at_s_of,
    issued_at_s_of,
    text_of,
)

_TEXT: Final = {"type": "string", "minLength": 1, "maxLength": PART_CHARS_MAX}
_DAY: Final = {"type": "string", "format": "date", "pattern": f"^{DATE.pattern}$"}
# JSON Schema of each field.
JSON_SHAPES: Final[dict[str, dict[str, Any]]] = {
    "seller_id": _TEXT,
    "debtor_id": _TEXT,
    "invoice_number": _TEXT,
    "amount": {"type": ["string", "number"], "pattern": f"^{AMOUNT.pattern}$"},
    "currency": {"const": CURRENCY},
    "issued_on": _DAY,
    "due_on": _DAY,
}
JSON_FIELDS: Final = tuple(JSON_SHAPES)


# An invoice is flat. The standard parser recurses, and where the recursion limit is raised (the
# EVM library does that) a document of brackets alone would end the process.
_BRACKETS_MAX = 64


def read_json(document: bytes, file: str) -> InvoiceDocument:
    """One invoice from one JSON object with exactly JSON_FIELDS.

    amount: yuan as a string or number with at most two decimals.  issued_on, due_on: YYYY-MM-DD.
    Raises InputError with file, line, field, value and remedy.
    """
    check_size(document, Place(file))
    text = _decoded(document, file)
    fields = _object(text, file)
    places = {name: Place(file, _line_of(name, text)) for name in fields}
    _check_names(fields, places, file)
    texts = {
        name: text_of(name, fields[name], places[name])
        for name in ("seller_id", "debtor_id", "invoice_number")
    }
    issued_at_s = issued_at_s_of("issued_on", fields["issued_on"], places["issued_on"])
    return InvoiceDocument(
        **texts,
        amount_fen=amount_fen_of("amount", fields["amount"], places["amount"]),
        currency=currency_of("currency", fields["currency"], places["currency"]),
        issued_at_s=issued_at_s,
        due_at_s=due_at_s_of("due_on", fields["due_on"], issued_at_s, places["due_on"]),
        document_hash=hashlib.sha256(document).digest(),
    )


def _decoded(document: bytes, file: str) -> str:
    try:
        return document.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Place(file, document.count(b"\n", 0, error.start) + 1).error(
            "document", document[error.start : error.end], "encode it as UTF-8"
        ) from None


def _object(text: str, file: str) -> dict[str, Any]:
    if text.count("{") + text.count("[") > _BRACKETS_MAX:
        raise Place(file).error("document", "nested objects", "send one flat JSON object")
    try:
        # Numbers stay as written, so that an amount never passes through binary floating point.
        fields = json.loads(
            text, parse_float=str, parse_int=str, object_pairs_hook=_unrepeated(file)
        )
    except json.JSONDecodeError as error:
        where = Place(file, error.lineno)
        raise where.error("document", error.msg, "send one valid JSON object") from None
    if not isinstance(fields, dict):
        raise Place(file).error("document", fields, "send one JSON object")
    return fields


def _unrepeated(file: str) -> Any:
    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for name, value in pairs:
            # Two readers could take one value each.
            if name in fields:
                raise Place(file).error(name, value, "give each field once")
            fields[name] = value
        return fields

    return build


def _line_of(name: str, text: str) -> int | None:
    # A field written with escapes is not found; its error then names no line.
    start = text.find(json.dumps(name, ensure_ascii=False))
    return text.count("\n", 0, start) + 1 if start >= 0 else None


def _check_names(fields: dict[str, Any], places: dict[str, Place], file: str) -> None:
    for name in JSON_FIELDS:
        if name not in fields:
            raise Place(file).error(name, None, "add this field")
    for name, value in fields.items():
        if name not in JSON_FIELDS:
            raise places[name].error(name, value, f"remove it; known: {', '.join(JSON_FIELDS)}")
