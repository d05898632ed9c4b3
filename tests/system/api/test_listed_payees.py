"""Whom a sanctions list has is paid nothing, also where nobody else ever gave the name."""

from pathlib import Path
from typing import Any

import pytest

from system.compliance.cases import CASES
from tests.system.api.test_compliance_api import agreed
from tests.system.api.test_credit_api import with_history
from tests.system.api.test_listed_api import SAMPLE, dismiss
from tests.system.api.town import Town

LISTED = "ZHAO Tie Shan"


@pytest.fixture
def lent(town: Town) -> str:
    """A merchant with a line; its platform never said who stands behind it."""
    town.promote_model()
    shop = f"/credit/merchants/{with_history(town)}"
    asked = town.post(f"{shop}/applications", {"requested_fen": 3_000_000}, "shopping")
    assert asked.json()["approved"]
    return shop


def owner_of(shop: str) -> str:
    return f"merchant/{shop.rpartition('/')[2]}"


def name(town: Town, shop: str, payee: str) -> Any:
    """By two officers of the bank."""
    body = {"owner": owner_of(shop), "name": payee, "account": "6222000000000001"}
    asked = town.post("/payout-accounts", body | {"agent": "102100099996"}, "teller").json()
    return town.post(f"/approvals/{asked['approval_id']}", {"approve": True}, "teller-2")


def draw(town: Town, shop: str) -> Any:
    return town.post(f"{shop}/draws", {"amount_fen": 500_000}, "shopping")


def states(town: Town) -> list[str]:
    return [row["state"] for row in town.get("/payments", "teller").json()["payments"]]


def test_a_listed_payee_is_not_named_until_two_officers_dismiss_the_case(
    town: Town, lent: str, tmp_path: Path
) -> None:
    agreed(town, "/compliance/watchlists", SAMPLE)
    assert draw(town, lent).status_code == 200
    refused = name(town, lent, LISTED)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    [case] = town.get("/compliance/cases", "risk-a").json()["cases"]
    assert (case["subject"], case["evidence"]["name"]) == (owner_of(lent), LISTED)
    assert draw(town, lent).status_code == 409, "and draws no more"
    town.step()
    assert states(town) == ["held"]
    dismiss(town, owner_of(lent))
    assert name(town, lent, LISTED).status_code == 200
    town.step()
    assert states(town) == ["settled"]
    with town.process.gateway.services.unit() as unit:
        [row] = unit.scan(CASES)
    assert LISTED in row.evidence
    books = b"".join(path.read_bytes() for path in tmp_path.glob("**/bank.db*"))
    assert b"merchant/" in books
    for words in (LISTED, "a namesake", "born elsewhere"):
        assert words.encode() not in books, "sealed in the database"


def test_whom_a_list_takes_up_is_paid_nothing_more(town: Town, lent: str) -> None:
    assert name(town, lent, LISTED).status_code == 200
    assert draw(town, lent).status_code == 200
    assert states(town) == ["asked"]
    assert agreed(town, "/compliance/watchlists", SAMPLE)["kept_out"] == [owner_of(lent)]
    town.step()
    assert states(town) == ["held"], "what had not left stays"
    assert name(town, lent, LISTED).status_code == 409
    dismiss(town, owner_of(lent))
    assert name(town, lent, LISTED).status_code == 200
    town.step()
    assert states(town) == ["settled"]
