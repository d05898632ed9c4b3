"""What chains in this process add to the port: dropping blocks on demand, for fault tests."""

from collections.abc import Iterator

import pytest

from system.errors import InputError
from tests.ports.evm_box import COUNT, READ, READ_COUNT, store, words
from tests.ports.evm_worlds import World, open_world


@pytest.fixture(params=("embedded", "revm"))
def local(request: pytest.FixtureRequest) -> Iterator[World]:
    with open_world(request.param) as opened:
        yield opened


def test_a_reorg_that_keeps_transactions_mines_them_again(local: World) -> None:
    local.run(local.sign(store(1)))
    lost = [local.sign(store(2)), local.sign(COUNT)]
    local.run(lost[0])
    local.run(lost[1])
    old = local.chain.head()
    local.chain.reorg(2, keep=True)
    assert local.chain.head().number == old.number - 2
    assert local.receipts(lost) == [None, None]
    assert (words(local.view(READ))[0], words(local.view(READ_COUNT))) == (1, [0])
    local.chain.seal(old.time_s + 1)
    assert [receipt.block_number for receipt in local.receipts(lost)] == [old.number - 1] * 2
    assert (words(local.view(READ))[0], words(local.view(READ_COUNT))) == (2, [1])


@pytest.mark.parametrize("depth", [1, 2])
def test_after_a_reorg_calls_see_the_number_and_time_of_the_head(local: World, depth: int) -> None:
    local.run(local.sign(store(1)))
    told, head = words(local.view(READ)), local.chain.head()
    for _ in range(depth):
        local.seal()
    local.chain.reorg(depth, keep=True)
    assert local.chain.head() == head
    assert words(local.view(READ)) == told


def test_a_reorg_may_lose_transactions_until_they_are_sent_again(local: World) -> None:
    signed = local.sign(COUNT)
    local.run(signed)
    local.chain.reorg(1, keep=False)
    local.seal()
    assert local.receipts([signed]) == [None]
    assert local.chain.nonce(local.maker) == 1
    local.run(signed)
    assert words(local.view(READ_COUNT)) == [1]


def test_deployments_survive_a_reorg_at_the_same_address(local: World) -> None:
    local.chain.reorg(1, keep=True)
    local.seal()
    [receipt] = local.chain.block_receipts(1)
    assert receipt.contract_address == local.box


def test_a_reorg_deeper_than_the_chain_is_refused(local: World) -> None:
    for depth in (0, 2):
        with pytest.raises(InputError):
            local.chain.reorg(depth, keep=True)
