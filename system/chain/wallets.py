"""Accounts that the system signs for: its own, and those of parties who let it hold their key."""

from typing import Final, Protocol

from coincurve import PublicKey
from eth_hash.auto import keccak

from system.ports.evm import Address

# Registers, mints, marks and settles: one account, whose nonces keep dependent steps in order.
OPERATOR: Final = "operator"
RISK_SIGNER: Final = "risk-signer"
GUARDIAN: Final = "guardian"
ADMIN: Final = "admin"


class Wallets(Protocol):
    """Keys by name. The same name has the same account for ever."""

    def address(self, name: str) -> Address:
        """The account of this name."""
        ...

    def sign_digest(self, address: Address, digest: bytes) -> bytes:
        """65 bytes r, s, v over a 32-byte digest. Raises InputError for an unknown account."""
        ...


def party_wallet(party_id: str) -> str:
    """The name of a party's own account."""
    return f"party/{party_id}"


def signer_of(digest: bytes, signature: bytes) -> Address | None:
    """The account that signed the digest, or None when the bytes are no signature."""
    if len(signature) != 65 or signature[64] not in (27, 28):
        return None
    recoverable = signature[:64] + bytes((signature[64] - 27,))
    try:
        key = PublicKey.from_signature_and_message(recoverable, digest, hasher=None)
    except ValueError:
        return None
    return "0x" + bytes(keccak(key.format(compressed=False)[1:]))[12:].hex()
