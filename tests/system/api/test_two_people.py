"""What takes two people is done by two, whatever one of them holds; what is over is over."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from system.api import approvals
from system.api.approvals import APPROVALS, Approval
from system.api.client_changes import set_signer
from system.api.clients import CLIENTS
from system.errors import IntegrityError
from system.payments.records import PAYOUT_ACCOUNTS
from tests.system.api.signing import KEY, OTHER, post_signed, public
from tests.system.api.town import Town

ACCOUNT = {"owner": "supplier-1", "name": "s", "agent": "102100099996"}
PUPPET = {"client_id": "puppet", "roles": ["risk_officer"], "scopes": ["operations"]}
YES = {"approve": True}


def account(number: str) -> dict[str, str]:
    return ACCOUNT | {"account": number}


def asked_for(answer: Any) -> str:
    """The path of the approval."""
    assert answer.status_code == 202, answer.text
    return f"/approvals/{answer.json()['approval_id']}"


def named(town: Town) -> list[str]:
    with town.process.gateway.services.unit() as unit:
        return [row.account for row in unit.scan(PAYOUT_ACCOUNTS)]


def state_of(town: Town, path: str) -> str:
    with town.process.gateway.services.unit() as unit:
        return approvals.find(unit, path.rpartition("/")[2]).state


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Town]:
    """A bank that asks for signatures, with two administrators of whom the second has a key."""
    town = Town.open(tmp_path)
    town.admit("second", "", ["administrator"], signer=public(KEY))
    town.process.gateway.signatures_required = True
    yield town
    town.close()


def test_another_administrators_secret_is_not_its_consent(strict: Town) -> None:
    """A thief of the second's key and secret takes the first's secret too, and stays alone."""
    made = strict.post("/clients/administrator/secret", {}, "second")
    strict.log_in("administrator", made.json()["client_secret"])
    for forged in (
        strict.post("/client-admissions", PUPPET, "administrator"),
        post_signed(strict, "/client-admissions", PUPPET, "administrator", KEY),
    ):
        assert forged.status_code == 401
        assert forged.json()["code"] in ("signature_missing", "signature_invalid")
    path = asked_for(post_signed(strict, "/client-admissions", PUPPET, "second", KEY))
    for forged in (
        strict.post(path, YES, "administrator"),
        post_signed(strict, path, YES, "administrator", KEY),
        post_signed(strict, path, YES, "second", KEY),
    ):
        assert forged.status_code in (401, 403)
    assert state_of(strict, path) == "asked"


def test_two_administrators_with_keys_admit_a_third(strict: Town) -> None:
    """The first gets its key from the host: nobody else is there to give it one."""
    set_signer(strict.process.gateway.services, "administrator", public(OTHER))
    strict.clock.time_s += 1
    path = asked_for(post_signed(strict, "/client-admissions", PUPPET, "second", KEY))
    done = post_signed(strict, path, YES, "administrator", OTHER)
    assert done.json()["result"] == {"client_id": "puppet"}, done.text
    assert strict.post("/clients/puppet/secret", {}, "second").status_code == 201


def test_an_officers_secret_is_neither_pair_of_eyes(strict: Town) -> None:
    for officer in ("teller", "risk-a"):
        made = strict.post(f"/clients/{officer}/secret", {}, "second")
        strict.log_in(officer, made.json()["client_secret"])
    for path, body, officer in (
        ("/payout-accounts", account("1"), "teller"),
        ("/receivables-pauses", {"reason": "doubt"}, "risk-a"),
        ("/compliance/cases/c/review", {"finding": "f"}, "risk-a"),
        ("/compliance/cases/c/decision", {"files": False, "reason": "r"}, "risk-a"),
    ):
        answer = strict.post(path, body, officer)
        assert (answer.status_code, answer.json()["code"]) == (401, "signature_missing"), path


def test_what_breaks_under_way_is_undone_and_can_be_declined(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = asked_for(town.post("/payout-accounts", account("6222000000000001"), "teller"))

    def broken(_: object) -> None:
        raise IntegrityError("books", "a balance", "another")

    services = town.process.gateway.services
    monkeypatch.setattr(services.receivables.receivables, "pay_out", broken)
    assert town.post(path, YES, "teller-2").status_code == 503
    assert (state_of(town, path), named(town)) == ("asked", [])
    assert town.post(path, {"approve": False}, "teller-2").json()["state"] == "declined"


def test_what_was_approved_before_and_not_done_cannot_be_brought_back(town: Town) -> None:
    """Books of an earlier version hold such approvals."""
    path = asked_for(town.post("/payout-accounts", account("6222000000000001"), "teller"))
    with town.process.gateway.services.unit() as unit:
        [row] = unit.scan(APPROVALS)
        unit.replace(APPROVALS, [replace(row, state="approved", checker="teller-2")])
    answer = town.post(path, YES, "teller-2")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert (state_of(town, path), named(town)) == ("refused", [])


def test_who_is_revoked_while_its_decision_is_under_way_decides_nothing(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = asked_for(town.post("/payout-accounts", account("6222000000000001"), "teller"))
    find = approvals.find

    def revoked_meanwhile(unit: Any, approval_id: str) -> Approval:
        [row] = unit.get(CLIENTS, [("teller-2",)])
        unit.replace(CLIENTS, [replace(row, revoked_at_s=town.clock.time_s)])
        return find(unit, approval_id)

    monkeypatch.setattr(approvals, "find", revoked_meanwhile)
    assert town.post(path, YES, "teller-2").status_code == 404
    monkeypatch.undo()
    assert (state_of(town, path), named(town)) == ("asked", [])


def test_a_request_that_is_sent_again_is_told_what_became_of_it(town: Town) -> None:
    def ask() -> Any:
        return town.post("/payout-accounts", account("6222000000000001"), "teller", "k-1")

    path = asked_for(ask())
    assert ask().json()["state"] == "asked"
    town.post(path, {"approve": False}, "teller-2")
    assert ask().json()["state"] == "declined"


@pytest.mark.parametrize(
    "wrong", [{"roles": ["nonsense"]}, {"scopes": ["all"]}, {"signer": "5a"}, {"client_id": ""}]
)
def test_an_admission_that_cannot_be_is_refused_when_it_is_asked_for(
    town: Town, wrong: dict[str, Any]
) -> None:
    answer = town.post("/client-admissions", PUPPET | wrong, "administrator")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_administrators_see_whom_the_first_one_admitted(town: Town) -> None:
    town.admit("signer", "supplier-1", ["supplier"], signer=public(OTHER))
    for client in ("administrator", "auditor", "regulator"):
        rows = {row["client_id"]: row for row in town.get("/clients", client).json()["clients"]}
        assert rows["signer"]["signer"] == public(OTHER)
        assert rows["risk-a"]["roles"] == ["risk_officer"]
        assert "secret" not in str(rows)
    assert town.get("/clients", "teller").status_code == 403
