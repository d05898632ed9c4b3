"""Our ABI codec against eth_abi, and the contracts' own errors and events."""

from typing import Any

import pytest
from eth_abi import decode, encode
from hypothesis import given
from hypothesis import strategies as st

from system.chain.abi import ContractAbi, load_contract, type_of
from system.chain.abi_codec import codec_of
from system.chain.bindings import CONTRACT_NAMES, KINDS, Contracts
from system.chain.deploy import BUILD_FOLDER
from system.errors import InputError

ABIS = {name: load_contract(BUILD_FOLDER, name) for name in CONTRACT_NAMES}
PAYOUT = {
    "type": "tuple[]",
    "components": [
        {"type": "uint256"},
        {"type": "address"},
        {"type": "uint128"},
        {"type": "bool"},
        {"type": "bytes"},
        {"type": "tuple", "components": [{"type": "bytes32"}, {"type": "string"}]},
        {"type": "uint64[]"},
    ],
}
payouts = st.lists(
    st.tuples(
        st.integers(0, 2**256 - 1),
        st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex()),
        st.integers(0, 2**128 - 1),
        st.booleans(),
        st.binary(max_size=70),
        st.tuples(st.binary(min_size=32, max_size=32), st.text(max_size=40)),
        st.lists(st.integers(0, 2**64 - 1), max_size=3).map(tuple),
    ),
    max_size=4,
).map(tuple)


@given(payouts)
def test_encoding_equals_eth_abi_and_comes_back(values: Any) -> None:
    codec = codec_of(PAYOUT)
    word = (32).to_bytes(32)
    assert word + codec.encode(values) == encode([type_of(PAYOUT)], [values])
    assert codec.decode(codec.encode(values), 0) == values
    assert decode([type_of(PAYOUT)], word + codec.encode(values)) == (values,)


@given(payouts, st.integers(1, 400))
def test_data_that_ends_too_soon_is_an_error(values: Any, missing: int) -> None:
    data = codec_of(PAYOUT).encode(values)
    short = data[: max(0, len(data) - 32 - missing)]
    if not values and len(short) == len(data):
        return
    with pytest.raises(ValueError, match="data ends"):
        codec_of(PAYOUT).decode(short, 0)


@pytest.mark.parametrize(("kind", "value"), [("uint128", 2**128), ("uint64", -1)])
def test_a_number_that_does_not_fit_is_an_error(kind: str, value: int) -> None:
    with pytest.raises(OverflowError):
        codec_of({"type": kind}).encode(value)


def test_a_batch_call_is_what_eth_abi_would_send() -> None:
    contracts = Contracts(ABIS, dict.fromkeys(ABIS, "0x" + "11" * 20), 1)
    values = [(bytes([n]) * 32, n, 1000 + n, bytes(65)) for n in (1, 2, 3)]
    items = [contracts.item("accept", *item) for item in values]
    call = contracts.call("accept", "0x" + "22" * 20, items, b"\x07" * 32)
    types = ["(bytes32,uint256,uint64,bytes)[]", "bytes32"]
    assert call.data[4:] == encode(types, [values, b"\x07" * 32])
    assert call.data[:4] == ABIS["Registry"].selector("acceptMany")


def test_every_kind_of_operation_names_a_function_of_its_contract() -> None:
    for kind in KINDS.values():
        assert len(ABIS[kind.contract].selector(kind.function)) == 4


def test_an_error_comes_back_with_name_and_values() -> None:
    contracts = Contracts(ABIS, dict.fromkeys(ABIS, "0x" + "11" * 20), 1)
    entry = next(e for e in ABIS["Registry"].errors if e["name"] == "AlreadyRegistered")
    lone = ContractAbi("Lone", [{**entry, "type": "function", "outputs": []}], b"")
    data = lone.encode("AlreadyRegistered", b"\x05" * 32)
    error = contracts.refusal(data)
    assert (error.name, error.args_by_name) == ("AlreadyRegistered", {"fingerprint": b"\x05" * 32})
    assert contracts.refusal(data[:20]).name == contracts.refusal(b"").name == ""


def test_a_missing_build_says_how_to_make_it(tmp_path) -> None:
    with pytest.raises(InputError, match="make contracts"):
        load_contract(tmp_path, "Registry")
