"""Intake of an invoice as UBL 2.1 XML (ISO/IEC 19845:2015).

Each element that is used must stand there once, so that no two readers of one document can disagree
about what it says.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from system.chain.invoice import (
    CURRENCY,
    InvoiceDocument,
    Place,
    amount_fen_of,
    currency_of,
    due_at_s_of,
    issued_at_s_of,
    text_of,
)
from system.xml_documents import UBL_INVOICE, check_schema, parse_xml

_NAMESPACES: Final = {
    "inv": "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2",
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
_ROOT_TAG = f"{{{_NAMESPACES['inv']}}}Invoice"
_SELLER = "cac:AccountingSupplierParty/cac:Party"
_DEBTOR = "cac:AccountingCustomerParty/cac:Party"
# Where a party's registered number may stand, the most binding place first.
_PARTY_ID_PATHS = (
    "cac:PartyLegalEntity/cbc:CompanyID",
    "cac:PartyTaxScheme/cbc:CompanyID",
    "cac:PartyIdentification/cbc:ID",
)
_PAYABLE = "cac:LegalMonetaryTotal/cbc:PayableAmount"
_DUE_PATHS = ("cbc:DueDate", "cac:PaymentMeans/cbc:PaymentDueDate")
# Optional elements that, where present, must say this. 380 in UN/CEFACT 1001 is a commercial
# invoice; credit notes and the like have other codes.
_FIXED: Final = {
    "cbc:UBLVersionID": "2.1",
    "cbc:InvoiceTypeCode": "380",
    "cbc:DocumentCurrencyCode": CURRENCY,
}


@dataclass(frozen=True, slots=True)
class _Found:
    """One element of the document: its path, its text and where it stands."""

    path: str
    text: str
    place: Place
    element: Any


def read_ubl(document: bytes, file: str, *, by_schema: bool = False) -> InvoiceDocument:
    """One invoice from one UBL 2.1 Invoice document in UTF-8.

    by_schema: hold all of it against the standard's schema too, as the gateway does; recordings
    of the past may lack what Shapan does not need.

    Raises InputError with file, line, field (the element's path), value and remedy.
    """
    root = parse_xml(document, file)
    _check_kind(root, file)
    if by_schema:
        check_schema(root, UBL_INVOICE, file)
    number, issued = _one(root, file, ("cbc:ID",)), _one(root, file, ("cbc:IssueDate",))
    due, payable = _due(root, file), _one(root, file, (_PAYABLE,))
    currency = payable.element.get("currencyID")
    issued_at_s = issued_at_s_of(issued.path, issued.text, issued.place)
    return InvoiceDocument(
        seller_id=_party_id(root, file, _SELLER),
        debtor_id=_party_id(root, file, _DEBTOR),
        invoice_number=text_of(number.path, number.text, number.place),
        amount_fen=amount_fen_of(payable.path, payable.text, payable.place),
        currency=currency_of(f"{payable.path}/@currencyID", currency, payable.place),
        issued_at_s=issued_at_s,
        due_at_s=due_at_s_of(due.path, due.text, issued_at_s, due.place),
        document_hash=hashlib.sha256(document).digest(),
    )


def _check_kind(root: Any, file: str) -> None:
    if root.tag != _ROOT_TAG:
        raise Place(file, root.sourceline).error("document", root.tag, f"send a {_ROOT_TAG}")
    for path, expected in _FIXED.items():
        found = _all(root, file, path)
        if found and found[0].text != expected:
            raise found[0].place.error(path, found[0].text, f"only {expected} is taken here")


def _party_id(root: Any, file: str, party: str) -> str:
    found = _one(root, file, tuple(f"{party}/{path}" for path in _PARTY_ID_PATHS))
    return text_of(found.path, found.text, found.place)


def _due(root: Any, file: str) -> _Found:
    due, *others = [found for path in _DUE_PATHS for found in _all(root, file, path)] or [
        _one(root, file, _DUE_PATHS)
    ]
    for other in others:
        if other.text != due.text:
            raise other.place.error(other.path, other.text, f"say {due.text} here too")
    return due


def _one(root: Any, file: str, paths: tuple[str, ...]) -> _Found:
    """The only element at the first of these paths that occurs. Raises InputError."""
    for path in paths:
        found = _all(root, file, path)
        if len(found) == 1:
            return found[0]
        if found:
            raise found[1].place.error(path, found[1].text, "give this element once")
    raise Place(file, root.sourceline).error(paths[0], None, f"add {' or '.join(paths)}")


def _all(root: Any, file: str, path: str) -> list[_Found]:
    found = []
    for element in root.findall(path, _NAMESPACES):
        place = Place(file, element.sourceline)
        if len(element):
            raise place.error(path, element[0].tag, "give a text, without elements inside")
        found.append(_Found(path, (element.text or "").strip(), place, element))
    return found
