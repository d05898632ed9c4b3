"""Documents that come and go as their own standard has them, each with an example for the
description: what is written here the service reads, and what it writes it wrote."""

from collections.abc import Mapping
from typing import Any, Final

from system.api.bodies import example_of
from system.api.compliance_shapes import SampleList, Watchlist
from system.api.route import JSON, Form
from system.chain.intake import JSON_SHAPES
from system.leasing.aemp import EQUIPMENT_MAX
from system.payments.instructions import Initiation, Instruction, write_initiation
from system.payments.reports import StatusLine, StatusReport, write_status

XML: Final = "application/xml"
_NOW_S: Final = 1_767_240_000
_PAYMENT, _MESSAGE = "PAY36E9EEF3020464EDC6BE13A4922D4", "MSGA3F2B691FC0825D8BA7EB02817A45"


def _xml(standard: str, example: str) -> Form:
    return Form(XML, {"type": "string", "contentMediaType": XML, "description": standard}, example)


def _object(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": list(required)}


UBL: Final = _xml(
    "UBL 2.1 Invoice (ISO/IEC 19845:2015), held against its schema",
    """<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
         xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
         xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <cbc:UBLVersionID>2.1</cbc:UBLVersionID>
  <cbc:ID>INV-1</cbc:ID>
  <cbc:IssueDate>2025-12-31</cbc:IssueDate>
  <cbc:DueDate>2026-04-30</cbc:DueDate>
  <cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>
  <cbc:DocumentCurrencyCode>CNY</cbc:DocumentCurrencyCode>
  <cac:AccountingSupplierParty>
    <cac:Party>
      <cac:PartyLegalEntity><cbc:CompanyID>supplier-1</cbc:CompanyID></cac:PartyLegalEntity>
    </cac:Party>
  </cac:AccountingSupplierParty>
  <cac:AccountingCustomerParty>
    <cac:Party>
      <cac:PartyLegalEntity><cbc:CompanyID>core-1</cbc:CompanyID></cac:PartyLegalEntity>
    </cac:Party>
  </cac:AccountingCustomerParty>
  <cac:LegalMonetaryTotal>
    <cbc:PayableAmount currencyID="CNY">100000.00</cbc:PayableAmount>
  </cac:LegalMonetaryTotal>
  <cac:InvoiceLine>
    <cbc:ID>1</cbc:ID>
    <cbc:LineExtensionAmount currencyID="CNY">100000.00</cbc:LineExtensionAmount>
    <cac:Item><cbc:Name>bearings</cbc:Name></cac:Item>
  </cac:InvoiceLine>
</Invoice>
""",
)
INVOICE: Final = Form(
    JSON,
    _object(JSON_SHAPES, *JSON_SHAPES) | {"additionalProperties": False},
    {
        "seller_id": "supplier-1",
        "debtor_id": "core-1",
        "invoice_number": "INV-1",
        "amount": "100000.00",
        "currency": "CNY",
        "issued_on": "2025-12-31",
        "due_on": "2026-04-30",
    },
)
PACS_002: Final = _xml(
    "ISO 20022 pacs.002.001.10, how payments stand; or camt.054.001.08, what moved on the account",
    write_status(StatusReport("P-1", _MESSAGE, (StatusLine(_PAYMENT, "ACSC"),)), _NOW_S).decode(),
)
PAIN_001: Final = _xml(
    "ISO 20022 pain.001.001.09",
    write_initiation(
        Initiation(
            _MESSAGE,
            (
                Instruction(
                    _PAYMENT,
                    9_391_466,
                    "Supplier One",
                    "6222000000000001",
                    "102100099996",
                    "cash-out",
                ),
            ),
        ),
        _NOW_S,
    ).decode(),
)
AEMP_XML: Final = _xml(
    "AEMP 2.0 fleet snapshot (ISO/TS 15143-3)",
    """<?xml version="1.0" encoding="UTF-8"?>
<Fleet xmlns="http://standards.iso.org/iso/15143/-3" version="1">
  <Links><rel>self</rel><href>https://maker.example/fleet/1</href></Links>
  <Links><rel>next</rel><href>https://maker.example/fleet/2</href></Links>
  <Equipment>
    <EquipmentHeader>
      <OEMName>Maker</OEMName><Model>M1</Model>
      <EquipmentID>EXC-001</EquipmentID><PIN>PIN0001</PIN>
    </EquipmentHeader>
    <Location datetime="2026-01-01T07:50:00Z">
      <Latitude>34.5</Latitude><Longitude>113.25</Longitude>
    </Location>
    <CumulativeOperatingHours datetime="2026-01-01T07:50:00Z">
      <Hour>1053.80</Hour>
    </CumulativeOperatingHours>
  </Equipment>
</Fleet>
""",
)
_LINK: Final = _object({"rel": {"type": "string"}, "href": {"type": "string"}})
_HEADER: Final = _object(
    {name: {"type": "string"} for name in ("OEMName", "Model", "EquipmentID", "PIN")}
)
AEMP_JSON: Final = Form(
    JSON,
    _object(
        {
            "Equipment": {
                "type": "array",
                "maxItems": EQUIPMENT_MAX,
                "items": _object({"EquipmentHeader": _HEADER}),
            },
            "Links": {"type": "array", "items": _LINK},
        }
    ),
    {
        "Equipment": [
            {
                "EquipmentHeader": {"EquipmentID": "EXC-001", "PIN": "PIN0001"},
                "CumulativeOperatingHours": {"Hour": 1053.8, "datetime": "2026-01-01T07:50:00Z"},
            }
        ],
        "Links": [{"rel": "next", "href": "https://maker.example/fleet/2"}],
    },
)
# A list has more brackets than other bodies may, so it is read by itself.
WATCHLIST: Final = Form(JSON, (Watchlist, SampleList), example_of(Watchlist))
