"""The HTTP edge: the route table as an ASGI app."""

import base64
import binascii
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qs

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from system.api.dispatch import Dispatch
from system.api.endpoint import body_of_request, endpoint_of, problem_of
from system.api.gateway import Gateway
from system.api.logs import Correlated
from system.api.openapi import document
from system.api.problems import Code, Problem
from system.api.route import Route
from system.api.table import ROUTES
from system.api.tokens import LIFE_S
from system.limits import TEXT_CHARS_MAX
from system.settings import VERSION

# Who asks is not yet known: neither time nor memory for more than an id and a secret.
_FORM_BYTES_MAX: Final = 4_096
_CODES: Final = {404: Code.NOT_FOUND, 405: Code.METHOD_NOT_ALLOWED}


def app_of(gateway: Gateway, work: Callable[[], AbstractAsyncContextManager[None]]) -> FastAPI:
    """The app over a gateway. work: what runs beside the requests while the app is up."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with work():
            yield

    app = FastAPI(title="Shapan", version=VERSION, docs_url=None, redoc_url=None, lifespan=lifespan)
    endpoints = [(route, endpoint_of(gateway, route, _thing_of(route))) for route in ROUTES]
    app.add_middleware(Dispatch, endpoints=endpoints)
    app.add_route("/oauth/token", _token_endpoint(gateway), methods=["POST"])
    app.add_route("/oauth/keys", _keys_endpoint(gateway), methods=["GET"])
    app.add_route("/health", _health_endpoint(gateway), methods=["GET"])
    app.openapi = cache(lambda: document(ROUTES, VERSION))  # type: ignore[method-assign]
    app.add_middleware(Correlated)
    app.add_exception_handler(Problem, _on_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_error)
    return app


def _thing_of(route: Route) -> Route | None:
    """What shows the thing that a route changes: the GET whose path its own begins with."""
    found = [one for one in ROUTES if one.shows_what(route)]
    return max(found, key=lambda one: len(one.path), default=None)


async def _on_error(_: Request, error: Exception) -> Response:
    return problem_of(error).response()


async def _on_http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, Code.MALFORMED)
    return Problem(code, str(error.detail), headers=dict(error.headers or {})).response()


def _health_endpoint(gateway: Gateway) -> Any:
    async def health(_: Request) -> Response:
        await gateway.writer.run(lambda: None)
        return JSONResponse({"status": "ok", "now_s": gateway.services.clock.now_s()})

    return health


def _keys_endpoint(gateway: Gateway) -> Any:
    async def keys(_: Request) -> Response:
        return JSONResponse(gateway.tokens.public_keys())

    return keys


def _token_endpoint(gateway: Gateway) -> Any:
    """OAuth 2.0 client credentials (RFC 6749, 4.4), with HTTP Basic or in the form."""

    async def token(request: Request) -> Response:
        raw = await body_of_request(request, _FORM_BYTES_MAX)
        form = parse_qs(raw.decode("ascii", "replace"))
        if form.get("grant_type") != ["client_credentials"]:
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        client_id, secret = _credentials(request, form)
        services = gateway.services
        if not gateway.rates.admits(f"token/{client_id[:TEXT_CHARS_MAX]}", services.clock.now_s()):
            raise Problem(Code.TOO_MANY_REQUESTS, "Slow down.", headers={"Retry-After": "1"})
        with services.unit() as unit:
            caller = services.clients.authenticate(unit, client_id, secret)
        if caller is None:
            challenge = {"WWW-Authenticate": 'Basic realm="shapan"'}
            return JSONResponse({"error": "invalid_client"}, 401, challenge)
        issued = {
            "access_token": gateway.tokens.issue(caller, services.clock.now_s()),
            "token_type": "Bearer",  # nosec B105
            "expires_in": LIFE_S,
            "scope": " ".join(caller.scopes),
        }
        return JSONResponse(issued, headers={"Cache-Control": "no-store"})

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
