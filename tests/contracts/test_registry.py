"""Receivables: registration, the debtor's signature, rejection, expiry, disputes."""

from dataclasses import replace
from typing import Any

import pytest

from system.chain.wallets import OPERATOR
from system.errors import EvmReverted
from tests.contracts.cast import (
    ACCEPTED,
    CORRELATION,
    DEBTOR,
    EXPIRED,
    FACE_FEN,
    REASON,
    REGISTERED,
    REJECTED,
    SETTLED,
    SUPPLIER,
    TERM_S,
    fingerprint,
)
from tests.contracts.house import House, said
from tests.contracts.steps import state


def test_a_registered_receivable_says_all_that_was_registered(house: House) -> None:
    due_s = house.now_s + TERM_S
    items = [house.registration("invoice"), house.registration("other")]
    logs = house.run(OPERATOR, "Registry", "registerMany", items, CORRELATION)
    assert [event.values["fingerprint"] for event in logs] == [item[0] for item in items]
    assert said(logs[:1], "Registry", "Registered") == {
        "fingerprint": fingerprint("invoice"),
        "sequence": 1,
        "correlationId": CORRELATION,
        "debtor": house.address("core"),
        "supplier": house.address("alpha"),
        "face": FACE_FEN,
        "currency": b"CNY",
        "dueAt": due_s,
        "documentHash": fingerprint("document of invoice"),
    }
    assert house.receivable(fingerprint("invoice")) == {
        "debtor": house.address("core"),
        "dueAt": due_s,
        "state": REGISTERED,
        "disputed": False,
        "currency": b"CNY",
        "supplier": house.address("alpha"),
        "face": FACE_FEN,
    }


def test_a_fingerprint_is_registered_once_whoever_its_parties_are(house: House) -> None:
    claim = house.register()
    with house.refuses("Registry", "AlreadyRegistered", fingerprint=claim):
        house.register(supplier=house.address("beta"), face=FACE_FEN + 1)


@pytest.mark.parametrize("end", ["rejected", "expired", "settled"])
def test_a_fingerprint_stays_used_after_its_receivable_ended(house: House, end: str) -> None:
    claim = house.register()
    if end == "rejected":
        house.run("core", "Registry", "rejectMany", [claim], CORRELATION)
    elif end == "expired":
        house.wait(TERM_S)
        house.run("anyone", "Registry", "expireMany", [claim], CORRELATION)
    else:
        house.accept(claim)
        house.pay(claim, FACE_FEN)
    with house.refuses("Registry", "AlreadyRegistered", fingerprint=claim):
        house.register()


@pytest.mark.parametrize(
    "changes",
    [
        {"face": 0},
        {"face": 2**96},
        {"due_at_s": 1},
        {"due_at_s": 2**40},
        {"fingerprint": b"\0" * 32},
    ],
    ids=str,
)
def test_impossible_registrations_are_refused(house: House, changes: dict[str, Any]) -> None:
    item = house.registration("invoice", **changes)
    with house.refuses(
        "Registry", "InvalidRegistration", fingerprint=item[0], face=item[3], dueAt=item[5]
    ):
        house.register(**changes)


def test_a_receivable_due_in_this_second_is_not_registered(house: House) -> None:
    claim, now_s = fingerprint("invoice"), house.now_s
    with house.refuses(
        "Registry", "InvalidRegistration", fingerprint=claim, face=FACE_FEN, dueAt=now_s
    ):
        house.register(due_at_s=now_s)


def test_other_currencies_are_refused(house: House) -> None:
    claim = fingerprint("invoice")
    with house.refuses("Registry", "WrongCurrency", fingerprint=claim, currency=b"USD"):
        house.register(currency=b"USD")


def test_nobody_owes_itself(house: House) -> None:
    core = house.address("core")
    with house.refuses("Registry", "SelfDebt", fingerprint=fingerprint("invoice"), account=core):
        house.register(supplier=core)


def test_both_parties_must_be_active_to_register(house: House) -> None:
    alpha, core = house.address("alpha"), house.address("core")
    with house.refuses("Participants", "ParticipantInactive", account=alpha, role=DEBTOR):
        house.register(debtor=alpha, supplier=house.address("beta"))
    house.suspend("alpha")
    with house.refuses("Participants", "ParticipantInactive", account=alpha, role=SUPPLIER):
        house.register()
    house.suspend("core")
    with house.refuses("Participants", "ParticipantInactive", account=core, role=DEBTOR):
        house.register()


def test_one_bad_registration_undoes_its_batch(house: House) -> None:
    items = [house.registration("good"), house.registration("bad", face=0)]
    with house.refuses(
        "Registry", "InvalidRegistration", fingerprint=items[1][0], face=0, dueAt=items[1][5]
    ):
        house.run(OPERATOR, "Registry", "registerMany", items, CORRELATION)
    assert state(house, items[0][0]) == 0


def test_acceptance_makes_one_lot_of_the_whole_face_for_the_supplier(house: House) -> None:
    claim = house.register()
    logs = house.accept(claim)
    lot = house.view("LotLedger", "lotCount")
    assert said(logs, "Registry", "Accepted") == {
        "fingerprint": claim,
        "lot": lot,
        "sequence": 2,
        "correlationId": CORRELATION,
        "debtor": house.address("core"),
        "supplier": house.address("alpha"),
        "value": FACE_FEN,
    }
    assert said(logs, "LotLedger", "SlotChanged")["newSlot"] == int.from_bytes(claim)
    assert said(logs, "LotLedger", "TransferValue")["value"] == FACE_FEN
    root = house.lot(lot)
    assert (root["owner"], root["value"], root["tier"]) == (house.address("alpha"), FACE_FEN, 1)
    assert state(house, claim) == ACCEPTED


def test_many_acceptances_go_in_one_transaction(house: House) -> None:
    claims = [house.register(f"invoice {i}") for i in range(3)]
    items = [house.acceptance(claim) for claim in claims]
    house.run("anyone", "Registry", "acceptMany", items, CORRELATION)
    assert [state(house, claim) for claim in claims] == [ACCEPTED] * 3


@pytest.mark.parametrize("signer", ["alpha", "operator", "retail", "stranger"])
def test_only_the_debtors_own_signature_accepts(house: House, signer: str) -> None:
    claim = house.register()
    with house.refuses(
        "Registry", "InvalidAcceptance", fingerprint=claim, debtor=house.address("core")
    ):
        house.accept(claim, signer=signer)
    assert state(house, claim) == REGISTERED


@pytest.mark.parametrize(
    "changes",
    [
        {"fingerprint": b"\1" * 32},
        {"debtor": "0x" + "11" * 20},
        {"supplier": "0x" + "11" * 20},
        {"amount_fen": FACE_FEN - 1},
        {"currency": "USD"},
        {"due_at_s": 1},
        {"nonce": 77, "deadline_s": 2**40},
    ],
    ids=str,
)
def test_a_signature_over_anything_else_accepts_nothing(
    house: House, changes: dict[str, Any]
) -> None:
    claim = house.register()
    item = house.acceptance(claim, **changes)
    if "nonce" in changes:
        item = (item[0], 78, *item[2:])
    with house.refuses(
        "Registry", "InvalidAcceptance", fingerprint=claim, debtor=house.address("core")
    ):
        house.run("relay", "Registry", "acceptMany", [item], CORRELATION)


def test_a_signature_over_one_amount_accepts_no_other(house: House) -> None:
    claim = house.register(face=FACE_FEN + 1)
    with house.refuses(
        "Registry", "InvalidAcceptance", fingerprint=claim, debtor=house.address("core")
    ):
        house.accept(claim, amount_fen=FACE_FEN)


@pytest.mark.parametrize("signature", [b"", b"\0" * 65, b"\1" * 64, b"\xff" * 65])
def test_bytes_that_are_no_signature_accept_nothing(house: House, signature: bytes) -> None:
    claim = house.register()
    item = (*house.acceptance(claim)[:3], signature)
    with house.refuses(
        "Registry", "InvalidAcceptance", fingerprint=claim, debtor=house.address("core")
    ):
        house.run("relay", "Registry", "acceptMany", [item], CORRELATION)


def test_a_signature_for_another_deployment_accepts_nothing(house: House) -> None:
    claim = house.register()
    elsewhere = replace(house.contracts.registry_domain, chain_id=1)
    with house.refuses(
        "Registry", "InvalidAcceptance", fingerprint=claim, debtor=house.address("core")
    ):
        house.accept(claim, domain=elsewhere)


def test_an_acceptance_works_until_its_deadline(house: House) -> None:
    claim = house.register()
    item = house.acceptance(claim, deadline_s=house.now_s + 10)
    due_s = house.receivable(claim)["dueAt"]
    house.now_s = item[2] + 1
    with house.refuses(
        "Registry", "AcceptanceExpired", fingerprint=claim, deadline=item[2], dueAt=due_s
    ):
        house.run("relay", "Registry", "acceptMany", [item], CORRELATION)
    on_time = house.acceptance(claim, deadline_s=house.now_s)
    house.run("relay", "Registry", "acceptMany", [on_time], CORRELATION)


def test_nothing_is_accepted_from_its_due_date_on(house: House) -> None:
    claim = house.register()
    due_s = house.receivable(claim)["dueAt"]
    house.now_s = due_s
    with house.refuses(
        "Registry", "AcceptanceExpired", fingerprint=claim, deadline=2**40, dueAt=due_s
    ):
        house.accept(claim, deadline_s=2**40)


def test_a_nonce_accepts_once(house: House) -> None:
    first, second = house.register("first"), house.register("second")
    house.accept(first, nonce=256)
    assert house.view("Registry", "isNonceUsed", house.address("core"), 256)
    with house.refuses("Registry", "NonceUsed", signer=house.address("core"), nonce=256):
        house.accept(second, nonce=256)
    house.accept(second, nonce=0)


def test_a_signer_takes_back_a_signature_by_its_nonce(house: House) -> None:
    claim, core = house.register(), house.address("core")
    item = house.acceptance(claim, nonce=9)
    logs = house.run("core", "Registry", "cancelNonce", 9, CORRELATION)
    cancelled = said(logs, "Registry", "NonceCancelled")
    assert (cancelled["signer"], cancelled["nonce"]) == (core, 9)
    assert cancelled["sequence"] > 0
    with house.refuses("Registry", "NonceUsed", signer=core, nonce=9):
        house.run("relay", "Registry", "acceptMany", [item], CORRELATION)


def test_an_inactive_party_accepts_and_receives_nothing(house: House) -> None:
    claim = house.register()
    house.suspend("alpha")
    with house.refuses(
        "Participants", "ParticipantInactive", account=house.address("alpha"), role=SUPPLIER
    ):
        house.accept(claim)


def test_only_registered_receivables_are_accepted(house: House) -> None:
    claim, _ = house.claim()
    with house.refuses("Registry", "WrongState", fingerprint=claim, state=ACCEPTED):
        house.accept(claim)


def test_the_debtor_rejects_what_it_does_not_owe(house: House) -> None:
    claim = house.register()
    with house.refuses("Registry", "NotDebtor", fingerprint=claim, caller=house.address("alpha")):
        house.run("alpha", "Registry", "rejectMany", [claim], CORRELATION)
    logs = house.run("core", "Registry", "rejectMany", [claim], CORRELATION)
    assert said(logs, "Registry", "Rejected")["fingerprint"] == claim
    assert state(house, claim) == REJECTED
    with house.refuses("Registry", "WrongState", fingerprint=claim, state=REJECTED):
        house.accept(claim)


def test_what_was_accepted_is_no_longer_rejected(house: House) -> None:
    claim, _ = house.claim()
    with house.refuses("Registry", "WrongState", fingerprint=claim, state=ACCEPTED):
        house.run("core", "Registry", "rejectMany", [claim], CORRELATION)


def test_an_unanswered_receivable_expires_on_its_due_date(house: House) -> None:
    claim = house.register()
    due_s = house.receivable(claim)["dueAt"]
    house.now_s = due_s - 1
    with house.refuses("Registry", "NotExpired", fingerprint=claim, dueAt=due_s):
        house.run("anyone", "Registry", "expireMany", [claim], CORRELATION)
    logs = house.run("anyone", "Registry", "expireMany", [claim], CORRELATION)
    assert said(logs, "Registry", "Expired")["fingerprint"] == claim
    assert state(house, claim) == EXPIRED


def test_a_dispute_is_the_debtors_and_stops_only_new_risk(house: House) -> None:
    claim, lot = house.claim()
    with house.refuses("Registry", "NotDebtor", fingerprint=claim, caller=house.address("alpha")):
        house.dispute(claim, by="alpha")
    logs = house.dispute(claim)
    assert said(logs, "Registry", "Disputed") == {
        "fingerprint": claim,
        "sequence": 3,
        "correlationId": CORRELATION,
        "reasonHash": REASON,
    }
    due_s = house.receivable(claim)["dueAt"]
    with house.refuses(
        "Registry", "NotMovable", fingerprint=claim, state=ACCEPTED, disputed=True, dueAt=due_s
    ):
        house.split(lot, [1])
    house.pay(claim, FACE_FEN)
    assert state(house, claim) == SETTLED


def test_a_dispute_is_raised_once_and_only_while_payment_is_awaited(house: House) -> None:
    claim = house.register()
    with house.refuses("Registry", "WrongState", fingerprint=claim, state=REGISTERED):
        house.dispute(claim)
    house.accept(claim)
    house.dispute(claim)
    with house.refuses("Registry", "AlreadyDisputed", fingerprint=claim):
        house.dispute(claim)
    house.pay(claim, FACE_FEN)
    house.resolve(claim)
    with house.refuses("Registry", "WrongState", fingerprint=claim, state=SETTLED):
        house.dispute(claim)


@pytest.mark.parametrize("by", ["core", OPERATOR])
def test_a_dispute_ends_by_the_debtor_or_the_registrar(house: House, by: str) -> None:
    claim, lot = house.claim()
    with house.refuses("Registry", "NotDisputed", fingerprint=claim):
        house.resolve(claim, by=by)
    house.dispute(claim)
    for other in ("alpha", "north", "retail"):
        with pytest.raises(EvmReverted, match="AccessManagedUnauthorized"):
            house.resolve(claim, by=other)
    logs = house.resolve(claim, by=by)
    assert said(logs, "Registry", "DisputeResolved")["by"] == house.address(by)
    house.split(lot, [1])


def test_nothing_moves_from_the_due_date_on(house: House) -> None:
    claim, lot = house.claim()
    due_s = house.receivable(claim)["dueAt"]
    house.now_s = due_s - 1
    house.split(lot, [1])
    with house.refuses(
        "Registry", "NotMovable", fingerprint=claim, state=ACCEPTED, disputed=False, dueAt=due_s
    ):
        house.split(lot, [1])
