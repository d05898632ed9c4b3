"""The relay: every message once, whatever the node, the process and the chain do."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from system.adapters.memory_store import MemoryStore
from system.adapters.sql_store import SqlStore
from system.chain.relay import Relay
from system.chain.relay_records import (
    RELAY_TABLES,
    TRANSACTIONS,
    Settled,
    Trouble,
    evm_message,
)
from system.errors import EvmUnavailable, InputError
from system.ledger.outbox import OUTBOX, OUTBOX_TABLES, OutboxMessage, enqueue, message
from system.ports.evm import Call
from system.ports.store import Store, Unit
from tests.ports.evm_box import COUNT, READ, READ_COUNT, REFUSE, refusal_data, store
from tests.ports.evm_worlds import World, open_world

TABLES = (*OUTBOX_TABLES, *RELAY_TABLES)
NOW_S = 1_767_300_000


class Unsteady:
    """The node behind a bad line: some answers to send are lost, before or after it accepts."""

    def __init__(self, chain: Any, losses: Sequence[str] = ()) -> None:
        self._chain, self.losses = chain, list(losses)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chain, name)

    def send(self, batch: Sequence[Any]) -> None:
        loss = self.losses.pop(0) if batch and self.losses else "none"
        if loss != "before":
            self._chain.send(batch)
        if loss != "none":
            raise EvmUnavailable("send", f"line cut {loss} acceptance")


class Office:
    """A relay between one store and one chain, and what it has settled."""

    def __init__(self, world: World, store: Store, *, confirmations: int = 1) -> None:
        self.world, self.store, self.confirmations = world, store, confirmations
        self.node = Unsteady(world.chain)
        self.settled: list[Settled] = []
        self.troubles: list[Trouble] = []
        self.restart()

    def restart(self) -> None:
        self.relay = Relay(
            self.store,
            self.node,
            confirmations=self.confirmations,
            settle=self._settle,
            report=self._report,
        )

    def _settle(self, unit: Unit, outcomes: Sequence[Settled]) -> None:
        self.settled += outcomes

    def _report(self, unit: Unit, troubles: Sequence[Trouble]) -> None:
        self.troubles += troubles

    def collect(self) -> list[Settled]:
        return self.relay.collect(NOW_S, self.world.chain.head().number)

    def ask(self, *calls: bytes, sender: str = "clerk", prefix: str = "m") -> None:
        """One message per call, each with its own ordering key."""
        messages = [
            evm_message(f"{prefix}{n:03}", f"{prefix}{n:03}", 0, self.call_to_box(data, sender), 0)
            for n, data in enumerate(calls)
        ]
        self.put(*messages)

    def put(self, *messages: OutboxMessage) -> None:
        with self.store.transaction() as unit:
            enqueue(unit, messages)

    def call_to_box(self, data: bytes, sender: str = "clerk") -> Call:
        return Call(self.world.keys.address(sender), self.world.box, data, 100_000)

    def turn(self) -> None:
        """Dispatch, seal a block, collect; a lost answer is left to the next turn."""
        with suppress(EvmUnavailable):
            self.relay.dispatch()
        self.world.seal()
        self.collect()

    def states(self) -> dict[str, str]:
        with self.store.transaction() as unit:
            return {row.message_id: row.state for row in unit.scan(OUTBOX)}

    def count(self) -> int:
        return int.from_bytes(self.world.view(READ_COUNT))


def ignore(unit: Unit, told: Sequence[Any]) -> None:
    pass


@pytest.fixture(params=("embedded", "revm"))
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with open_world(request.param) as opened:
        yield opened


@pytest.fixture(params=("memory", "sqlite"))
def office(world: World, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    if request.param == "memory":
        store: Store = MemoryStore(TABLES)
    else:
        store = SqlStore(f"sqlite:///{tmp_path / 'relay.sqlite'}", TABLES)
    yield Office(world, store)
    store.close()


def test_a_message_becomes_one_transaction_and_is_done_by_its_receipt(office: Office) -> None:
    office.ask(COUNT)
    assert office.relay.dispatch() == 1
    assert office.states() == {"m000": "sent"}
    assert office.collect() == []
    office.world.seal()
    [settled] = office.collect()
    assert (settled.message_id, settled.receipt.ok) == ("m000", True)
    assert office.states() == {"m000": "done"}
    assert office.count() == 1


def test_a_batch_of_many_messages_takes_one_block_in_the_outboxs_order(office: Office) -> None:
    office.ask(*(store(value) for value in range(25)))
    office.turn()
    assert [settled.message_id for settled in office.settled] == [f"m{n:03}" for n in range(25)]
    assert {settled.receipt.block_number for settled in office.settled} == {2}
    assert int.from_bytes(office.world.view(READ)[:32]) == 24


def test_messages_of_one_ordering_key_follow_one_another(office: Office) -> None:
    calls = [office.call_to_box(store(value)) for value in (1, 2)]
    office.put(*(evm_message(f"k{n}", "one key", n, call, 0) for n, call in enumerate(calls)))
    office.turn()
    assert office.states() == {"k0": "done", "k1": "new"}
    office.turn()
    assert office.states() == {"k0": "done", "k1": "done"}


def test_a_refusal_is_settled_with_its_data_and_blocks_nobody(office: Office) -> None:
    office.ask(store(6), REFUSE, COUNT)
    office.turn()
    assert [s.receipt.ok for s in office.settled] == [True, False, True]
    assert office.settled[1].receipt.revert_data == refusal_data(6)
    with office.store.transaction() as unit:
        rows = unit.scan(TRANSACTIONS)
    assert [(row.state, row.ok, row.revert_data) for row in rows] == [
        ("final", True, b""),
        ("final", False, refusal_data(6)),
        ("final", True, b""),
    ]


def test_a_receipt_is_final_only_after_its_confirmations(office: Office) -> None:
    office.confirmations = 3
    office.restart()
    office.ask(COUNT)
    office.turn()
    office.turn()
    assert office.states() == {"m000": "sent"}
    office.turn()
    assert office.states() == {"m000": "done"}


@pytest.mark.parametrize("loss", ["before", "after"])
def test_a_lost_answer_never_leads_to_a_second_effect(office: Office, loss: str) -> None:
    office.ask(COUNT)
    office.node.losses = [loss]
    with pytest.raises(EvmUnavailable):
        office.relay.dispatch()
    office.relay.dispatch()
    office.turn()
    office.turn()
    assert office.count() == 1
    assert len(office.settled) == 1


def test_a_restart_goes_on_with_the_same_bytes(office: Office) -> None:
    office.ask(COUNT, COUNT)
    office.node.losses = ["before"]
    with pytest.raises(EvmUnavailable):
        office.relay.dispatch()
    with office.store.transaction() as unit:
        before = [row.raw for row in unit.scan(TRANSACTIONS)]
    office.restart()
    office.turn()
    with office.store.transaction() as unit:
        assert [row.raw for row in unit.scan(TRANSACTIONS)] == before
    assert office.count() == 2


@pytest.mark.parametrize("keep", [True, False])
def test_a_reorganised_transaction_is_mined_again_and_settled_once(
    office: Office, keep: bool
) -> None:
    office.confirmations = 3
    office.restart()
    office.ask(COUNT, COUNT)
    office.turn()
    office.turn()
    office.world.chain.reorg(2, keep=keep)
    for _ in range(5):
        office.turn()
    assert office.count() == 2
    assert [settled.message_id for settled in office.settled] == ["m000", "m001"]


def test_a_failing_settlement_leaves_the_message_open(office: Office) -> None:
    office.ask(COUNT)
    office.relay.dispatch()
    office.world.seal()

    def fail(unit: Unit, outcomes: Sequence[Settled]) -> None:
        raise RuntimeError("the product failed")

    broken = Relay(office.store, office.node, confirmations=1, settle=fail, report=ignore)
    with pytest.raises(RuntimeError):
        broken.collect(NOW_S, office.world.chain.head().number)
    assert office.states() == {"m000": "sent"}
    office.collect()
    assert office.states() == {"m000": "done"}


def test_poison_is_a_dead_letter_that_costs_no_nonce(office: Office) -> None:
    starved = Call(office.world.keys.address("clerk"), office.world.box, COUNT, 21_000)
    office.put(
        message("p0", "evm", "p0", 0, "not a call", 0), evm_message("p1", "p1", 0, starved, 0)
    )
    office.ask(COUNT)
    office.turn()
    assert office.states() == {"m000": "done", "p0": "dead", "p1": "dead"}
    assert office.world.chain.nonce(office.world.keys.address("clerk")) == 1


def test_a_sender_with_a_past_continues_at_its_nonce(office: Office) -> None:
    office.ask(COUNT, COUNT, sender="maker")
    office.turn()
    assert office.count() == 2


def test_messages_to_other_targets_are_left_alone(office: Office) -> None:
    office.put(message("x", "mqtt", "x", 0, "{}", 0))
    assert office.relay.dispatch() == 0
    assert office.states() == {"x": "new"}


def test_fewer_than_one_confirmation_is_refused(office: Office) -> None:
    with pytest.raises(InputError):
        Relay(office.store, office.node, confirmations=0, settle=ignore, report=ignore)


ACTIONS = st.sampled_from(["ask", "turn", "lose before", "lose after", "restart", "drop", "keep"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ACTIONS, max_size=25))
def test_whatever_happens_every_message_takes_effect_exactly_once(actions: list[str]) -> None:
    with open_world("revm") as world:
        office = Office(world, MemoryStore(TABLES), confirmations=4)
        asked = 0
        for action in actions:
            if action == "ask":
                office.ask(COUNT, COUNT, sender=f"clerk {asked % 3}", prefix=f"{asked}-")
                asked += 2
            elif action == "turn":
                office.turn()
            elif action == "restart":
                office.restart()
            elif action.startswith("lose"):
                office.node.losses.append(action.split()[1])
            elif world.chain.head().number > 3:
                # Shallower than the confirmations, as the guarantee asks.
                world.chain.reorg(2, keep=action == "keep")
        office.node.losses.clear()
        for _ in range(10):
            office.turn()
        assert office.count() == asked == len(office.settled)
        assert set(office.states().values()) <= {"done"}
