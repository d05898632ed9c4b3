"""What follows when payment does not: recourse, write-off, recoveries, credit notes."""

import pytest

from system.errors import EvmReverted
from tests.contracts.cast import (
    CORRELATION,
    DEFAULTED,
    DEPOSIT_FEN,
    DUE,
    FACE_FEN,
    FINANCED,
    FREE,
    LOCKED,
    OVERDUE,
    REASON,
    RECOURSED,
    REDEEMED,
    SETTLED,
    WRITTEN_OFF,
)
from tests.contracts.house import House, said
from tests.contracts.steps import CLAIM_FEN, HOLDBACK_FEN, account, bring_to, state, usage


def test_a_write_off_releases_usage_and_keeps_the_claim(house: House) -> None:
    claim, root = house.claim()
    house.finance(house.split(root, [300_000])[0])
    house.pay(claim, 100_000)
    bring_to(house, claim, DEFAULTED)
    event = said(house.write_off(claim), "Settlement", "WrittenOff")
    assert (event["fingerprint"], event["amount"]) == (claim, 900_000)
    assert usage(house) == {0}
    assert account(house, claim) == (900_000, 100_000, 0)


def test_recoveries_count_after_a_write_off_and_settle_nothing(house: House) -> None:
    claim, root = house.claim()
    house.finance(root)
    bring_to(house, claim, WRITTEN_OFF)
    logs = house.pay(claim, 300_000, payment=b"p" * 32)
    assert said(logs, "Settlement", "Recovered") == {
        "fingerprint": claim,
        "paymentId": b"p" * 32,
        "sequence": house.view("Settlement", "sequence"),
        "correlationId": CORRELATION,
        "amount": 300_000,
        "outstanding": 700_000,
    }
    logs = house.pay(claim, 700_000)
    assert "Settled" not in [event.name for event in logs]
    assert (state(house, claim), usage(house)) == (WRITTEN_OFF, {0})


@pytest.mark.parametrize("trouble", ["disputed", "overdue", "defaulted", "written off"])
def test_recourse_puts_the_lot_back_for_the_open_claim(house: House, trouble: str) -> None:
    claim, root = house.claim()
    house.finance(root)
    house.pay(claim, 100_000)
    if trouble == "disputed":
        house.dispute(claim)
    else:
        states = {"overdue": OVERDUE, "defaulted": DEFAULTED, "written off": WRITTEN_OFF}
        bring_to(house, claim, states[trouble])
    alpha_fen, north_fen = house.cash("alpha"), house.cash("north")
    price = CLAIM_FEN - 100_000
    event = said(house.recourse(root), "Settlement", "Recoursed")
    assert (event["bank"], event["seller"], event["price"]) == (
        house.address("north"),
        house.address("alpha"),
        price,
    )
    assert (house.cash("alpha"), house.cash("north")) == (alpha_fen - price, north_fen + price)
    lot = house.lot(root)
    assert (lot["state"], lot["owner"]) == (RECOURSED, house.address("alpha"))
    assert (lot["holdback"], lot["value"]) == (0, 900_000)
    assert usage(house) == {0}
    house.pay(claim, 900_000)
    assert house.cash("alpha") == alpha_fen - price + 900_000


def test_recourse_waits_for_trouble(house: House) -> None:
    claim, root = house.claim()
    house.finance(root)
    with house.refuses("Settlement", "RecourseTooEarly", lot=root, fingerprint=claim):
        house.recourse(root)
    bring_to(house, claim, DUE)
    with house.refuses("Settlement", "RecourseTooEarly", lot=root, fingerprint=claim):
        house.recourse(root)


def test_recourse_needs_to_have_been_agreed(house: House) -> None:
    claim, root = house.claim()
    house.finance(root, recourse=False)
    house.dispute(claim)
    with house.refuses("Settlement", "NoRecourse", lot=root):
        house.recourse(root)


def test_recourse_is_exercised_once_and_on_live_lots_only(house: House) -> None:
    claim, root = house.claim()
    [part] = house.split(root, [300_000])
    house.finance(root)
    house.finance(part)
    house.dispute(claim)
    house.recourse(root)
    with house.refuses("Settlement", "NoRecourse", lot=root):
        house.recourse(root, by="alpha")
    house.pay(claim, FACE_FEN)
    with house.refuses("Settlement", "NoRecourse", lot=part):
        house.recourse(part)


def test_only_the_bank_that_holds_the_lot_has_recourse(house: House) -> None:
    claim, root = house.claim()
    house.finance(root)
    house.dispute(claim)
    values = {"lot": root, "holder": house.address("north")}
    for other in ("south", "alpha", "operator"):
        with house.refuses("Settlement", "NotHolder", **values, caller=house.address(other)):
            house.recourse(root, by=other)


def test_recourse_without_the_sellers_cash_leaves_the_lot_with_the_bank(house: House) -> None:
    claim, root = house.claim()
    house.finance(root)
    house.dispute(claim)
    house.run("alpha", "DepositToken", "approve", house.at("Settlement"), CLAIM_FEN - 1)
    with pytest.raises(EvmReverted, match="ERC20InsufficientAllowance"):
        house.recourse(root)
    assert (house.lot(root)["state"], usage(house)) == (FINANCED, {FACE_FEN})


def test_a_holder_credits_its_own_lots(house: House) -> None:
    claim, root = house.claim()
    [part] = house.split(root, [300_000])
    logs = house.credit(claim, [root, part], [1_000, 2_000], by="alpha")
    assert said(logs[2:], "Settlement", "CreditNoted") == {
        "fingerprint": claim,
        "lot": part,
        "sequence": 2,
        "correlationId": CORRELATION,
        "by": house.address("alpha"),
        "amount": 2_000,
        "reasonHash": REASON,
    }
    assert account(house, claim) == (FACE_FEN - 3_000, 0, 3_000)
    assert house.cash("alpha") == DEPOSIT_FEN


def test_a_receivable_credited_to_nothing_is_settled(house: House) -> None:
    claim, root = house.claim()
    house.pay(claim, 400_000)
    logs = house.credit(claim, [root], [600_000], by="alpha")
    assert said(logs, "Settlement", "Settled")["fingerprint"] == claim
    assert (state(house, claim), house.lot(root)["state"]) == (SETTLED, REDEEMED)


@pytest.mark.parametrize("by", ["core", "operator", "south", "beta"])
def test_nobody_else_credits_a_financed_lot(house: House, by: str) -> None:
    claim, root = house.claim()
    house.finance(root)
    caller, holder = house.address(by), house.address("north")
    with house.refuses("Settlement", "NotHolder", lot=root, caller=caller, holder=holder):
        house.credit(claim, [root], [1], by=by)


def test_the_seller_of_a_financed_lot_credits_only_its_holdback(house: House) -> None:
    claim, root = house.claim()
    house.finance(root)
    with house.refuses(
        "LotLedger", "CutTooLarge", lot=root, amount=HOLDBACK_FEN + 1, available=HOLDBACK_FEN
    ):
        house.credit(claim, [root], [HOLDBACK_FEN + 1], by="alpha")
    house.credit(claim, [root], [HOLDBACK_FEN], by="alpha")
    assert (house.lot(root)["holdback"], house.lot(root)["value"]) == (0, CLAIM_FEN)
    assert usage(house) == {CLAIM_FEN}


def test_the_bank_credits_only_its_own_claim(house: House) -> None:
    claim, root = house.claim()
    house.finance(root)
    with house.refuses(
        "LotLedger", "CutTooLarge", lot=root, amount=CLAIM_FEN + 1, available=CLAIM_FEN
    ):
        house.credit(claim, [root], [CLAIM_FEN + 1], by="north")
    house.credit(claim, [root], [CLAIM_FEN], by="north")
    lot = house.lot(root)
    assert (lot["value"], lot["holdback"]) == (HOLDBACK_FEN, HOLDBACK_FEN)
    house.pay(claim, HOLDBACK_FEN)
    assert house.cash("north") == DEPOSIT_FEN - FACE_FEN * 90 // 100


def test_a_credit_note_of_nothing_is_refused(house: House) -> None:
    claim, root = house.claim()
    with house.refuses("LotLedger", "CutTooLarge", lot=root, amount=0, available=FACE_FEN):
        house.credit(claim, [root], [0], by="alpha")


@pytest.mark.parametrize(("lots", "amounts"), [([], []), ([1], []), ([1], [1, 1])])
def test_a_credit_note_has_one_amount_for_each_lot(
    house: House, lots: list[int], amounts: list[int]
) -> None:
    claim, _ = house.claim()
    with house.refuses("Settlement", "InvalidCreditNote", fingerprint=claim):
        house.credit(claim, lots, amounts, by="alpha")


def test_a_credit_note_cuts_lots_of_its_own_receivable(house: House) -> None:
    (claim, _), (_, other) = house.claim("first"), house.claim("second")
    with house.refuses("LotLedger", "LotOfOther", lot=other, fingerprint=claim):
        house.credit(claim, [other], [1], by="alpha")


def test_a_locked_lot_is_unlocked_before_it_is_credited(house: House) -> None:
    claim, root = house.claim()
    house.lock(root)
    with house.refuses("LotLedger", "WrongLotState", lot=root, state=LOCKED):
        house.credit(claim, [root], [1], by="alpha")
    assert house.lot(root)["state"] == LOCKED != FREE


def test_a_settled_receivable_takes_no_credit_note(house: House) -> None:
    claim, root = house.claim()
    house.pay(claim, FACE_FEN)
    with house.refuses("Settlement", "NotPayable", fingerprint=claim, state=SETTLED):
        house.credit(claim, [root], [1], by="alpha")


def test_a_credit_after_a_write_off_neither_releases_nor_settles(house: House) -> None:
    claim, root = house.claim()
    house.finance(root)
    bring_to(house, claim, WRITTEN_OFF)
    house.credit(claim, [root], [CLAIM_FEN], by="north")
    house.credit(claim, [root], [HOLDBACK_FEN], by="alpha")
    assert (state(house, claim), usage(house)) == (WRITTEN_OFF, {0})
    assert account(house, claim) == (0, 0, FACE_FEN)
