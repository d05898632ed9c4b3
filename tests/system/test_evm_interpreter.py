"""The straightened interpreter does what py-evm's own does, whatever the code."""

from itertools import product
from typing import Any

import pytest
from eth.vm.forks.cancun import CancunVM
from eth.vm.message import Message
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.evm_lifecycle import Lifecycle
from system.adapters import evm_embedded
from system.adapters.evm_embedded import EmbeddedChain
from system.adapters.evm_interpreter import FastCancunVM
from system.adapters.keys import KeyRing
from tests.ports.evm_worlds import CHAIN_ID, GENESIS_S

SENDER, HERE = b"\x11" * 20, b"\x22" * 20


def new_state(vm: type, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(evm_embedded, "FastCancunVM", vm)
    chain = evm_embedded._new_chain(CHAIN_ID, GENESIS_S)
    return chain.get_vm().state


@pytest.fixture(scope="module")
def states() -> tuple[Any, Any]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        return new_state(CancunVM, monkeypatch), new_state(FastCancunVM, monkeypatch)


def outcome(state: Any, code: bytes, data: bytes, gas: int) -> tuple[Any, ...]:
    snapshot = state.snapshot()
    context = state.get_transaction_context_class()(gas_price=0, origin=SENDER)
    message = Message(gas, HERE, SENDER, 0, data, code)
    done = state.computation_class.apply_message(state, message, context)
    stored = [state.get_storage(HERE, slot) for slot in range(4)]
    state.revert(snapshot)
    return (
        done.is_error,
        bytes(done.output),
        done.get_gas_remaining(),
        done.get_gas_refund(),
        done.get_log_entries(),
        stored,
    )


# Mostly what compilers emit, so that programs get somewhere before they fail.
USUAL = [
    0x01, 0x02, 0x03, 0x04, 0x06, 0x0A, 0x10, 0x11, 0x12, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1A,
    0x1B, 0x1C, 0x1D, 0x20, 0x30, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3D, 0x3E, 0x46, 0x50,
    0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5A, 0x5B, 0x5E, 0x5F, 0x80, 0x81, 0x82,
    0x85, 0x8F, 0x90, 0x91, 0x92, 0x9F, 0xA1, 0xF1, 0xF3, 0xFA, 0xFD,
]  # fmt: skip
PUSH = st.binary(min_size=1, max_size=32).map(lambda data: bytes((0x5F + len(data),)) + data)
SMALL_PUSH = st.integers(0, 90).map(lambda number: bytes((0x60, number)))
INSTRUCTION = st.one_of(
    SMALL_PUSH,
    SMALL_PUSH,
    st.sampled_from(USUAL).map(lambda code: bytes((code,))),
    st.sampled_from(USUAL).map(lambda code: bytes((code,))),
    PUSH,
    st.binary(min_size=1, max_size=1),
)
CODE = st.lists(INSTRUCTION, max_size=60).map(b"".join)


@settings(max_examples=1_500, deadline=None)
@given(CODE, st.binary(max_size=80), st.one_of(st.integers(0, 300), st.integers(0, 60_000)))
@example(b"\x5b\x5f\x56", b"", 60_000)  # loops until its gas is gone
@example(b"\x60" * 3, b"", 1_000)  # the last push has no data
@example(b"\x7f\x01", b"", 1_000)  # a push cut short is padded
@example(b"\x60\x5b\x60\x01\x56", b"", 1_000)  # a jump into data
@example(b"\x5f\x5b\x80\x60\x01\x56", b"", 60_000)  # a loop that fills the stack
@example(bytes.fromhex("5f35545f5260205ff3"), b"\1", 60_000)  # bytes from py-evm reach a step
@example(bytes.fromhex("33155f526020600cf3"), b"", 60_000)
def test_any_code_ends_the_same_way_with_the_same_gas(
    states: tuple[Any, Any], code: bytes, data: bytes, gas: int
) -> None:
    plain, fast = states
    assert outcome(fast, code, data, gas) == outcome(plain, code, data, gas)


EDGES = (0, 1, 2, 31, 32, 254, 255, 256, 257, 2**128, 2**255 - 1, 2**255, 2**256 - 1)
WORD = st.one_of(st.sampled_from(EDGES), st.integers(0, 2**256 - 1))
PURE = [*range(0x01, 0x08), *range(0x10, 0x1E), 0x35]
RETURN_TOP = bytes.fromhex("5f5260205ff3")


def computed(state: Any, code: int, words: tuple[int, ...]) -> tuple[Any, ...]:
    pushes = b"".join(b"\x7f" + word.to_bytes(32) for word in reversed(words))
    found = outcome(state, pushes + bytes((code,)) + RETURN_TOP, b"\xfe" * 40, 10_000)
    assert not found[0]
    return found


@pytest.mark.parametrize("code", PURE, ids=hex)
def test_an_instruction_computes_the_same_word_at_the_edges(
    states: tuple[Any, Any], code: int
) -> None:
    plain, fast = states
    for left, right in product(EDGES, EDGES):
        words = (left, right, 7)
        assert computed(fast, code, words) == computed(plain, code, words)


@pytest.mark.parametrize("code", PURE, ids=hex)
@settings(max_examples=25, deadline=None)
@given(words=st.tuples(WORD, WORD, WORD))
def test_an_instruction_computes_the_same_word(
    states: tuple[Any, Any], code: int, words: tuple[int, ...]
) -> None:
    plain, fast = states
    assert computed(fast, code, words) == computed(plain, code, words)


@pytest.mark.parametrize("code", range(0x80, 0xA0), ids=hex)
def test_dup_and_swap_reach_the_same_depth(states: tuple[Any, Any], code: int) -> None:
    plain, fast = states
    for height in (15, 16, 17, 18):
        pushes = b"".join(bytes((0x60, n + 1)) for n in range(height))
        for tail in (RETURN_TOP, b"\x50" + RETURN_TOP, b"\x50" * 15 + RETURN_TOP):
            program = pushes + bytes((code,)) + tail
            assert outcome(fast, program, b"", 10_000) == outcome(plain, program, b"", 10_000)


@pytest.mark.parametrize("split", [0, 500, 1_020])
@pytest.mark.parametrize("count", range(1_021, 1_028))
def test_the_stack_ends_at_the_same_height(states: tuple[Any, Any], count: int, split: int) -> None:
    plain, fast = states
    # GAS is py-evm's own instruction, so what follows it is a run of its own.
    program = b"\x5f" * split + b"\x5a" + b"\x5f" * (count - split - 2) + b"\x80\x50\x00"
    assert outcome(fast, program, b"", 10_000) == outcome(plain, program, b"", 10_000)


@pytest.mark.parametrize("offset", [0, 1, 31, 32, 33, 1_000, 2**40, 2**256 - 1])
@pytest.mark.parametrize("code", [0x51, 0x52], ids=["mload", "mstore"])
def test_memory_grows_at_the_same_price(states: tuple[Any, Any], code: int, offset: int) -> None:
    plain, fast = states
    store = bytes.fromhex("7f") + b"\xab" * 32 + bytes.fromhex("601052")
    access = b"\x60\x07\x7f" + offset.to_bytes(32) + bytes((code,))
    program = store + access + bytes.fromhex("595f5260605ff3")
    assert outcome(fast, program, b"", 10_000) == outcome(plain, program, b"", 10_000)


def test_the_real_contracts_give_the_same_blocks_to_the_byte() -> None:
    heads = []
    for vm in (CancunVM, FastCancunVM):
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setattr(evm_embedded, "FastCancunVM", vm)
            keys = KeyRing(b"a secret of the tests only")
            chain = EmbeddedChain(keys, chain_id=CHAIN_ID, genesis_time_s=GENESIS_S)
        life = Lifecycle(keys, chain_id=CHAIN_ID, genesis_time_s=GENESIS_S)
        nonces: dict[str, int] = {}
        for block in (*life.setup(), *life.wave(0, 3)):
            for call in block:
                nonce = nonces.get(call.sender, 0)
                nonces[call.sender] = nonce + 1
                chain.send([chain.prepare(call, nonce)])
            number = chain.seal(chain.head().time_s + 5).number
            assert all(receipt.ok for receipt in chain.block_receipts(number))
        heads.append(chain.head())
    assert heads[0] == heads[1]
