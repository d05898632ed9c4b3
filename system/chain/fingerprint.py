"""One number for one claim: the keyed fingerprint under which an invoice exists once, for ever.

It covers seller, debtor, invoice number and currency, and deliberately not the amount or the
dates: an invoice that comes back with another amount is the same invoice. Before hashing, each
part is normalised, so that the ways in which honest systems and dishonest people rewrite the same
number still collide:

- NFKC and case folding: full-width and upper-case forms are the same.
- Spacing, punctuation and invisible characters go. "1-11" and "11-1" then collide: between the
  same two parties that is rare, and a refused honest invoice can be renumbered, while a hyphen
  that makes a second claim could not be undone.
- Digits of any script become 0-9.
- In invoice numbers, zeros at the start or after a letter go: "INV-0012" is "inv12". Zeros after
  a digit stay, since "2024-0012" must equal "20240012" and not "202412".
- Letters other than a-z and Chinese are refused: a Cyrillic А must not pass for a Latin A.

The hash is HMAC-SHA256 with a key that the participating banks share, so that an outsider cannot
test guesses against the public chain.
"""

import hashlib
import hmac
import re
import unicodedata

from system.errors import InputError

FINGERPRINT_KEY_BYTES_MIN = 32
_ZEROS_IN_FRONT = re.compile(r"(?:^|(?<=[^0-9]))0+(?=[0-9])")


def fingerprint(
    key: bytes, seller_id: str, debtor_id: str, invoice_number: str, currency: str
) -> bytes:
    """The 32 bytes that stand for this claim everywhere.

    Raises InputError for a part that is empty or holds letters of an unexpected script.
    """
    number = _ZEROS_IN_FRONT.sub("", _plain("invoice_number", invoice_number))
    return _keyed_hash(key, b"strict", _parties(seller_id, debtor_id, currency), number)


def loose_fingerprint(
    key: bytes, seller_id: str, debtor_id: str, invoice_number: str, currency: str
) -> bytes:
    """Like fingerprint, but of the invoice number only the digits count.

    Two claims that differ here are different; two that agree, with different strict
    fingerprints, may be one invoice under an edited number. Evidence for monitoring, never for
    refusing a registration. Raises InputError as fingerprint does.
    """
    number = _plain("invoice_number", invoice_number)
    digits = "".join(c for c in number if c.isdecimal()).lstrip("0")
    return _keyed_hash(key, b"loose", _parties(seller_id, debtor_id, currency), digits or number)


def check_terms(seller_id: str, debtor_id: str, invoice_number: str, currency: str) -> None:
    """Raises InputError where fingerprint would, without its key."""
    _plain("invoice_number", invoice_number)
    _parties(seller_id, debtor_id, currency)


def _parties(seller_id: str, debtor_id: str, currency: str) -> list[str]:
    return [
        _plain("seller_id", seller_id),
        _plain("debtor_id", debtor_id),
        _plain("currency", currency),
    ]


def _plain(field: str, text: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    plain = "".join(_plain_character(field, text, c) for c in folded if c.isalnum())
    if not plain:
        raise InputError(field, text, "give at least one letter or digit")
    return plain


def _plain_character(field: str, text: str, character: str) -> str:
    if character.isascii() or "CJK UNIFIED" in unicodedata.name(character, ""):
        return character
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    raise InputError(field, text, f"use Latin or Chinese letters and digits, not {character!r}")


def _keyed_hash(key: bytes, purpose: bytes, parties: list[str], number: str) -> bytes:
    assert len(key) >= FINGERPRINT_KEY_BYTES_MIN, "fingerprint key is too short"
    # No normalised part can hold the separator, so two lists of parts never meet in one message.
    message = "\x1f".join([*parties, number]).encode()
    return hmac.new(key, purpose + b"\x1f" + message, hashlib.sha256).digest()
