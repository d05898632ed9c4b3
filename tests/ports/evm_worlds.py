"""The chains behind the EVM port, each with the same genesis, keys and time."""

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from benchmarks.anvil import REMEDY, anvil, anvil_program
from system.adapters.evm_embedded import EmbeddedChain
from system.adapters.evm_http import HttpChain
from system.adapters.evm_kept import KeptRevmChain
from system.adapters.evm_revm import RevmChain
from system.adapters.keys import KeyRing
from system.ports.evm import Address, Block, Call, Receipt, Signed
from tests.ports.evm_box import BOX_CODE

CHAIN_ID = 31_337
GENESIS_S = 1_767_225_600
GAS_MAX = 200_000
KINDS = ("embedded", "revm", "kept", pytest.param("anvil", marks=pytest.mark.anvil))


@dataclass
class World:
    """A chain with one box deployed by ``maker``; nonces counted here, time in steps of 5 s."""

    chain: Any
    keys: KeyRing
    nonces: dict[Address, int] = field(default_factory=dict)
    box: Address = ""

    @property
    def maker(self) -> Address:
        return self.keys.address("maker")

    def sign(self, data: bytes, *, sender: Address | None = None, **changes: Any) -> Signed:
        """The next transaction of the sender, to the box unless told otherwise."""
        sender = sender or self.maker
        fields = {"to": self.box, "gas_max": GAS_MAX, **changes}
        nonce = self.nonces.get(sender, 0)
        self.nonces[sender] = nonce + 1
        return self.chain.prepare(Call(sender, data=data, **fields), nonce)

    def send(self, *batch: Signed) -> None:
        self.chain.send(batch)

    def seal(self) -> Block:
        return self.chain.seal(self.chain.head().time_s + 5)

    def run(self, *batch: Signed) -> list[Receipt]:
        """Send, seal, and the receipts."""
        self.send(*batch)
        self.seal()
        return self.receipts(batch)

    def receipts(self, batch: Sequence[Signed]) -> list[Receipt]:
        return self.chain.receipts([signed.tx_hash for signed in batch])

    def view(self, data: bytes, *, to: Address | None = None, gas_max: int = GAS_MAX) -> bytes:
        return self.chain.call(Call(self.maker, to or self.box, data, gas_max))


@contextmanager
def open_world(kind: str) -> Iterator[World]:
    keys = KeyRing(b"a secret of the tests only")
    with _open_chain(kind, keys) as chain:
        world = World(chain, keys)
        [receipt] = world.run(world.sign(BOX_CODE, to=None))
        world.box = receipt.contract_address
        yield world


@contextmanager
def _open_chain(kind: str, keys: KeyRing) -> Iterator[Any]:
    if kind == "embedded":
        yield EmbeddedChain(keys, chain_id=CHAIN_ID, genesis_time_s=GENESIS_S)
    elif kind == "revm":
        yield RevmChain(chain_id=CHAIN_ID, genesis_time_s=GENESIS_S)
    elif kind == "kept":
        with TemporaryDirectory() as folder:
            yield KeptRevmChain(
                Path(folder) / "c",
                chain_id=CHAIN_ID,
                genesis_time_s=GENESIS_S,
                transactions_per_window=1,
            )
    else:
        program = required_anvil()
        with anvil(program, chain_id=CHAIN_ID, genesis_time_s=GENESIS_S) as url:
            yield HttpChain(url, keys)


def required_anvil() -> str:
    """anvil's program; where it is absent the test fails, or is skipped with a loud warning."""
    program = anvil_program()
    if program is None:
        reason = f"NOT TESTED: the HTTP chain, since anvil is absent; {REMEDY}"
        if os.environ.get("SHAPAN_REQUIRE_ANVIL"):
            pytest.fail(reason)
        warnings.warn(pytest.PytestWarning(reason), stacklevel=2)
        pytest.skip(reason)
    return program
