"""A thin Python client of the gateway: tokens, keys, signatures, repeats and pages.

bank = Bank(HttpTransport("https://bank.example"), "erp-7", secret)
made = bank.post("/receivables", invoice_xml, media_type="application/xml")
for payment in bank.each("/payments", "payments"):
    ...
"""

import base64
import json
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import (
    ContentDigest,
    HTTPMessageSigner,
    HTTPSignatureKeyResolver,
    algorithms,
)

from system.client.transport import Reply, Transport

JSON: Final = "application/json"
_COVERED: Final = ("@method", "@path", "content-digest", "idempotency-key")
_AGAIN: Final = (429, 503)
PAUSES_S: Final = (0.2, 1.0, 3.0, 10.0)


class Refused(Exception):
    """The gateway's Problem Details: ``status``, closed ``code``, and the whole ``document``."""

    def __init__(self, status: int, document: dict[str, Any]) -> None:
        self.status, self.document = status, document
        self.code = str(document.get("code", document.get("error", "unknown")))
        super().__init__(f"{status} {self.code}: {document.get('detail', '')}")


class Bank:
    """One client's way to the gateway.

    signer: the Ed25519 private key (32 bytes) whose public half was registered; empty for none.
    """

    def __init__(
        self,
        transport: Transport,
        client_id: str,
        secret: str,
        *,
        signer: bytes = b"",
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._transport, self._client_id, self._secret = transport, client_id, secret
        self._signer = _Signer(client_id, signer) if signer else None
        self._pause = pause
        self._token = ""  # nosec B105

    def get(self, path: str, **query: str | int) -> Any:
        """The answer's JSON. Raises Refused, and OSError where nobody answers."""
        return json.loads(self.document(path, **query))

    def document(self, path: str, **query: str | int) -> bytes:
        """The answer as it is, for what is not JSON. Raises as ``get``."""
        place = f"{path}?{urlencode(query)}" if query else path
        return self._send("GET", place, {}, b"").body

    def each(self, path: str, name: str, **query: str | int) -> Iterator[Any]:
        """Every row of a list, page after page. name: of the answer's member that holds them."""
        after = ""
        while True:
            told = self.get(path, **query, after=after)
            yield from told[name]
            after = told["next"]
            if not after:
                return

    def post(
        self,
        path: str,
        body: Any = None,
        *,
        key: str = "",
        media_type: str = JSON,
        if_match: str = "",
    ) -> Any:
        """A command, done once however often it is sent. Raises as ``get``.

        body: what JSON can hold, or bytes of another media type.  key: the Idempotency-Key; give
        your own where a restart of your program must not make a second command of it.  if_match:
        the ETag under which you saw the thing.
        """
        raw = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
        headers = {
            "Content-Type": media_type,
            "Idempotency-Key": key or secrets.token_hex(16),
            **({"If-Match": if_match} if if_match else {}),
        }
        return json.loads(self._send("POST", path, headers, raw).body)

    def _send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        """With a token, signed, and again under the same key where the answer is not known."""
        for pause_s in (*PAUSES_S, None):
            try:
                reply = self._once(method, path, headers, body)
            except OSError:
                if pause_s is None:
                    raise
            else:
                if reply.status not in _AGAIN or pause_s is None:
                    return _checked(reply)
            self._pause(pause_s)
        raise AssertionError("the last try returns or raises")

    def _once(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        reply = self._signed(method, path, headers, body)
        if reply.status == 401 and self._token:
            self._token = ""  # it has expired: with a new one  # nosec B105
            reply = self._signed(method, path, headers, body)
        return reply

    def _signed(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        if not self._token:
            self._token = self._new_token()
        sent = headers | {"Authorization": f"Bearer {self._token}"}
        if self._signer is not None and method == "POST":
            self._signer.sign(path, sent, body)
        return self._transport.send(method, path, sent, body)

    def _new_token(self) -> str:
        pair = base64.b64encode(f"{self._client_id}:{self._secret}".encode()).decode()
        headers = {
            "Authorization": f"Basic {pair}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        form = b"grant_type=client_credentials"
        told = _checked(self._transport.send("POST", "/oauth/token", headers, form))
        return str(json.loads(told.body)["access_token"])


def _checked(reply: Reply) -> Reply:
    if reply.status < 400:
        return reply
    try:
        document = json.loads(reply.body)
    except ValueError:
        document = {"detail": reply.body[:200].decode("utf-8", "replace")}
    raise Refused(reply.status, document)


class _Signer(HTTPSignatureKeyResolver):
    """RFC 9421 over method, path, body and key, as the gateway asks for."""

    def __init__(self, client_id: str, key: bytes) -> None:
        self._client_id = client_id
        self._key = Ed25519PrivateKey.from_private_bytes(key)

    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:
        """The one that there is."""
        return self._key

    def sign(self, path: str, headers: dict[str, str], body: bytes) -> None:
        """Add digest and signature to the headers."""
        headers["Content-Digest"] = ContentDigest.create(body)
        signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=self)
        signer.sign(
            _Message("POST", f"https://bank{path}", headers),
            key_id=self._client_id,
            covered_component_ids=_COVERED,
            use_existing_digest=True,
        )


class _Message:
    """A request as the library reads it."""

    def __init__(self, method: str, url: str, headers: dict[str, str]) -> None:
        self.method, self.url, self.headers = method, url, headers
