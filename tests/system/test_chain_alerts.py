"""An alert that people found harmless stands no more; its evidence stays, and so does the trace."""

import pytest

from system.chain import commands as c
from system.chain.outcome import Outcome
from system.chain.records import ALERTS, Alert
from system.chain.rules import Refusal
from system.compliance.records import AUDIT
from system.limits import DAY_S
from tests.system.receivables_world import START_S, World, parties
from tests.system.refusal_cases import Cases

CASES = Cases()
reaches = CASES.reaches


def release(
    world: World, alert_id: str, asked_by: str = "clerk", approved_by: str = "chief"
) -> Outcome:
    command = c.ReleaseAlert(world.next_id(), alert_id, asked_by, approved_by)
    [outcome] = world.service.release_alerts([command])
    return outcome


def blocked(world: World) -> tuple[int, Alert]:
    """A lot that cannot be financed, because its invoice looks like an edited copy of another."""
    world.accepted(invoice_number="INV-7001")
    _, lot_id = world.accepted(invoice_number="INV-7001-B", amount_fen=10_100_000)
    assert world.request(lot_id).refusal is Refusal.FINANCING_VERDICT_NOT_CLEAR
    [alert] = world.scan(ALERTS)
    return lot_id, alert


@reaches(Refusal.ALERT_UNKNOWN)
def _(world: World) -> Outcome:
    return release(world, "no such alert")


@reaches(Refusal.ALERT_NOT_BLOCKING)
def _(world: World) -> Outcome:
    # The second try is refused already, and its alert does not gate the first.
    world.registered(invoice_number="A-7")
    world.service.register([world.registration(invoice_number="A-7")])
    [alert] = world.scan(ALERTS)
    return release(world, alert.alert_id)


@reaches(Refusal.ALERT_ALREADY_RELEASED)
def _(world: World) -> Outcome:
    _, alert = blocked(world)
    assert release(world, alert.alert_id).refusal is None
    return release(world, alert.alert_id)


@reaches(Refusal.ALERT_NEEDS_FOUR_EYES)
def _(world: World) -> Outcome:
    _, alert = blocked(world)
    return release(world, alert.alert_id, approved_by="clerk")


@pytest.mark.parametrize("refusal", CASES, ids=lambda refusal: refusal.name)
def test_the_refusal_is_reached(refusal: Refusal) -> None:
    assert CASES[refusal](World.open()).refusal is refusal


def test_a_released_alert_gates_no_more_and_leaves_a_trace() -> None:
    world = World.open()
    lot_id, alert = blocked(world)
    outcome = release(world, alert.alert_id)
    assert (outcome.refusal, outcome.reference) == (None, alert.alert_id)
    assert world.request(lot_id, bank_id="bank-2").refusal is None
    [after] = world.scan(ALERTS)
    assert (after.evidence, after.blocks) == (alert.evidence, True)
    assert after.released_at_s == world.clock.time_s
    [link] = [row for row in world.scan(AUDIT) if row.action == f"release {alert.rule}"]
    assert (link.actor, link.subject) == ("chief", alert.receivable_id)


def test_of_two_alerts_both_must_be_released() -> None:
    group = [c.EnrolParty("enrol/kin", "kin", "Kin", 2, START_S + 900 * DAY_S, "core group")]
    world = World.open(enrolled=[*parties(), *group])
    world.accepted(seller_id="kin", invoice_number="INV-7001")
    _, lot_id = world.accepted(seller_id="kin", invoice_number="INV-7001-B")
    receivable_id = world.lot(lot_id).receivable_id
    mine = [row for row in world.scan(ALERTS) if row.receivable_id == receivable_id]
    assert sorted(row.rule for row in mine) == ["related_parties", "renumbered"]
    assert release(world, mine[0].alert_id).refusal is None
    refusal = world.request(lot_id, supplier_id="kin").refusal
    assert refusal is Refusal.FINANCING_VERDICT_NOT_CLEAR


def test_the_same_facts_shown_to_another_bank_raise_no_second_alert() -> None:
    group = [c.EnrolParty("enrol/kin", "kin", "Kin", 2, START_S + 900 * DAY_S, "core group")]
    world = World.open(enrolled=[*parties(), *group])
    _, lot_id = world.accepted(seller_id="kin")
    [alert] = world.scan(ALERTS)
    assert release(world, alert.alert_id).refusal is None
    assert world.request(lot_id, supplier_id="kin", bank_id="bank-2").refusal is None
    assert len(world.scan(ALERTS)) == 1


def test_new_facts_raise_a_new_alert_after_a_release() -> None:
    world = World.open()
    lot_id, alert = blocked(world)
    release(world, alert.alert_id)
    quote = world.quoted(lot_id)
    copy = world.pledge(invoice_number="INV-7001-C", amount_fen=10_100_000)
    assert copy.refusal is None
    again = [row for row in world.scan(ALERTS) if row.released_at_s is None]
    assert [(row.rule, row.receivable_id) for row in again] == [(alert.rule, alert.receivable_id)]
    assert world.take(quote.request_id).refusal is Refusal.FINANCING_VERDICT_NOT_CLEAR
