"""JSON intake: exact amounts, exact hashes, and one clear line for what cannot be used."""

import dataclasses
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from system.chain.intake import JSON_FIELDS, read_json
from system.errors import InputError
from system.limits import AMOUNT_FEN_MAX, DAY_S, DOCUMENT_BYTES_MAX

GOOD = {
    "seller_id": "91350200SAMPLE001X",
    "debtor_id": "91310000SAMPLE002Y",
    "invoice_number": "INV-2026-0042",
    "amount": "125000.00",
    "currency": "CNY",
    "issued_on": "2026-01-15",
    "due_on": "2026-04-15",
}


def document(**changes: object) -> bytes:
    return json.dumps({**GOOD, **changes}, ensure_ascii=False, indent=1).encode()


def test_a_good_document_is_read_to_the_fen_and_the_second() -> None:
    raw = document()
    invoice = read_json(raw, "a.json")
    assert invoice.amount_fen == 12_500_000
    assert invoice.issued_at_s == 1_768_406_400  # 2026-01-15 00:00 UTC+8
    assert invoice.due_at_s == invoice.issued_at_s + 91 * DAY_S - 1
    assert invoice.document_hash == hashlib.sha256(raw).digest()


@given(st.integers(1, AMOUNT_FEN_MAX))
def test_every_amount_survives_whether_written_as_number_or_as_text(amount_fen: int) -> None:
    text = f"{amount_fen // 100}.{amount_fen % 100:02d}"
    as_number = document().replace(b'"125000.00"', text.encode())
    for raw in (document(amount=text), as_number):
        assert read_json(raw, "a.json").amount_fen == amount_fen


def test_only_the_hash_sees_how_the_document_was_laid_out() -> None:
    one, other = read_json(document(), "a"), read_json(json.dumps(GOOD).encode(), "b")
    assert one.document_hash != other.document_hash
    assert dataclasses.replace(one, document_hash=b"") == dataclasses.replace(
        other, document_hash=b""
    )


@pytest.mark.parametrize(
    ("changes", "field", "line"),
    [
        ({"amount": "1.005"}, "amount", 5),
        ({"amount": "-1"}, "amount", 5),
        ({"amount": "0"}, "amount", 5),
        ({"amount": "1e3"}, "amount", 5),
        ({"amount": float("nan")}, "amount", 5),
        ({"amount": True}, "amount", 5),
        ({"amount": "10000000000.01"}, "amount", 5),
        ({"currency": "USD"}, "currency", 6),
        ({"issued_on": "15/01/2026"}, "issued_on", 7),
        ({"issued_on": "2026-02-30"}, "issued_on", 7),
        ({"due_on": "2026-01-14"}, "due_on", 8),
        ({"seller_id": ""}, "seller_id", 2),
        ({"seller_id": None}, "seller_id", 2),
        ({"seller_id": "a\u0000b"}, "seller_id", 2),
        ({"invoice_number": "9" * 129}, "invoice_number", 4),
        ({"ammount": "1"}, "ammount", 9),
    ],
)
def test_a_bad_field_is_named_with_file_line_and_remedy(
    changes: dict[str, object], field: str, line: int
) -> None:
    with pytest.raises(InputError) as caught:
        read_json(document(**changes), "bad.json")
    assert (caught.value.field, caught.value.file, caught.value.line) == (field, "bad.json", line)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", JSON_FIELDS)
def test_a_missing_field_is_named(name: str) -> None:
    raw = json.dumps({k: v for k, v in GOOD.items() if k != name}).encode()
    with pytest.raises(InputError, match="add this field") as caught:
        read_json(raw, "a.json")
    assert caught.value.field == name


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"amount": "1", "amount": "2"}',
        b" " * (DOCUMENT_BYTES_MAX + 1),
    ],
    ids=["empty", "cut", "list", "deep", "not UTF-8", "repeated", "large"],
)
def test_what_is_not_one_json_object_is_refused(raw: bytes) -> None:
    with pytest.raises(InputError, match=r"a\.json"):
        read_json(raw, "a.json")


@given(st.binary(max_size=200))
def test_no_bytes_at_all_cause_anything_but_an_input_error(raw: bytes) -> None:
    with pytest.raises(InputError):
        read_json(raw, "a.json")
