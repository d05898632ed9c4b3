"""Problem Details (RFC 9457): every error of the gateway, from one closed list of codes."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from starlette.responses import Response

from system.canonical import canonical_json

MEDIA_TYPE: Final = "application/problem+json"
_TYPE_BASE: Final = "urn:shapan:problem:"


class Code(Enum):
    """name -> (HTTP status, title). A product's refusal has its own name, in ``refusal``."""

    MALFORMED = (400, "The request cannot be read")
    IDEMPOTENCY_KEY_MISSING = (400, "A command needs an Idempotency-Key")
    UNAUTHENTICATED = (401, "No valid access token")
    SIGNATURE_MISSING = (401, "This happens on a signed request only")
    SIGNATURE_INVALID = (401, "The signature does not cover this request")
    FORBIDDEN = (403, "The role or scope does not allow this")
    NOT_FOUND = (404, "There is no such thing, or it is not yours to see")
    METHOD_NOT_ALLOWED = (405, "This resource does not take this method")
    TOO_SLOW = (408, "The request took too long to arrive")
    CONFLICT = (409, "The state of things does not allow this")
    PRECONDITION_FAILED = (412, "It is not as you saw it last")
    TOO_LARGE = (413, "The body is too large")
    UNSUPPORTED_MEDIA_TYPE = (415, "This content type is not taken here")
    INVALID = (422, "A field cannot be used")
    IDEMPOTENCY_KEY_REUSED = (422, "The key came before with another request")
    TOO_MANY_REQUESTS = (429, "Too many requests")
    HEAD_TOO_LARGE = (431, "The head is too large")
    INTERNAL = (500, "A bug was met; nothing was changed")
    UNAVAILABLE = (503, "A part is out of reach; retry with the same key")

    @property
    def status(self) -> int:
        return int(self.value[0])

    @property
    def title(self) -> str:
        return str(self.value[1])


class Problem(Exception):
    """What went wrong with one request. ``facts`` are further members of the document."""

    def __init__(
        self,
        code: Code,
        detail: str,
        facts: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.code, self.detail = code, detail
        self.facts, self.headers = dict(facts or {}), dict(headers or {})
        super().__init__(code.name, detail)

    def document(self) -> dict[str, Any]:
        """The Problem Details object."""
        name = self.code.name.lower()
        head = {"type": _TYPE_BASE + name, "title": self.code.title, "status": self.code.status}
        return {**head, "code": name, "detail": self.detail, **self.facts}

    def response(self) -> Response:
        body = canonical_json(self.document()).encode()
        return Response(body, self.code.status, self.headers, MEDIA_TYPE)
