"""From an HTTP request to one row of the route table and back."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from system.api import approvals, kept_answers, signatures
from system.api.access import Caller
from system.api.answers import Asked, Document, changed
from system.api.bodies import BODY_BYTES_MAX, read
from system.api.gateway import Gateway
from system.api.ownership import check_owner
from system.api.problems import Code, Problem
from system.api.route import JSON, KEY_CHARS_MAX, Call, Route
from system.api.services import Services
from system.api.writer import Together
from system.canonical import canonical_json, sha256_hex
from system.errors import (
    EvmUnavailable,
    InputError,
    IntegrityError,
    OperationalError,
    StoreUnavailable,
)


class NotDone(OperationalError):
    """Books, chain or log disagree with what a command was about to do, and it is undone."""


Endpoint = Callable[[Request], Awaitable[Response]]


def endpoint_of(gateway: Gateway, route: Route, thing: Route | None = None) -> Endpoint:
    """The ASGI endpoint of one route. thing: shows what the route changes, for If-Match."""

    def together(calls: list[Call]) -> list[Any]:
        return perform_each(gateway.services, route, calls)

    async def endpoint(request: Request) -> Response:
        caller = caller_of_request(gateway, request)
        _check_rights(gateway, route, caller)
        # A stranger's would be in memory for nothing.
        raw = await body_of_request(request)
        _check_signature(gateway, route, request, caller, raw)
        call = _call(route, request, caller, raw)
        seen = request.headers.get("if-match", "")
        answer = await gateway.writer.run(
            lambda: perform(gateway.services, route, call, thing, seen),
            Together(together, call) if route.joined is not None and not seen else None,
        )
        if isinstance(answer, Problem):
            raise answer
        return _response(route, request, answer)

    return endpoint


def perform(
    desk: Services, route: Route, call: Call, thing: Route | None = None, seen: str = ""
) -> dict[str, Any] | Problem:
    """Run one call inside the writer's group. seen: the tag under which the caller saw the thing.

    What is the caller's to mend comes back as a value: a product keeps its refusals under their
    key, and raising would undo that. What is not is raised, so that nothing is half done.
    """
    try:
        if seen and route.is_command:
            _check_seen(desk, thing, call, seen)
        if route.four_eyes and not call.checker:
            return _ask(desk, route, call)
        if route.is_command and route.joined is None:
            return _once(desk, route, call)
        return _done(desk, route, call)
    except Problem as problem:
        return problem
    except InputError as error:
        facts = {"errors": [{"field": error.field, "remedy": error.remedy}]}
        return Problem(Code.INVALID, error.message(), facts)
    except EvmUnavailable as error:
        # A value: what is raised has everything read again, and without its chain a bank cannot.
        return Problem(Code.UNAVAILABLE, str(error))
    except IntegrityError as error:
        raise NotDone(str(error)) from error


def _done(desk: Services, route: Route, call: Call) -> dict[str, Any]:
    document: dict[str, Any] = route.handler(desk, call).model_dump(mode="json")
    return document


def _once(desk: Services, route: Route, call: Call) -> dict[str, Any]:
    """Do it, or say again what it was answered. Raises Problem: nothing is kept of it then."""
    with desk.unit() as unit:
        known = kept_answers.find(unit, desk.vault.cipher, route, call)
    if known is None:
        answer, cipher = _done(desk, route, call), desk.vault.cipher
        with desk.unit() as unit:
            kept_answers.keep(unit, cipher, route, call, answer, desk.clock.now_s())
        return answer
    if route.answers_secret:
        return _done(desk, route, replace(call, repeats=True))
    answered: dict[str, Any] = json.loads(known.answer)
    return answered


def _check_seen(desk: Services, thing: Route | None, call: Call, seen: str) -> None:
    """Raises Problem unless the thing is as it was when the caller got this tag."""
    if thing is None or not thing.allows(call.caller):
        raise Problem(Code.PRECONDITION_FAILED, "There is nothing to compare here: leave If-Match.")
    shown = thing.handler(desk, replace(call, query={}, body=None)).model_dump(mode="json")
    if seen not in ("*", _tag(canonical_json(shown))):
        raise changed()


def _tag(text: str) -> str:
    return f'"{sha256_hex(text)[:32]}"'


def perform_each(desk: Services, route: Route, calls: list[Call]) -> list[dict[str, Any] | Problem]:
    """Run several calls of one route as one batch. Raises where each has to be run alone."""
    assert route.joined is not None
    return [
        answer if isinstance(answer, Problem) else answer.model_dump(mode="json")
        for answer in route.joined(desk, calls)
    ]


def _ask(desk: Services, route: Route, call: Call) -> dict[str, Any]:
    try:
        body = call.raw.decode()
    except UnicodeDecodeError:
        raise Problem(Code.MALFORMED, "The body is no text: encode it as UTF-8.") from None
    request = approvals.Request(route.name, canonical_json(dict(call.path)), body, call.key)
    with desk.unit() as unit:
        row = approvals.ask(unit, call.caller, request, desk.clock.now_s())
    return Asked(approval_id=row.approval_id, state=row.state).model_dump()


async def body_of_request(request: Request, bytes_max: int = BODY_BYTES_MAX) -> bytes:
    """The body, as far as it may go. Raises Problem before more than that is in memory."""
    declared = request.headers.get("content-length", "0")
    if not declared.isdigit() or int(declared) > bytes_max:
        raise _too_large(bytes_max)
    raw = b""
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        raw += message.get("body", b"")
        more = message.get("more_body", False)
        if len(raw) > bytes_max:
            raise _too_large(bytes_max)
    return raw


def _too_large(bytes_max: int) -> Problem:
    return Problem(Code.TOO_LARGE, f"Send at most {bytes_max} bytes, with their length.")


def caller_of_request(gateway: Gateway, request: Request) -> Caller:
    """Who calls, by the token and as the books know the client now. Raises Problem."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        challenge = {"WWW-Authenticate": "Bearer"}
        raise Problem(Code.UNAUTHENTICATED, "Send a bearer token.", headers=challenge)
    services = gateway.services
    now_s = services.clock.now_s()
    client_id, secret_mark = gateway.tokens.holder_of(token, now_s)
    caller = services.clients.find(services.store, client_id, now_s)
    if caller is None:
        raise Problem(Code.UNAUTHENTICATED, "The client was revoked.")
    if caller.secret_mark != secret_mark:
        raise Problem(Code.UNAUTHENTICATED, "The client has a new secret: get a token with it.")
    return caller


def _check_rights(gateway: Gateway, route: Route, caller: Caller) -> None:
    if not gateway.rates.admits(caller.client_id, gateway.services.clock.now_s()):
        raise Problem(Code.TOO_MANY_REQUESTS, "Slow down.", headers={"Retry-After": "1"})
    if not route.allows(caller):
        raise Problem(Code.FORBIDDEN, f"It needs scope {route.scope} and a role that fits.")


def _check_signature(
    gateway: Gateway, route: Route, request: Request, caller: Caller, raw: bytes
) -> None:
    if route.is_signed and (caller.signer or gateway.signatures_required):
        message = signatures.Message(request.method, str(request.url), request.headers)
        signatures.check(caller, message, raw, gateway.services.clock.now_s())


def _call(route: Route, request: Request, caller: Caller, raw: bytes) -> Call:
    media_type = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if route.is_command and media_type not in route.media_types:
        raise Problem(Code.UNSUPPORTED_MEDIA_TYPE, f"Send {' or '.join(route.media_types)}.")
    body = read(route.body, raw or b"{}") if route.body is not None else None
    path = dict(request.path_params)
    check_owner(route, caller, path, body)
    key = _key(route, request, caller)
    query = dict(request.query_params)
    if not all(text.isprintable() for text in query.values()):
        raise Problem(Code.INVALID, "What stands behind ? must be printable.")
    return Call(caller, path, query, body, raw or b"{}", media_type, key)


def _key(route: Route, request: Request, caller: Caller) -> str:
    if not route.is_command:
        return ""
    key = request.headers.get("idempotency-key", "").strip()
    if not key or len(key) > KEY_CHARS_MAX or not key.isprintable():
        detail = f"Send an Idempotency-Key of 1 to {KEY_CHARS_MAX} printable characters."
        raise Problem(Code.IDEMPOTENCY_KEY_MISSING, detail)
    return f"{caller.client_id}/{key}"


def _response(route: Route, request: Request, document: dict[str, Any]) -> Response:
    text, media_type = canonical_json(document), JSON
    if route.answer is Document:
        text, media_type = document["text"], document["media_type"]
    if route.is_command:
        status = 202 if route.four_eyes else route.status
        return Response(text, status, media_type=media_type)
    tag = _tag(text)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(text, route.status, headers, media_type)


def problem_of(error: Exception) -> Problem:
    """The problem document of anything that went wrong."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, StoreUnavailable):
        return Problem(Code.UNAVAILABLE, "The books are out of reach; send it again.")
    if isinstance(error, OperationalError):
        return Problem(Code.UNAVAILABLE, str(error))
    return Problem(Code.INTERNAL, "Nothing was changed. The log has the details.")
