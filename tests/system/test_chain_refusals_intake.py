"""Refusals of enrolment, verification, intake and acceptance are reached through the service."""

from dataclasses import replace

import pytest

from system.chain import commands as c
from system.chain.outcome import Outcome
from system.chain.rules import Refusal
from system.compliance import watchlist
from system.limits import DAY_S
from system.parties.records import PARTIES
from tests.system.receivables_world import START_S, World, parties
from tests.system.refusal_cases import Cases, change_kyc, suspend

CASES = Cases()
reaches = CASES.reaches


def register(world: World, **changes: object) -> Outcome:
    [outcome] = world.service.register([world.registration(**changes)])
    return outcome


def accept(world: World, receivable_id: str, **changes: object) -> Outcome:
    [command] = world.service.signed_acceptances([receivable_id])
    [outcome] = world.service.accept([replace(command, **changes)])
    return outcome


def reject(world: World, receivable_id: str, debtor_id: str = "core-1") -> Outcome:
    command = c.RejectReceivable(world.next_id(), receivable_id, debtor_id, "no")
    [outcome] = world.service.reject([command])
    return outcome


@reaches(Refusal.COMMAND_ID_REUSED)
def _(world: World) -> Outcome:
    command = world.registration()
    world.service.register([command])
    [outcome] = world.service.register([replace(command, amount_fen=5_000_000)])
    return outcome


@reaches(Refusal.COMMAND_UNUSABLE)
def _(world: World) -> Outcome:
    return register(world, currency="USD")


@reaches(Refusal.ENROLMENT_PARTY_KNOWN)
def _(world: World) -> Outcome:
    again = replace(parties()[0], command_id="enrol again")
    [outcome] = world.service.enrol([again])
    return outcome


@reaches(Refusal.KYC_PARTY_UNKNOWN)
def _(world: World) -> Outcome:
    return change_kyc(world, "nobody", "suspend")


@reaches(Refusal.KYC_STEP_NOT_ALLOWED)
def _(world: World) -> Outcome:
    return change_kyc(world, "core-1", "reinstate", START_S + 900 * DAY_S)


@reaches(Refusal.KYC_EXPIRY_NOT_EXPECTED)
def _(world: World) -> Outcome:
    return change_kyc(world, "core-1", "suspend", START_S + 900 * DAY_S)


@reaches(Refusal.KYC_EXPIRY_NOT_AHEAD)
def _(world: World) -> Outcome:
    return change_kyc(world, "core-1", "approve", world.clock.time_s)


@reaches(Refusal.ENROLMENT_LISTED)
def _(world: World) -> Outcome:
    beware_of(world, "Red Crane Trading Co., Ltd.")
    command = c.EnrolParty(world.next_id(), "new", "Red Crane Trading", 2, 1_900_000_000)
    [outcome] = world.service.enrol([command])
    return outcome


@reaches(Refusal.KYC_LISTED)
def _(world: World) -> Outcome:
    suspend(world, "core-1")
    with world.system.store.transaction() as unit:
        [party] = unit.get(PARTIES, [("core-1",)])
    assert party is not None
    beware_of(world, party.name)
    return change_kyc(world, "core-1", "reinstate", world.clock.time_s + 86_400)


def beware_of(world: World, name: str) -> None:
    entry = {"entry_id": "1", "kind": "sanction", "names": [name]}
    with world.system.store.transaction() as unit:
        watchlist.load(unit, "test", "1", [entry])


@reaches(Refusal.KYC_NOT_YET_EXPIRED)
def _(world: World) -> Outcome:
    return change_kyc(world, "core-1", "expire")


@reaches(Refusal.INTAKE_SUPPLIER_UNKNOWN)
def _(world: World) -> Outcome:
    return register(world, seller_id="nobody")


@reaches(Refusal.INTAKE_DEBTOR_UNKNOWN)
def _(world: World) -> Outcome:
    return register(world, debtor_id="nobody")


@reaches(Refusal.INTAKE_SUPPLIER_NOT_VERIFIED)
def _(world: World) -> Outcome:
    suspend(world, "supplier-1")
    return register(world)


@reaches(Refusal.INTAKE_DEBTOR_NOT_VERIFIED)
def _(world: World) -> Outcome:
    return register(world, debtor_id="supplier-2")


@reaches(Refusal.INTAKE_SAME_PARTY)
def _(world: World) -> Outcome:
    both = c.EnrolParty("enrol/both", "both", "Both", 3, START_S + 900 * DAY_S)
    world.service.enrol([both])
    world.step()
    return register(world, seller_id="both", debtor_id="both")


@reaches(Refusal.INTAKE_DUE_BEFORE_ISSUE)
def _(world: World) -> Outcome:
    return register(world, due_at_s=world.clock.time_s - 2 * DAY_S)


@reaches(Refusal.INTAKE_ALREADY_DUE)
def _(world: World) -> Outcome:
    return register(world, due_at_s=world.clock.time_s)


@reaches(Refusal.INTAKE_TERM_TOO_LONG)
def _(world: World) -> Outcome:
    return register(world, due_at_s=world.clock.time_s + 370 * DAY_S)


@reaches(Refusal.INTAKE_ALREADY_REGISTERED)
def _(world: World) -> Outcome:
    world.registered(invoice_number="A-7")
    return register(world, invoice_number=" a 07", amount_fen=1)


@reaches(Refusal.ACCEPTANCE_RECEIVABLE_UNKNOWN)
def _(world: World) -> Outcome:
    return reject(world, "00" * 32)


@reaches(Refusal.ACCEPTANCE_NOT_PENDING)
def _(world: World) -> Outcome:
    receivable_id, _ = world.accepted()
    world.clock.time_s += 60
    return accept(world, receivable_id)


@reaches(Refusal.ACCEPTANCE_NOT_THE_DEBTOR)
def _(world: World) -> Outcome:
    return accept(world, world.registered(), debtor_id="core-2")


@reaches(Refusal.ACCEPTANCE_EXPIRED)
def _(world: World) -> Outcome:
    return accept(world, world.registered(), deadline_s=world.clock.time_s - 1)


@reaches(Refusal.ACCEPTANCE_SIGNATURE_INVALID)
def _(world: World) -> Outcome:
    return accept(world, world.registered(), nonce=12345)


@reaches(Refusal.PLEDGE_BANK_UNKNOWN)
def _(world: World) -> Outcome:
    return world.pledge(bank_id="nobody")


@reaches(Refusal.PLEDGE_BANK_NOT_VERIFIED)
def _(world: World) -> Outcome:
    return world.pledge(bank_id="supplier-2")


@reaches(Refusal.PLEDGE_ALREADY_REPORTED)
def _(world: World) -> Outcome:
    assert world.pledge(claim_id="loan").refusal is None
    return world.pledge(claim_id="loan", invoice_number="another invoice")


@pytest.mark.parametrize("refusal", CASES, ids=lambda refusal: refusal.name)
def test_the_refusal_is_reached(refusal: Refusal) -> None:
    assert CASES[refusal](World.open()).refusal is refusal
