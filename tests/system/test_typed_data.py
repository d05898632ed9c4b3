"""EIP-712 digests, against the reference encoder."""

from typing import Any

import pytest
from eth_account.messages import _hash_eip191_message, encode_typed_data
from hypothesis import given, settings
from hypothesis import strategies as st

from system.chain.typed_data import (
    Acceptance,
    Domain,
    Quote,
    Verdict,
    acceptance_digest,
    quote_digest,
    verdict_digest,
)

TYPES = {
    "EIP712Domain": "string name,string version,uint256 chainId,address verifyingContract",
    "Acceptance": "bytes32 fingerprint,address debtor,address supplier,uint256 amount,"
    "bytes3 currency,uint64 dueAt,uint256 nonce,uint64 deadline",
    "Quote": "uint256 lot,address bank,address supplier,uint128 advance,uint128 discount,"
    "uint128 holdback,bool recourse,uint256 nonce,uint64 expiresAt",
    "Verdict": "uint256 lot,bytes32 fingerprint,bool clear,uint64 expiresAt",
}
addresses = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
hashes = st.binary(min_size=32, max_size=32)


def uints(bits: int) -> st.SearchStrategy[int]:
    return st.integers(0, 2**bits - 1)


domains = st.builds(
    Domain,
    name=st.text(max_size=20).filter(lambda text: text.isprintable()),
    version=st.just("1"),
    chain_id=uints(63),
    verifying_contract=addresses,
)


def members(type_name: str) -> list[dict[str, str]]:
    pairs = (member.split(" ") for member in TYPES[type_name].split(","))
    return [{"type": kind, "name": name} for kind, name in pairs]


def reference(domain: Domain, type_name: str, values: list[Any]) -> bytes:
    fields = (domain.name, domain.version, domain.chain_id, domain.verifying_contract)
    document = {
        "types": {name: members(name) for name in ("EIP712Domain", type_name)},
        "primaryType": type_name,
        "domain": dict(zip([m["name"] for m in members("EIP712Domain")], fields, strict=True)),
        "message": dict(zip([m["name"] for m in members(type_name)], values, strict=True)),
    }
    return bytes(_hash_eip191_message(encode_typed_data(full_message=document)))


@settings(max_examples=40)
@given(domains, hashes, addresses, addresses, uints(256), uints(64), uints(256), uints(64))
def test_acceptance_digest_is_that_of_the_reference_encoder(
    domain: Domain,
    fingerprint: bytes,
    debtor: str,
    supplier: str,
    amount: int,
    due: int,
    nonce: int,
    deadline: int,
) -> None:
    message = Acceptance(fingerprint, debtor, supplier, amount, "CNY", due, nonce, deadline)
    values = [fingerprint, debtor, supplier, amount, b"CNY", due, nonce, deadline]
    assert acceptance_digest(domain, message) == reference(domain, "Acceptance", values)


@settings(max_examples=40)
@given(domains, uints(256), addresses, addresses, uints(128), st.booleans(), uints(64))
def test_quote_digest_is_that_of_the_reference_encoder(
    domain: Domain, lot: int, bank: str, supplier: str, advance: int, recourse: bool, expires: int
) -> None:
    values = [lot, bank, supplier, advance, advance // 2, 7, recourse, lot // 3, expires]
    assert quote_digest(domain, Quote(*values)) == reference(domain, "Quote", values)


@settings(max_examples=40)
@given(domains, uints(256), hashes, st.booleans(), uints(64))
def test_verdict_digest_is_that_of_the_reference_encoder(
    domain: Domain, lot: int, fingerprint: bytes, clear: bool, expires: int
) -> None:
    values = [lot, fingerprint, clear, expires]
    assert verdict_digest(domain, Verdict(*values)) == reference(domain, "Verdict", values)


def test_a_signature_for_one_contract_or_chain_is_not_one_for_another() -> None:
    verdict = Verdict(1, bytes(32), True, 5)
    contract = "0x" + "11" * 20
    home = Domain("Desk", "1", 1, contract)
    others = [Domain("Desk", "1", 2, contract), Domain("Desk", "1", 1, "0x" + "12" * 20)]
    assert all(verdict_digest(home, verdict) != verdict_digest(d, verdict) for d in others)


def test_a_value_too_wide_for_its_type_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="uint128"):
        quote_digest(
            Domain("Desk", "1", 1, "0x" + "11" * 20),
            Quote(1, "0x" + "22" * 20, "0x" + "33" * 20, 2**128, 0, 0, False, 0, 0),
        )
