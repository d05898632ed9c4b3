"""What needs no access token: the token itself, the keys that verify it, and health."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from system.api.access import SCOPES
from system.api.answers import Answer, answered
from system.api.endpoint import Endpoint, body_of_request
from system.api.gateway import Gateway
from system.api.problems import Code, Problem
from system.api.route import Form
from system.api.tokens import LIFE_S
from system.limits import TEXT_CHARS_MAX

# Who asks is not yet known: neither time nor memory for more than an id and a secret.
_FORM_BYTES_MAX: Final = 4_096
_GRANT: Final = "client_credentials"
_SCHEME: Final = "Bearer"
_TEXT: Final = {"type": "string"}


@dataclass(frozen=True, slots=True)
class OpenRoute:
    """One row. form: of the body, where there is one.  refusals: what a status other than a
    problem's says.  basic: HTTP Basic is taken in place of what the form says of the client."""

    method: str
    path: str
    name: str
    summary: str
    endpoint_of: Callable[[Gateway], Endpoint]
    answer: type[Answer]
    form: Form | None = None
    refusals: tuple[tuple[int, type[Answer]], ...] = ()
    basic: bool = False


class Token(Answer):
    """expires_in: seconds.  scope: names, by blanks."""

    model_config = answered(
        access_token=".".join(["eyJhbGciOiJFZDI1NTE5In0", "eyJzdWIiOiJlcnAtNyJ9", "c2lnbmF0dXJl"]),
        token_type=_SCHEME,
        expires_in=LIFE_S,
        scope=next(iter(SCOPES)),
    )
    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    scope: str


class GrantRefused(Answer):
    """RFC 6749, 5.2."""

    model_config = answered(error="unsupported_grant_type")
    error: Literal["unsupported_grant_type"]


class ClientRefused(Answer):
    """RFC 6749, 5.2."""

    model_config = answered(error="invalid_client")
    error: Literal["invalid_client"]


class Keys(Answer):
    """JSON Web Keys (RFC 7517) of which any may have signed a token."""

    model_config = answered(
        keys=[
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                "kid": "d75a980182b10ab7",
                "use": "sig",
            }
        ]
    )
    keys: list[dict[str, Any]]


class Health(Answer):
    """now_s: the gateway's clock, UTC seconds."""

    model_config = answered(status="ok", now_s=1_767_240_000)
    status: Literal["ok"]
    now_s: int


def _health_endpoint(gateway: Gateway) -> Endpoint:
    async def health(_: Request) -> Response:
        await gateway.writer.run(lambda: None)
        told = Health(status="ok", now_s=gateway.services.clock.now_s())
        return JSONResponse(told.model_dump())

    return health


def _keys_endpoint(gateway: Gateway) -> Endpoint:
    async def keys(_: Request) -> Response:
        return JSONResponse(Keys(**gateway.tokens.public_keys()).model_dump())

    return keys


def _token_endpoint(gateway: Gateway) -> Endpoint:
    """OAuth 2.0 client credentials (RFC 6749, 4.4), with HTTP Basic or in the form."""

    async def token(request: Request) -> Response:
        raw = await body_of_request(request, _FORM_BYTES_MAX)
        form = parse_qs(raw.decode("ascii", "replace"))
        if form.get("grant_type") != [_GRANT]:
            return JSONResponse(GrantRefused(error="unsupported_grant_type").model_dump(), 400)
        client_id, secret = _credentials(request, form)
        services = gateway.services
        if not gateway.rates.admits(f"token/{client_id[:TEXT_CHARS_MAX]}", services.clock.now_s()):
            raise Problem(Code.TOO_MANY_REQUESTS, "Slow down.", headers={"Retry-After": "1"})
        with services.unit() as unit:
            caller = services.clients.authenticate(unit, client_id, secret)
        if caller is None:
            challenge = {"WWW-Authenticate": 'Basic realm="shapan"'}
            return JSONResponse(ClientRefused(error="invalid_client").model_dump(), 401, challenge)
        issued = Token(
            access_token=gateway.tokens.issue(caller, services.clock.now_s()),
            token_type=_SCHEME,
            expires_in=LIFE_S,
            scope=" ".join(caller.scopes),
        )
        return JSONResponse(issued.model_dump(), headers={"Cache-Control": "no-store"})

    return token


def _credentials(request: Request, form: dict[str, list[str]]) -> tuple[str, str]:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", [""])[0], form.get("client_secret", [""])[0]
    try:
        pair = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    client_id, _, secret = pair.partition(":")
    return client_id, secret


ISSUER: Final = "/oauth/token"
OPEN_ROUTES: Final = (
    OpenRoute(
        "POST",
        ISSUER,
        "issueToken",
        "An access token for a client (OAuth 2.0, client credentials)",
        _token_endpoint,
        Token,
        form=Form(
            "application/x-www-form-urlencoded",
            {
                "type": "object",
                "required": ["grant_type"],
                "properties": {
                    "grant_type": {"const": _GRANT},
                    "client_id": _TEXT,
                    "client_secret": _TEXT,
                },
            },
            {"grant_type": _GRANT, "client_id": "erp-7", "client_secret": "62" * 32},
        ),
        refusals=((400, GrantRefused), (401, ClientRefused)),
        basic=True,
    ),
    OpenRoute(
        "GET",
        "/oauth/keys",
        "showTokenKeys",
        "The keys with which others may verify access tokens",
        _keys_endpoint,
        Keys,
    ),
    OpenRoute(
        "GET",
        "/health",
        "showHealth",
        "Whether the gateway takes commands now",
        _health_endpoint,
        Health,
    ),
)
