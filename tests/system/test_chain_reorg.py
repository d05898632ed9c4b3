"""The chain drops blocks: shallow ones leave no trace, deep ones stop new risk until they stand."""

import json
from typing import Any

import pytest

from system.adapters.keys import KeyRing
from system.bootstrap import DEFAULT_BOUNDS, assemble
from system.chain import cash
from system.chain.events import (
    AlertRaised,
    Event,
    LotDisbursed,
    PaymentSettled,
    ReceivableRegistered,
)
from system.chain.operations import OPERATIONS
from system.chain.records import ALERTS, LOTS, RECEIVABLES, REQUESTS
from system.chain.relay_records import TRANSACTIONS
from system.chain.wallets import GUARDIAN
from system.errors import IntegrityError
from system.ledger.outbox import OUTBOX
from system.ledger.records import ACCOUNTS, TRANSFERS
from tests.system.receivables_world import SECRET, World, only
from tests.system.test_chain_faults import act_outside

CONFIRMATIONS = 2
BOOKS = (RECEIVABLES, LOTS, REQUESTS, ACCOUNTS, TRANSFERS)


@pytest.fixture(params=("embedded", "revm"))
def world(request: pytest.FixtureRequest) -> World:
    return World.open(request.param, confirmations=CONFIRMATIONS)


def block(world: World) -> list[Event]:
    """One relay pass and one block."""
    world.clock.time_s += 60
    world.service.relay()
    world.system.chain.seal(world.clock.time_s)
    happened: list[Event] = world.service.confirm()
    return happened


def taken_quote(world: World) -> str:
    _, lot_id = world.accepted()
    quote = world.quoted(lot_id)
    assert world.take(quote.request_id).refusal is None
    return quote.request_id


def deposit_fen(world: World, party_id: str) -> int:
    [account] = [r for r in world.scan(ACCOUNTS) if r.account_id == cash.deposit(party_id)]
    return int(account.balance_fen)


def stored_bytes(world: World) -> list[bytes]:
    return [row.raw for row in world.scan(TRANSACTIONS)]


def books(world: World) -> list[list[Any]]:
    return [world.scan(table) for table in BOOKS]


def restarted(world: World) -> World:
    """Another service object over the same store and chain."""
    system, parts = world.system, world.system.parts
    options = (parts.policy, DEFAULT_BOUNDS, SECRET, parts.confirmations)
    keys = KeyRing(SECRET)
    if hasattr(system.chain, "_keys"):
        system.chain._keys = keys
    fresh = assemble(world.clock, system.chain, system.store, keys, *options)
    return World(fresh, world.clock, world.events, world._count)


def test_money_stays_pending_until_the_blocks_on_top_are_there(world: World) -> None:
    request_id = taken_quote(world)
    for _ in range(CONFIRMATIONS):
        assert not only(block(world), LotDisbursed)
        assert world.request_row(request_id).state == "disbursing"
        assert deposit_fen(world, "supplier-1") == 0
    assert len(only(block(world), LotDisbursed)) == 1
    assert world.request_row(request_id).state == "disbursed"
    assert deposit_fen(world, "supplier-1") == world.request_row(request_id).advance_fen


@pytest.mark.parametrize("keep", [True, False])
def test_a_reorganisation_above_finality_only_sends_the_stored_bytes_again(
    world: World, keep: bool
) -> None:
    request_id = taken_quote(world)
    block(world)
    before = stored_bytes(world)
    world.system.chain.reorg(1, keep=keep)
    happened = world.service.confirm() + world.step()
    assert len(only(happened, LotDisbursed)) == 1
    assert not only(happened, AlertRaised)
    assert stored_bytes(world) == before
    assert deposit_fen(world, "supplier-1") == world.request_row(request_id).advance_fen
    assert world.service.reconcile() == []


def test_bytes_that_a_dropped_block_held_are_sent_again_in_the_same_pass(world: World) -> None:
    taken_quote(world)
    block(world)
    world.system.chain.reorg(1, keep=False)
    world.clock.time_s += 60
    assert world.service.relay() == 1
    world.system.chain.seal(world.clock.time_s)
    assert len(world.system.chain.block_receipts(world.system.chain.head().number)) == 1


@pytest.mark.parametrize("keep", [True, False])
def test_a_reorganisation_below_finality_alerts_and_the_chain_catches_up_with_the_books(
    world: World, keep: bool
) -> None:
    request_id = taken_quote(world)
    world.step()
    before, sent = books(world), stored_bytes(world)
    world.system.chain.reorg(CONFIRMATIONS + 1, keep=keep)
    [alert] = only(world.service.confirm(), AlertRaised)
    assert alert.rule == "final_block_dropped"
    _, message_ids, operations = json.loads(alert.evidence)
    assert [kind for kind, _ in operations] == ["disburse"]
    assert len(message_ids) == 1
    assert world.service.reconcile(), "the chain says otherwise for now"
    happened = world.step()
    assert not only(happened, LotDisbursed), "what was told once is not told again"
    assert books(world) == before
    assert stored_bytes(world) == sent
    assert world.request_row(request_id).state == "disbursed"
    assert world.service.reconcile() == []


def test_new_risk_waits_until_final_blocks_stand_again_and_payments_do_not(world: World) -> None:
    receivable_id, _, _ = world.financed()
    world.service.register([world.registration()])
    world.system.chain.reorg(CONFIRMATIONS + 1, keep=False)
    world.service.confirm()
    with pytest.raises(IntegrityError, match="no new risk"):
        world.service.register([world.registration()])
    assert world.pay(receivable_id, 10_000_000).refusal is None
    block(world)
    states = {row.kind: row.state for row in world.scan(OPERATIONS)[-3:]}
    assert states == {"register": "queued", "mint": "packed", "settle": "packed"}
    assert len(only(world.step(), PaymentSettled)) == 1
    assert only(world.events, ReceivableRegistered)
    assert world.registered()
    assert world.service.reconcile() == []


def test_a_restart_does_not_forget_that_final_blocks_are_missing(world: World) -> None:
    world.financed()
    world.system.chain.reorg(CONFIRMATIONS + 1, keep=False)
    world.service.confirm()
    world = restarted(world)
    with pytest.raises(IntegrityError):
        world.service.register([world.registration()])
    world.step()
    assert world.registered()


def test_another_outcome_than_the_settled_one_stops_new_risk_for_good(world: World) -> None:
    taken_quote(world)
    world.step()
    before = books(world)
    world.system.chain.reorg(CONFIRMATIONS + 1, keep=False)
    act_outside(world, GUARDIAN, "Registry", "pause", b"\0" * 32)
    happened = world.service.confirm() + world.step()
    rules = [alert.rule for alert in only(happened, AlertRaised)]
    assert rules == ["final_block_dropped", "outcome_contradicted"]
    assert books(world) == before, "a difference is never repaired silently"
    assert world.service.reconcile()
    for again in (world, restarted(world)):
        with pytest.raises(IntegrityError):
            again.service.register([again.registration()])


@pytest.mark.parametrize("evm", ["embedded", "revm"])
def test_without_confirmations_even_the_last_block_is_final(evm: str) -> None:
    world = World.open(evm)
    world.financed()
    world.system.chain.reorg(1, keep=False)
    [alert] = only(world.step(), AlertRaised)
    assert alert.rule == "final_block_dropped"
    assert world.service.reconcile() == []


def test_a_message_that_the_node_refuses_is_a_dead_letter_that_keeps_its_money(
    world: World,
) -> None:
    request_id = taken_quote(world)
    world.clock.time_s += 60
    # Somebody else signs with the supplier's key: its nonce is gone, and with it our transaction.
    wallet, deaf = "party/supplier-1", world.system.chain.send
    world.system.chain.send = lambda batch: None
    world.service.relay()
    world.system.chain.send = deaf
    bank = world.system.wallets.address("party/bank-1")
    act_outside(world, wallet, "DepositToken", "transfer", bank, 0)
    other = world.registration(seller_id="supplier-2", debtor_id="core-2")
    assert world.service.register([other])[0].refusal is None
    happened = world.step()
    assert len(only(happened, ReceivableRegistered)) == 1, "the others go on"
    [alert] = only(happened, AlertRaised)
    assert alert.rule == "dead_letter"
    assert json.loads(alert.evidence)[2] == [
        ["disburse", str(world.request_row(request_id).lot_id)]
    ]
    assert [row.state for row in world.scan(OUTBOX)].count("dead") == 1
    assert world.request_row(request_id).state == "disbursing"
    accounts = {row.account_id: row for row in world.scan(ACCOUNTS)}
    advance_fen = world.request_row(request_id).advance_fen
    assert accounts[cash.deposit("bank-1")].debits_pending_fen == advance_fen
    assert not only(world.step(), AlertRaised), "told once"
    assert len(world.scan(ALERTS)) == 1
