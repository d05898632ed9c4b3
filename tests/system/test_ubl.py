"""UBL 2.1 intake: a real document is read exactly, a hostile one not at all."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from system.chain.ubl import read_ubl
from system.errors import InputError
from system.limits import DAY_S, DOCUMENT_BYTES_MAX

SAMPLE = (Path(__file__).parents[1] / "data" / "invoice-ubl.xml").read_bytes()


def changed(old: str, new: str) -> bytes:
    assert SAMPLE.count(old.encode()) >= 1
    return SAMPLE.replace(old.encode(), new.encode(), 1)


def test_the_sample_is_read_to_the_fen_and_the_second() -> None:
    invoice = read_ubl(SAMPLE, "invoice-ubl.xml")
    assert invoice.seller_id == "91350200SAMPLE001X"
    assert invoice.debtor_id == "91310000SAMPLE002Y"
    assert invoice.invoice_number == "INV-2026-0042"
    assert invoice.amount_fen == 12_500_000
    assert invoice.due_at_s - invoice.issued_at_s == 91 * DAY_S - 1
    assert invoice.document_hash == hashlib.sha256(SAMPLE).digest()


def test_the_due_date_may_stand_in_the_payment_means() -> None:
    means = (
        "<cac:PaymentMeans><cbc:PaymentDueDate>2026-04-15</cbc:PaymentDueDate></cac:PaymentMeans>"
    )
    moved = changed("<cbc:DueDate>2026-04-15</cbc:DueDate>", "").replace(
        b"<cac:TaxTotal>", means.encode() + b"<cac:TaxTotal>"
    )
    assert read_ubl(moved, "a.xml").due_at_s == read_ubl(SAMPLE, "a.xml").due_at_s
    both = changed("<cac:TaxTotal>", means.replace("04-15", "05-15") + "<cac:TaxTotal>")
    with pytest.raises(InputError, match="say 2026-04-15 here too"):
        read_ubl(both, "a.xml")


def test_a_comment_inside_a_number_does_not_cut_it() -> None:
    split = changed("INV-2026-0042", "INV-2026<!-- -->-0042")
    assert read_ubl(split, "a.xml").invoice_number == "INV-2026-0042"


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE Invoice>",
        '<!DOCTYPE Invoice SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE Invoice [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE Invoice [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
    ],
    ids=["plain", "external subset", "external entity", "expansion"],
)
def test_any_doctype_is_refused(doctype: str) -> None:
    with pytest.raises(InputError, match="DOCTYPE"):
        read_ubl(changed("<Invoice ", doctype + "<Invoice "), "a.xml")


@pytest.mark.parametrize(
    ("old", "new", "field", "line"),
    [
        ("125000.00", "125000.001", "PayableAmount", 28),
        ("125000.00", "-5", "PayableAmount", 28),
        ("125000.00", "1,5", "PayableAmount", 28),
        ('PayableAmount currencyID="CNY"', 'PayableAmount currencyID="USD"', "currencyID", 28),
        ('PayableAmount currencyID="CNY"', "PayableAmount", "currencyID", 28),
        (">CNY</cbc:DocumentCurrencyCode", ">EUR</cbc:DocumentCurrencyCode", "DocumentCurr", 10),
        (">380<", ">381<", "InvoiceTypeCode", 9),
        (">2.1<", ">2.4<", "UBLVersionID", 5),
        ("2026-01-15", "2026-13-15", "IssueDate", 7),
        ("2026-04-15", "2025-04-15", "DueDate", 8),
        ("<cbc:ID>INV-2026-0042</cbc:ID>", "<cbc:ID> </cbc:ID>", "cbc:ID", 6),
        ("<cbc:ID>INV", "<cbc:ID>X</cbc:ID>\n<cbc:ID>INV", "cbc:ID", 7),
        ("INV-2026-0042", "<b>1</b>", "cbc:ID", 6),
        ("<cbc:DueDate>2026-04-15</cbc:DueDate>", "", "DueDate", 4),
        (":CompanyID>91350200SAMPLE001X</cbc:CompanyID>", ":X/>", "PartyLegalEntity", 4),
        ("ubl:schema:xsd:Invoice-2", "ubl:schema:xsd:CreditNote-2", "document", 4),
        ("</Invoice>", "", "document", 37),
    ],
)
def test_a_bad_element_is_named_with_file_line_and_remedy(
    old: str, new: str, field: str, line: int
) -> None:
    with pytest.raises(InputError) as caught:
        read_ubl(changed(old, new), "bad.xml")
    assert field in caught.value.field
    assert (caught.value.file, caught.value.line) == ("bad.xml", line)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe<",
        SAMPLE + b" " * DOCUMENT_BYTES_MAX,
        SAMPLE.decode().encode("utf-16"),
        SAMPLE.replace(b'"UTF-8"', b'"no-such"'),
        b"<a>" * 300_000,
        b'{"a": 1}',
    ],
    ids=["empty", "not UTF-8", "large", "UTF-16", "unknown encoding", "deep", "JSON"],
)
def test_what_is_not_one_xml_invoice_is_refused(raw: bytes) -> None:
    with pytest.raises(InputError, match=r"a\.xml"):
        read_ubl(raw, "a.xml")


@given(st.integers(0, len(SAMPLE) - 1), st.binary(min_size=1, max_size=3))
def test_damaged_documents_are_read_or_refused_but_never_crash(at: int, noise: bytes) -> None:
    damaged = SAMPLE[:at] + noise + SAMPLE[at + len(noise) :]
    try:
        read_ubl(damaged, "a.xml")
    except InputError as error:
        assert error.file == "a.xml"  # noqa: PT017 - either outcome is right
