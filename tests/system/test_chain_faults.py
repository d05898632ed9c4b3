"""What goes wrong between the service and the chain, and that nothing is lost or paid twice."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from system.adapters.keys import KeyRing
from system.bootstrap import (
    DEFAULT_BOUNDS,
    System,
    assemble,
    open_chain,
    open_store,
    settle_setup,
)
from system.canonical import sha256_hex
from system.chain import cash
from system.chain import commands as c
from system.chain.bindings import Contracts
from system.chain.events import (
    AlertRaised,
    CommandFailed,
    DisbursementFailed,
    LotDisbursed,
    PaymentSettled,
    ReceivableRegistered,
)
from system.chain.operations import OPERATIONS
from system.chain.policy import DEFAULT_POLICY
from system.chain.records import FEED, LIMITS, LOTS, RECEIVABLES
from system.chain.relay_records import NONCES, NextNonce
from system.chain.session import event_of
from system.chain.wallets import GUARDIAN, OPERATOR
from system.errors import EvmUnavailable, InputError
from system.ledger.records import ACCOUNTS
from system.parties.records import KycStep
from system.ports.evm import Call, Signed
from system.settings import Settings
from tests.system.receivables_world import SECRET, TestClock, World, only, parties


def reopened(world: World) -> World:
    """Another service object over the same store and chain, with keys derived afresh."""
    system = world.system
    chain, keys = system.chain, KeyRing(SECRET)
    if hasattr(chain, "_keys"):
        chain._keys = keys
    policy, confirmations = system.parts.policy, system.parts.confirmations
    fresh = assemble(
        world.clock, chain, system.store, keys, policy, DEFAULT_BOUNDS, SECRET, confirmations
    )
    return World(fresh, world.clock, world.events, world._count)


def act_outside(world: World, wallet: str, contract: str, function: str, *values: Any) -> None:
    """A transaction that the service knows nothing of."""
    contracts: Contracts = world.system.parts.contracts
    sender = world.system.wallets.address(wallet)
    data = contracts._abis[contract].encode(function, *values)
    call = Call(sender, contracts.addresses[contract], data, 2_000_000)
    signed = world.system.chain.prepare(call, world.system.chain.nonce(sender))
    world.system.chain.send([signed])
    world.clock.time_s += 60
    world.system.chain.seal(world.clock.time_s)
    [receipt] = world.system.chain.receipts([signed.tx_hash])
    assert receipt is not None
    assert receipt.ok, contracts.refusal(receipt.revert_data)


@pytest.mark.parametrize("evm", ["revm", "embedded"])
def test_a_reverted_disbursement_voids_the_reserved_cash(evm: str) -> None:
    world = World.open(evm)
    _, lot_id = world.accepted()
    quote = world.quoted(lot_id)
    assert world.take(quote.request_id).refusal is None
    act_outside(world, GUARDIAN, "Registry", "pause", b"\0" * 32)
    happened = world.step()
    [failed] = only(happened, DisbursementFailed)
    assert failed.error == "Paused"
    assert not only(happened, LotDisbursed)
    accounts = {row.account_id: row for row in world.scan(ACCOUNTS)}
    assert accounts[cash.deposit("supplier-1")].credits_pending_fen == 0
    assert accounts[cash.deposit("bank-1")].debits_pending_fen == 0
    assert world.lot(lot_id).state == "free"
    assert all(line.used_fen == 0 for line in world.scan(LIMITS))
    assert world.service.reconcile() == []


def test_pause_never_stops_a_payment() -> None:
    world = World.open()
    receivable_id, _, _ = world.financed()
    act_outside(world, GUARDIAN, "Registry", "pause", b"\0" * 32)
    assert world.pay(receivable_id, 10_000_000).refusal is None
    assert only(world.step(), PaymentSettled)


def take_first(world: World, receivable_id: str) -> None:
    """Another registrar is faster with this receivable."""
    taken = bytes.fromhex(receivable_id)
    wallets = world.system.wallets
    debtor, supplier = wallets.address("party/core-1"), wallets.address("party/supplier-1")
    due_at_s = world.clock.time_s + 90 * 86_400
    item = (taken, debtor, supplier, 5, b"CNY", due_at_s, b"\1" * 32)
    sender = wallets.address(OPERATOR)
    with world.system.store.transaction() as unit:
        unit.replace(NONCES, [NextNonce(sender, world.system.chain.nonce(sender) + 1)])
    act_outside(world, OPERATOR, "Registry", "registerMany", [item], b"\0" * 32)


def test_one_bad_item_is_taken_out_of_its_batch_and_the_rest_goes_again() -> None:
    world = World.open()
    batch = [world.registration() for _ in range(5)]
    outcomes = world.service.register(batch)
    bad = outcomes[2].reference
    take_first(world, bad)
    happened = world.step()
    assert len(only(happened, ReceivableRegistered)) == 4
    [failed] = only(happened, CommandFailed)
    assert (failed.use_case, failed.subject, failed.error) == ("register", bad, "AlreadyRegistered")
    assert world.receivable(bad).state == "failed"


def test_commands_sent_twice_change_nothing_and_get_the_same_answer() -> None:
    world = World.open()
    receivable_id, lot_id = world.accepted()
    request = c.RequestFinancing("r", lot_id, "supplier-1", "bank-1", 10_000_000, False)
    first = world.service.request_financing([request, request])
    assert first[0] == first[1]
    take = c.TakeQuote("t", first[0].reference, "supplier-1")
    pay = c.PayReceivable("p", receivable_id, "core-1", 10_000_000)
    taken = world.service.take_quotes([take])
    assert world.service.take_quotes([take, take]) == taken * 2
    world.step()
    paid = world.service.pay([pay])
    world.step()
    rows = [world.scan(table) for table in (RECEIVABLES, LOTS, LIMITS, ACCOUNTS, OPERATIONS)]
    assert world.service.request_financing([request]) == first[:1]
    assert world.service.take_quotes([take]) == taken
    assert world.service.pay([pay, pay]) == paid * 2
    world.step()
    assert [world.scan(t) for t in (RECEIVABLES, LOTS, LIMITS, ACCOUNTS, OPERATIONS)] == rows
    assert len(only(world.events, LotDisbursed)) == len(only(world.events, PaymentSettled)) == 1


@pytest.mark.parametrize("evm", ["revm", "embedded"])
def test_a_restart_between_any_two_steps_goes_on_where_it_stood(evm: str, tmp_path) -> None:
    world = World.open(evm, f"sqlite:///{tmp_path}/restart.db")
    [outcome] = world.service.register([world.registration()])
    world = reopened(world)
    world.clock.time_s += 60
    world.service.relay()
    world = reopened(world)
    world.service.relay()
    world.system.chain.seal(world.clock.time_s)
    world = reopened(world)
    assert only(world.service.confirm(), ReceivableRegistered)
    world.service.accept(world.service.signed_acceptances([outcome.reference]))
    world = reopened(world)
    world.step()
    [lot] = world.scan(LOTS)
    quote = world.quoted(lot.lot_id, amount_fen=4_000_000)
    world = reopened(world)
    assert world.take(quote.request_id).refusal is None
    world = reopened(world)
    world.clock.time_s += 60
    world.system.step()
    world = reopened(world)
    assert only(world.step(), LotDisbursed)
    assert world.service.reconcile() == []
    world.system.close()


class Deaf:
    """A chain that accepts what is sent, and whose answer is lost while ``deaf``."""

    def __init__(self, chain: Any) -> None:
        self._chain, self.deaf = chain, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chain, name)

    def send(self, batch: Sequence[Signed]) -> None:
        self._chain.send(batch)
        if self.deaf and batch:
            raise EvmUnavailable("send", "timeout")


def test_a_timeout_after_acceptance_never_pays_twice() -> None:
    clock, keys = TestClock(), KeyRing(SECRET)
    chain = Deaf(open_chain(Settings(evm="revm"), keys, clock.time_s - 3600))
    store = open_store("memory")
    system: System = assemble(clock, chain, store, keys, DEFAULT_POLICY, DEFAULT_BOUNDS, SECRET)
    system.receivables.enrol(parties())
    settle_setup(system)
    world = World(system, clock)
    _, lot_id = world.accepted()
    quote = world.quoted(lot_id)
    assert world.take(quote.request_id).refusal is None
    chain.deaf = True
    for _ in range(3):
        with pytest.raises(EvmUnavailable):
            world.service.relay()
    clock.time_s += 60
    chain.seal(clock.time_s)
    chain.deaf = False
    happened = world.service.confirm() + world.step()
    assert len(only(happened, LotDisbursed)) == 1
    deposit = next(
        row for row in world.scan(ACCOUNTS) if row.account_id == cash.deposit("supplier-1")
    )
    assert deposit.balance_fen == quote.advance_fen
    assert world.service.reconcile() == []


def test_reconciliation_finds_a_planted_difference_and_raises_an_alert() -> None:
    world = World.open()
    _, lot_id, _ = world.financed()
    assert world.service.reconcile() == []
    bank = world.system.wallets.address("party/bank-1")
    act_outside(world, "party/supplier-1", "DepositToken", "transfer", bank, 1)
    with world.system.store.transaction() as unit:
        [lot] = unit.get(LOTS, [(lot_id,)])
        unit.replace(LOTS, [replace(lot, value_fen=lot.value_fen + 1)])
    found = world.service.reconcile()
    subjects = {(difference.what, difference.subject) for difference in found}
    expected = {("deposit", "supplier-1"), ("deposit", "bank-1"), ("lot value", str(lot_id))}
    assert subjects == expected
    assert len(only(world.service.confirm(), AlertRaised)) == 3


def test_the_event_feed_holds_every_event_in_order() -> None:
    world = World.open()
    setup = len(world.scan(FEED))
    world.financed()
    stored = [event_of(row) for row in world.scan(FEED)][setup:]
    kinds = [type(event).__name__ for event in stored]
    assert kinds == ["ReceivableRegistered", "ReceivableAccepted", "QuoteMade", "LotDisbursed"]
    digest = sha256_hex(repr(stored))
    again = World.open()
    again.financed()
    assert sha256_hex(repr([event_of(row) for row in again.scan(FEED)][setup:])) == digest


def test_a_suspended_debtor_still_pays_what_it_owes() -> None:
    world = World.open()
    receivable_id, _ = world.accepted()
    world.service.change_kyc([c.ChangeKyc("k", "core-1", KycStep.SUSPEND)])
    assert world.pay(receivable_id, 10_000_000).refusal is None
    happened = world.step()
    assert not only(happened, CommandFailed)
    assert world.receivable(receivable_id).paid_fen == 10_000_000
    assert all(row.debits_pending_fen == 0 for row in world.scan(ACCOUNTS))
    assert world.service.reconcile() == []


def test_a_store_is_not_used_with_a_chain_that_forgot_it(tmp_path) -> None:
    url = f"sqlite:///{tmp_path}/old.db"
    World.open("revm", url).system.close()
    with pytest.raises(InputError, match="empty store"):
        World.open("revm", url)


class Shared(Deaf):
    """A node on which another process is ahead of this one with every block, where ``others``."""

    others = True

    def seal(self, time_s: int) -> None:
        if self.others:
            self._chain.seal(time_s)
        raise EvmUnavailable("seal", "the time is not after the head's")


def opened_on(chain: Shared, keys: KeyRing) -> System:
    clock, store = TestClock(), open_store("memory")
    return assemble(clock, chain, store, keys, DEFAULT_POLICY, DEFAULT_BOUNDS, SECRET)


def test_a_start_goes_on_where_another_process_made_the_block() -> None:
    keys = KeyRing(SECRET)
    chain = Shared(open_chain(Settings(evm="revm"), keys, TestClock().time_s - 3600))
    system = opened_on(chain, keys)
    system.receivables.enrol(parties())
    settle_setup(system)
    assert system.receivables.relay() == 0, "all is confirmed"


def test_a_start_gives_up_where_nobody_made_the_block() -> None:
    keys = KeyRing(SECRET)
    chain = Shared(open_chain(Settings(evm="revm"), keys, TestClock().time_s - 3600))
    chain.others = False
    with pytest.raises(EvmUnavailable, match="not after the head's"):
        opened_on(chain, keys)
