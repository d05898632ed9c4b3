"""The committed build: pinned, within the size limit, and free of what our chains do not share."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from system.adapters.evm_embedded import EmbeddedChain
from system.adapters.keys import KeyRing
from system.chain.abi import load_contract
from system.chain.bindings import CONTRACT_NAMES
from system.chain.deploy import BUILD_FOLDER
from system.ports.evm import Call
from tests.contracts.cast import GENESIS_S

# TLOAD, TSTORE: the volume chain has no transaction boundary that would clear them.
# SELFDESTRUCT, DELEGATECALL, CALLCODE: code that could go away, or be someone else's.
# BLOCKHASH, PREVRANDAO: the chains make them up differently.
FORBIDDEN = {0x5C: "TLOAD", 0x5D: "TSTORE", 0xFF: "SELFDESTRUCT", 0xF2: "CALLCODE"}
FORBIDDEN |= {0x40: "BLOCKHASH", 0x44: "PREVRANDAO"}
PUSH1, PUSH32, DELEGATECALL = 0x60, 0x7F, 0xF4
CODE_BYTES_MAX = 24_576
# OpenZeppelin's AccessManager has a multicall into itself; nothing of ours delegates.
DELEGATES = {"AccessManager"}


def artifact(name: str) -> dict[str, Any]:
    path: Path = BUILD_FOLDER / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def opcodes(code: bytes) -> Iterator[int]:
    """Each instruction; the data of a push is none."""
    at = 0
    while at < len(code):
        yield code[at]
        at += 1 + (code[at] - PUSH1 + 1 if PUSH1 <= code[at] <= PUSH32 else 0)


@cache
def deployed_code(name: str) -> bytes:
    """What a node would keep: the constructor run with arguments of the right types."""
    keys = KeyRing(b"a secret of the build tests")
    chain = EmbeddedChain(keys, chain_id=31_337, genesis_time_s=GENESIS_S)
    maker = keys.address("maker")
    abi = load_contract(BUILD_FOLDER, name)
    samples = {"address": maker, "bytes3": b"CNY", "uint64": 1}
    [inputs] = [one["inputs"] for one in artifact(name)["abi"] if one["type"] == "constructor"]
    arguments = abi.constructor.encode([samples[one["type"]] for one in inputs])
    return chain.call(Call(maker, None, abi.bytecode + arguments, 8_000_000))


def test_push_data_is_not_mistaken_for_instructions() -> None:
    code = bytes.fromhex("605c" + "615d5c" + "7f" + "5c" * 32 + "5f" + "5d")
    assert list(opcodes(code)) == [0x60, 0x61, 0x7F, 0x5F, 0x5D]


@pytest.mark.parametrize("name", CONTRACT_NAMES)
def test_each_contract_names_the_compiler_that_made_it(name: str) -> None:
    compiler = artifact(name)["compiler"]
    package = json.loads((BUILD_FOLDER.parent / "package.json").read_text(encoding="utf-8"))
    pins = package["devDependencies"]
    assert compiler["solc"].split("+")[0] == pins["solc"]
    assert compiler["openzeppelin"] == pins["@openzeppelin/contracts"]
    settings = compiler["settings"]
    assert settings["evmVersion"] == "cancun"
    assert settings["optimizer"] == {"enabled": True, "runs": 200}
    assert settings["viaIR"] is False
    assert settings["metadata"] == {"bytecodeHash": "none", "appendCBOR": False}


@pytest.mark.parametrize("name", CONTRACT_NAMES)
def test_no_contract_uses_what_chains_do_not_share(name: str) -> None:
    found = set(opcodes(deployed_code(name)))
    used = [word for code, word in FORBIDDEN.items() if code in found]
    assert not used, f"{name}: {used}"
    assert name in DELEGATES or DELEGATECALL not in found


@pytest.mark.parametrize("name", CONTRACT_NAMES)
def test_each_contract_fits_on_any_chain(name: str) -> None:
    code = deployed_code(name)
    assert len(code) == artifact(name)["runtimeBytes"] <= CODE_BYTES_MAX
