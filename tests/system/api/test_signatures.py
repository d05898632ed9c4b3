"""Requests that move money are signed by clients that registered a key."""

import json
from typing import Any

import pytest

from system.api.signatures import AGE_S_MAX
from tests.system.api.signing import KEY, OTHER, public
from tests.system.api.signing import signed as signed_by
from tests.system.api.town import Town

PATH = "/financing-requests/r/acceptance"
BODY = {"supplier_id": "supplier-1"}


@pytest.fixture
def signing(town: Town) -> Town:
    town.admit("signer", "supplier-1", ["supplier"], signer=public(KEY))
    return town


def signed(town: Town, **changes: Any) -> dict[str, str]:
    """Headers of a signed request for PATH and BODY."""
    return signed_by(town, "signer", changes.pop("path", PATH), BODY, **changes)


def send(town: Town, headers: dict[str, str], body: Any = None) -> Any:
    raw = json.dumps(body or BODY).encode()
    return town.send("POST", PATH, content=raw, headers=headers)


def test_a_signed_request_reaches_the_product(signing: Town) -> None:
    answer = send(signing, signed(signing))
    assert answer.json()["refusal"] == "financing_request_unknown"


def test_a_token_alone_moves_no_money(signing: Town) -> None:
    answer = signing.post(PATH, BODY, "signer")
    assert (answer.status_code, answer.json()["code"]) == (401, "signature_missing")


@pytest.mark.parametrize(
    "changes",
    [
        {"key": OTHER},
        {"path": "/financing-requests/s/acceptance"},
        {"late_s": -AGE_S_MAX - 1},
        {"late_s": AGE_S_MAX + 1},
        {"covered": ("@method", "@path", "idempotency-key")},
        {"covered": ("@method", "@path", "content-digest")},
    ],
    ids=["other key", "other path", "too old", "from the future", "no body", "no key"],
)
def test_a_signature_for_anything_else_is_refused(signing: Town, changes: Any) -> None:
    answer = send(signing, signed(signing, **changes))
    assert (answer.status_code, answer.json()["code"]) == (401, "signature_invalid")


def test_a_body_that_was_changed_on_the_way_is_refused(signing: Town) -> None:
    answer = send(signing, signed(signing), {"supplier_id": "supplier-2"})
    assert answer.json()["code"] == "signature_invalid"


def test_another_idempotency_key_under_the_same_signature_is_refused(signing: Town) -> None:
    answer = send(signing, signed(signing) | {"Idempotency-Key": "other"})
    assert answer.json()["code"] == "signature_invalid"


def test_where_signatures_are_required_a_client_without_a_key_moves_nothing(town: Town) -> None:
    town.process.gateway.signatures_required = True
    answer = town.post(PATH, BODY, "supplier-erp")
    assert answer.json()["code"] == "signature_missing"
