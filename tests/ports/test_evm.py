"""One suite for every chain behind the EVM port: py-evm, revm, and a node over HTTP."""

import socket
from collections.abc import Iterator
from itertools import pairwise

import pytest

from system.adapters.evm_embedded import EmbeddedChain
from system.adapters.evm_http import HttpChain
from system.adapters.evm_revm import RevmChain
from system.adapters.evm_transactions import contract_address
from system.adapters.keys import KeyRing
from system.errors import EvmReverted, EvmUnavailable, InputError
from system.ports.evm import Call, Receipt
from tests.ports.evm_box import (
    BOX_CODE,
    COUNT,
    HALT,
    READ,
    READ_COUNT,
    REFUSE,
    TOPIC,
    refusal_data,
    store,
    words,
)
from tests.ports.evm_worlds import CHAIN_ID, GENESIS_S, KINDS, World, open_world


@pytest.fixture(params=KINDS)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with open_world(request.param) as opened:
        yield opened


@pytest.fixture(params=("embedded", "revm"))
def local(request: pytest.FixtureRequest) -> Iterator[World]:
    """The chains that can drop blocks on demand."""
    with open_world(request.param) as opened:
        yield opened


def test_a_chain_states_its_id_and_whether_its_gas_is_authoritative(world: World) -> None:
    assert world.chain.chain_id == CHAIN_ID
    assert world.chain.gas_is_authoritative is not isinstance(world.chain, RevmChain)


def test_genesis_has_the_given_time_and_no_parent(world: World) -> None:
    genesis = world.chain.block(0)
    assert (genesis.number, genesis.time_s, genesis.parent_hash) == (0, GENESIS_S, bytes(32))


def test_deployment_puts_code_where_the_receipt_says(world: World) -> None:
    [receipt] = world.chain.block_receipts(1)
    assert receipt.ok
    assert receipt.contract_address == world.box == world.box.lower()
    assert words(world.view(READ))[0] == 0


def test_deployments_land_where_sender_and_nonce_say(world: World) -> None:
    receipts = world.run(world.sign(BOX_CODE, to=None), world.sign(BOX_CODE, to=None))
    assert [world.box, *(receipt.contract_address for receipt in receipts)] == [
        contract_address(world.maker, nonce) for nonce in range(3)
    ]


def test_a_transaction_changes_state_and_a_call_sees_it(world: World) -> None:
    world.run(world.sign(store(41)))
    assert words(world.view(READ))[0] == 41


def test_a_call_changes_nothing(world: World) -> None:
    world.view(store(99))
    world.view(COUNT)
    assert words(world.view(READ))[0] == 0
    assert words(world.view(READ_COUNT)) == [0]


def test_a_call_runs_at_the_head_blocks_number_and_time(world: World) -> None:
    head = world.chain.seal(GENESIS_S + 1_000)
    assert words(world.view(READ))[1:] == [head.time_s, head.number]


def test_calling_a_deployment_returns_the_code_it_would_leave(world: World) -> None:
    code = world.chain.call(Call(world.maker, None, BOX_CODE, 1_000_000))
    assert BOX_CODE.endswith(code)
    assert code


def test_a_refusal_carries_the_same_raw_data_in_calls_and_receipts(world: World) -> None:
    world.run(world.sign(store(7)))
    with pytest.raises(EvmReverted) as refused:
        world.view(REFUSE)
    [receipt] = world.run(world.sign(REFUSE))
    assert refused.value.data == receipt.revert_data == refusal_data(7)
    assert (receipt.ok, receipt.logs, receipt.contract_address) == (False, (), None)


def test_a_refusal_sees_what_came_before_it_in_its_own_block(world: World) -> None:
    _, receipt = world.run(world.sign(store(8)), world.sign(REFUSE))
    assert receipt.revert_data == refusal_data(8)


def test_an_invalid_opcode_fails_without_data_and_takes_all_gas(world: World) -> None:
    with pytest.raises(EvmReverted) as halted:
        world.view(HALT)
    [receipt] = world.run(world.sign(HALT, gas_max=50_000))
    assert halted.value.data == receipt.revert_data == b""
    assert (receipt.ok, receipt.gas_used) == (False, 50_000)


def test_exhausted_gas_fails_without_data_and_changes_nothing(world: World) -> None:
    [receipt] = world.run(world.sign(store(5), gas_max=30_000))
    assert (receipt.ok, receipt.revert_data, receipt.gas_used) == (False, b"", 30_000)
    assert words(world.view(READ))[0] == 0


def test_a_refused_deployment_leaves_no_address(world: World) -> None:
    revert_at_once = bytes.fromhex("5f5ffd")
    [receipt] = world.run(world.sign(revert_at_once, to=None))
    assert (receipt.ok, receipt.contract_address) == (False, None)
    assert world.chain.nonce(world.maker) == 2


def test_gas_that_cannot_even_start_a_transaction_is_refused(world: World) -> None:
    with pytest.raises(InputError):
        world.sign(store(1), gas_max=21_000)
    with pytest.raises(InputError):
        world.view(store(1), gas_max=21_000)


def test_receipts_are_none_before_the_seal_and_complete_after(world: World) -> None:
    signed = world.sign(store(3))
    world.send(signed)
    assert world.receipts([signed]) == [None]
    block = world.seal()
    [receipt] = world.receipts([signed])
    assert (receipt.tx_hash, receipt.tx_index, receipt.ok) == (signed.tx_hash, 0, True)
    assert (receipt.block_number, receipt.block_hash, receipt.block_time_s) == (
        block.number,
        block.hash,
        block.time_s,
    )


def test_receipts_keep_the_order_of_the_question(world: World) -> None:
    batch = [world.sign(store(value)) for value in (1, 2, 3)]
    unknown = world.sign(store(4))
    world.run(*batch)
    answers = world.receipts([batch[2], unknown, batch[0]])
    assert [answer and answer.tx_hash for answer in answers] == [
        batch[2].tx_hash,
        None,
        batch[0].tx_hash,
    ]


def test_logs_carry_topics_data_and_their_place_in_the_block(world: World) -> None:
    receipts = world.run(world.sign(store(11)), world.sign(COUNT), world.sign(store(12)))
    logs = [log for receipt in receipts for log in receipt.logs]
    assert [(log.tx_index, log.log_index, words(log.data)) for log in logs] == [
        (0, 0, [11]),
        (2, 1, [12]),
    ]
    for log, receipt in zip(logs, (receipts[0], receipts[2]), strict=True):
        assert log.topics == (TOPIC.to_bytes(32), log.data)
        assert log.address == world.box
        assert (log.block_number, log.block_hash, log.tx_hash) == (
            receipt.block_number,
            receipt.block_hash,
            receipt.tx_hash,
        )


def test_a_block_lists_its_receipts_in_transaction_order(world: World) -> None:
    batch = [world.sign(store(value)) for value in range(5)]
    receipts = world.run(*batch)
    assert world.chain.block_receipts(world.chain.head().number) == receipts
    assert [receipt.tx_index for receipt in receipts] == list(range(5))
    assert world.chain.block_receipts(world.chain.head().number + 1) == []


def test_sending_the_same_bytes_again_has_no_effect(world: World) -> None:
    signed = world.sign(COUNT)
    world.send(signed)
    world.send(signed, signed)
    world.seal()
    world.send(signed)
    world.seal()
    assert words(world.view(READ_COUNT)) == [1]
    assert world.chain.nonce(world.maker) == 2


def test_other_bytes_under_a_used_or_waiting_nonce_are_refused(world: World) -> None:
    first, second = world.sign(store(1)), world.sign(store(2))
    world.nonces[world.maker] -= 2
    other_first, other_second = world.sign(store(3)), world.sign(store(4))
    world.run(first)
    world.send(second)
    for other in (other_first, other_second):
        with pytest.raises(InputError):
            world.send(other)
    world.seal()
    assert words(world.view(READ))[0] == 2


def test_one_bad_transaction_does_not_stop_the_rest_of_its_batch(world: World) -> None:
    good, used = world.sign(store(21)), world.sign(store(22))
    world.run(good)
    bad = world.chain.prepare(Call(world.maker, world.box, store(23), 100_000), 0)
    with pytest.raises(InputError):
        world.send(bad, used)
    world.seal()
    assert words(world.view(READ))[0] == 22


def test_one_sender_may_fill_a_block_in_nonce_order(world: World) -> None:
    batch = [world.sign(store(value)) for value in range(1, 31)]
    receipts = world.run(*batch)
    assert all(receipt.ok for receipt in receipts)
    assert words(world.view(READ))[0] == 30
    assert world.chain.nonce(world.maker) == 31


def test_a_nonce_gap_waits_until_it_is_filled(world: World) -> None:
    first, second = world.sign(store(1)), world.sign(store(2))
    world.run(second)
    assert world.receipts([second]) == [None]
    receipts = world.run(first)
    assert [*receipts, *world.receipts([second])] == world.chain.block_receipts(3)
    assert words(world.view(READ))[0] == 2


def test_many_senders_share_a_block(world: World) -> None:
    senders = [world.keys.address(f"sender {number}") for number in range(40)]
    receipts = world.run(*(world.sign(COUNT, sender=sender) for sender in senders))
    assert {receipt.block_number for receipt in receipts} == {2}
    assert words(world.view(READ_COUNT)) == [40]


def test_several_senders_are_mined_in_the_order_of_sending(world: World) -> None:
    senders = [world.keys.address(f"sender {number}") for number in (0, 1, 2, 0, 2, 1, 0, 0, 1)]
    batch = [world.sign(COUNT, sender=sender) for sender in senders]
    receipts = world.run(*batch)
    assert [receipt.tx_index for receipt in receipts] == list(range(len(batch)))


def test_blocks_form_a_hash_chain_with_the_given_times(world: World) -> None:
    for step in (10, 25, 31):
        world.send(world.sign(store(step)))
        world.chain.seal(GENESIS_S + step)
    blocks = [world.chain.block(number) for number in range(world.chain.head().number + 1)]
    for parent, child in pairwise(blocks):
        assert (child.parent_hash, child.number) == (parent.hash, parent.number + 1)
    assert [block.time_s - GENESIS_S for block in blocks] == [0, 5, 10, 25, 31]
    assert world.chain.head() == blocks[-1]
    assert world.chain.block(len(blocks)) is None


def test_time_that_does_not_pass_seals_no_block(world: World) -> None:
    head = world.chain.head()
    for at_s in (head.time_s, head.time_s - 1):
        with pytest.raises(InputError):
            world.chain.seal(at_s)
    assert world.chain.head() == head


def test_an_empty_block_is_sealed_when_asked_for(world: World) -> None:
    number = world.chain.head().number
    assert world.seal().number == number + 1
    assert world.chain.block_receipts(number + 1) == []


def test_preparing_is_deterministic(world: World) -> None:
    call = Call(world.maker, world.box, store(1), 100_000)
    assert world.chain.prepare(call, 9) == world.chain.prepare(call, 9)
    assert world.chain.prepare(call, 9).tx_hash != world.chain.prepare(call, 10).tx_hash


def life(world: World) -> list[tuple[object, ...]]:
    """Everything of a small history that may reach a digest."""
    world.run(world.sign(store(1)), world.sign(REFUSE), world.sign(COUNT))
    world.run(world.sign(HALT), world.sign(store(2), sender=world.keys.address("other")))
    numbers = range(1, world.chain.head().number + 1)
    return [essence(receipt) for n in numbers for receipt in world.chain.block_receipts(n)]


def essence(receipt: Receipt) -> tuple[object, ...]:
    logs = tuple((log.address, log.topics, log.data, log.log_index) for log in receipt.logs)
    return (
        receipt.block_number,
        receipt.block_time_s,
        receipt.tx_index,
        receipt.ok,
        receipt.revert_data,
        receipt.contract_address,
        logs,
    )


def test_every_chain_tells_the_same_history_but_for_its_hashes(world: World) -> None:
    with open_world("embedded") as reference:
        assert life(world) == life(reference)


def test_authoritative_chains_agree_on_gas(world: World) -> None:
    if not world.chain.gas_is_authoritative:
        pytest.skip("gas is stated to be non-authoritative")
    with open_world("embedded") as reference:
        for opened in (world, reference):
            life(opened)
        numbers = range(1, reference.chain.head().number + 1)
        gas, expected = (
            [receipt.gas_used for n in numbers for receipt in opened.chain.block_receipts(n)]
            for opened in (world, reference)
        )
    assert gas == expected


def test_the_same_history_gives_the_same_hashes_on_local_chains(local: World) -> None:
    life(local)
    kind = "revm" if isinstance(local.chain, RevmChain) else "embedded"
    with open_world(kind) as again:
        life(again)
        assert again.chain.head() == local.chain.head()


class LosesAnswers:
    """A node whose answer to every first send of a batch is lost on the way back."""

    def __init__(self, world: World) -> None:
        self.world, self.lost = world, False

    def send(self, *batch: object) -> None:
        self.world.chain.send(batch)
        if not self.lost:
            self.lost = True
            raise EvmUnavailable("send", "timeout after the node accepted")


def test_a_timeout_after_acceptance_never_executes_twice(world: World) -> None:
    node, signed = LosesAnswers(world), world.sign(COUNT)
    with pytest.raises(EvmUnavailable):
        node.send(signed)
    node.send(signed)
    world.seal()
    node.send(signed)
    world.seal()
    assert words(world.view(READ_COUNT)) == [1]


def test_a_transaction_for_another_chain_is_refused() -> None:
    keys = KeyRing(b"a secret of the tests only")
    here, there = (
        EmbeddedChain(keys, chain_id=chain_id, genesis_time_s=GENESIS_S) for chain_id in (1, 2)
    )
    foreign = there.prepare(Call(keys.address("a"), None, BOX_CODE, 1_000_000), 0)
    with pytest.raises(InputError):
        here.send([foreign])


@pytest.mark.parametrize("raw", [b"", b"\xc0", b"\xff" * 40, b"nonsense"])
def test_bytes_that_are_no_transaction_are_refused(local: World, raw: bytes) -> None:
    signed = local.sign(store(1))
    with pytest.raises(InputError):
        local.send(type(signed)(raw, b"\1" * 32, signed.sender, signed.nonce))


def test_a_node_that_is_silent_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(EvmUnavailable):
            HttpChain(url, KeyRing(b"a secret of the tests only"), timeout_s=0.2)


def test_a_node_that_is_absent_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(EvmUnavailable):
        HttpChain(url, KeyRing(b"a secret of the tests only"), timeout_s=0.2)
