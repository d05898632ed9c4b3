"""Access tokens: JWT signed with EdDSA, short-lived, from keys that rotate (RFC 7519, RFC 8037).

The newest key signs; older ones verify until they are dropped from the ring, so that a rotation
breaks no token that is under way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from system.api.access import Caller
from system.api.problems import Code, Problem
from system.errors import InputError

LIFE_S: Final = 900
AUDIENCE: Final = "shapan"
_ALGORITHM: Final = "Ed25519"
# Tokens whose signature need not be checked again.
_VERIFIED_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Claims:
    """What a token of ours says."""

    audience: object
    from_s: int
    until_s: int
    client_id: str
    secret_mark: str


class TokenIssuer:
    """secrets: one or more of 16 bytes or more, the newest first."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        if not secrets or min(map(len, secrets)) < 16:
            raise InputError("token secret", "…", "give one or more of at least 16 bytes")
        self._keys = [_key(secret) for secret in secrets]
        self._ring = KeySet([*self._keys])
        self._verified: dict[str, _Claims] = {}

    def issue(self, caller: Caller, now_s: int) -> str:
        """A token for LIFE_S seconds."""
        header = {"alg": _ALGORITHM, "kid": self._keys[0].kid, "typ": "at+jwt"}
        claims = {
            "iss": AUDIENCE,
            "aud": AUDIENCE,
            "sub": caller.client_id,
            "secret": caller.secret_mark,
            "scope": " ".join(caller.scopes),
            "iat": now_s,
            "exp": now_s + LIFE_S,
        }
        return jwt.encode(header, claims, self._keys[0], algorithms=[_ALGORITHM])

    def holder_of(self, token: str, now_s: int) -> tuple[str, str]:
        """The client that the token was issued to, and the mark of its secret. Raises Problem."""
        claims = self._verified.get(token) or self._verify(token)
        if claims.audience != AUDIENCE or not claims.from_s <= now_s < claims.until_s:
            raise _refused("it has expired: ask for a new one at /oauth/token")
        return claims.client_id, claims.secret_mark

    def _verify(self, token: str) -> "_Claims":
        """What the token says. It stays true for these bytes, so it is worked out once."""
        try:
            told = jwt.decode(token, self._ring, algorithms=[_ALGORITHM]).claims
        except (JoseError, ValueError):
            raise _refused("it was not issued here, or was altered") from None
        whose = str(told["sub"]), str(told.get("secret", ""))
        claims = _Claims(told.get("aud"), told.get("iat", 0), told["exp"], *whose)
        if len(self._verified) >= _VERIFIED_MAX:
            del self._verified[next(iter(self._verified))]
        self._verified[token] = claims
        return claims

    def public_keys(self) -> dict[str, Any]:
        """The JSON Web Key Set with which others may verify tokens."""
        return dict(self._ring.as_dict(private=False))


def _key(secret: bytes) -> OKPKey:
    private = Ed25519PrivateKey.from_private_bytes(sha256(b"shapan/token/" + secret).digest())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    kid = sha256(private.public_key().public_bytes_raw()).hexdigest()[:16]
    return OKPKey.import_key(pem, {"kid": kid, "use": "sig"})


def _refused(why: str) -> Problem:
    challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    return Problem(Code.UNAUTHENTICATED, f"The token does not count: {why}.", headers=challenge)
