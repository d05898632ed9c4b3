"""Signed requests (RFC 9421 with Ed25519, RFC 9530 digests): who asked for money to move, provably.

A client that registered a key signs every request that moves money: a stolen token alone moves
nothing. The signature covers method, path, body and Idempotency-Key, so that it is worth nothing
for any other request, and its repetition gets the stored answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)

from system.api.access import Caller
from system.api.problems import Code, Problem

COVERED: Final = ("@method", "@path", "content-digest", "idempotency-key")
# How far a client's clock may be off, and how long a signed request may be under way.
AGE_S_MAX: Final = 300


@dataclass(frozen=True, slots=True)
class Message:
    """A request as the library reads it. url: absolute."""

    method: str
    url: str
    headers: Mapping[str, str]


class _Keys(HTTPSignatureKeyResolver):
    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey | None:
        """The caller's own key, under its client id alone."""
        if key_id != self._caller.client_id:
            return None
        return Ed25519PublicKey.from_public_bytes(self._caller.signer)


class _Verifier(HTTPMessageVerifier):
    """Takes the time from the gateway's clock."""

    now_s = 0

    def validate_created_and_expires(
        self, sig_input: Any, max_age: timedelta | None = None
    ) -> None:
        """Raises InvalidSignature for one of another time."""
        created = sig_input.params.get("created")
        if type(created) is not int or abs(self.now_s - created) > AGE_S_MAX:
            raise InvalidSignature(f"created is more than {AGE_S_MAX} s off")
        expires = sig_input.params.get("expires")
        if expires is not None and (type(expires) is not int or expires < self.now_s):
            raise InvalidSignature("it has expired")


def check(caller: Caller, message: Message, body: bytes, now_s: int) -> None:
    """Raises Problem unless the caller signed exactly this request, now."""
    if "signature-input" not in {name.lower() for name in message.headers}:
        detail = f"Sign {', '.join(COVERED)} with the registered key, keyid = client id."
        raise Problem(Code.SIGNATURE_MISSING, detail)
    verifier = _Verifier(signature_algorithm=algorithms.ED25519, key_resolver=_Keys(caller))
    verifier.now_s = now_s
    try:
        verifier.verify(message, require_components=COVERED, body=body)
    except (InvalidSignature, HTTPMessageSignaturesException) as error:
        raise Problem(Code.SIGNATURE_INVALID, f"The signature does not count: {error}.") from None
