"""EIP-712 digests of the three messages that the contracts accept from off chain.

The debtor signs an Acceptance, the bank a Quote, the risk desk a Verdict. Signing is the key
ring's; this file only says what is signed. Field order and types are those of the contracts.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from eth_hash.auto import keccak

from system.ports.evm import Address

_WORD_BYTES = 32


@dataclass(frozen=True, slots=True)
class Domain:
    """Which contract on which chain a signature is for: it is worthless anywhere else."""

    name: str
    version: str
    chain_id: int
    verifying_contract: Address


def registry_domain(chain_id: int, registry: Address) -> Domain:
    """The domain of Acceptance."""
    return Domain("Shapan Registry", "1", chain_id, registry)


def desk_domain(chain_id: int, financing_desk: Address) -> Domain:
    """The domain of Quote and Verdict."""
    return Domain("Shapan FinancingDesk", "1", chain_id, financing_desk)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The debtor owes exactly this, and will not contest the invoice's existence later."""

    fingerprint: bytes
    debtor: Address
    supplier: Address
    amount_fen: int
    currency: str
    due_at_s: int
    nonce: int
    deadline_s: int


@dataclass(frozen=True, slots=True)
class Quote:
    """The bank's offer for a whole lot: advance + discount + holdback is the lot's value."""

    lot: int
    bank: Address
    supplier: Address
    advance_fen: int
    discount_fen: int
    holdback_fen: int
    recourse: bool
    nonce: int
    expires_at_s: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """The risk desk's view of a lot at the time of financing."""

    lot: int
    fingerprint: bytes
    clear: bool
    expires_at_s: int


_DOMAIN_TYPE: Final = (
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
_ACCEPTANCE_TYPE: Final = (
    b"Acceptance(bytes32 fingerprint,address debtor,address supplier,uint256 amount,"
    b"bytes3 currency,uint64 dueAt,uint256 nonce,uint64 deadline)"
)
_QUOTE_TYPE: Final = (
    b"Quote(uint256 lot,address bank,address supplier,uint128 advance,uint128 discount,"
    b"uint128 holdback,bool recourse,uint256 nonce,uint64 expiresAt)"
)
_VERDICT_TYPE: Final = b"Verdict(uint256 lot,bytes32 fingerprint,bool clear,uint64 expiresAt)"
_DOMAIN_HASH = keccak(_DOMAIN_TYPE)
_ACCEPTANCE_HASH = keccak(_ACCEPTANCE_TYPE)
_QUOTE_HASH = keccak(_QUOTE_TYPE)
_VERDICT_HASH = keccak(_VERDICT_TYPE)


def acceptance_digest(domain: Domain, acceptance: Acceptance) -> bytes:
    """The 32 bytes that the debtor signs."""
    a = acceptance
    words = (
        _ACCEPTANCE_HASH,
        _bytes32(a.fingerprint),
        _address(a.debtor),
        _address(a.supplier),
        _uint(a.amount_fen, 256),
        currency_bytes3(a.currency).ljust(_WORD_BYTES, b"\0"),
        _uint(a.due_at_s, 64),
        _uint(a.nonce, 256),
        _uint(a.deadline_s, 64),
    )
    return _digest(domain, b"".join(words))


def quote_digest(domain: Domain, quote: Quote) -> bytes:
    """The 32 bytes that the bank signs."""
    q = quote
    words = (
        _QUOTE_HASH,
        _uint(q.lot, 256),
        _address(q.bank),
        _address(q.supplier),
        _uint(q.advance_fen, 128),
        _uint(q.discount_fen, 128),
        _uint(q.holdback_fen, 128),
        _uint(q.recourse, 1),
        _uint(q.nonce, 256),
        _uint(q.expires_at_s, 64),
    )
    return _digest(domain, b"".join(words))


def verdict_digest(domain: Domain, verdict: Verdict) -> bytes:
    """The 32 bytes that the risk desk signs."""
    v = verdict
    words = (
        _VERDICT_HASH,
        _uint(v.lot, 256),
        _bytes32(v.fingerprint),
        _uint(v.clear, 1),
        _uint(v.expires_at_s, 64),
    )
    return _digest(domain, b"".join(words))


def currency_bytes3(currency: str) -> bytes:
    """The contracts' form of an ISO 4217 code."""
    code = currency.encode("ascii")
    assert len(code) == 3, "ISO 4217 codes have three letters"
    return code


def _digest(domain: Domain, struct: bytes) -> bytes:
    return keccak(b"\x19\x01" + _separator(domain) + keccak(struct))


# A deployment has one domain per contract; tests make a few more.
@lru_cache(maxsize=64)
def _separator(domain: Domain) -> bytes:
    words = (
        _DOMAIN_HASH,
        keccak(domain.name.encode()),
        keccak(domain.version.encode()),
        _uint(domain.chain_id, 256),
        _address(domain.verifying_contract),
    )
    return keccak(b"".join(words))


def _uint(value: int, bits: int) -> bytes:
    assert 0 <= value < 1 << bits, f"does not fit uint{bits}"
    return int(value).to_bytes(_WORD_BYTES, "big")


def _address(address: Address) -> bytes:
    raw = bytes.fromhex(address.removeprefix("0x"))
    assert len(raw) == 20, "an address has 20 bytes"
    return raw.rjust(_WORD_BYTES, b"\0")


def _bytes32(value: bytes) -> bytes:
    assert len(value) == _WORD_BYTES, "expected 32 bytes"
    return value
