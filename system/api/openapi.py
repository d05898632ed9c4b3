"""The OpenAPI 3.1 document, made from the route table: nothing in it is written twice."""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from system.api.access import Role
from system.api.answers import Document
from system.api.problems import MEDIA_TYPE, Code
from system.api.route import Route

_REF: Final = "#/components/schemas/{model}"
_ASKED: Final = {
    "type": "object",
    "required": ["approval_id", "state"],
    "properties": {"approval_id": {"type": "string"}, "state": {"const": "asked"}},
}


def document(routes: Sequence[Route], version: str) -> dict[str, Any]:
    """The whole description of the gateway."""
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = []
    models += [(route.body, "validation") for route in routes if route.body]
    answers = [route.answer for route in routes if route.answer is not Document]
    models += [(answer, "serialization") for answer in answers]
    _, definitions = models_json_schema(list(dict.fromkeys(models)), ref_template=_REF)
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Shapan", "version": version, "description": _DESCRIPTION},
        "paths": paths,
        "components": {
            "schemas": {**definitions.get("$defs", {}), "Problem": _PROBLEM},
            "securitySchemes": {"oauth": _SECURITY},
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    status = "202" if route.four_eyes else str(route.status)
    answered: Any = _ASKED if route.four_eyes else _ref(route.answer.__name__)
    content = {"application/xml": {"schema": {}}} if route.answer is Document else _json(answered)
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "description": _rules(route),
        "security": [{"oauth": [route.scope]}],
        "parameters": _parameters(route),
        "responses": {
            status: {"description": route.summary, "content": content},
            "default": {
                "description": "Problem Details (RFC 9457)",
                "content": {MEDIA_TYPE: {"schema": _ref("Problem")}},
            },
        },
    }
    if route.body is not None:
        operation["requestBody"] = {"content": _json(_ref(route.body.__name__)), "required": True}
    elif route.is_command:
        operation["requestBody"] = {
            "content": {kind: {"schema": {}} for kind in route.media_types},
            "required": True,
        }
    return operation


def _rules(route: Route) -> str:
    roles = ", ".join(role.name.lower() for role in Role if role & route.roles and role.name)
    whose = f"{' or '.join(route.owns)} is the caller's party" if route.owns else route.object_rule
    lines = [f"Roles: {roles}.", f"Objects: {whose}."]
    if route.signed:
        lines.append("Money moves: clients with a registered key sign the request (RFC 9421).")
    if route.four_eyes:
        lines.append("Four eyes: it happens when a second client approves it.")
    return " ".join(lines)


def _parameters(route: Route) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in names
    ]
    found += [
        {"name": name, "in": "query", "description": about, "schema": {"type": "string"}}
        for name, about in route.query.items()
    ]
    if route.is_command:
        key = {"type": "string", "minLength": 1, "maxLength": 128}
        found.append({"name": "Idempotency-Key", "in": "header", "required": True, "schema": key})
    return found


def _ref(name: str) -> dict[str, str]:
    return {"$ref": _REF.format(model=name)}


def _json(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


_DESCRIPTION: Final = (
    "Receivables financing, merchant credit and equipment leasing. Amounts are integer fen, rates "
    "integer ppm a year, times integer UTC seconds. Every command carries an Idempotency-Key: the "
    "same key with the same request gets the same answer, with another one it is refused."
)
_SECURITY: Final = {
    "type": "oauth2",
    "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": {}}},
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
