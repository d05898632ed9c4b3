"""The description of the gateway says of every operation what goes in and what comes out."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from system.api import signatures
from system.api.access import SCOPES, Caller, Role
from system.api.answers import Asked
from system.api.endpoint import JSON
from system.api.open_routes import OPEN_ROUTES
from system.api.openapi import document
from system.api.problems import Problem
from system.api.route import thing_of
from system.api.table import ROUTES
from system.chain.ubl import read_ubl
from system.leasing.aemp import read_page
from system.payments.instructions import read_initiation
from system.payments.reports import read_report
from tests.system.api.signing import KEY
from tests.system.api.town import Town

TOLD = document(ROUTES, OPEN_ROUTES, "1")
OPERATIONS = {
    operation["operationId"]: operation
    for path in TOLD["paths"].values()
    for operation in path.values()
}
COMMANDS = [route for route in ROUTES if route.is_command]
WITH_BODY = [route.name for route in COMMANDS] + [one.name for one in OPEN_ROUTES if one.form]
XML_READERS: dict[str, Callable[[bytes], object]] = {
    "registerReceivable": lambda raw: read_ubl(raw, "f", by_schema=True),
    "takePaymentMessage": lambda raw: read_report(raw, "f"),
    "showPaymentMessage": lambda raw: read_initiation(raw, "f"),
    "takeFleetSnapshot": read_page,
}


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """What a reference within the document names."""
    found: Any = TOLD
    for name in part.get("$ref", "#").split("/")[1:]:
        found = found[name]
    return found if "$ref" in part else part


def check_forms(name: str, content: dict[str, Any]) -> None:
    """Each has a schema, and an example that it allows or that the service's own reader reads."""
    assert content
    for media_type, form in content.items():
        schema = {**form["schema"], "components": TOLD["components"]}
        assert form["schema"]
        Draft202012Validator(schema).validate(form["example"])
        if media_type.endswith("/xml"):
            assert XML_READERS[name](form["example"].encode())


def references(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def test_the_gateway_tells_of_every_route_and_no_other(quiet_town: Town) -> None:
    told = json.loads(quiet_town.send("GET", "/openapi.json").content)
    paths = {**told, "info": TOLD["info"]}
    assert paths == json.loads(json.dumps(TOLD))
    assert set(OPERATIONS) == {one.name for one in (*ROUTES, *OPEN_ROUTES)}


def test_every_reference_names_something_and_components_have_names_of_their_own() -> None:
    assert all(resolved(part) for part in references(TOLD))
    assert not [name for name in TOLD["components"]["schemas"] if "__" in name]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_has_a_schema_and_an_example_that_fits(name: str) -> None:
    answers = OPERATIONS[name]["responses"]
    assert {status for status in answers if status.startswith("2")}
    assert "default" in answers
    for status, answer in answers.items():
        if status != "304":
            check_forms(name, resolved(answer)["content"])


@pytest.mark.parametrize("name", WITH_BODY)
def test_every_body_has_a_schema_and_an_example_that_fits(name: str) -> None:
    body = OPERATIONS[name]["requestBody"]
    assert body["required"]
    check_forms(name, body["content"])


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_operation_tells_its_rules_and_its_headers(route: Any) -> None:
    operation = OPERATIONS[route.name]
    assert "Roles: " in operation["description"]
    assert operation["security"] == [{"oauth": [route.scope]}]
    headers = {
        one["name"] for one in map(resolved, operation["parameters"]) if one["in"] == "header"
    }
    if not route.is_command:
        assert headers == {"If-None-Match"}
        assert "ETag" in operation["responses"]["200"]["headers"]
        assert "ETag" in resolved(operation["responses"]["304"])["headers"]
        return
    # Where nothing shows what a command changes, the gateway refuses If-Match.
    seen = thing_of(route, ROUTES) is not None
    signs = {"Content-Digest", "Signature-Input", "Signature"} if route.is_signed else set()
    assert headers == {"Idempotency-Key"} | ({"If-Match"} if seen else set()) | signs
    assert ("412" in operation["responses"]) == seen


def test_the_example_of_a_signature_is_one_of_the_example_of_a_decision() -> None:
    parameters = TOLD["components"]["parameters"].values()
    headers = {one["name"]: one["example"] for one in parameters if one["in"] == "header"}
    body = OPERATIONS["decideApproval"]["requestBody"]["content"][JSON]["example"]
    signer = KEY.public_key().public_bytes_raw()
    caller = Caller("teller-2", "bank-1", Role.BANK_OFFICER, (), signer)
    path = f"/approvals/{Asked.example()['approval_id']}"
    sent = json.dumps(body, separators=(",", ":")).encode()

    def check(path: str) -> None:
        message = signatures.Message("POST", f"http://bank{path}", headers)
        signatures.check(caller, message, sent, 1_767_240_120)

    check(path)
    with pytest.raises(Problem, match="does not count"):
        check(path + "0")


def test_every_scope_is_told_and_every_scope_that_is_asked_for_exists() -> None:
    scopes = TOLD["components"]["securitySchemes"]["oauth"]["flows"]["clientCredentials"]["scopes"]
    assert scopes == SCOPES
    assert {route.scope for route in ROUTES} == set(scopes)
    assert all(scopes.values())


def test_the_examples_of_an_invoice_are_the_same_invoice(town: Town) -> None:
    content = OPERATIONS["registerReceivable"]["requestBody"]["content"]
    raw = {kind: form["example"] for kind, form in content.items()}
    sent = {JSON: json.dumps(raw[JSON]), "application/xml": raw["application/xml"]}
    told = []
    for kind, text in sent.items():
        headers = town.headers("supplier-erp") | {"Content-Type": kind}
        answer = town.send("POST", "/receivables", content=text.encode(), headers=headers)
        told.append(answer.json())
    # The same claim comes once, whichever way it is sent.
    assert told[0]["reference"] == told[1]["reference"]
    assert "refusal" not in told[0]
    assert told[1]["refusal"]


def test_what_needs_no_token_answers_as_described(quiet_town: Town) -> None:
    for path, name in (("/health", "showHealth"), ("/oauth/keys", "showTokenKeys")):
        answer = quiet_town.send("GET", path)
        assert set(answer.json()) == set(
            OPERATIONS[name]["responses"]["200"]["content"][JSON]["example"]
        )
    form = {"grant_type": "password"}
    answer = quiet_town.send("POST", "/oauth/token", data=form)
    assert (answer.status_code, answer.json()) == (
        400,
        OPERATIONS["issueToken"]["responses"]["400"]["content"][JSON]["example"],
    )
