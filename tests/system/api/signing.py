"""Requests signed as RFC 9421 has it, by a client of a running bank."""

import datetime
import json
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import (
    ContentDigest,
    HTTPMessageSigner,
    HTTPSignatureKeyResolver,
    algorithms,
)

from system.api.signatures import COVERED, Message
from tests.system.api.town import Town

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)


class _Keys(HTTPSignatureKeyResolver):
    def __init__(self, key: Ed25519PrivateKey) -> None:
        self.key = key

    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:
        return self.key


def public(key: Ed25519PrivateKey) -> str:
    """As a client is admitted with it."""
    return key.public_key().public_bytes_raw().hex()


def signed(
    town: Town,
    client: str,
    path: str,
    body: Any,
    key: Ed25519PrivateKey = KEY,
    *,
    late_s: int = 0,
    covered: tuple[str, ...] = COVERED,
) -> dict[str, str]:
    """Headers of a signed POST of this body to this path."""
    headers = town.headers(client) | {"Content-Type": "application/json"}
    headers["Content-Digest"] = ContentDigest.create(json.dumps(body).encode())
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=_Keys(key))
    signer.sign(
        Message("POST", f"http://bank{path}", headers),
        key_id=client,
        created=datetime.datetime.fromtimestamp(town.clock.time_s + late_s, datetime.UTC),
        covered_component_ids=covered,
        use_existing_digest=True,
    )
    return headers


def post_signed(
    town: Town, path: str, body: Any, client: str, key: Ed25519PrivateKey = KEY
) -> httpx.Response:
    """A command with its client's signature."""
    headers = signed(town, client, path, body, key)
    return town.send("POST", path, content=json.dumps(body).encode(), headers=headers)
