"""Lists in pages, and changes to what the caller has seen."""

from typing import Any, get_origin

import pytest

from system.api.answers import Page
from system.api.pages import PAGE_MAX, QUERY
from system.api.route import Route
from system.api.table import ROUTES
from system.compliance import cases
from system.compliance.cases import Case
from tests.system.api.test_any_request import caller_of
from tests.system.api.test_authorisation import path_of
from tests.system.api.test_leasing_api import fenced, say
from tests.system.api.test_receivables_api import accepted, registered
from tests.system.api.town import CAST, Town
from tests.system.test_leasing_aemp import BODY, HEADER, NAMESPACE


def pages(town: Town, path: str, client: str, name: str, limit: int) -> list[Any]:
    """Everything, page by page; each page but the last is full."""
    found, after = [], ""
    while True:
        told = town.get(f"{path}?limit={limit}&after={after}", client).json()
        found += told[name]
        after = told["next"]
        if not after:
            return found
        assert len(told[name]) == limit


def test_receivables_are_listed_in_pages_to_those_whom_they_concern(town: Town) -> None:
    made = {registered(town, f"INV-{n}") for n in range(5)}
    for client, limit in (("supplier-erp", 2), ("core-erp", 5), ("regulator", 3)):
        rows = pages(town, "/receivables", client, "receivables", limit)
        assert {row["receivable_id"] for row in rows} == made
        assert len(rows) == 5
    assert pages(town, "/receivables", "other-erp", "receivables", 2) == []
    [one] = town.get("/receivables?state=accepted", "auditor").json()["receivables"] or [None]
    assert one is None


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "%00", "1e1"])
def test_a_page_has_a_size(quiet_town: Town, limit: str) -> None:
    answer = quiet_town.get(f"/receivables?limit={limit}", "regulator")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def is_list(route: Route) -> bool:
    """Whether a GET answers with one list, beside what its path says and the cursor."""
    in_path = {part[1:-1] for part in route.path.split("/") if part.startswith("{")}
    fields = {
        name: field.annotation
        for name, field in route.answer.model_fields.items()
        if name not in in_path | {"next"}
    }
    kinds = {get_origin(hint) for hint in fields.values()}
    return route.method == "GET" and len(fields) == 1 and kinds == {list}


LISTS = [route for route in ROUTES if is_list(route)]


def test_lists_are_told_from_other_answers() -> None:
    named = {route.name for route in ROUTES if route.name.startswith("list")}
    assert {route.name for route in LISTS} == named | {"showAlerts", "showReadings"}


@pytest.mark.parametrize("route", LISTS, ids=lambda route: route.name)
def test_every_list_comes_in_pages(quiet_town: Town, route: Route) -> None:
    assert issubclass(route.answer, Page)
    assert QUERY.items() <= route.query.items()
    client, path = caller_of(route), path_of(route)
    if "{" in route.path:
        path = f"/leasing/machines/{quiet_machine(quiet_town)}/readings"
    told = quiet_town.get(f"{path}?limit=1", client)
    # Clients are there from the start; the bank is quiet in all else.
    cursor = "administrator" if route.name == "listClients" else ""
    assert (told.status_code, told.json()["next"]) == (200, cursor), told.text
    for limit in ("0", "201"):
        answer = quiet_town.get(f"{path}?limit={limit}", client)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_clients_come_in_pages(town: Town) -> None:
    rows = pages(town, "/clients", "administrator", "clients", 4)
    assert [row["client_id"] for row in rows] == sorted({*CAST, "administrator"})


def quiet_machine(town: Town) -> int:
    return int(town.post("/leasing/machines", {}, "lessor").json()["machine"])


def test_suspicions_come_in_pages_the_oldest_first(town: Town) -> None:
    for at in range(5):
        town.clock.time_s += at % 2
        body = {"subject": f"supplier-{at}", "words": "w"}
        assert town.post("/compliance/cases", body, "teller").status_code == 201
    rows = pages(town, "/compliance/cases", "risk-a", "cases", 2)
    assert len({row["subject"] for row in rows}) == 5
    assert [row["raised_at_s"] for row in rows] == sorted(row["raised_at_s"] for row in rows)


def test_more_suspicions_than_a_page_holds_are_all_to_be_had(town: Town) -> None:
    services = town.process.gateway.services
    with services.unit() as unit:
        for at in range(PAGE_MAX + 1):
            cases.raise_case(unit, Case(f"c-{at}", "report", "s", "{}", at, "teller"))
    rows = pages(town, "/compliance/cases", "risk-a", "cases", PAGE_MAX)
    assert [row["raised_at_s"] for row in rows] == list(range(PAGE_MAX + 1))


def test_readings_come_in_pages_in_event_order(town: Town) -> None:
    machine = fenced(town)
    for step in range(5):
        say(town, 34.005, 113.005, 100 + step / 60)
        town.clock.time_s += 60
    path = f"/leasing/machines/{machine}/readings"
    rows = pages(town, path, "lessor", "readings", 2)
    times = [row["at_ms"] for row in rows]
    assert times == sorted(set(times))
    assert len(times) == 5
    late = town.get(f"{path}?from_ms={times[3]}", "lessor").json()["readings"]
    assert [row["at_ms"] for row in late] == times[3:]
    for cursor in ("1.2", "1.2.x", "-1.0.0", "1.2.3.4", "9" * 40 + ".0.0"):
        answer = town.get(f"{path}?after={cursor}", "lessor")
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_a_change_to_what_was_seen_is_made_only_while_it_still_is_so(town: Town) -> None:
    receivable = registered(town)
    shown = town.get(f"/receivables/{receivable}", "core-erp")
    seen = {"If-Match": shown.headers["etag"]}
    path = f"/receivables/{receivable}/acceptance"
    headers = town.headers("core-erp") | seen
    assert town.send("POST", path, json={}, headers=headers).status_code == 202
    town.step()
    path = f"/receivables/{receivable}/disputes"
    body = {"debtor_id": "core-1", "reason": "short"}
    stale = town.send("POST", path, json=body, headers=town.headers("core-erp") | seen)
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    fresh = {"If-Match": town.get(f"/receivables/{receivable}", "core-erp").headers["etag"]}
    answer = town.send("POST", path, json=body, headers=town.headers("core-erp") | fresh)
    assert answer.status_code == 202


def test_approvals_are_listed_for_officers(town: Town) -> None:
    receivable, _ = accepted(town)
    town.post(f"/receivables/{receivable}/write-off", {"bank_id": "bank-1"}, "teller")
    [asked] = town.get("/approvals?state=asked", "teller-2").json()["approvals"]
    assert (asked["route"], asked["maker"]) == ("writeOffReceivable", "teller")
    assert town.get("/approvals", "supplier-erp").status_code == 403


def approved(town: Town, path: str, body: dict[str, Any]) -> Any:
    asked = town.post(path, body, "risk-a")
    assert asked.status_code == 202, asked.text
    approval = f"/approvals/{asked.json()['approval_id']}"
    assert town.post(approval, {"approve": True}, "risk-a").status_code == 403
    return town.post(approval, {"approve": True}, "risk-b")


def test_two_officers_stop_new_risk_in_the_contracts(town: Town) -> None:
    receivable, _ = accepted(town)
    answer = approved(town, "/receivables-pauses", {"reason": "doubt"})
    assert answer.status_code == 200, answer.text
    town.step()
    system = town.process.gateway.services.receivables
    assert system.parts.contracts.view(system.chain, "Registry", "paused") == (True,)
    late = town.post("/receivables", town.invoice("INV-9"), "supplier-erp").json()["reference"]
    town.step()
    assert town.get(f"/receivables/{late}", "supplier-erp").json()["state"] == "failed"
    pay = {"debtor_id": "core-1", "amount_fen": 10_000_000}
    assert town.post(f"/receivables/{receivable}/payments", pay, "teller").status_code == 202
    town.step()
    assert town.get(f"/receivables/{receivable}", "teller").json()["state"] == "settled"


def test_a_model_is_promoted_by_two_who_did_not_propose_it(town: Town) -> None:
    town.promote_model()
    listed = town.get("/credit/models", "auditor").json()["models"]
    assert [row["state"] for row in listed] == ["champion"]
    model = listed[0]["model_id"]
    again = approved(town, f"/credit/models/{model}/promotion", {})
    assert again.json()["code"] == "invalid"
    assert "only a proposed one" in again.json()["detail"]
    assert approved(town, "/credit/model-roll-backs", {"reason": "r"}).json()["code"] == "invalid"


def test_a_fleet_of_another_system_comes_in_as_aemp_for_its_own_lessor_alone(town: Town) -> None:
    town.admit("rival", "lessor-2", ["lessor"])
    for client, fleet, pin in (("lessor", "f", "PIN-1"), ("rival", "g", "PIN-2")):
        assert town.post("/leasing/fleets", {"fleet": fleet}, client).status_code == 201
        machine = town.post("/leasing/machines", {}, client).json()["machine"]
        device = {"device_id": f"d-{pin}", "machine": machine, "fleet": fleet, "pin": pin}
        assert town.post("/leasing/devices", device, client).status_code == 201
    parts = [f"<Equipment>{HEADER.format(pin=pin)}{BODY}</Equipment>" for pin in ("PIN-1", "PIN-2")]
    page = f'<Fleet xmlns="{NAMESPACE}">{"".join(parts)}</Fleet>'.encode()
    town.clock.time_s += 86_400
    town.refresh()
    told = []
    for client, fleet in (("lessor", "f"), ("lessor", "f"), ("rival", "g")):
        headers = town.headers(client) | {"Content-Type": "application/xml"}
        path = f"/leasing/fleets/{fleet}/snapshots"
        answer = town.send("POST", path, content=page, headers=headers)
        assert answer.status_code == 200, answer.text
        told.append([answer.json()[name] for name in ("stored", "repeated", "foreign")])
    assert told == [[2, 0, 1], [0, 2, 1], [2, 0, 1]]
    headers = town.headers("lessor") | {"Content-Type": "application/xml"}
    evil = b'<!DOCTYPE a [<!ENTITY b "c">]>' + page
    answer = town.send("POST", "/leasing/fleets/f/snapshots", content=evil, headers=headers)
    assert answer.json()["code"] == "invalid"
