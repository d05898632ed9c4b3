"""Putting the contracts on a chain whose blocks hold a few transactions alone."""

from collections.abc import Sequence
from typing import Any

import pytest

from system.adapters.evm_revm import RevmChain
from system.adapters.keys import KeyRing
from system.chain.deploy import DEPLOYER, deploy
from system.errors import EvmUnavailable, IntegrityError
from system.ports.evm import Signed
from tests.ports.evm_worlds import CHAIN_ID, GENESIS_S
from tests.system.receivables_world import SECRET

KEYS = KeyRing(SECRET)
TERMS = {"overdueAfterS": 1, "defaultAfterS": 2}
STEPS = 25


class SmallBlocks:
    """Ten transactions a block, and so many blocks."""

    def __init__(self, blocks_max: int) -> None:
        self._chain = RevmChain(chain_id=CHAIN_ID, genesis_time_s=GENESIS_S)
        self.waiting: list[Signed] = []
        self.blocks_max = blocks_max

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chain, name)

    def send(self, batch: Sequence[Signed]) -> None:
        self.waiting += batch

    def mine(self) -> None:
        if self.blocks_max == 0:
            raise EvmUnavailable("mine", "the process ends here")
        self.blocks_max -= 1
        some, self.waiting = self.waiting[:10], self.waiting[10:]
        self._chain.send(some)
        self._chain.seal(self._chain.head().time_s + 1)

    def deploy(self) -> None:
        deploy(self, self.mine, KEYS, TERMS)  # type: ignore[arg-type]

    @property
    def steps(self) -> int:
        return int(self._chain.nonce(KEYS.address(DEPLOYER)))


def test_it_takes_as_many_blocks_as_it_needs() -> None:
    chain = SmallBlocks(blocks_max=3)
    chain.deploy()
    assert chain.steps == STEPS
    chain.deploy()
    assert (chain.steps, chain.waiting) == (STEPS, []), "all of it is there"


def test_one_that_was_cut_off_is_finished_by_the_next_start() -> None:
    chain = SmallBlocks(blocks_max=2)
    with pytest.raises(EvmUnavailable):
        chain.deploy()
    assert chain.steps == 20
    chain.waiting.clear()
    chain.blocks_max = 1
    chain.deploy()
    assert chain.steps == STEPS


def test_steps_that_no_block_takes_are_named() -> None:
    chain = SmallBlocks(blocks_max=1_000)
    chain.send = lambda batch: None  # type: ignore[method-assign]
    with pytest.raises(IntegrityError, match=r"deployment step 0.*no receipt"):
        chain.deploy()
