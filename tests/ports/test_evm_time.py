"""Blocks of one second: chains with short periods have several of one time."""

import pytest

from system.adapters.evm_revm import RevmChain
from system.errors import InputError

GENESIS_S = 1_767_225_600


def test_several_blocks_of_one_second_share_its_time_where_the_chain_has_them() -> None:
    chain = RevmChain(chain_id=7, genesis_time_s=GENESIS_S, time_step_s=0)
    blocks = [chain.seal(at_s) for at_s in (GENESIS_S, GENESIS_S + 1, GENESIS_S + 1)]
    assert [block.time_s - GENESIS_S for block in blocks] == [0, 1, 1]
    assert len({block.hash for block in blocks}) == 3
    with pytest.raises(InputError, match="give 1767225601 or more"):
        chain.seal(GENESIS_S)


def test_elsewhere_time_moves_on_with_every_block() -> None:
    chain = RevmChain(chain_id=7, genesis_time_s=GENESIS_S)
    with pytest.raises(InputError, match="give 1767225601 or more"):
        chain.seal(GENESIS_S)
