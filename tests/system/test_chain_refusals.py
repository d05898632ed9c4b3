"""Every refusal of the closed enum is reached through the service, and changes nothing."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from system.chain import commands as c
from system.chain.outcome import Outcome
from system.chain.policy import DEFAULT_POLICY
from system.chain.records import LIMITS, LOTS, RECEIVABLES, REQUESTS
from system.chain.rules import Refusal
from system.errors import InputError
from system.limits import DAY_S
from system.parties.records import KycStep
from tests.system.receivables_world import START_S, World, parties

Case = Callable[[World], Outcome]
_CASES: dict[Refusal, Case] = {}


def reaches(refusal: Refusal) -> Callable[[Case], Case]:
    def keep(case: Case) -> Case:
        _CASES[refusal] = case
        return case

    return keep


def change_kyc(world: World, party_id: str, step: str, expires_at_s: int | None = None) -> Outcome:
    command = c.ChangeKyc(world.next_id(), party_id, KycStep(step), expires_at_s)
    [outcome] = world.service.change_kyc([command])
    return outcome


def suspend(world: World, party_id: str) -> None:
    assert change_kyc(world, party_id, "suspend").refusal is None


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


def decline(world: World, request_id: str, supplier_id: str = "supplier-1") -> Outcome:
    command = c.DeclineQuote(world.next_id(), request_id, supplier_id)
    [outcome] = world.service.decline_quotes([command])
    return outcome


def make_overdue(world: World, receivable_id: str) -> None:
    world.clock.time_s = world.receivable(receivable_id).due_at_s
    world.pass_days(3)


def make_defaulted(world: World, receivable_id: str) -> None:
    make_overdue(world, receivable_id)
    world.clock.time_s += 90 * DAY_S
    world.pass_days(2)


@reaches(Refusal.COMMAND_ID_REUSED)
def _(world: World) -> Outcome:
    command = world.registration()
    world.service.register([command])
    [outcome] = world.service.register([replace(command, amount_fen=5_000_000)])
    return outcome


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


@pytest.mark.parametrize("refusal", [r for r in Refusal if r], ids=lambda r: r.name)
def test_every_refusal_is_reached(refusal: Refusal) -> None:
    assert refusal in _CASES, f"write a case that reaches {refusal.name}"
    assert _CASES[refusal](World.open()).refusal is refusal


@pytest.mark.parametrize(
    "refusal", [Refusal.FINANCING_AMOUNT_TOO_LARGE, Refusal.SETTLEMENT_OVERPAID], ids=str
)
def test_a_refusal_changes_no_row(refusal: Refusal) -> None:
    world = World.open()
    receivable_id, lot_id = world.accepted()
    before = [world.scan(table) for table in (RECEIVABLES, LOTS, LIMITS, REQUESTS)]
    if refusal is Refusal.SETTLEMENT_OVERPAID:
        outcome = world.pay(receivable_id, 10_000_001)
    else:
        outcome = world.request(lot_id, amount_fen=10_000_001)
    assert outcome.refusal is refusal
    assert [world.scan(table) for table in (RECEIVABLES, LOTS, LIMITS, REQUESTS)] == before


def test_unusable_input_names_field_and_remedy() -> None:
    world = World.open()
    for changes in ({"amount_fen": 0}, {"currency": "USD"}, {"document_hash": b"short"}):
        with pytest.raises(InputError) as error:
            world.service.register([world.registration(**changes)])
        assert error.value.field in changes
