"""Every evening books and chain are compared, and a difference of any kind raises an alert."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from system.chain import reconcile
from system.chain.events import AlertRaised
from system.chain.limits_book import BANK
from system.chain.records import ALERTS, LIMITS, LOTS, RECEIVABLES
from system.chain.wallets import OPERATOR
from system.parties.records import PARTIES
from tests.system.receivables_world import World, only
from tests.system.test_chain_faults import act_outside

_PLANTED: dict[str, tuple[Any, dict[str, Any]]] = {
    "party suspended": (PARTIES, {"kyc_state": "suspended"}),
    "party expiry": (PARTIES, {"kyc_expires_at_s": 2_000_000_000}),
    "receivable state": (RECEIVABLES, {"state": "settled"}),
    "receivable disputed": (RECEIVABLES, {"disputed": True}),
    "receivable paid": (RECEIVABLES, {"paid_fen": 1}),
    "receivable terms": (RECEIVABLES, {"face_fen": 10_000_001}),
    "lot owner": (LOTS, {"owner_id": "supplier-1"}),
    "lot value": (LOTS, {"value_fen": 9_999_999}),
    "lot tier": (LOTS, {"tier": 2}),
    "lot state": (LOTS, {"state": "redeemed"}),
    "receivable lots": (LOTS, {"receivable_id": "another"}),
    "limit": (LIMITS, {"limit_fen": 1}),
    "limit used": (LIMITS, {"used_fen": 1}),
}


def evening() -> World:
    """A financed receivable, and an evening on which all agreed."""
    world = World.open()
    world.financed()
    world.service.end_of_day()
    world.step()
    assert told(world) == []
    return world


def told(world: World) -> list[tuple[str, str]]:
    """What the next evening's alerts are about: kind and subject."""
    world.service.end_of_day()
    alerts = only(world.service.confirm(), AlertRaised)
    assert all(alert.rule == reconcile.RULE for alert in alerts)
    return [(json.loads(alert.evidence)[0], alert.receivable_id) for alert in alerts]


def change(world: World, table: Any, changes: dict[str, Any]) -> None:
    """Alter the books behind the service's back: the first row, or the bank's line."""
    with world.system.store.transaction() as unit:
        rows = [row for row in unit.scan(table) if table is not LIMITS or row.kind == BANK]
        unit.replace(table, [replace(rows[0], **changes)])


@pytest.mark.parametrize("what", _PLANTED)
def test_a_change_in_the_books_that_the_chain_does_not_know_is_an_alert(what: str) -> None:
    world = evening()
    change(world, *_PLANTED[what])
    assert what in {kind for kind, _ in told(world)}
    stored = [row for row in world.scan(ALERTS) if row.rule == reconcile.RULE]
    assert all(not row.blocks and len(json.loads(row.evidence)) == 3 for row in stored)


def mint(world: World) -> None:
    account = world.system.wallets.address("party/supplier-2")
    act_outside(world, OPERATOR, "DepositToken", "mintMany", [(account, 7)], b"\0" * 32)


def pass_on(world: World) -> None:
    bank = world.system.wallets.address("party/bank-1")
    act_outside(world, "party/supplier-1", "DepositToken", "transfer", bank, 1)


def dispute(world: World) -> None:
    fingerprint = bytes.fromhex(world.scan(RECEIVABLES)[0].receivable_id)
    act_outside(world, "party/core-1", "Registry", "dispute", fingerprint, b"\1" * 32, b"\0" * 32)


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (mint, {"supply", "deposit"}),
        (pass_on, {"deposit"}),
        (dispute, {"receivable disputed"}),
    ],
)
def test_a_transaction_that_the_books_do_not_know_is_an_alert(
    act: Callable[[World], None], expected: set[str]
) -> None:
    world = World.open()
    world.financed()
    assert told(world) == []
    # The evening has queued withdrawals; they are not sent, so that they do not mix in.
    act(world)
    world.service.confirm()
    assert {kind for kind, _ in told(world)} == expected


def test_a_lasting_difference_is_told_once_and_its_end_silences_it() -> None:
    world = evening()
    change(world, LOTS, {"value_fen": 9_999_999})
    assert len(told(world)) == 1
    assert told(world) == []
    change(world, LOTS, {"value_fen": 10_000_000})
    assert world.service.reconcile() == []


def test_what_is_under_way_is_no_difference() -> None:
    world = World.open()
    receivable_id, lot_id = world.accepted()
    quote = world.quoted(lot_id, amount_fen=4_000_000)
    assert told(world) == []
    world.take(quote.request_id)
    world.dispute(receivable_id)
    assert told(world) == []
    world.service.relay()
    assert told(world) == []
    world.step()
    assert told(world) == []
    assert world.service.reconcile() == []
