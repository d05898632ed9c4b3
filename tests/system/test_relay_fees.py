"""The relay on a node that wants fees, and on one that cannot say why a transaction failed."""

from collections.abc import Iterator, Sequence

import pytest

from benchmarks.anvil import anvil
from system.adapters.evm_http import HttpChain
from system.adapters.evm_jsonrpc import JsonRpc, RpcFailure
from system.adapters.keys import KeyRing
from system.adapters.memory_store import MemoryStore
from system.bootstrap import SETUP_S, open_chain
from system.chain.commands import ChangeKyc
from system.chain.events import CommandFailed, ReceivableRegistered
from system.chain.relay import Relay
from system.chain.relay_records import RELAY_TABLES, Settled, Trouble, evm_message
from system.errors import InputError
from system.ledger.outbox import OUTBOX, OUTBOX_TABLES, enqueue
from system.parties.records import KycStep
from system.ports.evm import Call, Signed
from system.ports.store import Unit
from system.settings import Settings
from tests.ports.evm_box import BOX_CODE, COUNT, READ_COUNT, REFUSE, refusal_data, store
from tests.ports.evm_worlds import CHAIN_ID, GENESIS_S, World, required_anvil
from tests.system.receivables_world import START_S, only
from tests.system.receivables_world import World as Town
from tests.system.test_chain_faults import take_first
from tests.system.test_relay_http import proxied

pytestmark = pytest.mark.anvil
GWEI = 10**9
PRICE_WEI = 3 * GWEI
ETHER_WEI = 10**18


@pytest.fixture
def keys() -> KeyRing:
    return KeyRing(b"a secret of the tests only")


@pytest.fixture
def node() -> Iterator[str]:
    with anvil(required_anvil(), chain_id=CHAIN_ID, genesis_time_s=GENESIS_S) as url:
        yield url


def ask(url: str, method: str, *params: object) -> None:
    JsonRpc(url, timeout_s=5).ask(method, *params)


def raise_base_fee(url: str, wei: int) -> None:
    ask(url, "anvil_setNextBlockBaseFeePerGas", hex(wei))
    ask(url, "evm_mine")


class Clerks:
    """Messages of several accounts through one relay."""

    def __init__(self, world: World) -> None:
        self.world, self.store = world, MemoryStore((*OUTBOX_TABLES, *RELAY_TABLES))
        self.settled: list[Settled] = []
        self.troubles: list[Trouble] = []
        self.relay = Relay(
            self.store, world.chain, confirmations=1, settle=self._settle, report=self._report
        )

    def _settle(self, unit: Unit, settled: Sequence[Settled]) -> None:
        self.settled += settled

    def _report(self, unit: Unit, troubles: Sequence[Trouble]) -> None:
        self.troubles += troubles

    def ask(self, name: str) -> None:
        call = Call(self.world.keys.address(name), self.world.box, COUNT, 100_000)
        with self.store.transaction() as unit:
            enqueue(unit, [evm_message(name, name, 0, call, 0)])

    def turn(self) -> int:
        under_way = self.relay.dispatch()
        self.world.seal()
        self.relay.collect(0, self.world.chain.head().number)
        return under_way

    def states(self) -> dict[str, str]:
        with self.store.transaction() as unit:
            return {row.message_id: row.state for row in unit.scan(OUTBOX)}


def paying_world(node: str, keys: KeyRing) -> World:
    """A box on a chain with a base fee; only the maker has ether."""
    raise_base_fee(node, GWEI)
    world = World(HttpChain(node, keys, gas_price_wei=PRICE_WEI), keys)
    ask(node, "anvil_setBalance", world.maker, hex(ETHER_WEI))
    [receipt] = world.run(world.sign(BOX_CODE, to=None))
    world.box = receipt.contract_address or ""
    return world


def test_a_price_below_the_base_fee_is_refused_at_the_start_and_names_its_setting(
    node: str, keys: KeyRing
) -> None:
    raise_base_fee(node, GWEI)
    with pytest.raises(InputError, match="SHAPAN_GAS_PRICE_WEI = 0: the base fee is"):
        HttpChain(node, keys)


def test_a_price_that_falls_behind_later_names_its_setting_too(node: str, keys: KeyRing) -> None:
    world = paying_world(node, keys)
    raise_base_fee(node, 10 * PRICE_WEI)
    with pytest.raises(InputError, match="SHAPAN_GAS_PRICE_WEI = 3000000000"):
        world.send(world.sign(COUNT))


def test_a_chain_with_a_base_fee_is_served_at_the_price_that_was_set(
    node: str, keys: KeyRing
) -> None:
    clerks = Clerks(paying_world(node, keys))
    ask(node, "anvil_setBalance", keys.address("rich"), hex(ETHER_WEI))
    clerks.ask("rich")
    clerks.turn()
    assert clerks.states() == {"rich": "done"}
    assert int.from_bytes(clerks.world.view(READ_COUNT)) == 1
    sent = clerks.settled[0].receipt
    balance = JsonRpc(node, timeout_s=5).ask("eth_getBalance", keys.address("rich"), "latest")
    assert ETHER_WEI - int(balance, 16) == sent.gas_used * PRICE_WEI


def test_an_account_without_ether_holds_up_no_other_and_goes_on_once_it_is_funded(
    node: str, keys: KeyRing
) -> None:
    clerks = Clerks(paying_world(node, keys))
    ask(node, "anvil_setBalance", keys.address("rich"), hex(ETHER_WEI))
    clerks.ask("poor")
    clerks.ask("rich")
    assert clerks.turn() == 1, "the refused one is not under way"
    assert clerks.states() == {"poor": "dead", "rich": "done"}
    [trouble] = clerks.troubles
    assert (trouble.rule, trouble.message_ids) == ("dead_letter", ("poor",))
    assert "fund the account" in trouble.cause
    assert clerks.turn() == 0
    ask(node, "anvil_setBalance", keys.address("poor"), hex(ETHER_WEI))
    clerks.turn()
    assert clerks.states() == {"poor": "done", "rich": "done"}
    assert len(clerks.troubles) == 1, "told once"


def test_another_chain_id_than_the_nodes_is_refused(node: str, keys: KeyRing) -> None:
    with pytest.raises(InputError, match=f"SHAPAN_CHAIN_ID = 7: .*{CHAIN_ID}"):
        open_chain(Settings(evm=node, chain_id=7), keys, GENESIS_S)
    assert open_chain(Settings(evm=node), keys, GENESIS_S).chain_id == CHAIN_ID


class TestWithoutTraces:
    """What a node that keeps no traces can still say of a refusal."""

    @pytest.fixture
    def world(self, node: str, keys: KeyRing) -> Iterator[World]:
        with proxied(node) as (url, line):
            line.unknown = b"debug_traceTransaction"
            world = World(HttpChain(url, keys), keys)
            [receipt] = world.run(world.sign(BOX_CODE, to=None))
            world.box = receipt.contract_address or ""
            yield world

    def refused(self, world: World, *others: Signed) -> bytes:
        *_, receipt = world.run(*others, world.sign(REFUSE))
        assert not receipt.ok
        return receipt.revert_data

    def test_a_refusal_alone_in_its_block_is_named(self, world: World) -> None:
        world.run(world.sign(store(5)))
        assert self.refused(world) == refusal_data(5)

    def test_a_refusal_beside_others_is_left_without_a_name_rather_than_a_wrong_one(
        self, world: World
    ) -> None:
        world.run(world.sign(store(5)))
        assert self.refused(world, world.sign(store(6))) == b""

    def test_the_line_really_hides_the_method(self, world: World) -> None:
        [answer] = world.chain._rpc.try_all([("debug_traceTransaction", ["0x" + "00" * 32])])
        assert isinstance(answer, RpcFailure)
        assert answer.is_unknown_method


def test_items_of_an_unnamed_refusal_go_again_alone_and_only_the_bad_one_fails() -> None:
    options = {"chain_id": CHAIN_ID, "genesis_time_s": START_S - SETUP_S}
    with anvil(required_anvil(), **options) as node, proxied(node) as (url, line):
        line.unknown = b"debug_traceTransaction"
        town = Town.open(url)
        outcomes = town.service.register([town.registration() for _ in range(4)])
        bad = outcomes[1].reference
        take_first(town, bad)
        # Something else in the same block, so that a replay is no proof.
        town.service.change_kyc([ChangeKyc("k", "supplier-5", KycStep.SUSPEND)])
        happened = town.step()
        assert len(only(happened, ReceivableRegistered)) == 3
        [failed] = only(happened, CommandFailed)
        assert (failed.subject, failed.error) == (bad, "unknown")
        assert town.receivable(bad).state == "failed"
