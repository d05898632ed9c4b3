"""Every route x role x ownership, generated from the route table."""

import json
from typing import Any

import pytest

from system.api.access import SCOPES, Caller, Role
from system.api.bodies import read
from system.api.route import Route
from system.api.table import ROUTES
from tests.system.api.town import CAST, Town

CASES = [
    pytest.param(route, role, id=f"{route.name}-{role.name}") for route in ROUTES for role in Role
]


def path_of(route: Route) -> str:
    parts = ["7" if part.startswith("{") else part for part in route.path.split("/")]
    return "/".join(parts)


def body_of(route: Route) -> dict[str, Any]:
    if route.body is None:
        return {}
    example: dict[str, Any] = route.body.model_json_schema().get("examples", [{}])[0]
    return example


def call(town: Town, route: Route, client: str, body: Any = None) -> Any:
    if route.method == "GET":
        return town.get(path_of(route), client)
    return town.post(path_of(route), body_of(route) if body is None else body, client)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_route_says_whose_objects_it_touches(route: Route) -> None:
    assert bool(route.owns) != bool(route.object_rule)
    assert route.roles
    fields = set(route.body.model_fields) if route.body else set()
    assert set(route.owns) <= fields | {p[1:-1] for p in route.path.split("/") if p[:1] == "{"}


@pytest.mark.parametrize(("route", "role"), CASES)
def test_a_role_that_the_table_does_not_name_is_turned_away(
    quiet_town: Town, route: Route, role: Role
) -> None:
    if role & route.roles:
        return
    name = (role.name or "").lower()
    client = next((one for one, (_, roles) in CAST.items() if name in roles), "administrator")
    answer = call(quiet_town, route, client)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_no_token_or_a_bad_one_is_turned_away(quiet_town: Town, route: Route) -> None:
    for headers in ({}, {"Authorization": "Bearer x.y.z"}, {"Authorization": "Basic eDp5"}):
        answer = quiet_town.send(route.method, path_of(route), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_the_right_role_without_the_scope_is_turned_away(route: Route) -> None:
    other = tuple(scope for scope in SCOPES if scope != route.scope)
    assert not route.allows(Caller("c", "p", route.roles, other))
    assert route.allows(Caller("c", "p", route.roles, (route.scope,)))


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.owns], ids=lambda route: route.name
)
def test_nobody_speaks_for_another_party(quiet_town: Town, route: Route) -> None:
    body = body_of(route) | dict.fromkeys(route.owns, "somebody-else")
    for client, (_, roles) in CAST.items():
        if Role[roles[0].upper()] & route.roles:
            answer = call(quiet_town, route, client, body)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.is_command], ids=lambda route: route.name
)
def test_a_command_without_an_idempotency_key_does_nothing(quiet_town: Town, route: Route) -> None:
    cast = {"administrator": ("", ["administrator"]), **CAST}
    client = next(one for one, (_, roles) in cast.items() if Role[roles[0].upper()] & route.roles)
    body = body_of(route) | dict.fromkeys(route.owns, cast[client][0])
    headers = {"Authorization": f"Bearer {quiet_town.tokens[client]}"}
    headers["Content-Type"] = route.media_types[0]
    raw = json.dumps(body)
    answer = quiet_town.send(route.method, path_of(route), content=raw, headers=headers)
    assert answer.json()["code"] == "idempotency_key_missing", answer.text


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_an_example_stands_in_the_description_of_every_body(route: Route) -> None:
    if route.body is not None and any(f.is_required() for f in route.body.model_fields.values()):
        example = body_of(route)
        assert example, "give its model an example"
        read(route.body, json.dumps(example).encode())
