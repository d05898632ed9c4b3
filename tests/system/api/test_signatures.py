"""Requests that move money are signed by clients that registered a key."""

import datetime
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import (
    ContentDigest,
    HTTPMessageSigner,
    HTTPSignatureKeyResolver,
    algorithms,
)

from system.api.signatures import AGE_S_MAX, COVERED, Message
from tests.system.api.town import Town

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
PATH = "/financing-requests/r/acceptance"
BODY = {"supplier_id": "supplier-1"}


class Keys(HTTPSignatureKeyResolver):
    def __init__(self, key: Ed25519PrivateKey) -> None:
        self.key = key

    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:
        return self.key


@pytest.fixture
def signing(town: Town) -> Town:
    public = KEY.public_key().public_bytes_raw().hex()
    town.admit("signer", "supplier-1", ["supplier"], signer=public)
    return town


def signed(town: Town, key: Ed25519PrivateKey = KEY, **changes: Any) -> dict[str, str]:
    """Headers of a signed request for PATH and BODY."""
    headers = town.headers("signer") | {"Content-Type": "application/json"}
    body = json.dumps(BODY).encode()
    headers["Content-Digest"] = ContentDigest.create(body)
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=Keys(key))
    message = Message("POST", f"http://bank{changes.get('path', PATH)}", headers)
    at = town.clock.time_s + changes.get("late_s", 0)
    created = datetime.datetime.fromtimestamp(at, datetime.UTC)
    covered = changes.get("covered", COVERED)
    signer.sign(
        message,
        key_id="signer",
        created=created,
        covered_component_ids=covered,
        use_existing_digest=True,
    )
    return headers


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
