"""The OpenAPI 3.1 document, made from the route tables: nothing in it is written twice."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from system.api.access import SCOPES, Role
from system.api.answers import Answer, Asked, Document, changed, not_found
from system.api.bodies import example_of
from system.api.open_routes import ISSUER, OpenRoute
from system.api.problems import MEDIA_TYPE, Code, Problem
from system.api.route import JSON, KEY_CHARS_MAX, Form, Route, thing_of
from system.api.signatures import COVERED

_COMPONENTS: Final = "#/components/{kind}/{name}"
_SCHEMA: Final = "#/components/schemas/{model}"
# (model, mode) -> where its schema stands.
_Refs = Mapping[Any, Any]


def document(
    routes: Sequence[Route], open_routes: Sequence[OpenRoute], version: str
) -> dict[str, Any]:
    """The whole description of the gateway."""
    refs, definitions = models_json_schema(_models(routes, open_routes), ref_template=_SCHEMA)
    paths: dict[str, Any] = {}
    for route in routes:
        told = _operation(route, thing_of(route, routes), refs)
        paths.setdefault(route.path, {})[route.method.lower()] = told
    for one in open_routes:
        paths.setdefault(one.path, {})[one.method.lower()] = _open_operation(one, refs)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Shapan", "version": version, "description": _DESCRIPTION},
        "paths": paths,
        "components": {
            "schemas": {**definitions.get("$defs", {}), "Problem": _PROBLEM},
            "parameters": _PARAMETERS,
            "headers": {"ETag": _ETAG},
            "responses": _RESPONSES,
            "securitySchemes": _SECURITY,
        },
    }


def _models(
    routes: Sequence[Route], open_routes: Sequence[OpenRoute]
) -> list[tuple[type[BaseModel], JsonSchemaMode]]:
    """Whatever the document refers to, once."""
    bodies = [route.body for route in routes if route.body is not None]
    forms = [form for route in routes for form in route.forms]
    read = [*bodies, *(one for form in forms for one in _models_of(form))]
    told: list[type[Answer]] = [Asked, *(r.answer for r in routes if r.answer is not Document)]
    for route in open_routes:
        told += [route.answer, *(answer for _, answer in route.refusals)]
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [(one, "validation") for one in read]
    return list(dict.fromkeys([*models, *((one, "serialization") for one in told)]))


def _models_of(form: Form) -> tuple[type[BaseModel], ...]:
    return form.schema if isinstance(form.schema, tuple) else ()


def _operation(route: Route, thing: Route | None, refs: _Refs) -> dict[str, Any]:
    status = "202" if route.four_eyes else str(route.status)
    answer = Asked if route.four_eyes else route.answer
    content = _form(route.shows, refs) if route.shows is not None else _answer(answer, refs)
    success: dict[str, Any] = {"description": route.summary, "content": content}
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "description": _rules(route),
        "security": [{"oauth": [route.scope]}],
        "parameters": _parameters(route, thing),
        "responses": {status: success, "default": _component("responses", "Problem")},
    }
    if not route.is_command:
        success["headers"] = {"ETag": _component("headers", "ETag")}
        operation["responses"]["304"] = _component("responses", "NotModified")
    elif thing is not None:
        operation["responses"]["412"] = _component("responses", "PreconditionFailed")
    if route.body is not None:
        told = {"schema": refs[route.body, "validation"], "example": example_of(route.body)}
        operation["requestBody"] = {"required": True, "content": {JSON: told}}
    elif route.forms:
        forms = {kind: told for form in route.forms for kind, told in _form(form, refs).items()}
        operation["requestBody"] = {"required": True, "content": forms}
    return operation


def _open_operation(route: OpenRoute, refs: _Refs) -> dict[str, Any]:
    answers = {200: route.answer, **dict(route.refusals)}
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "description": "It needs no access token.",
        "security": [{"client": []}, {}] if route.basic else [],
        "responses": {
            **{
                str(status): {"description": route.summary, "content": _answer(answer, refs)}
                for status, answer in answers.items()
            },
            "default": _component("responses", "Problem"),
        },
    }
    if route.form is not None:
        operation["requestBody"] = {"required": True, "content": _form(route.form, refs)}
    return operation


def _answer(answer: type[Answer], refs: _Refs) -> dict[str, Any]:
    return {JSON: {"schema": refs[answer, "serialization"], "example": answer.example()}}


def _form(form: Form, refs: _Refs) -> dict[str, Any]:
    schema: Any = form.schema
    if isinstance(schema, tuple):
        schema = {"anyOf": [refs[model, "validation"] for model in schema]}
    return {form.media_type: {"schema": schema, "example": form.example}}


def _rules(route: Route) -> str:
    roles = ", ".join(role.name.lower() for role in Role if role & route.roles and role.name)
    whose = f"{' or '.join(route.owns)} is the caller's party" if route.owns else route.object_rule
    lines = [f"Roles: {roles}.", f"Objects: {whose}."]
    if route.is_signed:
        lines.append("Clients with a registered key sign the request (RFC 9421).")
    if route.four_eyes:
        lines.append("Four eyes: it happens when a second client approves it.")
    return " ".join(lines)


def _parameters(route: Route, thing: Route | None) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in names
    ]
    found += [
        {"name": name, "in": "query", "description": about, "schema": {"type": "string"}}
        for name, about in route.query.items()
    ]
    headers = ["Idempotency-Key"] if route.is_command else ["If-None-Match"]
    if thing is not None and route.is_command:
        headers.append("If-Match")
    if route.is_signed:
        headers += ["Content-Digest", "Signature-Input", "Signature"]
    return found + [_component("parameters", name) for name in headers]


def _component(kind: str, name: str) -> dict[str, str]:
    return {"$ref": _COMPONENTS.format(kind=kind, name=name)}


def _problem(about: str, example: Problem) -> dict[str, Any]:
    told = {"schema": _component("schemas", "Problem"), "example": example.document()}
    return {"description": about, "content": {MEDIA_TYPE: told}}


def _header(name: str, about: str, **options: Any) -> dict[str, Any]:
    text = {"type": "string", **options.pop("schema", {})}
    return {"name": name, "in": "header", "description": about, "schema": text, **options}


_DESCRIPTION: Final = (
    "Receivables financing, merchant credit and equipment leasing. Amounts are integer fen, rates "
    "integer ppm a year, times integer UTC seconds. Every command carries an Idempotency-Key: the "
    "same key with the same request gets the same answer, with another one it is refused."
)
# Of {"approve":true} at the example's approval under the example's key, by a key for tests.
_DIGEST: Final = "sha-256=:2Ac2y5aAArMzudvTSTddtCOkLDgVWHmPirupYMQaWGI=:"
_SIGNED: Final = (
    'pyhms=("@method" "@path" "content-digest" "idempotency-key");'
    'created=1767240120;keyid="teller-2";alg="ed25519"'
)
_SIGNATURE: Final = (
    "pyhms=:N+KedQO8aukAF5VWsbu8SfCg6cnC00vUl2D8b4RoC5Sy"
    "Y9DaM8km2Kk4N9ySDYItVygJcJockrAok6zKqbXvBw==:"
)
_TAG: Final = '"0f343b0931126a20f133d67c2b018a3b"'
_PARAMETERS: Final = {
    "Idempotency-Key": _header(
        "Idempotency-Key",
        "the client's own name of this command, the same when it is sent again",
        required=True,
        schema={"minLength": 1, "maxLength": KEY_CHARS_MAX},
        example="order-16",
    ),
    "If-None-Match": _header(
        "If-None-Match", "the ETag of what the caller has: 304 if it still is so", example=_TAG
    ),
    "If-Match": _header(
        "If-Match",
        "the ETag under which the caller saw the thing, or *: 412 if it is another now",
        example=_TAG,
    ),
    "Content-Digest": _header(
        "Content-Digest", "of the body (RFC 9530); of a signed request", example=_DIGEST
    ),
    "Signature-Input": _header(
        "Signature-Input",
        f"what is signed (RFC 9421): {', '.join(COVERED)}, by keyid, the client's id",
        example=_SIGNED,
    ),
    "Signature": _header(
        "Signature", "Ed25519, by the key that the client registered", example=_SIGNATURE
    ),
}
_ETAG: Final = {
    "description": "of this answer, for If-None-Match and, where a command changes it, If-Match",
    "schema": {"type": "string"},
    "example": _TAG,
}
_SECURITY: Final = {
    "oauth": {
        "type": "oauth2",
        "flows": {"clientCredentials": {"tokenUrl": ISSUER, "scopes": SCOPES}},
    },
    "client": {"type": "http", "scheme": "basic", "description": "client id and secret"},
}
_PROBLEM: Final = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"enum": [code.name.lower() for code in Code]},
        "detail": {"type": "string"},
        "refusal": {"type": "string"},
        "refusal_number": {"type": "integer"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}
_RESPONSES: Final = {
    "Problem": _problem("Problem Details (RFC 9457)", not_found()),
    "PreconditionFailed": _problem("It is not as If-Match says", changed()),
    "NotModified": {
        "description": "It is as If-None-Match says",
        "headers": {"ETag": _component("headers", "ETag")},
    },
}
