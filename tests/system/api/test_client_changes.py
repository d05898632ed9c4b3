"""Clients are revoked and get other secrets and keys; whoever had the old ones gets nothing."""

from pathlib import Path
from typing import Any

import pytest

from sim.qa.bank import RunningBank
from system.api.kept_answers import KEPT
from system.compliance.records import AUDIT
from tests.system.api.signing import KEY, OTHER, post_signed, public
from tests.system.api.town import Town

NOTE = {"note": "their laptop was stolen"}
ACCEPTANCE = "/financing-requests/r/acceptance"
SUPPLIER = {"supplier_id": "supplier-1"}


def revoke(town: RunningBank, client: str, by: str = "administrator") -> Any:
    return town.post(f"/clients/{client}/revocation", NOTE, by)


def token_status(town: RunningBank, client: str, secret: str) -> int:
    form = {"grant_type": "client_credentials"}
    return town.send("POST", "/oauth/token", data=form, auth=(client, secret)).status_code


def secret_of(town: RunningBank, client: str, key: str) -> str:
    answer = town.post(f"/clients/{client}/secret", {}, "administrator", key)
    assert answer.status_code == 201, answer.text
    secret: str = answer.json()["client_secret"]
    return secret


def actions(town: Town) -> list[tuple[str, str, str]]:
    with town.process.gateway.services.unit() as unit:
        links = unit.scan(AUDIT)
    told = [(one.actor, one.action, one.subject) for one in links if "client" in one.action]
    return [one for one in told if one[1] != "admit client"]


def test_an_admission_leaves_one_link(town: Town) -> None:
    body = {"client_id": "erp-7", "roles": ["supplier"], "scopes": ["receivables"]}
    for _ in range(2):
        assert town.post("/clients", body, "administrator", "k-1").status_code == 201
    assert town.post("/clients", body, "administrator", "k-2").status_code == 409
    with town.process.gateway.services.unit() as unit:
        links = [one for one in unit.scan(AUDIT) if one.subject == "client/erp-7"]
    assert [(one.actor, one.action) for one in links] == [("administrator", "admit client")]


def test_a_revoked_client_is_turned_away_at_once_and_for_good(town: Town) -> None:
    secret = secret_of(town, "auditor", "k-1")
    town.log_in("auditor", secret)
    assert town.get("/audit", "auditor").status_code == 200
    revoked = revoke(town, "auditor")
    assert revoked.json() == {"client_id": "auditor", "revoked_at_s": town.clock.time_s}
    answer = town.get("/audit", "auditor")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert token_status(town, "auditor", secret) == 401
    town.clock.time_s += 5
    assert revoke(town, "auditor").json() == revoked.json()
    again = town.post("/clients/auditor/secret", {}, "administrator")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert actions(town).count(("administrator", "revoke client", "client/auditor")) == 1


def test_an_old_secret_gets_no_token_after_its_replacement(town: Town) -> None:
    first = secret_of(town, "auditor", "k-1")
    second = secret_of(town, "auditor", "k-2")
    assert token_status(town, "auditor", first) == 401
    assert token_status(town, "auditor", second) == 200
    link = ("administrator", "replace client's secret", "client/auditor")
    assert actions(town) == [link] * 2


def test_a_token_ends_with_the_secret_that_it_was_got_with(town: Town) -> None:
    """Or a thief's would make the next secret."""
    assert town.get("/audit", "auditor").status_code == 200
    secret = secret_of(town, "auditor", "k-1")
    answer = town.get("/audit", "auditor")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    town.log_in("auditor", secret)
    assert town.get("/audit", "auditor").status_code == 200


def test_a_repeated_replacement_does_not_bring_an_older_secret_back(town: Town) -> None:
    first, second = secret_of(town, "auditor", "k-1"), secret_of(town, "auditor", "k-2")
    assert secret_of(town, "auditor", "k-1") == first
    assert token_status(town, "auditor", first) == 401
    assert token_status(town, "auditor", second) == 200
    with town.process.gateway.services.unit() as unit:
        assert second not in str(unit.scan(KEPT)), "nothing but a hash is kept"
    other = town.post("/clients/teller/secret", {}, "administrator", "k-1")
    assert other.json()["code"] == "idempotency_key_reused"


def test_a_repeated_admission_does_not_bring_its_secret_back(town: Town) -> None:
    body = {"client_id": "erp-7", "roles": ["supplier"], "scopes": ["receivables"]}
    first = town.post("/clients", body, "administrator", "k-1").json()["client_secret"]
    secret_of(town, "erp-7", "k-2")
    again = town.post("/clients", body, "administrator", "k-1")
    assert (again.status_code, again.json()["client_secret"]) == (201, first)
    assert token_status(town, "erp-7", first) == 401


def ask_for_signer(town: Town) -> str:
    """The path of the approval that two administrators need."""
    body = {"signer": public(OTHER)}
    asked = town.post("/clients/signer/signer", body, "administrator")
    assert asked.status_code == 202, asked.text
    return f"/approvals/{asked.json()['approval_id']}"


@pytest.fixture
def signing(town: Town) -> Town:
    town.admit("signer", "supplier-1", ["supplier"], signer=public(KEY))
    town.admit("administrator-2", "", ["administrator"])
    return town


def is_signed_by(town: Town, key: Any) -> bool:
    code: str = post_signed(town, ACCEPTANCE, SUPPLIER, "signer", key).json()["code"]
    assert code in ("not_found", "signature_invalid")
    return code == "not_found"


def test_two_administrators_replace_the_key_that_signs(signing: Town) -> None:
    path = ask_for_signer(signing)
    for client in ("administrator", "risk-a"):
        assert signing.post(path, {"approve": True}, client).status_code in (403, 404)
    assert is_signed_by(signing, KEY)
    [asked] = signing.get("/approvals?state=asked", "administrator-2").json()["approvals"]
    assert asked["route"] == "replaceClientSigner"
    answer = signing.post(path, {"approve": True}, "administrator-2")
    expected = {"client_id": "signer", "signer": public(OTHER)}
    assert answer.json()["result"] == expected
    assert is_signed_by(signing, OTHER)
    assert not is_signed_by(signing, KEY)
    assert actions(signing) == [("administrator", "replace client's signer", "client/signer")]


def third(town: Town) -> None:
    """Another administrator, on whom the two have to agree."""
    town.admit_by_two("administrator-3", ["administrator"], "administrator-2")


def test_what_a_revoked_administrator_asked_for_does_not_happen(signing: Town) -> None:
    third(signing)
    path = ask_for_signer(signing)
    assert revoke(signing, "administrator", "administrator-2").status_code == 200
    assert signing.post(path, {"approve": True}, "administrator-2").status_code == 409
    assert is_signed_by(signing, KEY)
    [row] = signing.get("/approvals?state=refused", "administrator-2").json()["approvals"]
    assert f"/approvals/{row['approval_id']}" == path


def test_one_of_two_administrators_admits_nobody(signing: Town) -> None:
    body = {"client_id": "puppet", "roles": ["risk_officer"], "scopes": ["operations"]}
    for alone in ("administrator", "administrator-2"):
        answer = signing.post("/clients", body, alone)
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    third(signing)
    with signing.process.gateway.services.unit() as unit:
        [link] = [one for one in unit.scan(AUDIT) if one.subject == "client/administrator-3"][:1]
    assert (link.actor, link.action) == ("administrator", "admit client")


def test_what_could_not_be_done_is_over_and_cannot_be_approved_later(signing: Town) -> None:
    body = {"client_id": "teller", "roles": ["risk_officer"], "scopes": ["operations"]}
    asked = signing.post("/client-admissions", body, "administrator").json()
    path = f"/approvals/{asked['approval_id']}"
    for _ in range(2):
        answer = signing.post(path, {"approve": True}, "administrator-2")
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert "refused already" in answer.json()["detail"]


def test_administrators_see_approvals_of_clients_alone(town: Town) -> None:
    body = {"owner": "supplier-1", "name": "s", "account": "6222000000000001"}
    town.post("/payout-accounts", body | {"agent": "102100099996"}, "teller")
    assert len(town.get("/approvals", "teller").json()["approvals"]) == 1
    for query in ("", "?state=asked"):
        assert town.get(f"/approvals{query}", "administrator").json()["approvals"] == []


def test_the_last_administrators_stay(town: Town) -> None:
    powerless = {"client_id": "powerless", "roles": ["administrator"], "scopes": ["credit"]}
    assert town.post("/clients", powerless, "administrator").status_code == 201
    answer = revoke(town, "administrator")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    town.admit("administrator-2", "", ["administrator"])
    for client in ("administrator", "administrator-2"):
        answer = revoke(town, client)
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict"), "two stay two"
    third(town)
    assert revoke(town, "administrator", "administrator-2").status_code == 200
    assert revoke(town, "administrator", "administrator-3").status_code == 200


def test_a_bank_whose_first_client_has_another_secret_starts_again(tmp_path: Path) -> None:
    town = RunningBank(tmp_path)
    first = town.process.administrator_secret()
    secret = secret_of(town, "administrator", "k-1")
    assert town.process.administrator_secret() == first
    assert token_status(town, "administrator", first) == 401
    assert token_status(town, "administrator", secret) == 200
    town.close()
