from dataclasses import replace

import pytest

from system.errors import CheckFailed, DuplicateRow, InputError
from system.ledger.records import ACCOUNTS, TRANSFERS, Account, TransferRequest
from system.ledger.rules import Refusal
from system.limits import AMOUNT_FEN_MAX, BALANCE_FEN_MAX
from tests.system.ledgers import NOW_S, Desk, funded_desk, pay, resolve


def statuses(desk: Desk, *requests: TransferRequest, now_s: int = NOW_S) -> list[str]:
    return [o.refusal or o.status for o in desk.post(*requests, now_s=now_s)]


def test_a_posting_moves_money_from_debit_to_credit() -> None:
    desk = funded_desk()
    assert statuses(desk, pay("p")) == ["done"]
    assert desk.balances_fen("vault", "ann", "bob") == [1_000, 900, 100]


def test_requests_of_one_batch_see_those_before_them() -> None:
    desk = funded_desk()
    back = pay("back", 150, debit_account_id="bob", credit_account_id="ann")
    assert statuses(desk, back, pay("p", 150), replace(back, transfer_id="again")) == [
        Refusal.DEBIT_ACCOUNT_SHORT,
        "done",
        "done",
    ]


def test_a_repeated_request_exists_and_moves_nothing_even_within_a_batch() -> None:
    desk = funded_desk()
    assert statuses(desk, pay("p"), pay("p")) == ["done", "exists"]
    assert statuses(desk, pay("p"), now_s=NOW_S + 99) == ["exists"]
    assert desk.balances_fen("bob") == [100]


def test_held_money_cannot_be_spent_and_is_not_yet_the_receivers() -> None:
    desk = funded_desk()
    assert statuses(desk, pay("h", 800, kind="hold")) == ["done"]
    assert statuses(desk, pay("p", 201)) == [Refusal.DEBIT_ACCOUNT_SHORT]
    assert desk.account("ann").available_fen == 200
    assert desk.balances_fen("ann", "bob") == [1_000, 0]


def test_a_hold_is_posted_whole_or_in_part_and_the_rest_is_free_again() -> None:
    desk = funded_desk()
    desk.post(pay("h", 800, kind="hold"), pay("g", 100, kind="hold"))
    assert statuses(desk, resolve("x", "post_hold", "h"), resolve("y", "post_hold", "g", 30)) == [
        "done",
        "done",
    ]
    assert desk.balances_fen("ann", "bob") == [170, 830]
    assert desk.account("ann").available_fen == 170
    assert statuses(desk, resolve("x", "post_hold", "h"), resolve("y", "post_hold", "g", 30)) == [
        "exists",
        "exists",
    ]
    assert statuses(desk, resolve("y", "post_hold", "g")) == [Refusal.ID_TAKEN]


def test_a_hold_can_be_opened_and_closed_in_one_batch() -> None:
    desk = funded_desk()
    batch = [pay("h", 800, kind="hold"), resolve("v", "void_hold", "h"), pay("p", 1_000)]
    assert statuses(desk, *batch) == ["done"] * 3
    assert statuses(desk, *batch) == ["exists"] * 3


def test_a_hold_expires_at_its_time_and_one_without_expiry_waits() -> None:
    desk = funded_desk()
    desk.post(pay("h", kind="hold", expires_at_s=NOW_S + 10), pay("g", kind="hold"))
    assert desk.expire(NOW_S + 9) == []
    late = resolve("x", "post_hold", "h")
    assert statuses(desk, late, now_s=NOW_S + 10) == [Refusal.HOLD_EXPIRED]
    assert desk.expire(NOW_S + 10) == ["h"]
    assert desk.expire(NOW_S + 10) == []
    assert desk.account("ann").available_fen == 900
    assert statuses(desk, late, now_s=NOW_S + 11) == [Refusal.HOLD_EXPIRED]


def test_a_reversal_takes_back_a_posting_once() -> None:
    desk = funded_desk()
    desk.post(pay("p"), pay("h", kind="hold"), resolve("x", "post_hold", "h"))
    assert statuses(desk, resolve("r", "reverse", "p"), resolve("s", "reverse", "x")) == [
        "done",
        "done",
    ]
    assert desk.balances_fen("ann", "bob") == [1_000, 0]
    assert statuses(desk, resolve("r", "reverse", "p"), resolve("r2", "reverse", "p")) == [
        "exists",
        Refusal.ALREADY_REVERSED,
    ]


def test_a_group_stands_or_falls_together() -> None:
    desk = funded_desk()
    group = [
        pay("a", 600, group_id="g"),
        pay("b", 600, group_id="g"),
        pay("c", 100, group_id="g"),
    ]
    assert statuses(desk, *group, pay("d", 1_000)) == [
        Refusal.GROUP_FAILED,
        Refusal.DEBIT_ACCOUNT_SHORT,
        Refusal.GROUP_FAILED,
        "done",
    ]
    assert desk.balances_fen("ann", "bob") == [0, 1_000]


def test_a_failed_group_reopens_the_holds_and_reversals_that_it_had_closed() -> None:
    desk = funded_desk()
    desk.post(pay("h", kind="hold"), pay("p"))
    bad = pay("bad", 0, group_id="g")
    group = [
        resolve("x", "void_hold", "h", group_id="g"),
        resolve("r", "reverse", "p", group_id="g"),
        pay("n", kind="hold", group_id="g"),
    ]
    assert statuses(desk, *group, bad)[-1] == Refusal.AMOUNT_OUT_OF_RANGE
    assert statuses(desk, *group) == ["done"] * 3


def test_an_overdraft_is_a_floor_below_zero_and_a_debit_account_has_its_floor_too() -> None:
    desk = funded_desk()
    desk.open(Account("card", "bob", "credit", -50), Account("loan", "bob", "debit"))
    spend = pay("s", 51, debit_account_id="card")
    assert statuses(desk, spend, replace(spend, transfer_id="t", amount_fen=50)) == [
        Refusal.DEBIT_ACCOUNT_SHORT,
        "done",
    ]
    repay = pay("r", 1, credit_account_id="loan")
    assert statuses(desk, repay) == [Refusal.CREDIT_ACCOUNT_SHORT]


REFUSED = {
    Refusal.RESERVED: pay("expiry:x"),
    Refusal.ID_TAKEN: pay("fund"),
    Refusal.EXPIRY_NOT_EXPECTED: pay("x", expires_at_s=NOW_S + 1),
    Refusal.TARGET_NOT_EXPECTED: pay("x", refers_to="fund"),
    Refusal.AMOUNT_OUT_OF_RANGE: pay("x", AMOUNT_FEN_MAX + 1),
    Refusal.EXPIRY_NOT_AHEAD: pay("x", kind="hold", expires_at_s=NOW_S),
    Refusal.ACCOUNTS_EQUAL: pay("x", credit_account_id="ann"),
    Refusal.DEBIT_ACCOUNT_UNKNOWN: pay("x", debit_account_id="nobody"),
    Refusal.CREDIT_ACCOUNT_UNKNOWN: pay("x", credit_account_id="nobody"),
    Refusal.CURRENCIES_DIFFER: pay("x", credit_account_id="dollars"),
    Refusal.ACCOUNTS_NOT_EXPECTED: pay("x", kind="void_hold", refers_to="held"),
    Refusal.TARGET_UNKNOWN: resolve("x", "post_hold", None),
    Refusal.TARGET_OF_OTHER_KIND: resolve("x", "reverse", "held"),
    Refusal.HOLD_POSTED: resolve("x", "void_hold", "posted"),
    Refusal.HOLD_VOIDED: resolve("x", "post_hold", "voided"),
    Refusal.HOLD_EXPIRED: resolve("x", "post_hold", "expired"),
    Refusal.ALREADY_REVERSED: resolve("x", "reverse", "fixed"),
    Refusal.AMOUNT_DIFFERS: resolve("x", "post_hold", "held", 11),
    Refusal.COUNTER_FULL: pay("x", debit_account_id="vault", credit_account_id="full"),
    Refusal.DEBIT_ACCOUNT_SHORT: pay("x", 1_001),
    Refusal.CREDIT_ACCOUNT_SHORT: pay("x", credit_account_id="loan"),
    Refusal.GROUP_FAILED: pay("x", group_id="g"),
}


def eventful_desk() -> Desk:
    """A ledger on which every refusal can happen."""
    desk = funded_desk()
    desk.open(Account("loan", "bob", "debit"))
    for name in ("held", "posted", "voided"):
        desk.post(pay(name, 10, kind="hold"))
    desk.post(pay("expired", 10, kind="hold", expires_at_s=NOW_S), now_s=NOW_S - 9)
    desk.expire(NOW_S)
    desk.post(resolve("x1", "post_hold", "posted"), resolve("x2", "void_hold", "voided"))
    desk.post(pay("fixed", 10), resolve("x3", "reverse", "fixed"))
    row = Account("full", "bob", "credit", None, credits_posted_fen=BALANCE_FEN_MAX)
    with desk.store.transaction() as unit:
        unit.insert(ACCOUNTS, [row])
    return desk


@pytest.mark.parametrize("refusal", list(Refusal))
def test_each_refusal_is_reached_and_moves_nothing(refusal: Refusal) -> None:
    desk = eventful_desk()
    before = [desk.account(a) for a in ("vault", "ann", "bob", "loan", "full", "dollars")]
    others = [pay("y", 0, group_id="g")] if refusal is Refusal.GROUP_FAILED else []
    assert statuses(desk, REFUSED[refusal], *others)[0] == refusal
    assert before == [desk.account(a) for a in ("vault", "ann", "bob", "loan", "full", "dollars")]


def test_refusals_come_in_precedence_order() -> None:
    wrong_in_all = pay("x", 0, expires_at_s=1, refers_to="y", credit_account_id="ann")
    desk = eventful_desk()
    assert statuses(desk, wrong_in_all) == [Refusal.EXPIRY_NOT_EXPECTED]
    assert statuses(desk, replace(wrong_in_all, kind="hold")) == [Refusal.TARGET_NOT_EXPECTED]
    assert statuses(desk, replace(wrong_in_all, kind="hold", refers_to=None)) == [
        Refusal.AMOUNT_OUT_OF_RANGE
    ]
    assert statuses(desk, replace(wrong_in_all, transfer_id="fund")) == [Refusal.ID_TAKEN]


def test_an_account_opens_empty_and_once() -> None:
    desk = funded_desk()
    with pytest.raises(InputError, match="zero counters"):
        desk.open(Account("x", "x", "credit", credits_posted_fen=5))
    with pytest.raises(InputError, match="floor_fen"):
        desk.open(Account("x", "x", "credit", 1))
    with pytest.raises(DuplicateRow):
        desk.open(Account("ann", "x", "credit"))


def test_the_store_itself_guards_floors_and_the_past() -> None:
    desk = funded_desk()
    with desk.store.transaction() as unit:
        with pytest.raises(CheckFailed, match="floor_fen"):
            unit.replace(ACCOUNTS, [replace(desk_row, available_fen=-1) for desk_row in _ann(unit)])
        with pytest.raises(CheckFailed, match="append only"):
            unit.replace(TRANSFERS, unit.scan(TRANSFERS))
        (posted,) = unit.scan(TRANSFERS)
        unit.insert(TRANSFERS, [replace(posted, transfer_id="r1", refers_to="fund")])
        with pytest.raises(DuplicateRow):
            unit.insert(TRANSFERS, [replace(posted, transfer_id="r2", refers_to="fund")])


def _ann(unit: object) -> list[Account]:
    rows = unit.get(ACCOUNTS, [("ann",)])  # type: ignore[attr-defined]
    return [row for row in rows if row is not None]


def test_two_reversals_of_one_posting_in_one_batch_take_it_back_once() -> None:
    desk = funded_desk()
    reversals = [resolve("r1", "reverse", "p"), resolve("r2", "reverse", "p")]
    assert statuses(desk, pay("p"), *reversals) == ["done", "done", Refusal.ALREADY_REVERSED]
    assert desk.balances_fen("ann", "bob") == [1_000, 0]
