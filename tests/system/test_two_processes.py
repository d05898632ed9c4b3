"""Two processes of one bank on one database and one chain: what one does, the other knows."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from system.adapters.keys import KeyRing
from system.adapters.memory_store import MemoryStore
from system.bootstrap import DEFAULT_BOUNDS, assemble
from system.chain.events import LotEndorsed
from system.chain.records import ALERTS
from system.chain.relay import Relay
from system.chain.watch import FLOWS
from system.errors import IntegrityError
from system.ports.evm import Call, Signed
from tests.ports.evm_worlds import World as Chain
from tests.ports.evm_worlds import open_world
from tests.system.receivables_world import SECRET, World, only, parties
from tests.system.test_relay import COUNT, TABLES, Office


@pytest.fixture
def chain() -> Iterator[Chain]:
    with open_world("revm") as opened:
        yield opened


class OwnKeys:
    """A node as a process reaches it that signs with a ring of its own."""

    def __init__(self, chain: Any, keys: KeyRing) -> None:
        self._chain, self._ring = chain, keys

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chain, name)

    def prepare(self, call: Call, nonce: int) -> Signed:
        self._ring.sign_digest(call.sender, bytes(32))  # only checks that there is a key
        signed: Signed = self._chain.prepare(call, nonce)
        return signed


def both(**options: Any) -> tuple[World, World]:
    """The same bank twice, each with a memory and keys of its own."""
    first = World.open(**options)
    keys, parts = KeyRing(SECRET), first.system.parts
    chain: Any = OwnKeys(first.system.chain, keys)
    more = (parts.policy, DEFAULT_BOUNDS, SECRET, parts.confirmations)
    second = World(assemble(first.clock, chain, first.system.store, keys, *more), first.clock)
    second._count = 1_000
    return first, second


def test_claims_that_one_process_took_in_are_judged_with_those_of_the_other() -> None:
    first, second = both()
    for number, world in enumerate([first, second, first, second]):
        command = world.registration(invoice_number=f"A-{number}")
        assert [one.refusal for one in world.service.register([command])] == [None]
    assert [row.sequence for row in first.scan(FLOWS)] == [1, 2, 3, 4]
    assert second.pledge(invoice_number="A-0").refusal is None
    assert first.pledge(invoice_number="A-1").refusal is None
    alerts = [alert for alert in first.scan(ALERTS) if alert.rule == "duplicate"]
    assert len(alerts) == 2


def test_blocks_that_one_process_saw_go_stop_new_risk_in_the_other() -> None:
    first, second = both(confirmations=2)
    first.financed()
    second.service.confirm()
    first.system.chain.reorg(3, keep=False)
    first.service.confirm()
    second.service.confirm()
    with pytest.raises(IntegrityError, match="no new risk"):
        second.service.register([second.registration()])
    first.step()
    second.service.confirm()
    assert second.registered()


def test_one_process_signs_for_parties_that_the_other_enrolled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = both(enrolled=[])
    assert {one.refusal for one in first.service.enrol(parties())} == {None}
    _, lot_id = first.accepted()
    assert first.endorse(lot_id).refusal is None
    with monkeypatch.context() as patch:
        # It goes down when it has packed what the other then sends.
        patch.setattr(Relay, "dispatch", lambda _: 0)
        first.service.relay()
    assert [event.to_id for event in only(second.step(), LotEndorsed)] == ["supplier-2"]
    _, _, request_id = second.financed()
    assert second.request_row(request_id).state == "disbursed"


class Meanwhile:
    """The node, while whose answer about receipts is under way somebody else does something."""

    def __init__(self, chain: Any, act: Callable[[], object]) -> None:
        self._chain, self._act = chain, act

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chain, name)

    def receipts(self, hashes: Any) -> Any:
        found = self._chain.receipts(hashes)
        self._act()
        return found


def test_what_two_processes_see_final_at_once_is_settled_once(chain: Chain) -> None:
    store = MemoryStore(TABLES)
    first, second = Office(chain, store), Office(chain, store)
    first.ask(COUNT, COUNT)
    first.relay.dispatch()
    chain.seal()
    first.node = Meanwhile(chain.chain, second.collect)  # type: ignore[assignment]
    first.restart()
    assert first.collect() == []
    assert [one.message_id for one in second.settled] == ["m000", "m001"]
    assert first.settled == []
