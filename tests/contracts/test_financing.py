"""Financing: quotes, verdicts, locks, linked limits, and cash against lot."""

from dataclasses import replace
from typing import Any

import pytest

from system.chain.wallets import OPERATOR
from system.errors import EvmReverted
from tests.contracts.cast import (
    BANK,
    CORRELATION,
    DAY_S,
    DEBTOR,
    DEPOSIT_FEN,
    FACE_FEN,
    FINANCED,
    FREE,
    GROUP,
    GROUP_LINE,
    LOCK_S_MAX,
    LOCKED,
    NOBODY,
    REDEEMED,
    SUPPLIER,
    TERM_S,
)
from tests.contracts.house import House, said


def used(house: House) -> list[int]:
    """Usage of debtor, supplier, bank and the debtor's group."""
    lines = [(DEBTOR, "core"), (SUPPLIER, "alpha"), (BANK, "north")]
    return [house.used(kind, house.party(name)) for kind, name in lines] + [
        house.used(GROUP_LINE, GROUP)
    ]


def test_cash_and_lot_change_hands_in_one_transaction(house: House) -> None:
    claim, root = house.claim()
    quote = house.quote(root)
    logs = house.disburse(*house.disbursement(quote))
    assert said(logs, "FinancingDesk", "Disbursed") == {
        "fingerprint": claim,
        "lot": root,
        "sequence": house.view("FinancingDesk", "sequence"),
        "correlationId": CORRELATION,
        "bank": house.address("north"),
        "supplier": house.address("alpha"),
        "advance": quote.advance_fen,
        "discount": quote.discount_fen,
        "holdback": quote.holdback_fen,
        "recourse": True,
    }
    assert house.cash("alpha") == DEPOSIT_FEN + quote.advance_fen
    assert house.cash("north") == DEPOSIT_FEN - quote.advance_fen
    lot = house.lot(root)
    assert (lot["owner"], lot["seller"]) == (house.address("north"), house.address("alpha"))
    assert (lot["state"], lot["value"]) == (FINANCED, FACE_FEN)
    assert (lot["holdback"], lot["recourse"]) == (quote.holdback_fen, True)
    assert used(house) == [FACE_FEN] * 4


def test_a_part_is_financed_by_splitting_it_off(house: House) -> None:
    _, root = house.claim()
    [part] = house.split(root, [300_000])
    house.finance(part)
    assert house.lot(root)["owner"] == house.address("alpha")
    assert used(house) == [300_000] * 4


def test_many_lots_are_financed_in_one_transaction_or_none(house: House) -> None:
    _, root = house.claim()
    lots = [root, *house.split(root, [100_000, 200_000])]
    items = [house.disbursement(house.quote(lot)) for lot in lots]
    bad = house.disbursement(house.quote(lots[2], expires_at_s=1))
    with house.refuses("FinancingDesk", "QuoteExpired", lot=lots[2], expiresAt=1):
        many = [*items[:2], bad]
        house.run("alpha", "FinancingDesk", "disburseMany", many, CORRELATION)
    assert used(house) == [0] * 4
    house.run("alpha", "FinancingDesk", "disburseMany", items, CORRELATION)
    assert used(house) == [FACE_FEN] * 4


def test_a_lot_does_not_move_when_the_cash_does_not(house: House) -> None:
    _, root = house.claim()
    house.run("north", "DepositToken", "approve", house.at("FinancingDesk"), 1)
    with pytest.raises(EvmReverted, match="ERC20InsufficientAllowance"):
        house.finance(root)
    assert (house.lot(root)["state"], used(house)) == (FREE, [0] * 4)


def test_a_quote_works_until_it_expires(house: House) -> None:
    _, root = house.claim()
    expires_s = house.now_s + 10
    parts = house.disbursement(house.quote(root, expires_at_s=expires_s))
    house.now_s = expires_s + 1
    with house.refuses("FinancingDesk", "QuoteExpired", lot=root, expiresAt=expires_s):
        house.disburse(*parts)
    house.finance(root, expires_at_s=house.now_s)


@pytest.mark.parametrize("signer", ["south", "alpha", "operator", "risk-signer"])
def test_only_the_banks_own_signature_binds_it(house: House, signer: str) -> None:
    _, root = house.claim()
    parts = house.disbursement(house.quote(root), bank=signer)
    with house.refuses(
        "FinancingDesk", "InvalidQuoteSignature", lot=root, bank=house.address("north")
    ):
        house.disburse(*parts)


def test_a_changed_quote_binds_nobody(house: House) -> None:
    _, root = house.claim()
    quote = house.quote(root)
    signature = house.disbursement(quote)[1]
    more = replace(quote, advance_fen=quote.advance_fen + 1, discount_fen=quote.discount_fen - 1)
    parts = house.disbursement(more)
    with house.refuses(
        "FinancingDesk", "InvalidQuoteSignature", lot=root, bank=house.address("north")
    ):
        house.disburse(parts[0], signature, *parts[2:])


def test_a_quote_for_the_zero_bank_binds_nobody(house: House) -> None:
    _, root = house.claim()
    parts = house.disbursement(house.quote(root))
    unset = (parts[0][0], NOBODY, *parts[0][2:])
    with house.refuses("FinancingDesk", "InvalidQuoteSignature", lot=root, bank=NOBODY):
        house.disburse(unset, b"\0" * 65, *parts[2:])


def test_a_quote_is_used_by_the_holder_that_it_names(house: House) -> None:
    _, root = house.claim()
    parts = house.disbursement(house.quote(root))
    alpha, beta = house.address("alpha"), house.address("beta")
    with house.refuses("FinancingDesk", "QuoteNotForHolder", lot=root, supplier=alpha, holder=beta):
        house.disburse(*parts, by="beta")
    stolen = house.disbursement(house.quote(root, supplier=beta))
    with house.refuses("LotLedger", "NotHolder", lot=root, caller=beta, holder=alpha):
        house.disburse(*stolen, by="beta")


def test_a_quote_is_used_once(house: House) -> None:
    """Nonces are the bank's: a second quote under the same one is refused for another lot too."""
    _, root = house.claim()
    [part] = house.split(root, [300_000])
    house.finance(part, nonce=3)
    with house.refuses("FinancingDesk", "NonceUsed", signer=house.address("north"), nonce=3):
        house.finance(root, nonce=3)
    assert house.view("FinancingDesk", "isNonceUsed", house.address("north"), 3)


def test_a_bank_takes_back_a_quote_by_its_nonce(house: House) -> None:
    _, root = house.claim()
    logs = house.run("north", "FinancingDesk", "cancelNonce", 4, CORRELATION)
    assert said(logs, "FinancingDesk", "NonceCancelled")["nonce"] == 4
    with house.refuses("FinancingDesk", "NonceUsed", signer=house.address("north"), nonce=4):
        house.finance(root, nonce=4)


def test_advance_discount_and_holdback_make_up_the_value(house: House) -> None:
    _, root = house.claim()
    for change in (-1, 1):
        with house.refuses(
            "LotLedger", "ValueMismatch", lot=root, quoted=FACE_FEN + change, value=FACE_FEN
        ):
            house.finance(root, advance_fen=FACE_FEN * 90 // 100 + change)


def test_a_quote_without_an_advance_is_refused(house: House) -> None:
    _, root = house.claim()
    with house.refuses("FinancingDesk", "NoAdvance", lot=root):
        house.finance(root, advance_fen=0, holdback_fen=FACE_FEN * 98 // 100)


def test_a_lot_is_financed_once(house: House) -> None:
    _, root = house.claim()
    other = house.disbursement(house.quote(root, "south"), bank="south")
    house.finance(root)
    north, alpha = house.address("north"), house.address("alpha")
    with house.refuses("LotLedger", "NotHolder", lot=root, caller=alpha, holder=north):
        house.disburse(*other)


def test_a_lot_that_came_back_by_recourse_is_never_financed_again(house: House) -> None:
    claim, root = house.claim()
    house.finance(root)
    house.dispute(claim)
    house.recourse(root)
    house.resolve(claim)
    with house.refuses("LotLedger", "WrongLotState", lot=root, state=5):
        house.finance(root)


@pytest.mark.parametrize("risk", ["operator", "north", "alpha"])
def test_only_a_risk_signer_clears_a_lot(house: House, risk: str) -> None:
    _, root = house.claim()
    parts = house.disbursement(house.quote(root), risk=risk)
    with house.refuses("FinancingDesk", "InvalidVerdict", lot=root, signer=house.address(risk)):
        house.disburse(*parts)


def test_a_verdict_without_a_signature_clears_nothing(house: House) -> None:
    _, root = house.claim()
    parts = house.disbursement(house.quote(root))
    with house.refuses("FinancingDesk", "InvalidVerdict", lot=root, signer=NOBODY):
        house.disburse(*parts[:3], b"\0" * 65)


@pytest.mark.parametrize("changes", [{"clear": False}, {"lot": 99}, {"fingerprint": b"\1" * 32}])
def test_a_verdict_must_be_clear_and_about_this_lot(house: House, changes: dict[str, Any]) -> None:
    claim, root = house.claim()
    verdict = replace(house.verdict(root), **changes)
    parts = house.disbursement(house.quote(root), verdict)
    with house.refuses("FinancingDesk", "VerdictNotClear", lot=root, fingerprint=claim):
        house.disburse(*parts)
    assert house.lot(root)["state"] == FREE


def test_a_verdict_works_until_it_expires(house: House) -> None:
    _, root = house.claim()
    verdict = house.verdict(root, expires_at_s=house.now_s + 10)
    parts = house.disbursement(house.quote(root), verdict)
    house.now_s = verdict.expires_at_s + 1
    with house.refuses("FinancingDesk", "VerdictExpired", lot=root, expiresAt=verdict.expires_at_s):
        house.disburse(*parts)
    house.disburse(*house.disbursement(house.quote(root), house.verdict(root)))


@pytest.mark.parametrize("line", ["debtor", "supplier", "bank", "group"])
def test_no_linked_limit_is_passed_by_a_fen(house: House, line: str) -> None:
    kind, party = {
        "debtor": (DEBTOR, house.party("core")),
        "supplier": (SUPPLIER, house.party("alpha")),
        "bank": (BANK, house.party("north")),
        "group": (GROUP_LINE, GROUP),
    }[line]
    _, root = house.claim()
    [part] = house.split(root, [400_000])
    house.finance(part)
    house.limit(kind, party, FACE_FEN - 1)
    values = {"kind": kind, "party": party, "limit": FACE_FEN - 1, "used": 400_000}
    with house.refuses("FinancingDesk", "LimitExceeded", **values, asked=600_000):
        house.finance(root)
    assert used(house) == [400_000] * 4
    house.limit(kind, party, FACE_FEN)
    house.finance(root)
    assert used(house) == [FACE_FEN] * 4


def test_the_group_of_two_debtors_has_one_limit(house: House) -> None:
    (_, first), (_, second) = house.claim("a"), _claim_of_retail(house)
    house.limit(GROUP_LINE, GROUP, 2 * FACE_FEN - 1)
    house.finance(first)
    with house.refuses(
        "FinancingDesk",
        "LimitExceeded",
        kind=GROUP_LINE,
        party=GROUP,
        limit=2 * FACE_FEN - 1,
        used=FACE_FEN,
        asked=FACE_FEN,
    ):
        house.finance(second)


def _claim_of_retail(house: House) -> tuple[bytes, int]:
    claim = house.register("b", debtor=house.address("retail"))
    return claim, said(house.accept(claim, signer="retail"), "Registry", "Accepted")["lot"]


def test_a_changed_limit_says_what_it_was(house: House) -> None:
    logs = house.limit(BANK, house.party("north"), 5)
    event = said(logs, "FinancingDesk", "LimitChanged")
    assert (event["before"], event["amount"]) == (DEPOSIT_FEN, 5)
    assert house.view("FinancingDesk", "lineOf", BANK, house.party("north")) == (5, 0)


@pytest.mark.parametrize("kind", [0, 3, 16])
def test_a_limit_of_an_unknown_kind_is_refused(house: House, kind: int) -> None:
    with house.refuses("FinancingDesk", "InvalidLimitKind", kind=kind):
        house.limit(kind, house.party("north"), 5)


@pytest.mark.parametrize(("name", "role"), [("core", DEBTOR), ("alpha", SUPPLIER), ("north", BANK)])
def test_all_three_parties_are_active_when_cash_moves(house: House, name: str, role: int) -> None:
    _, root = house.claim()
    house.suspend(name)
    with house.refuses(
        "FinancingDesk", "ParticipantInactive", account=house.address(name), role=role
    ):
        house.finance(root)
    assert house.lot(root)["state"] == FREE


def test_nothing_is_financed_on_a_disputed_or_due_receivable(house: House) -> None:
    claim, root = house.claim()
    due_s = house.receivable(claim)["dueAt"]
    values = {"fingerprint": claim, "state": 2, "dueAt": due_s}
    house.dispute(claim)
    with house.refuses("Registry", "NotMovable", **values, disputed=True):
        house.finance(root)
    with house.refuses("Registry", "NotMovable", **values, disputed=True):
        house.lock(root)
    house.resolve(claim)
    house.wait(TERM_S)
    with house.refuses("Registry", "NotMovable", **values, disputed=False):
        house.finance(root)


def test_a_lock_reserves_a_lot_for_one_bank(house: House) -> None:
    claim, root = house.claim()
    until_s = house.now_s + DAY_S
    logs = house.lock(root)
    assert said(logs, "FinancingDesk", "Locked") == {
        "fingerprint": claim,
        "lot": root,
        "sequence": house.view("FinancingDesk", "sequence"),
        "correlationId": CORRELATION,
        "holder": house.address("alpha"),
        "bank": house.address("north"),
        "until": until_s,
    }
    assert house.view("FinancingDesk", "lockOf", root) == (house.address("north"), until_s)
    with house.refuses("LotLedger", "WrongLotState", lot=root, state=LOCKED):
        house.split(root, [1])
    with house.refuses("LotLedger", "WrongLotState", lot=root, state=LOCKED):
        house.lock(root, "south")
    with house.refuses("FinancingDesk", "LockedForOther", lot=root, bank=house.address("north")):
        house.finance(root, bank="south")
    house.finance(root)
    assert house.view("FinancingDesk", "lockOf", root) == (NOBODY, 0)


def test_a_lock_ends_by_the_bank_or_by_time(house: House) -> None:
    _claim, root = house.claim()
    house.lock(root)
    _, until_s = house.view("FinancingDesk", "lockOf", root)
    alpha = house.address("alpha")
    with house.refuses("FinancingDesk", "NotUnlockable", lot=root, caller=alpha, until=until_s):
        house.run("alpha", "FinancingDesk", "unlock", root, CORRELATION)
    logs = house.run("north", "FinancingDesk", "unlock", root, CORRELATION)
    assert said(logs, "FinancingDesk", "Unlocked")["by"] == house.address("north")
    assert house.lot(root)["state"] == FREE
    house.lock(root, "south")
    _, until_s = house.view("FinancingDesk", "lockOf", root)
    house.now_s = until_s + 1
    house.run("anyone", "FinancingDesk", "unlock", root, CORRELATION)
    assert house.lot(root)["state"] == FREE


def test_only_a_locked_lot_is_unlocked(house: House) -> None:
    claim, root = house.claim()
    with house.refuses("LotLedger", "WrongLotState", lot=root, state=FREE):
        house.run("anyone", "FinancingDesk", "unlock", root, CORRELATION)
    house.lock(root)
    house.pay(claim, FACE_FEN)
    with house.refuses("LotLedger", "WrongLotState", lot=root, state=REDEEMED):
        house.run("north", "FinancingDesk", "unlock", root, CORRELATION)


@pytest.mark.parametrize("wait_s", [0, LOCK_S_MAX + 1])
def test_a_lock_has_a_sensible_end(house: House, wait_s: int) -> None:
    _, root = house.claim()
    until_s = house.now_s + wait_s
    with house.refuses("FinancingDesk", "InvalidLock", lot=root, until=until_s):
        house.run(
            "alpha", "FinancingDesk", "lock", root, house.address("north"), until_s, CORRELATION
        )


def test_a_lot_is_locked_for_active_banks_only(house: House) -> None:
    _, root = house.claim()
    beta = house.address("beta")
    with house.refuses("FinancingDesk", "ParticipantInactive", account=beta, role=BANK):
        house.lock(root, "beta")


def test_an_unset_limit_refuses_everything(house: House) -> None:
    house.enrol(["third"], BANK)
    _, root = house.claim()
    house.run(
        OPERATOR, "DepositToken", "mintMany", [(house.address("third"), FACE_FEN)], CORRELATION
    )
    house.approve("third", FACE_FEN)
    with house.refuses(
        "FinancingDesk",
        "LimitExceeded",
        kind=BANK,
        party=house.party("third"),
        limit=0,
        used=0,
        asked=FACE_FEN,
    ):
        house.finance(root, bank="third")
