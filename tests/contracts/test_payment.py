"""Dates and payments: the waterfall, late payment, ids that work once."""

from typing import Any

import pytest

from system.chain.wallets import OPERATOR
from system.errors import EvmReverted
from tests.contracts.cast import (
    ACCEPTED,
    CORRELATION,
    DEFAULT_AFTER_S,
    DEFAULTED,
    DEPOSIT_FEN,
    DUE,
    FACE_FEN,
    NOBODY,
    OVERDUE,
    OVERDUE_AFTER_S,
    REDEEMED,
    REGISTERED,
    SETTLED,
    TERM_S,
    WRITTEN_OFF,
)
from tests.contracts.house import House, said
from tests.contracts.steps import CLAIM_FEN, HOLDBACK_FEN, account, bring_to, state, usage


def payout(house: House, lot: int, **changes: Any) -> tuple[Any, ...]:
    values = {
        "lot": lot,
        "holder": house.address("alpha"),
        "to_holder": 0,
        "seller": NOBODY,
        "to_seller": 0,
        "financed": False,
        "closed": False,
    }
    return tuple({**values, **changes}.values())


@pytest.mark.parametrize(
    ("function", "event", "after_s", "target"),
    [
        ("markDueMany", "BecameDue", 0, DUE),
        ("markOverdueMany", "BecameOverdue", OVERDUE_AFTER_S, OVERDUE),
    ],
)
def test_dates_pass_in_the_second_that_was_agreed(
    house: House, function: str, event: str, after_s: int, target: int
) -> None:
    claim, _ = house.claim()
    when_s = house.receivable(claim)["dueAt"] + after_s
    house.now_s = when_s - 1
    with house.refuses("Settlement", "NotDueYet", fingerprint=claim, notBefore=when_s):
        house.mark(function, claim, by="anyone")
    logs = house.mark(function, claim, by="anyone")
    assert [(one.name, one.values["fingerprint"]) for one in logs] == [(event, claim)]
    assert state(house, claim) == target
    with house.refuses("Registry", "WrongState", fingerprint=claim, state=target):
        house.mark(function, claim, by="anyone")


def test_default_is_declared_on_the_overdue_after_its_period(house: House) -> None:
    claim, _ = house.claim()
    house.pay(claim, 400_000)
    bring_to(house, claim, OVERDUE)
    when_s = house.receivable(claim)["dueAt"] + DEFAULT_AFTER_S
    with house.refuses("Settlement", "NotDueYet", fingerprint=claim, notBefore=when_s):
        house.mark("markDefaultMany", claim)
    house.now_s = when_s
    event = said(house.mark("markDefaultMany", claim), "Settlement", "Defaulted")
    assert event["outstanding"] == 600_000
    assert state(house, claim) == DEFAULTED


def test_states_are_not_skipped_on_the_way_down(house: House) -> None:
    claim, _ = house.claim()
    house.wait(TERM_S + DEFAULT_AFTER_S)
    with house.refuses("Registry", "WrongState", fingerprint=claim, state=ACCEPTED):
        house.mark("markDefaultMany", claim)
    with house.refuses("Registry", "WrongState", fingerprint=claim, state=ACCEPTED):
        house.write_off(claim)
    house.mark("markOverdueMany", claim)
    with house.refuses("Registry", "WrongState", fingerprint=claim, state=OVERDUE):
        house.mark("markDueMany", claim)


def test_the_three_marks_and_payments_say_what_they_did(house: House) -> None:
    claim, _ = house.claim()
    house.wait(TERM_S)
    due = said(house.mark("markDueMany", claim), "Settlement", "BecameDue")
    house.wait(OVERDUE_AFTER_S)
    overdue = said(house.mark("markOverdueMany", claim), "Settlement", "BecameOverdue")
    same = {"fingerprint": claim, "correlationId": CORRELATION}
    assert (due, overdue) == ({**same, "sequence": 1}, {**same, "sequence": 2})


def test_one_payment_settles_and_closes(house: House) -> None:
    claim, root = house.claim()
    payment = b"p" * 32
    logs = house.pay(claim, FACE_FEN, payment=payment)
    paid = payout(house, root, to_holder=FACE_FEN, closed=True)
    assert said(logs, "Settlement", "Paid") == {
        "fingerprint": claim,
        "paymentId": payment,
        "sequence": 1,
        "correlationId": CORRELATION,
        "payer": house.address("core"),
        "amount": FACE_FEN,
        "outstanding": 0,
        "payouts": (paid,),
    }
    assert said(logs, "Settlement", "Redeemed") == {
        "fingerprint": claim,
        "lot": root,
        "sequence": 2,
        "correlationId": CORRELATION,
        "holder": house.address("alpha"),
        "toHolder": FACE_FEN,
        "seller": NOBODY,
        "toSeller": 0,
    }
    assert said(logs, "Settlement", "Settled")["fingerprint"] == claim
    assert house.cash("alpha") == DEPOSIT_FEN + FACE_FEN
    assert house.cash("core") == DEPOSIT_FEN - FACE_FEN
    assert (state(house, claim), house.lot(root)["state"]) == (SETTLED, REDEEMED)
    assert house.view("Settlement", "paymentOf", payment) == claim


def test_odd_fen_go_one_each_to_the_lowest_lots(house: House) -> None:
    claim, root = house.claim(face=10)
    lots = [root, *house.split(root, [3, 3])]
    logs = house.pay(claim, 2)
    shares = {part[0]: part[2] for part in said(logs, "Settlement", "Paid")["payouts"]}
    assert shares == {lots[0]: 1, lots[1]: 1}
    house.pay(claim, 7)
    assert [house.lot(lot)["value"] for lot in lots] == [0, 0, 1]
    assert account(house, claim) == (1, 9, 0)


def test_a_dead_lot_takes_no_share_and_no_odd_fen(house: House) -> None:
    claim, root = house.claim(face=10)
    children = [house.endorse(root, "beta", 5), house.endorse(root, "beta", 5)]
    house.pay(claim, 3)
    assert [house.lot(lot)["value"] for lot in (root, *children)] == [0, 3, 4]
    assert house.cash("beta") == DEPOSIT_FEN + 3


def test_the_bank_is_paid_before_the_sellers_holdback(house: House) -> None:
    claim, root = house.claim()
    house.finance(root)
    before_fen = house.cash("alpha")
    house.pay(claim, CLAIM_FEN - 1)
    assert house.cash("alpha") == before_fen
    logs = house.pay(claim, 2)
    seller, bank = house.address("alpha"), house.address("north")
    assert said(logs, "Settlement", "Paid")["payouts"] == (
        payout(house, root, holder=bank, to_holder=1, seller=seller, to_seller=1, financed=True),
    )
    assert (house.lot(root)["holdback"], house.lot(root)["value"]) == (HOLDBACK_FEN - 1,) * 2
    house.pay(claim, HOLDBACK_FEN - 1)
    assert house.cash("alpha") == before_fen + HOLDBACK_FEN
    assert house.cash("north") == DEPOSIT_FEN - FACE_FEN * 90 // 100 + CLAIM_FEN
    assert usage(house) == {0}


def test_usage_falls_with_each_payment(house: House) -> None:
    claim, root = house.claim()
    house.finance(root)
    house.pay(claim, 250_000)
    assert usage(house) == {FACE_FEN - 250_000}


def test_the_registrar_pays_on_the_debtors_allowance_and_nobody_else(house: House) -> None:
    claim, _ = house.claim()
    for stranger in ("alpha", "north", "retail"):
        with pytest.raises(EvmReverted, match="AccessManagedUnauthorized"):
            house.pay(claim, 1, by=stranger)
    house.pay(claim, 1, by=OPERATOR)
    assert house.cash("core") == DEPOSIT_FEN - 1


def test_repayment_moves_cash_or_does_not_happen(house: House) -> None:
    claim, root = house.claim()
    house.run("core", "DepositToken", "approve", house.at("Settlement"), 10)
    with pytest.raises(EvmReverted, match="ERC20InsufficientAllowance"):
        house.pay(claim, 11)
    assert house.lot(root)["value"] == FACE_FEN
    house.pay(claim, 10)
    assert house.cash("alpha") == DEPOSIT_FEN + 10


def test_a_payment_id_works_once(house: House) -> None:
    (first, _), (second, _) = house.claim("first"), house.claim("second")
    house.pay(first, 5, payment=b"p" * 32)
    for claim in (first, second):
        with house.refuses(
            "Settlement", "DuplicatePayment", paymentId=b"p" * 32, fingerprint=first
        ):
            house.pay(claim, 5, payment=b"p" * 32)
    assert house.cash("core") == DEPOSIT_FEN - 5


def test_one_batch_cannot_use_a_payment_id_twice(house: House) -> None:
    claim, _ = house.claim()
    items = [(claim, 5, b"p" * 32)] * 2
    with house.refuses("Settlement", "DuplicatePayment", paymentId=b"p" * 32, fingerprint=claim):
        house.run("core", "Settlement", "settleMany", items, CORRELATION)
    assert house.cash("core") == DEPOSIT_FEN


def test_overpayment_is_refused(house: House) -> None:
    claim, _ = house.claim()
    house.pay(claim, 999_999)
    with house.refuses("LotLedger", "Overpayment", fingerprint=claim, amount=2, outstanding=1):
        house.pay(claim, 2)
    house.pay(claim, 1)


def test_a_payment_of_nothing_is_refused(house: House) -> None:
    claim, _ = house.claim()
    with house.refuses("Settlement", "ZeroPayment", fingerprint=claim, paymentId=b"p" * 32):
        house.pay(claim, 0, payment=b"p" * 32)


def test_only_accepted_and_unsettled_receivables_are_paid(house: House) -> None:
    claim = house.register()
    with house.refuses("Settlement", "NotPayable", fingerprint=claim, state=REGISTERED):
        house.pay(claim, 1)
    house.accept(claim)
    house.pay(claim, FACE_FEN)
    with house.refuses("Settlement", "NotPayable", fingerprint=claim, state=SETTLED):
        house.pay(claim, 1)


@pytest.mark.parametrize("target", [ACCEPTED, DUE, OVERDUE, DEFAULTED, WRITTEN_OFF])
@pytest.mark.parametrize("trouble", ["none", "disputed", "suspended", "paused"])
def test_late_payment_is_always_possible(house: House, target: int, trouble: str) -> None:
    claim, root = house.claim()
    house.finance(root)
    if trouble == "disputed":
        house.dispute(claim)
    if target != ACCEPTED:
        bring_to(house, claim, target)
    if trouble == "suspended":
        for name in ("core", "alpha", "north"):
            house.suspend(name)
    if trouble == "paused":
        house.run("guardian", "Registry", "pause", CORRELATION)
    house.wait(10 * DEFAULT_AFTER_S)
    before_fen = house.cash("north")
    house.pay(claim, FACE_FEN)
    assert house.cash("north") == before_fen + CLAIM_FEN
    assert state(house, claim) == (WRITTEN_OFF if target == WRITTEN_OFF else SETTLED)
