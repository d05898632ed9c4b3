"""Money that leaves over the payment rail, seen and steered over HTTP."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from system.adapters.rail_embedded import EmbeddedRail, RailTerms
from system.api import rail, start
from system.api.services import Services
from system.chain.cash import CLEARING, IN_TRANSIT, deposit
from system.ledger.records import ACCOUNTS
from system.payments import desk, intake
from system.payments.instructions import read_initiation
from system.payments.records import MESSAGES, PAYMENTS
from system.payments.reports import (
    Entry,
    Notification,
    StatusLine,
    StatusReport,
    write_notification,
    write_status,
)
from tests.system.api.test_leasing_api import leased
from tests.system.api.test_receivables_api import ASK, accepted
from tests.system.api.town import Town

XML = {"Content-Type": "application/xml"}


def financed(town: Town) -> int:
    """An advance is in the supplier's deposit; how much."""
    _, lot = accepted(town)
    request = town.post(f"/lots/{lot}/financing-requests", ASK, "supplier-erp").json()["reference"]
    town.step()
    take = {"supplier_id": "supplier-1"}
    town.post(f"/financing-requests/{request}/acceptance", take, "supplier-erp")
    town.step()
    town.step()
    shown = town.get(f"/financing-requests/{request}", "supplier-erp").json()
    assert shown["state"] == "disbursed"
    return int(shown["advance_fen"])


def test_between_the_pieces_of_a_turn_requests_come_and_services_are_made_anew(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = 0

    def interrupted() -> None:
        nonlocal pieces
        for _ in town.process._chain_pieces():
            pieces += 1
            assert town.get("/health", "teller").status_code == 200
            town.process._forget()

    monkeypatch.setattr(town.process, "advance_chain", interrupted)
    town.name_account("supplier-1")
    advance_fen = financed(town)
    [paid] = payments(town)
    assert (paid["state"], paid["amount_fen"]) == ("settled", advance_fen)
    # One after sending, and one after each block.
    assert pieces > 6


def payments(town: Town, client: str = "supplier-erp", query: str = "") -> list[Any]:
    answer = town.get(f"/payments{query}", client)
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["payments"]
    return found


def balance(town: Town, account: str) -> int:
    with town.process.gateway.services.unit() as unit:
        [row] = unit.get(ACCOUNTS, [(account,)])
    assert row is not None
    return row.balance_fen


def tell(town: Town, raw: bytes, client: str = "rail") -> Any:
    return town.send("POST", "/payment-messages", content=raw, headers=town.headers(client) | XML)


def test_an_advance_is_paid_by_a_message_that_everyone_can_read(town: Town) -> None:
    town.name_account("supplier-1")
    advance_fen = financed(town)
    [paid] = payments(town)
    assert (paid["state"], paid["amount_fen"]) == ("settled", advance_fen)
    answer = town.get(f"/payments/{paid['payment_id']}/message", "teller")
    assert answer.headers["content-type"].startswith("application/xml")
    [one] = read_initiation(answer.content, "m").instructions
    assert (one.end_to_end_id, one.amount_fen) == (paid["payment_id"], advance_fen)
    assert (balance(town, deposit("supplier-1")), balance(town, IN_TRANSIT)) == (0, 0)
    assert balance(town, CLEARING) == -advance_fen
    assert town.process.gateway.services.receivables.receivables.reconcile() == []


def test_money_waits_in_the_deposit_until_its_owner_has_an_account(town: Town) -> None:
    advance_fen = financed(town)
    assert payments(town) == []
    assert balance(town, deposit("supplier-1")) == advance_fen
    town.name_account("supplier-1")
    town.step()
    assert [one["state"] for one in payments(town)] == ["settled"]


def test_a_rejected_payment_is_a_deposit_again_and_leaves_for_a_new_account(town: Town) -> None:
    far = town.process.rail
    assert isinstance(far, EmbeddedRail)
    far.close_account("6222000000000001")
    town.name_account("supplier-1")
    advance_fen = financed(town)
    [paid] = payments(town)
    assert (paid["state"], paid["reason"]) == ("rejected", "AC04")
    assert (balance(town, deposit("supplier-1")), balance(town, IN_TRANSIT)) == (advance_fen, 0)
    town.pass_days(1)  # the end of the day does not try the same account again
    assert len(payments(town)) == 1
    town.name_account("supplier-1", "6222000000000002")
    town.step()
    assert sorted(one["state"] for one in payments(town)) == ["rejected", "settled"]
    assert balance(town, deposit("supplier-1")) == 0
    assert town.process.gateway.services.receivables.receivables.reconcile() == []


def test_a_payment_that_comes_back_is_a_deposit_again(town: Town) -> None:
    terms = RailTerms(cycle_s=3_600, return_s=86_400)
    far = town.process.rail
    assert isinstance(far, EmbeddedRail)
    far._terms = terms
    town.name_account("supplier-1")
    advance_fen = financed(town)
    [paid] = payments(town)
    assert (paid["state"], balance(town, IN_TRANSIT)) == ("accepted", advance_fen)
    far.close_account("6222000000000001")
    town.clock.time_s += 3_600
    town.step()
    town.refresh()
    assert payments(town)[0]["state"] == "settled"
    assert balance(town, CLEARING) == -advance_fen
    town.pass_days(1)
    town.step()
    assert payments(town)[0]["state"] == "returned"
    assert (balance(town, deposit("supplier-1")), balance(town, CLEARING)) == (advance_fen, 0)


def test_a_supplier_sees_its_own_payments_alone(town: Town) -> None:
    town.name_account("supplier-1")
    financed(town)
    [paid] = payments(town)
    assert payments(town, "other-erp") == []
    assert town.get(f"/payments/{paid['payment_id']}", "other-erp").status_code == 404
    assert town.get(f"/payments/{paid['payment_id']}/message", "supplier-erp").status_code == 403
    assert len(payments(town, "regulator", "?state=settled")) == 1
    assert payments(town, "regulator", "?state=held") == []


def test_one_officer_alone_cannot_say_where_money_goes(town: Town) -> None:
    body = {"owner": "supplier-1", "name": "N", "account": "6222000000000009"}
    asked = town.post("/payout-accounts", body | {"agent": "102100099996"}, "teller")
    approval = f"/approvals/{asked.json()['approval_id']}"
    assert town.post(approval, {"approve": True}, "teller").status_code == 403
    financed(town)
    assert payments(town) == []


def test_a_draw_is_paid_out_and_pays_the_line_back_where_it_did_not_arrive(town: Town) -> None:
    town.promote_model()
    merchant = town.post("/credit/merchants", {"region": 3, "since": "2025-12-01"}, "shopping")
    number = merchant.json()["account"]
    with town.process.gateway.services.unit() as unit:
        order = desk.Order("credit", f"merchant/{number}", "draw-1", 5_000)
        [held] = desk.order(unit, [order], town.clock.time_s)
    assert held.state == "held"
    far = town.process.rail
    assert isinstance(far, EmbeddedRail)
    far.close_account("6222000000000001")
    town.name_account(f"merchant/{number}")
    town.step()
    found = payments(town, "teller")
    # Nothing was owed on the line, so all of it is owed to the merchant once more.
    assert sorted((one["state"], one["amount_fen"]) for one in found) == [
        ("held", 5_000),
        ("rejected", 5_000),
    ]
    town.name_account(f"merchant/{number}", "6222000000000002")
    town.step()
    found = payments(town, "teller")
    assert sorted(one["state"] for one in found) == ["rejected", "settled"]


def ordered(town: Town, count: int) -> None:
    """So many payments to one merchant wait for the rail."""
    merchant = town.post("/credit/merchants", {"region": 3, "since": "2025-12-01"}, "shopping")
    owner = f"merchant/{merchant.json()['account']}"
    town.name_account(owner)
    with town.process.gateway.services.unit() as unit:
        orders = [desk.Order("credit", owner, f"draw-{n}", 5_000 + n) for n in range(count)]
        desk.order(unit, orders, town.clock.time_s)


def states(town: Town) -> Counter[str]:
    with town.process.gateway.services.unit() as unit:
        return Counter(row.state for row in unit.scan(PAYMENTS))


def test_requests_are_answered_between_the_pieces_of_a_round_with_the_rail(town: Town) -> None:
    ordered(town, 100)
    seen = [0]
    for _ in town.process._rail_work.run(town.process._take):
        assert town.get("/health", "teller").status_code == 200
        seen.append(states(town)["settled"])
    assert states(town) == {"settled": 100}
    # They arrived by and by: no piece of the round did them all.
    assert max(after - before for before, after in pairwise(seen)) <= 60


def test_a_message_that_breaks_leaves_those_beside_it_applied(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordered(town, 2)
    taken = rail.take

    def breaks(services: Services, raw: bytes) -> intake.Taken:
        done = taken(services, raw)
        if b"ACSP" in raw:
            raise KeyError("a bug")
        return done

    monkeypatch.setattr(start, "take", breaks)
    town.process.advance_rail()
    assert states(town) == {"settled": 2}
    with town.process.gateway.services.unit() as unit:
        kept = [row for row in unit.scan(MESSAGES) if row.note]
        heard = [row.message_id for row in unit.scan(MESSAGES) if row.direction == "in"]
    assert ["could not be applied" in row.note for row in kept] == [True]
    assert "PACS-1" not in heard
    assert len(heard) == 3
    assert town.process.rail.collect() == []


def test_the_rail_itself_may_tell_over_http_and_nobody_else(town: Town) -> None:
    raw = write_status(StatusReport("P-1", "M-1", (StatusLine("E", "ACSC"),)), town.clock.time_s)
    assert tell(town, raw, "teller").status_code == 403
    answer = tell(town, raw)
    assert answer.status_code == 200, answer.text
    assert "no message" in answer.json()["note"]
    listed = town.get("/payment-messages", "auditor").json()["messages"]
    assert [one["message_id"] for one in listed] == ["P-1"]


@pytest.mark.parametrize(
    "raw", [b"", b"<a/>", b"<!DOCTYPE a><a/>", b"<a>" * 300_000, b'{"a": 1}', b"\xff\x00"]
)
def test_what_is_no_message_changes_nothing(quiet_town: Town, raw: bytes) -> None:
    answer = tell(quiet_town, raw)
    assert answer.status_code == 200
    assert (answer.json()["changed"], bool(answer.json()["note"])) == ([], True)


def test_money_from_outside_pays_what_it_names_and_waits_where_it_names_nothing(
    town: Town,
) -> None:
    receivable, _ = accepted(town)
    for text, fen in ((f"invoice {receivable}", 10_000_000), ("thank you", 500)):
        entry = Entry("NOTPROVIDED", fen, True, "", text)
        note = Notification(f"C-{fen}", "SHAPAN-CLEARING", (entry,))
        for _ in range(2):
            assert tell(town, write_notification(note, town.clock.time_s)).status_code == 200
    town.step()
    assert town.get(f"/receivables/{receivable}", "teller").json()["state"] == "settled"
    [left] = town.get("/unapplied-cash", "teller").json()["cash"]
    assert (left["amount_fen"], left["text"]) == (500, "thank you")


def test_payers_who_name_nothing_alike_all_count(town: Town) -> None:
    receivable, _ = accepted(town)
    told = [f"for {receivable}", f"for {receivable}", "thanks", "thanks"]
    entries = tuple(Entry("NOTPROVIDED", 5_000_000, True, "", text) for text in told)
    note = Notification("C-1", "SHAPAN-CLEARING", entries)
    for _ in range(2):
        answer = tell(town, write_notification(note, town.clock.time_s))
        assert answer.status_code == 200, answer.text
    town.step()
    assert town.get(f"/receivables/{receivable}", "teller").json()["state"] == "settled"
    left = town.get("/unapplied-cash", "teller").json()["cash"]
    assert [one["amount_fen"] for one in left] == [5_000_000, 5_000_000]


def test_what_a_lessee_paid_too_much_is_ordered_back(town: Town) -> None:
    lease = leased(town)
    paid = town.post(f"/leasing/leases/{lease}/payments", {"amount_fen": 5_000}, "teller").json()
    assert paid["returned_fen"] == 5_000
    [waiting] = payments(town, "teller")
    assert (waiting["owner"], waiting["state"]) == (f"lease/{lease}", "held")
