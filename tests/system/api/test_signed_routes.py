"""Every route that moves money, or that takes two people, asks for its client's signature."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from system.api.access import Role
from system.api.route import Route
from system.api.table import ROUTES
from tests.system.api.signing import KEY, post_signed, public
from tests.system.api.test_authorisation import call
from tests.system.api.town import Town

EVERY_ROLE = [role.name.lower() for role in Role if role.name]
SIGNED = [route for route in ROUTES if route.is_signed]
FOUR_EYES = {route.name for route in ROUTES if route.four_eyes}
MOVES_MONEY = {
    "acceptReceivable",
    "takeQuote",
    "endorseLot",
    "payReceivable",
    "resolveDispute",
    "callRecourse",
    "drawOnLine",
    "repayLine",
    "payRent",
    "namePayoutAccount",
    "askForPaymentAgain",
    "takePaymentMessage",
}
# With a stolen secret alone nobody is the second pair of eyes, nor the first.
TAKES_TWO = FOUR_EYES | {"decideApproval", "reviewCase", "decideCase"}


@pytest.fixture(scope="module")
def signing_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Two clients of every role: one that registered a key, and one that did not."""
    town = Town.open(tmp_path_factory.mktemp("signing"))
    town.admit("without-key", "bank-1", EVERY_ROLE)
    town.admit_by_two("with-key", EVERY_ROLE, "without-key", signer=public(KEY))
    yield town
    town.close()


def test_what_moves_money_or_takes_two_is_signed() -> None:
    assert {route.name for route in SIGNED} == MOVES_MONEY | TAKES_TWO
    assert {"namePayoutAccount", "admitClientByTwo", "replaceClientSigner"} <= FOUR_EYES


@pytest.mark.parametrize("client", ["with-key", "without-key"])
@pytest.mark.parametrize("route", SIGNED, ids=lambda route: route.name)
def test_without_its_signature_nothing_moves(
    signing_town: Town, route: Route, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    required = client == "without-key"
    monkeypatch.setattr(signing_town.process.gateway, "signatures_required", required)
    answer = call(signing_town, route, client)
    assert (answer.status_code, answer.json()["code"]) == (401, "signature_missing")


@pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if route.is_command and not route.is_signed],
    ids=lambda route: route.name,
)
def test_other_commands_ask_for_no_signature(signing_town: Town, route: Route) -> None:
    answer = call(signing_town, route, "with-key")
    assert answer.json().get("code") not in ("signature_missing", "signature_invalid")


def test_a_payout_account_waits_for_a_signed_decision(tmp_path: Path) -> None:
    town = Town.open(tmp_path)
    town.admit("signer", "bank-1", ["bank_officer"], signer=public(KEY))
    body = {"owner": "supplier-1", "name": "supplier-1", "account": "6222000000000001"}
    asked = town.post("/payout-accounts", body | {"agent": "102100099996"}, "teller")
    path = f"/approvals/{asked.json()['approval_id']}"
    answer = town.post(path, {"approve": True}, "signer")
    assert (answer.status_code, answer.json()["code"]) == (401, "signature_missing")
    [row] = town.get("/approvals", "teller").json()["approvals"]
    assert row["state"] == "asked"
    answer = post_signed(town, path, {"approve": True}, "signer")
    assert answer.json()["state"] == "approved"
    town.close()
