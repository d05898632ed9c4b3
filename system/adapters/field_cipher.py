"""The cipher port on AES-256-GCM, with a nonce made of what is sealed.

The nonce is a keyed hash of record, field and text, so it repeats only where all of these do, and
then the sealed bytes are the same: no luck is needed, and none can fail. Bytes: key version (4),
nonce (12), text padded to 32 bytes and encrypted, tag (16).
"""

import hmac
import secrets
from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from system.canonical import canonical_json
from system.errors import InputError, IntegrityError

KEY_BYTES: Final = 32
_VERSION_BYTES, _NONCE_BYTES, _PAD_BYTES = 4, 12, 32
_HEAD_BYTES: Final = _VERSION_BYTES + _NONCE_BYTES
_PAD: Final = b"\0"


class AesGcmCipher:
    """keys: 32 bytes each, by version from 1 up.  index_key: 32 bytes, apart from all of them."""

    def __init__(self, keys: Mapping[int, bytes], index_key: bytes) -> None:
        for name, key in (("index_key", index_key), *((f"keys[{v}]", k) for v, k in keys.items())):
            if len(key) != KEY_BYTES:
                raise InputError(name, f"{len(key)} bytes", f"give {KEY_BYTES} bytes")
        if not keys or not 1 <= min(keys) <= max(keys) < 2**31:
            raise InputError("keys", sorted(keys), "give at least one, by version from 1 up")
        self._ciphers = {version: AESGCM(_derived(key, b"seal")) for version, key in keys.items()}
        self._nonce_keys = {version: _derived(key, b"nonce") for version, key in keys.items()}
        self._given_index_key = index_key
        self._index_key = _derived(index_key, b"index")
        self._version = max(keys)

    @property
    def key_version(self) -> int:
        return self._version

    def seal(self, record_id: str, field: str, text: str) -> bytes:
        plain = text.encode()
        if _PAD in plain:
            raise InputError(field, "…", "give a text without NUL")
        plain += _PAD * (-len(plain) % _PAD_BYTES)
        place = _place(self._version, record_id, field)
        nonce = hmac.digest(self._nonce_keys[self._version], place + plain, "sha256")[:_NONCE_BYTES]
        body = self._ciphers[self._version].encrypt(nonce, plain, place)
        return self._version.to_bytes(_VERSION_BYTES, "big") + nonce + body

    def open(self, record_id: str, field: str, sealed: bytes) -> str:
        version = int.from_bytes(sealed[:_VERSION_BYTES], "big")
        cipher = self._ciphers.get(version)
        if cipher is None:
            raise InputError(
                "key_version", version, f"load that key; held: {sorted(self._ciphers)}"
            )
        nonce, place = sealed[_VERSION_BYTES:_HEAD_BYTES], _place(version, record_id, field)
        try:
            plain = cipher.decrypt(nonce, sealed[_HEAD_BYTES:], place)
        except (InvalidTag, ValueError):
            what = f"{field} of {record_id}"
            raise IntegrityError(what, "bytes sealed for it", "altered or moved bytes") from None
        return plain.rstrip(_PAD).decode()

    def fresh_key(self) -> bytes:
        return secrets.token_bytes(KEY_BYTES)

    def for_subject(self, key: bytes) -> "AesGcmCipher":
        return AesGcmCipher({1: key}, self._given_index_key)

    def blind_index(self, field: str, text: str) -> bytes:
        return hmac.digest(self._index_key, canonical_json([field, text]).encode(), "sha256")


def _derived(key: bytes, use: bytes) -> bytes:
    """One key per use, so that no two uses can help each other's attacker."""
    return hmac.digest(key, b"shapan/field/" + use, "sha256")


def _place(version: int, record_id: str, field: str) -> bytes:
    """What the tag covers besides the text. As JSON, so that no two places read alike."""
    return canonical_json([version, record_id, field]).encode()
