"""A bank that watches a party buys no claim on it and none of it, until two officers lift that."""

import pytest

from system.chain import commands as c
from system.chain.events import DisbursementFailed
from system.chain.outcome import Outcome
from system.chain.rules import Refusal
from tests.system.receivables_world import World, only
from tests.system.refusal_cases import Cases

CASES = Cases()
reaches = CASES.reaches


def hold(world: World, party_id: str, bank_id: str = "bank-1") -> Outcome:
    command = c.HoldPurchases(world.next_id(), bank_id, party_id, "late elsewhere", "clerk")
    [outcome] = world.service.hold_purchases([command])
    return outcome


def lift(world: World, party_id: str, *officers: str) -> Outcome:
    asked_by, approved_by = officers or ("clerk", "chief")
    command = c.LiftHold(world.next_id(), "bank-1", party_id, asked_by, approved_by)
    [outcome] = world.service.lift_holds([command])
    return outcome


@reaches(Refusal.HOLD_NOT_A_BANK)
def _(world: World) -> Outcome:
    return hold(world, "core-1", bank_id="supplier-1")


@reaches(Refusal.HOLD_UNKNOWN)
def _(world: World) -> Outcome:
    hold(world, "core-1")
    lift(world, "core-1")
    return lift(world, "core-1")


@reaches(Refusal.HOLD_NEEDS_FOUR_EYES)
def _(world: World) -> Outcome:
    hold(world, "core-1")
    return lift(world, "core-1", "clerk", "clerk")


@reaches(Refusal.FINANCING_PARTY_HELD)
def _(world: World) -> Outcome:
    _, lot_id = world.accepted()
    hold(world, "core-1")
    return world.request(lot_id)


@pytest.mark.parametrize("refusal", CASES, ids=lambda refusal: refusal.name)
def test_the_refusal_is_reached(refusal: Refusal) -> None:
    assert CASES[refusal](World.open()).refusal is refusal


def test_a_hold_is_on_debtors_and_suppliers_and_of_one_bank_alone() -> None:
    world = World.open()
    _, lot_id = world.accepted()
    hold(world, "supplier-1", bank_id="bank-2")
    assert world.request(lot_id, bank_id="bank-2").refusal is Refusal.FINANCING_PARTY_HELD
    assert world.request(lot_id, bank_id="bank-1").refusal is None


def test_a_party_may_be_held_again_and_a_lifted_hold_binds_no_more() -> None:
    world = World.open()
    _, lot_id = world.accepted()
    for _ in range(2):
        assert hold(world, "supplier-1").refusal is None
    assert world.request(lot_id).refusal is Refusal.FINANCING_PARTY_HELD
    assert lift(world, "supplier-1").refusal is None
    assert world.request(lot_id).refusal is None


def test_a_hold_after_the_quote_stops_its_taking() -> None:
    world = World.open()
    quote = world.quoted(world.accepted()[1])
    hold(world, "core-1")
    assert world.take(quote.request_id).refusal is Refusal.FINANCING_PARTY_HELD


def test_a_hold_after_the_taking_keeps_the_cash_and_frees_the_lot() -> None:
    world = World.open()
    _, lot_id = world.accepted()
    quote = world.quoted(lot_id)
    assert world.take(quote.request_id).refusal is None
    hold(world, "supplier-1")
    [failed] = only(world.step(), DisbursementFailed)
    assert (failed.request_id, failed.error) == (quote.request_id, "PartyHeld")
    assert world.lot(lot_id).state == "free"
