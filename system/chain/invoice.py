"""The invoice as read from a document, whatever its format, and the checks on its parts."""

import datetime
import re
from dataclasses import dataclass
from typing import Final

from system.errors import InputError
from system.limits import DAY_S, DOCUMENT_BYTES_MAX
from system.money import fen_of_yuan

# One currency per ledger.
CURRENCY: Final = "CNY"
# China keeps one time zone: a calendar date starts at 00:00 UTC+8.
_CHINA_OFFSET_S = 8 * 3600
PART_CHARS_MAX = 128
AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,8})?")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EPOCH_ORDINAL = datetime.date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class InvoiceDocument:
    """One invoice. Times are UTC seconds; ``due_at_s`` is the end of the due date in China.

    document_hash: SHA-256 of the exact bytes received. It goes on chain; the document never.
    """

    seller_id: str
    debtor_id: str
    invoice_number: str
    amount_fen: int
    currency: str
    issued_at_s: int
    due_at_s: int
    document_hash: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands, for error messages."""

    file: str
    line: int | None = None

    def error(self, field: str, value: object, remedy: str) -> InputError:
        return InputError(field, value, remedy, file=self.file, line=self.line)


def check_size(document: bytes, place: Place) -> None:
    """Raises InputError for an empty document or one above DOCUMENT_BYTES_MAX."""
    if not document:
        raise place.error("document", "", "send a document that is not empty")
    if len(document) > DOCUMENT_BYTES_MAX:
        remedy = f"send at most {DOCUMENT_BYTES_MAX} bytes, without attachments"
        raise place.error("document", f"{len(document)} bytes", remedy)


def text_of(field: str, value: object, place: Place) -> str:
    """The value as trimmed text of 1..128 printable characters. Raises InputError."""
    if not isinstance(value, str) or not value.strip():
        raise place.error(field, value, "give a text that is not empty")
    text = value.strip()
    if len(text) > PART_CHARS_MAX:
        raise place.error(field, text, f"use at most {PART_CHARS_MAX} characters")
    if not text.isprintable():
        raise place.error(field, text, "remove control characters")
    return text


def currency_of(field: str, value: object, place: Place) -> str:
    """The currency, which must be the ledger's. Raises InputError."""
    if value != CURRENCY:
        raise place.error(field, value, f"this ledger holds {CURRENCY} only")
    return CURRENCY


def amount_fen_of(field: str, value: object, place: Place) -> int:
    """Exact fen of an amount in yuan, 0.01 or more. Raises InputError."""
    if not isinstance(value, str) or not AMOUNT.fullmatch(value):
        raise place.error(field, value, "write a decimal number of yuan such as 1234.56")
    try:
        return fen_of_yuan(value, field=field)
    except InputError as error:
        raise place.error(error.field, error.value, error.remedy) from None


def issued_at_s_of(field: str, value: object, place: Place) -> int:
    """The first second of an issue date written YYYY-MM-DD. Raises InputError."""
    return _day_start_s(field, value, place)


def due_at_s_of(field: str, value: object, issued_at_s: int, place: Place) -> int:
    """The last second of a due date written YYYY-MM-DD. Raises InputError if before issue."""
    due_at_s = _day_start_s(field, value, place) + DAY_S - 1
    if due_at_s < issued_at_s:
        raise place.error(field, value, "give a due date on or after the issue date")
    return due_at_s


def _day_start_s(field: str, value: object, place: Place) -> int:
    remedy = "write the date as YYYY-MM-DD, from 1970-01-02 on"
    # fromisoformat alone would also take week dates and dates without dashes.
    if not isinstance(value, str) or not DATE.fullmatch(value):
        raise place.error(field, value, remedy)
    try:
        day = datetime.date.fromisoformat(value).toordinal() - _EPOCH_ORDINAL
    except ValueError:
        raise place.error(field, value, remedy) from None
    if day < 1:
        raise place.error(field, value, remedy)
    return day * DAY_S - _CHINA_OFFSET_S
