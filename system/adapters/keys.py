"""Signing keys on secp256k1, derived from one secret and a name, or loaded.

Derivation is HMAC-SHA256 over the name, so that the same secret and names give the same accounts
on every machine. A secret of production comes from outside and is never printed.
"""

import hmac
from hashlib import sha256

from coincurve import PrivateKey
from eth_hash.auto import keccak

from system.errors import InputError
from system.ports.evm import Address

_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_SECRET_BYTES_MIN = 16


class KeyRing:
    """Private keys by address. Holds thousands; the curve point is computed once per key."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < _SECRET_BYTES_MIN:
            raise InputError("secret", "…", f"give at least {_SECRET_BYTES_MIN} bytes")
        self._secret = secret
        self._address_by_name: dict[str, Address] = {}
        self._key_by_address: dict[Address, PrivateKey] = {}

    def __repr__(self) -> str:
        return f"KeyRing({len(self._key_by_address)} keys)"

    def address(self, name: str) -> Address:
        """The account of this name; derives its key on first use."""
        known = self._address_by_name.get(name)
        if known is None:
            known = self._address_by_name[name] = self.load(derive(self._secret, name))
        return known

    def load(self, private_key: bytes) -> Address:
        """Add a key of 32 bytes and return its account."""
        if len(private_key) != 32 or not 0 < int.from_bytes(private_key) < _ORDER:
            raise InputError("private_key", "…", "give 32 bytes in 1..n-1 of secp256k1")
        key = PrivateKey(private_key)
        address = address_of(key.public_key.format(compressed=False))
        self._key_by_address[address] = key
        return address

    def sign_digest(self, address: Address, digest: bytes) -> bytes:
        """65 bytes r ‖ s ‖ v over a 32-byte digest, v in {27, 28}, s in the lower half (RFC 6979).

        Raises InputError when the ring has no key for the address.
        """
        key = self._key_by_address.get(address.lower())
        if key is None:
            raise InputError("address", address, "derive it by name or load its key first")
        signature = key.sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes((27 + signature[64],))


def address_of(public_key: bytes) -> Address:
    """The account of an uncompressed public key (65 bytes)."""
    return "0x" + keccak(public_key[1:])[12:].hex()


def derive(secret: bytes, name: str) -> bytes:
    """The private key, 32 bytes, that a ring with this secret has under this name."""
    # The counter skips the values outside 1..n-1; one in 2**128 names needs a second round.
    for counter in range(256):
        label = b"shapan/evm/" + bytes((counter,)) + name.encode()
        candidate = hmac.digest(secret, label, sha256)
        if 0 < int.from_bytes(candidate) < _ORDER:
            return candidate
    raise AssertionError("256 HMAC outputs in a row outside the curve order")
