"""Whatever bytes come, a reader of documents reads them or names what is wrong; nothing else."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sim
from sim.scenario_parse import parse, read_toml
from system.adapters.core_documents import read_balances
from system.api import documents
from system.chain.intake import read_json
from system.chain.ubl import read_ubl
from system.errors import InputError
from system.leasing.aemp import read_page
from system.leasing.decode import decode
from system.payments.instructions import (
    Initiation,
    Instruction,
    read_initiation,
    write_initiation,
)
from system.payments.reports import (
    Entry,
    Notification,
    StatusLine,
    StatusReport,
    read_report,
    write_notification,
    write_status,
)
from system.ports.broker import Delivery
from tests.system.telemetry_world import brief, full

EXAMPLES = int(os.environ.get("SHAPAN_FUZZ_EXAMPLES", "25"))
UBL = (Path(__file__).parents[1] / "data" / "invoice-ubl.xml").read_bytes()
SCENARIO = (Path(sim.__file__).parent / "scenarios" / "receivables.toml").read_bytes()
INVOICE = json.dumps(
    {
        "seller_id": "s",
        "debtor_id": "d",
        "invoice_number": "1",
        "amount": "100000.00",
        "currency": "CNY",
        "issued_on": "2025-12-31",
        "due_on": "2026-04-30",
    }
).encode()
AEMP = json.dumps(
    {
        "Equipment": [
            {
                "EquipmentHeader": {"PIN": "X1", "UnitInstallDateTime": "2026-01-01T00:00:00Z"},
                "CumulativeOperatingHours": {"Hour": 100.5, "datetime": "2026-01-01T00:00:00Z"},
                "Location": {"Latitude": 34.5, "Longitude": 113.2},
            }
        ],
        "Links": [{"rel": "next", "href": "2"}],
    }
).encode()
AEMP_XML = documents.AEMP_XML.example.encode()
NOW_S = 1_767_240_000
PAIN = write_initiation(
    Initiation("M-1", (Instruction("E-1", 50_000, "Supplier", "6222", "102100099996", "x"),)), NOW_S
)
PACS = write_status(StatusReport("P-1", "M-1", (StatusLine("E-1", "RJCT", "AC04"),)), NOW_S)
CAMT = write_notification(
    Notification("C-1", "A", (Entry("E-1", 50_000, True, "AC04", "back"),)), NOW_S
)
BALANCES = (
    b'{"day": "2026-01-01", "balances_fen": {"credit/cash": -500000, "receivables/deposit": 0}}'
)
PIECES = [b"", b"\0", b"\xff\xfe", b"<", b"&x;", b"<!DOCTYPE a>", b"NaN", b"1e999", b"-1", b"{}"]
PIECES += [b"[" * 400, b"null", b"9" * 30, b'"', "\ud55c".encode(), b"]]>", b"=", b"2026-13-45"]
ODD = st.sampled_from(PIECES) | st.binary(max_size=8)


@st.composite
def altered(draw: st.DrawFn, original: bytes) -> bytes:
    """The original with a few stretches cut out, doubled, or put in the place of something else."""
    document = original
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(document)))
        stop = min(len(document), start + draw(st.integers(0, 40)))
        put = draw(ODD | st.just(document[start:stop] * 2))
        document = document[:start] + put + document[stop:]
    return document


def scenario(document: bytes, folder: Path) -> Any:
    path = folder / "s.toml"
    path.write_bytes(document)
    return parse(*read_toml(path))


READERS: dict[str, tuple[bytes, Callable[[bytes, Path], Any]]] = {
    "ubl": (UBL, lambda document, _: read_ubl(document, "f")),
    "ubl-by-schema": (UBL, lambda document, _: read_ubl(document, "f", by_schema=True)),
    "invoice": (INVOICE, lambda document, _: read_json(document, "f")),
    "pain.001": (PAIN, lambda document, _: read_initiation(document, "f")),
    "pacs.002": (PACS, lambda document, _: read_report(document, "f")),
    "camt.054": (CAMT, lambda document, _: read_report(document, "f")),
    "aemp": (AEMP, lambda document, _: read_page(document)),
    "aemp-xml": (AEMP_XML, lambda document, _: read_page(document)),
    "balances": (BALANCES, lambda document, _: read_balances("f", document, 20_454)),
    "scenario": (SCENARIO, scenario),
}


@pytest.mark.parametrize("kind", READERS)
def test_a_reader_reads_a_document_or_says_what_is_wrong_with_it(kind: str, tmp_path: Path) -> None:
    original, read = READERS[kind]
    read(original, tmp_path)

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(altered(original) | st.binary(max_size=60))
    def probe(document: bytes) -> None:
        with suppress(InputError):
            read(document, tmp_path)

    probe()


@pytest.mark.parametrize("form", [brief, full])
def test_a_payload_from_the_broker_becomes_readings_or_faults(form: Callable[[], Any]) -> None:
    original = json.dumps(form()).encode()

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(altered(original) | st.binary(max_size=60), min_size=1, max_size=4))
    def probe(payloads: list[bytes]) -> None:
        topics = ("device/d-1/data", "gateway/g-1/data", "device/d-1/ack", "x")
        deliveries = [Delivery(topics[n % 4], one, 1_000) for n, one in enumerate(payloads)]
        decode(deliveries)

    probe()
