"""Monitoring in the running service: every rule stores an alert with evidence, and gates cash."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from system.chain import commands as c
from system.chain.events import AlertRaised
from system.chain.monitor import Rule
from system.chain.records import ALERTS, FEED, RECEIVABLES, Alert
from system.chain.rules import Refusal
from system.chain.session import event_of
from system.chain.watch import FLOWS
from system.limits import DAY_S
from tests.system.receivables_world import START_S, World, only

# A second showing of a document is refused, so it need not gate the first.
_GATING = (Rule.RENUMBERED, Rule.CIRCULAR_TRADE, Rule.RELATED_PARTIES, Rule.SPLITTING)
# One claim is enough for these; the others name the claims that they compare.
_ALONE = (Rule.RELATED_PARTIES, Rule.DEBTOR_CONCENTRATION, Rule.SUPPLIER_CONCENTRATION)


def alerts(world: World, rule: str) -> list[Alert]:
    return [alert for alert in world.scan(ALERTS) if alert.rule == rule]


def evidence(alert: Alert) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(alert.evidence)
    return found


def test_an_invoice_pledged_at_another_bank_first_is_not_financed_here() -> None:
    world = World.open()
    assert world.pledge(invoice_number="no. A-7", claim_id="loan-1").refusal is None
    receivable_id, lot_id = world.accepted(invoice_number="NO-A-07")
    [alert] = alerts(world, "duplicate")
    assert alert.receivable_id == receivable_id
    assert evidence(alert)["others"] == [["pledge/bank-2/loan-1", "bank-2", 10_000_000]]
    assert evidence(alert)["figures"] == {"earlier": 1, "other_bank": 1}
    assert world.request(lot_id).refusal is Refusal.FINANCING_VERDICT_NOT_CLEAR


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({}, "duplicate"),
        ({"amount_fen": 12_000_000}, "altered_amount"),
        ({"invoice_number": "NO-55-X"}, "renumbered"),
    ],
    ids=["same", "altered", "renumbered"],
)
def test_a_pledge_elsewhere_stops_the_claim_that_is_already_here(
    changes: dict[str, object], rule: str
) -> None:
    world = World.open()
    receivable_id, lot_id = world.accepted(invoice_number="N0-55")
    assert world.pledge(**{"invoice_number": "N0-55", **changes}).refusal is None
    [alert] = alerts(world, rule)
    assert (alert.receivable_id, alert.blocks) == (receivable_id, True)
    assert evidence(alert)["bank"] == "bank-2"
    assert only(world.service.confirm(), AlertRaised)
    assert world.request(lot_id).refusal is Refusal.FINANCING_VERDICT_NOT_CLEAR


def test_of_a_pledge_only_hashes_of_who_and_what_are_kept() -> None:
    world = World.open()
    world.pledge(seller_id="secret seller", debtor_id="secret debtor", invoice_number="SECRET-1")
    [flow] = world.scan(FLOWS)
    assert "secret" not in repr(flow).casefold()
    assert len(flow.fingerprint) == len(flow.loose_fingerprint) == 32


def firms(*groups: str) -> World:
    """Firms that both sell and buy, one per group."""
    people = [
        c.EnrolParty(f"enrol/{n}", f"firm-{n}", f"Firm {n}", 3, START_S + 900 * DAY_S, group)
        for n, group in enumerate(groups)
    ]
    return World.open(enrolled=people)


def trade(world: World, seller: int, debtor: int) -> None:
    world.registered(seller_id=f"firm-{seller}", debtor_id=f"firm-{debtor}")


def show_twice(world: World, **changes: object) -> None:
    world.registered(invoice_number="NO-55")
    world.service.register([world.registration(invoice_number="no 055", **changes)])


def duplicate() -> World:
    world = World.open()
    show_twice(world)
    return world


def altered_amount() -> World:
    world = World.open()
    show_twice(world, amount_fen=12_000_000)
    return world


def renumbered() -> World:
    world = World.open()
    world.registered(invoice_number="NO-55")
    world.registered(invoice_number="NO-55-X")
    return world


def circular_trade() -> World:
    world = firms("", "", "")
    for seller in range(3):
        trade(world, seller, (seller + 1) % 3)
    return world


def related_parties() -> World:
    world = firms("one group", "one group")
    trade(world, 0, 1)
    return world


def splitting() -> World:
    world = World.open()
    for _ in range(3):
        world.registered(amount_fen=49_000_000)
    return world


def velocity() -> World:
    world = World.open()
    for _ in range(11):
        world.registered()
        world.clock.time_s += 10 * DAY_S
    for _ in range(8):
        world.registered()
    return world


def concentration() -> World:
    """A bank that knew one customer is suddenly asked for twice its book by another."""
    world = World.open()
    _, usual = world.accepted(seller_id="supplier-2", debtor_id="core-2")
    for _ in range(50):
        world.request(usual, supplier_id="supplier-2")
    world.clock.time_s += 20 * DAY_S
    _, sudden = world.accepted(amount_fen=1_000_000_000)
    world.request(sudden, amount_fen=1_000_000_000)
    return world


_PATTERNS: dict[Rule, Callable[[], World]] = {
    Rule.DUPLICATE: duplicate,
    Rule.ALTERED_AMOUNT: altered_amount,
    Rule.RENUMBERED: renumbered,
    Rule.CIRCULAR_TRADE: circular_trade,
    Rule.RELATED_PARTIES: related_parties,
    Rule.SPLITTING: splitting,
    Rule.VELOCITY: velocity,
    Rule.DEBTOR_CONCENTRATION: concentration,
    Rule.SUPPLIER_CONCENTRATION: concentration,
}


@pytest.mark.parametrize("rule", Rule)
def test_every_rule_stores_and_tells_an_alert_with_evidence(rule: Rule) -> None:
    world = _PATTERNS[rule]()
    stored = alerts(world, rule)
    assert stored
    for alert in stored:
        found = evidence(alert)
        assert found["figures"]
        assert found["amount_fen"] > 0
        assert alert.receivable_id in {row.receivable_id for row in world.scan(RECEIVABLES)}
        assert found["others"] or rule in _ALONE
    events = [event_of(row) for row in world.scan(FEED)]
    assert {event.alert_id for event in only(events, AlertRaised)} >= {a.alert_id for a in stored}
    assert any(alert.blocks for alert in stored) is (rule in _GATING)


def test_a_circle_accuses_every_claim_on_it() -> None:
    accused = [alert for alert in alerts(circular_trade(), Rule.CIRCULAR_TRADE) if alert.blocks]
    assert len({alert.receivable_id for alert in accused}) == 3
