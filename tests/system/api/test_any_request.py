"""Whatever is sent to the gateway, it answers with one of its own codes and never with a bug.

Every run sends to every route odd values, what schemathesis makes of the OpenAPI document, and the
documents that it takes, altered; SHAPAN_FUZZ_EXAMPLES asks for so many of each (`make fuzz`).
"""

import json
import os
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from system.api.access import Role
from system.api.problems import MEDIA_TYPE
from system.api.route import Form, Route
from system.api.table import ROUTES
from tests.system.api.test_authorisation import body_of, path_of
from tests.system.api.town import CAST, Town
from tests.system.test_bad_input import altered

MANY = os.environ.get("SHAPAN_FUZZ_EXAMPLES")
DOCUMENTS = [
    pytest.param(route, form, id=f"{route.name}-{form.media_type}")
    for route in ROUTES
    for form in route.forms
]
ODD = st.sampled_from([None, True, -1, 0, 1.5, 2**63, -(2**70), "", "x" * 2_000, "\0", "𝕏", [], {}])
ODD |= st.sampled_from([[[]], {"a": {}}, "2026-02-30", "1e999", [None] * 300])
PLACES = st.sampled_from(["7", "0", "-1", "9" * 30, "x", "\0", "é", "a b", "..", "7;8", "%"])


def settled(examples: int) -> Any:
    count = int(MANY or examples)
    return settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))


def caller_of(route: Route) -> str:
    """A client whose role may call."""
    if route.roles & Role.ADMINISTRATOR:
        return "administrator"
    return next(c for c, (_, roles) in CAST.items() if Role[roles[0].upper()] & route.roles)


def check(answer: httpx.Response, sent: object) -> None:
    assert answer.status_code < 500, f"{sent}: {answer.text}"
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == MEDIA_TYPE
        assert answer.json()["code"]


@pytest.fixture(scope="module")
def town(quiet_town: Town) -> Town:
    quiet_town.process.gateway.rates._per_s = 10**9
    return quiet_town


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_odd_values_meet_no_bug(town: Town, route: Route) -> None:
    client, example = caller_of(route), body_of(route)
    fields = st.sampled_from([*example, "extra", "list_name", "entries"])

    @settled(5)
    @given(st.dictionaries(fields, ODD, max_size=3), st.lists(PLACES, min_size=3, max_size=3))
    def probe(odd: dict[str, Any], places: list[str]) -> None:
        given_places = iter(places)
        parts = [
            quote(next(given_places), safe="") if part.startswith("{") else part
            for part in route.path.split("/")
        ]
        path, body = "/".join(parts), json.dumps({**example, **odd}).encode()
        headers = {**town.headers(client), "Content-Type": "application/json"}
        if route.method == "GET":
            answer = town.send(
                "GET", path, headers=headers, params=dict.fromkeys(route.query, places[0])
            )
        else:
            answer = town.send(route.method, path, headers=headers, content=body)
        check(answer, (path, body))

    probe()


NO_TEXT = [b"\xff\xfe{}", b'{"list_name":"\\ud800","version":"1","entries":[]}']
COMMANDS = [route for route in ROUTES if route.is_command]


@pytest.mark.parametrize("route", COMMANDS, ids=lambda route: route.name)
def test_bytes_that_are_no_text_meet_no_bug(town: Town, route: Route) -> None:
    path = "/".join("7" if part.startswith("{") else part for part in route.path.split("/"))
    for media_type in route.media_types:
        headers = {**town.headers(caller_of(route)), "Content-Type": media_type}
        for body in NO_TEXT:
            answer = town.send(route.method, path, headers=headers, content=body)
            check(answer, (path, media_type, body))
            assert not answer.is_success or route.body is None


@pytest.fixture(scope="module")
def operations(town: Town) -> dict[str, Any]:
    """Every operation of the document, by its id."""
    document = json.loads(town.send("GET", "/openapi.json").content)
    schema = schemathesis.openapi.from_dict(document)
    found = [result.ok() for result in schema.get_all_operations()]
    return {operation.definition.raw["operationId"]: operation for operation in found}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_what_the_document_allows_meets_no_bug(
    town: Town, operations: dict[str, Any], route: Route
) -> None:
    @settled(4)
    @given(case=operations[route.name].as_strategy())
    def probe(case: Any) -> None:
        sent = case.as_transport_kwargs()
        wanted = {n: sent[n] for n in ("json", "data", "params") if sent.get(n)}
        if isinstance(wanted.get("data"), bytes):
            wanted["content"] = wanted.pop("data")
        path = "/" + case.formatted_path.lstrip("/")
        answer = town.send(case.method, path, headers=town.headers(caller_of(route)), **wanted)
        check(answer, (path, wanted))

    probe()


@pytest.mark.parametrize(("route", "form"), DOCUMENTS)
def test_an_altered_document_meets_no_bug(town: Town, route: Route, form: Form) -> None:
    client = caller_of(route)
    text = form.example if isinstance(form.example, str) else json.dumps(form.example)

    @settled(10)
    @given(altered(text.encode()))
    def probe(document: bytes) -> None:
        headers = {**town.headers(client), "Content-Type": form.media_type}
        answer = town.send(route.method, path_of(route), headers=headers, content=document)
        check(answer, document)

    probe()
