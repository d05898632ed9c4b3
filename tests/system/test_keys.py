"""The key ring, and the transactions signed with it, against the reference wallet."""

import pytest
from eth_account import Account
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from system.adapters.evm_transactions import contract_address, intrinsic_gas, open_raw, sign_call
from system.adapters.keys import KeyRing, derive
from system.errors import InputError
from system.ports.evm import Call

SECRET = b"a secret of the tests only"
TO = "0x" + "5a" * 20


def test_a_name_has_one_account_for_ever() -> None:
    ring = KeyRing(SECRET)
    assert ring.address("bank") == ring.address("bank") == KeyRing(SECRET).address("bank")
    assert ring.address("bank") == ring.address("bank").lower()


def test_names_and_secrets_separate_accounts() -> None:
    accounts = {KeyRing(SECRET).address(f"supplier {n}") for n in range(500)}
    assert len(accounts) == 500
    assert KeyRing(SECRET + b"!").address("supplier 1") not in accounts


def test_derivation_is_fixed_for_all_versions() -> None:
    assert KeyRing(SECRET).address("bank") == "0x5bee6a4365507fa900ce82c85bd4317a30ba55b2"


def test_a_ring_never_shows_what_it_holds() -> None:
    ring = KeyRing(SECRET)
    ring.address("bank")
    assert repr(ring) == str(ring) == "KeyRing(1 keys)"


@given(st.text(max_size=20), st.binary(min_size=32, max_size=32))
def test_signatures_recover_to_the_account_and_equal_the_reference(
    name: str, digest: bytes
) -> None:
    ring = KeyRing(SECRET)
    address = ring.address(name)
    reference = Account.from_key(derive(SECRET, name))
    assert address == reference.address.lower()
    assert ring.sign_digest(address, digest) == bytes(reference.unsafe_sign_hash(digest).signature)


def test_a_loaded_key_signs_like_a_derived_one() -> None:
    derived, loaded = KeyRing(SECRET), KeyRing(b"another secret of the tests")
    address = loaded.load(derive(SECRET, "bank"))
    assert address == derived.address("bank")
    digest = keccak(b"message")
    assert loaded.sign_digest(address.upper().replace("0X", "0x"), digest) == derived.sign_digest(
        address, digest
    )


def test_an_unknown_account_and_unusable_keys_are_refused() -> None:
    with pytest.raises(InputError):
        KeyRing(SECRET).sign_digest(TO, bytes(32))
    with pytest.raises(InputError):
        KeyRing(b"short")
    for key in (bytes(32), b"\xff" * 32, b"\1" * 31):
        with pytest.raises(InputError) as refused:
            KeyRing(SECRET).load(key)
        assert key.hex() not in str(refused.value)


@given(
    st.one_of(st.none(), st.just(TO)),
    st.binary(max_size=300),
    st.integers(0, 2**40),
    st.integers(0, 10**12),
    st.integers(1, 2**48),
)
def test_transactions_are_the_reference_wallets_to_the_byte(
    to: str | None, data: bytes, nonce: int, price_wei: int, chain_id: int
) -> None:
    ring = KeyRing(SECRET)
    call = Call(ring.address("bank"), to, data, 10_000_000)
    signed = sign_call(ring, call, nonce, chain_id=chain_id, gas_price_wei=price_wei)
    fields = {
        "nonce": nonce,
        "gasPrice": price_wei,
        "gas": call.gas_max,
        "value": 0,
        "data": data,
        "chainId": chain_id,
        **({"to": bytes.fromhex(to[2:])} if to else {}),
    }
    reference = Account.from_key(derive(SECRET, "bank")).sign_transaction(fields)
    assert signed.raw == bytes(reference.raw_transaction)
    assert signed.tx_hash == bytes(reference.hash)
    opened = open_raw(signed.raw, chain_id=chain_id)
    assert (opened.call, opened.nonce) == (call, nonce)


def test_the_price_of_starting_is_that_of_the_yellow_paper() -> None:
    assert intrinsic_gas(TO, b"") == 21_000
    assert intrinsic_gas(TO, b"\0\1\2") == 21_000 + 4 + 32
    assert intrinsic_gas(None, b"\1" * 33) == 53_000 + 33 * 16 + 2 * 2


def test_deployments_land_where_ethereum_puts_them() -> None:
    # The first contract of the account behind the famous key 1.
    deployer = "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf"
    assert contract_address(deployer, 0) == "0xf2e246bb76df876cef8b38ae84130f4f55de395b"
