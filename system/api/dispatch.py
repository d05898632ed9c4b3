"""From a path to its row of the route table, in a few dictionary look-ups.

The framework tries every route's pattern in turn, which with a table of this size took longer than
the rest of a request's way through it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from system.api.endpoint import Endpoint, problem_of
from system.api.problems import Code, Problem
from system.api.route import Route
from system.errors import OperationalError

_METHODS: Final = {"HEAD": "GET"}
# Where a request's scope holds the row's path, for who tells of it.
ROUTE: Final = "shapan.route"


@dataclass(slots=True)
class _Node:
    """One place in a path. by_method: endpoint, route, names of the path's parameters."""

    by_text: dict[str, "_Node"] = field(default_factory=dict)
    any: "_Node | None" = None
    by_method: dict[str, tuple[Endpoint, str, tuple[str, ...]]] = field(default_factory=dict)


class Dispatch:
    """Answers what the table knows; everything else goes on to ``app``."""

    def __init__(self, app: ASGIApp, endpoints: Sequence[tuple[Route, Endpoint]]) -> None:
        self._app = app
        self._root = _Node()
        for route, endpoint in endpoints:
            self._add(route, endpoint)

    def _add(self, route: Route, endpoint: Endpoint) -> None:
        node, names = self._root, []
        for part in route.path.split("/"):
            if part.startswith("{"):
                names.append(part[1:-1])
                node.any = node.any or _Node()
                node = node.any
            else:
                node = node.by_text.setdefault(part, _Node())
        assert route.method not in node.by_method, f"two routes {route.method} {route.path}"
        node.by_method[route.method] = endpoint, route.path, tuple(names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        found = self._found(scope["path"]) if scope["type"] == "http" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        node, values = found
        method = str(scope["method"])
        known = node.by_method.get(_METHODS.get(method, method))
        if known is None:
            response = _not_allowed(node.by_method).response()
        else:
            endpoint, scope[ROUTE], names = known
            scope["path_params"] = dict(zip(names, values, strict=True))
            try:
                response = await endpoint(Request(scope, receive))
            except (Problem, OperationalError) as error:
                response = problem_of(error).response()
        await response(scope, receive, send)

    def _found(self, path: str) -> tuple[_Node, list[str]] | None:
        node, values = self._root, []
        for part in path.split("/"):
            next_node = node.by_text.get(part)
            if next_node is None:
                next_node = node.any if part else None
                values.append(part)
            if next_node is None:
                return None
            node = next_node
        return (node, values) if node.by_method else None


def _not_allowed(by_method: Mapping[str, object]) -> Problem:
    headers = {"Allow": ", ".join(by_method)}
    return Problem(Code.METHOD_NOT_ALLOWED, "Method Not Allowed", headers=headers)
