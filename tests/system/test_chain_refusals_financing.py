"""Refusals of financing and endorsement are reached through the service."""

from dataclasses import replace

import pytest

from system.chain import commands as c
from system.chain.outcome import Outcome
from system.chain.policy import DEFAULT_POLICY
from system.chain.rules import Refusal
from system.limits import DAY_S
from tests.system import sandboxes
from tests.system.receivables_world import World
from tests.system.refusal_cases import Cases, make_overdue, suspend

CASES = Cases()
reaches = CASES.reaches


def decline(world: World, request_id: str, supplier_id: str = "supplier-1") -> Outcome:
    command = c.DeclineQuote(world.next_id(), request_id, supplier_id)
    [outcome] = world.service.decline_quotes([command])
    return outcome


@reaches(Refusal.FINANCING_LOT_UNKNOWN)
def _(world: World) -> Outcome:
    return world.request(999)


@reaches(Refusal.FINANCING_NOT_THE_HOLDER)
def _(world: World) -> Outcome:
    return world.request(world.accepted()[1], supplier_id="supplier-2")


@reaches(Refusal.FINANCING_SUPPLIER_NOT_VERIFIED)
def _(world: World) -> Outcome:
    lot_id = world.accepted()[1]
    suspend(world, "supplier-1")
    return world.request(lot_id)


@reaches(Refusal.FINANCING_DEBTOR_NOT_VERIFIED)
def _(world: World) -> Outcome:
    lot_id = world.accepted()[1]
    suspend(world, "core-1")
    return world.request(lot_id)


@reaches(Refusal.FINANCING_BANK_NOT_VERIFIED)
def _(world: World) -> Outcome:
    return world.request(world.accepted()[1], bank_id="supplier-3")


@reaches(Refusal.FINANCING_NOT_ACCEPTED)
def _(world: World) -> Outcome:
    receivable_id, lot_id = world.accepted()
    make_overdue(world, receivable_id)
    return world.request(lot_id)


@reaches(Refusal.FINANCING_DISPUTED)
def _(world: World) -> Outcome:
    receivable_id, lot_id = world.accepted()
    world.dispute(receivable_id)
    return world.request(lot_id)


@reaches(Refusal.FINANCING_LOT_NOT_FREE)
def _(world: World) -> Outcome:
    lot_id = world.accepted()[1]
    world.quoted(lot_id)
    return world.request(lot_id, bank_id="bank-2")


@reaches(Refusal.FINANCING_ALREADY_DUE)
def _(world: World) -> Outcome:
    receivable_id, lot_id = world.accepted()
    world.clock.time_s = world.receivable(receivable_id).due_at_s
    return world.request(lot_id)


@reaches(Refusal.FINANCING_TERM_TOO_LONG)
def _(world: World) -> Outcome:
    # Issued today, due in a leap year's time plus a day of grace: within intake's bound only.
    issued_at_s = world.clock.time_s + DAY_S
    due_at_s = issued_at_s + 366 * DAY_S
    _, lot_id = world.accepted(issued_at_s=issued_at_s, due_at_s=due_at_s)
    return world.request(lot_id)


@reaches(Refusal.FINANCING_TERM_UNUSUAL)
def _(world: World) -> Outcome:
    _, lot_id = world.accepted(due_at_s=world.clock.time_s + 200 * DAY_S)
    return world.request(lot_id)


@reaches(Refusal.FINANCING_TIER_TOO_DEEP)
def _(world: World) -> Outcome:
    lot_id = world.accepted()[1]
    for tier in range(2, 8):
        holder, to = f"supplier-{(tier - 2) % 5 + 1}", f"supplier-{(tier - 1) % 5 + 1}"
        event = world.endorsed(lot_id, holder_id=holder, to_id=to, amount_fen=10_000_000)
        lot_id = event.lot_id
    return world.request(lot_id, supplier_id=to)


@reaches(Refusal.FINANCING_AMOUNT_TOO_SMALL)
def _(world: World) -> Outcome:
    return world.request(world.accepted()[1], amount_fen=99_999)


@reaches(Refusal.FINANCING_AMOUNT_TOO_LARGE)
def _(world: World) -> Outcome:
    return world.request(world.accepted()[1], amount_fen=10_000_001)


@reaches(Refusal.FINANCING_VERDICT_NOT_CLEAR)
def _(world: World) -> Outcome:
    # The same document under an edited number, a little later: monitoring gates the copy.
    world.accepted(invoice_number="NO-55")
    _, copy = world.accepted(invoice_number="N0-55-X")
    return world.request(copy)


@reaches(Refusal.FINANCING_DEBTOR_LIMIT)
def _(world: World) -> Outcome:
    return short_of(world, debtor_limit_fen=9_999_999)


@reaches(Refusal.FINANCING_SUPPLIER_LIMIT)
def _(world: World) -> Outcome:
    return short_of(world, supplier_limit_fen=9_999_999)


@reaches(Refusal.FINANCING_BANK_LIMIT)
def _(world: World) -> Outcome:
    return short_of(world, bank_limit_fen=9_999_999)


@reaches(Refusal.FINANCING_GROUP_LIMIT)
def _(world: World) -> Outcome:
    return short_of(world, group_limit_fen=9_999_999)


def short_of(world: World, **limits: int) -> Outcome:
    tight = World.open(policy=replace(DEFAULT_POLICY, **limits))
    return tight.request(tight.accepted()[1])


@reaches(Refusal.FINANCING_RISK_STOPPED)
def _(world: World) -> Outcome:
    _, lot_id = world.accepted()
    with world.system.store.transaction() as unit:
        sandboxes.stop(unit)
    return world.request(lot_id)


@reaches(Refusal.FINANCING_OUTSIDE_SANDBOX)
def _(world: World) -> Outcome:
    _, lot_id = world.accepted()
    with world.system.store.transaction() as unit:
        sandboxes.admit(unit, "receivables", client_fen_max=9_999_999)
    return world.request(lot_id)


@reaches(Refusal.FINANCING_QUOTE_EXPIRED)
def _(world: World) -> Outcome:
    quote = world.quoted(world.accepted()[1])
    world.clock.time_s = quote.expires_at_s + 1
    return world.take(quote.request_id)


@reaches(Refusal.FINANCING_BANK_CASH_SHORT)
def _(world: World) -> Outcome:
    # A bank whose line allows more than one issue of float can pay at once.
    policy = replace(
        DEFAULT_POLICY,
        bank_limit_fen=10**13,
        debtor_limit_fen=10**13,
        supplier_limit_fen=10**13,
        group_limit_fen=10**13,
    )
    rich = World.open(policy=policy)
    quotes = []
    for _ in range(2):
        _, lot_id = rich.accepted(amount_fen=10**12)
        quotes.append(rich.quoted(lot_id, amount_fen=10**12))
    assert rich.take(quotes[0].request_id).refusal is None
    return rich.take(quotes[1].request_id)


@reaches(Refusal.FINANCING_REQUEST_UNKNOWN)
def _(world: World) -> Outcome:
    return world.take("0" * 32)


@reaches(Refusal.FINANCING_NOT_THE_SUPPLIER)
def _(world: World) -> Outcome:
    return world.take(world.quoted(world.accepted()[1]).request_id, "supplier-2")


@reaches(Refusal.FINANCING_QUOTE_NOT_OPEN)
def _(world: World) -> Outcome:
    return decline(world, world.financed()[2])


@reaches(Refusal.ENDORSEMENT_LOT_UNKNOWN)
def _(world: World) -> Outcome:
    return world.endorse(999)


@reaches(Refusal.ENDORSEMENT_NOT_THE_HOLDER)
def _(world: World) -> Outcome:
    return world.endorse(world.accepted()[1], holder_id="supplier-3")


@reaches(Refusal.ENDORSEMENT_ENDORSEE_NOT_VERIFIED)
def _(world: World) -> Outcome:
    return world.endorse(world.accepted()[1], to_id="bank-1")


@reaches(Refusal.ENDORSEMENT_DISPUTED)
def _(world: World) -> Outcome:
    receivable_id, lot_id = world.accepted()
    world.dispute(receivable_id)
    return world.endorse(lot_id)


@reaches(Refusal.ENDORSEMENT_LOT_NOT_FREE)
def _(world: World) -> Outcome:
    lot_id = world.accepted()[1]
    assert world.endorse(lot_id).refusal is None
    return world.endorse(lot_id)


@reaches(Refusal.ENDORSEMENT_ALREADY_DUE)
def _(world: World) -> Outcome:
    receivable_id, lot_id = world.accepted()
    world.clock.time_s = world.receivable(receivable_id).due_at_s
    return world.endorse(lot_id)


@reaches(Refusal.ENDORSEMENT_TIER_TOO_DEEP)
def _(world: World) -> Outcome:
    lot_id = world.accepted()[1]
    for tier in range(2, 9):
        holder, to = f"supplier-{(tier - 2) % 5 + 1}", f"supplier-{(tier - 1) % 5 + 1}"
        event = world.endorsed(lot_id, holder_id=holder, to_id=to, amount_fen=10_000_000)
        lot_id = event.lot_id
    return world.endorse(lot_id, holder_id=to, to_id="supplier-5")


@reaches(Refusal.ENDORSEMENT_VALUE_TOO_LARGE)
def _(world: World) -> Outcome:
    return world.endorse(world.accepted()[1], amount_fen=10_000_001)


@reaches(Refusal.ENDORSEMENT_TO_ITSELF_OR_DEBTOR)
def _(world: World) -> Outcome:
    return world.endorse(world.accepted()[1], to_id="supplier-1")


@pytest.mark.parametrize("refusal", CASES, ids=lambda refusal: refusal.name)
def test_the_refusal_is_reached(refusal: Refusal) -> None:
    assert CASES[refusal](World.open()).refusal is refusal
