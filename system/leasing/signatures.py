"""Signatures of readings: HMAC-SHA256 or Ed25519, by the key of each device.

A reading is signed as it is sent. Its last member is ``"signature"``, and what is signed are all
bytes before the comma in front of that member. So nothing is written anew before it is checked, and
a gateway passes a device's bytes on as they are.
"""

import binascii
import hmac
from functools import lru_cache
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from system.leasing.devices import KeyKind

_MEMBER: Final = b',"signature":"'
_END: Final = b'"}'


def split_signed(reading: bytes) -> tuple[bytes, bytes] | None:
    """The signed bytes and the signature's hex digits, or None for a reading without signature."""
    text = reading.rstrip()
    at = text.rfind(_MEMBER)
    if at < 0 or not text.endswith(_END):
        return None
    return text[:at], text[at + len(_MEMBER) : -len(_END)]


def is_genuine(kind: KeyKind, key: bytes, signed: bytes, digits: bytes) -> bool:
    """Whether the device's key made these digits over these bytes."""
    try:
        signature = binascii.unhexlify(digits)
    except binascii.Error:
        return False
    if kind == "hmac-sha256":
        return hmac.compare_digest(hmac.digest(key, signed, sha256), signature)
    if kind == "ed25519":
        return _is_genuine_ed25519(key, signed, signature)
    return False


def _is_genuine_ed25519(key: bytes, signed: bytes, signature: bytes) -> bool:
    try:
        _public_key(key).verify(signature, signed)
    except InvalidSignature:
        return False
    return True


# Decoding a point costs a third of a check; a fleet's keys fit.
@lru_cache(maxsize=16_384)
def _public_key(key: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(key)


def sign(kind: KeyKind, key: bytes, reading: bytes) -> bytes:
    """The reading, a JSON object, with its signature: what a device does before it sends.

    key: the HMAC secret or the Ed25519 private key, 32 bytes.
    """
    signed = reading.rstrip().removesuffix(b"}")
    if kind == "hmac-sha256":
        signature = hmac.digest(key, signed, sha256)
    else:
        assert kind == "ed25519", kind
        signature = Ed25519PrivateKey.from_private_bytes(key).sign(signed)
    return signed + _MEMBER + signature.hex().encode() + _END
