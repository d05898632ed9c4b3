"""Refusals of payment, dispute, recourse and write-off are reached through the service."""

import pytest

from system.chain.outcome import Outcome
from system.chain.rules import Refusal
from tests.system.receivables_world import World
from tests.system.refusal_cases import Cases, make_defaulted, make_overdue

CASES = Cases()
reaches = CASES.reaches


@reaches(Refusal.SETTLEMENT_RECEIVABLE_UNKNOWN)
def _(world: World) -> Outcome:
    return world.pay("00" * 32, 1)


@reaches(Refusal.SETTLEMENT_NOT_PAYABLE)
def _(world: World) -> Outcome:
    return world.pay(world.registered(), 1)


@reaches(Refusal.SETTLEMENT_NOT_THE_DEBTOR)
def _(world: World) -> Outcome:
    return world.pay(world.accepted()[0], 1, "core-2")


@reaches(Refusal.SETTLEMENT_OVERPAID)
def _(world: World) -> Outcome:
    receivable_id = world.accepted()[0]
    assert world.pay(receivable_id, 6_000_000).refusal is None
    return world.pay(receivable_id, 4_000_001)


@reaches(Refusal.DISPUTE_RECEIVABLE_UNKNOWN)
def _(world: World) -> Outcome:
    return world.dispute("00" * 32)


@reaches(Refusal.DISPUTE_NOT_A_PARTY)
def _(world: World) -> Outcome:
    return world.dispute(world.accepted()[0], "core-2")


@reaches(Refusal.DISPUTE_NOT_ACCEPTED)
def _(world: World) -> Outcome:
    return world.dispute(world.registered())


@reaches(Refusal.DISPUTE_ALREADY_OPEN)
def _(world: World) -> Outcome:
    receivable_id = world.accepted()[0]
    assert world.dispute(receivable_id).refusal is None
    return world.dispute(receivable_id)


@reaches(Refusal.DISPUTE_NOT_OPEN)
def _(world: World) -> Outcome:
    return world.resolve(world.accepted()[0])


@reaches(Refusal.DISPUTE_CREDIT_TOO_LARGE)
def _(world: World) -> Outcome:
    receivable_id, _, _ = world.financed(amount_fen=7_000_000)
    world.dispute(receivable_id)
    world.step()
    return world.resolve(receivable_id, credit_fen=3_000_001)


@reaches(Refusal.DISPUTE_CREDIT_ABOVE_DEBT)
def _(world: World) -> Outcome:
    receivable_id, _ = world.accepted()
    world.dispute(receivable_id)
    world.step()
    assert world.pay(receivable_id, 6_000_000).refusal is None
    return world.resolve(receivable_id, credit_fen=4_000_001)


@reaches(Refusal.RECOURSE_LOT_UNKNOWN)
def _(world: World) -> Outcome:
    return world.recourse(999)


@reaches(Refusal.RECOURSE_NOT_THE_BANK)
def _(world: World) -> Outcome:
    return world.recourse(world.financed()[1], "bank-2")


@reaches(Refusal.RECOURSE_NOT_AGREED)
def _(world: World) -> Outcome:
    receivable_id, lot_id, _ = world.financed(with_recourse=False)
    make_overdue(world, receivable_id)
    return world.recourse(lot_id)


@reaches(Refusal.RECOURSE_TOO_EARLY)
def _(world: World) -> Outcome:
    return world.recourse(world.financed()[1])


@reaches(Refusal.WRITE_OFF_RECEIVABLE_UNKNOWN)
def _(world: World) -> Outcome:
    return world.write_off("00" * 32)


@reaches(Refusal.WRITE_OFF_NOT_DEFAULTED)
def _(world: World) -> Outcome:
    return world.write_off(world.financed()[0])


@reaches(Refusal.WRITE_OFF_NOT_A_CREDITOR)
def _(world: World) -> Outcome:
    receivable_id, _, _ = world.financed()
    make_defaulted(world, receivable_id)
    return world.write_off(receivable_id, "bank-2")


@reaches(Refusal.WRITE_OFF_NEEDS_FOUR_EYES)
def _(world: World) -> Outcome:
    receivable_id, _, _ = world.financed()
    make_defaulted(world, receivable_id)
    return world.write_off(receivable_id, approved_by="clerk")


@pytest.mark.parametrize("refusal", CASES, ids=lambda refusal: refusal.name)
def test_the_refusal_is_reached(refusal: Refusal) -> None:
    assert CASES[refusal](World.open()).refusal is refusal
