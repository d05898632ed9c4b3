"""The auditor holds bank, chain and rail against each other: every planted difference is found."""

from dataclasses import replace

import pytest

from sim.checks.auditor import HELD
from sim.checks.cash import CONSERVED, ONCE
from sim.checks.chain_log import Entry
from sim.checks.rail import (
    COMPLETES,
    Credit,
    UnderWay,
    audit_delays,
    audit_rail,
    audit_receipts,
    burned,
)
from system.ledger.records import TransferRequest

TRANSIT, CLEARING = "in-transit", "clearing"
ACCOUNTS = {"6222-1": "s-1", "6222-2": "s-2"}
CREDITS = [Credit("P1", "6222-1", 100), Credit("P2", "6222-2", 50)]
BURNED = {"s-1": 100, "s-2": 50}


def handed(payment_id: str, fen: int) -> TransferRequest:
    return TransferRequest(f"{payment_id}/sent", CLEARING, TRANSIT, fen)


def arrived(payment_id: str, fen: int) -> TransferRequest:
    return TransferRequest(f"{payment_id}/paid", TRANSIT, CLEARING, fen)


SENT = [handed("P1", 100), handed("P2", 50)]
BOOKS = [*SENT, arrived("P1", 100), arrived("P2", 50)]


def audited(
    books: list[TransferRequest] = BOOKS,
    credited: list[Credit] = CREDITS,
    burned_fen: dict[str, int] = BURNED,
    at_rest: bool = True,
) -> dict[str, str]:
    return audit_rail(books, TRANSIT, credited, burned_fen, ACCOUNTS, at_rest=at_rest)


def test_what_left_and_arrived_once_is_held() -> None:
    assert audited() == {CONSERVED: HELD, ONCE: HELD}


def test_what_is_under_way_is_no_breach_until_nothing_may_be() -> None:
    assert set(audited(SENT, CREDITS[:1], at_rest=False).values()) == {HELD}
    assert "P2: 50 fen left" in audited(SENT, CREDITS[:1])[CONSERVED]


def test_a_payment_under_a_second_name_is_found_by_its_name_and_by_its_account() -> None:
    again = [*CREDITS, Credit("X1", "6222-1", 100)]
    assert "payment X1: the rail has paid 100 fen of 0" in audited(credited=again)[ONCE]
    covered = [*BOOKS, handed("X1", 100), arrived("X1", 100)]
    assert "s-1: the rail has paid 200 fen of 100 burned" in audited(covered, again)[ONCE]


def test_money_in_a_strangers_account_is_found() -> None:
    astray = [replace(CREDITS[0], account="6222-9"), CREDITS[1]]
    assert "6222-9" in audited(credited=astray)[ONCE]


def test_a_payment_that_the_books_call_arrived_and_the_rail_does_not_know_is_found() -> None:
    found = audited(credited=CREDITS[:1], at_rest=False)
    assert "P2: 50 fen booked as paid, the rail has paid 0" in found[CONSERVED]


def test_a_payment_of_which_the_books_never_hear_is_found() -> None:
    assert "P2: the rail has paid 50 fen, and the books" in audited(BOOKS[:-1])[CONSERVED]


def test_a_deposit_that_was_burned_and_never_handed_over_is_found() -> None:
    found = audited(burned_fen={"s-1": 100, "s-2": 51})
    assert "151 fen burned, 150 handed" in found[CONSERVED]


@pytest.mark.parametrize("kind", ["hold", "void_hold"])
def test_what_is_only_held_has_not_moved(kind: str) -> None:
    held = replace(handed("P3", 7), kind=kind)
    assert set(audited([*BOOKS, held]).values()) == {HELD}


def test_a_supplier_may_use_what_the_rail_has_brought_and_no_more() -> None:
    assert audit_receipts({"s-1": 100}, CREDITS, ACCOUNTS) == {CONSERVED: HELD}
    assert "s-1: 101 fen" in audit_receipts({"s-1": 101}, CREDITS, ACCOUNTS)[CONSERVED]


def test_a_payment_may_take_a_while_after_the_last_fault_and_no_longer() -> None:
    waiting = [UnderWay("P1", 1_000)]
    assert audit_delays(waiting, 1_600, 0, 600) == {COMPLETES: HELD}
    assert audit_delays(waiting, 2_600, 2_000, 600) == {COMPLETES: HELD}
    assert "601 s" in audit_delays(waiting, 2_601, 2_000, 600)[COMPLETES]


def test_only_tokens_that_go_to_nobody_are_burned() -> None:
    token, owner, other = "0x" + "1" * 40, 0xA, 0xB
    party_of = {f"0x{owner:040x}": "s-1", f"0x{other:040x}": "s-2"}
    log = [
        Entry("Transfer", token, b"", (0, owner), (100,)),
        Entry("Transfer", token, b"", (owner, other), (40,)),
        Entry("Transfer", token, b"", (owner, 0), (30,)),
        Entry("Transfer", token, b"", (other, 0), (20,)),
        Entry("Transfer", token, b"", (owner, 0), (5,)),
        Entry("Transfer", "0x" + "2" * 40, b"", (owner, 0), (1,)),
    ]
    assert burned(log, token, party_of) == {"s-1": 35, "s-2": 20}
