"""Machine leasing over HTTP: machines, alerts and actions, leases and rent."""

import json
from typing import Any

import pytest

from system.leasing.evidence import alert_id
from system.leasing.records import ALERTS, Alert, AlertKind, AlertState, Severity
from system.ports.broker import Delivery
from tests.system.api.town import Town

BOX = (
    '{"type":"Polygon","coordinates":[[[113,34],[113.01,34],[113.01,34.01],[113,34.01],[113,34]]]}'
)
TARIFF = {
    "name": "fixed",
    "edges_s": [0],
    "prices_ppm": [0],
    "least_ppm": 1_000_000,
    "most_ppm": 1_000_000,
    "early_days_max": 60,
    "notice_days": 15,
}


# What a lease needs: where it is made, and of what.
PARTS: dict[str, tuple[str, dict[str, Any]]] = {
    "machine": ("/leasing/machines", {}),
    "lessee": ("/leasing/lessees", {"name": "Pit Co.", "limit_fen": 10**9}),
    "tariff": ("/leasing/tariffs", TARIFF),
}


def made(town: Town, part: str, client: str) -> int:
    path, body = PARTS[part]
    return int(town.post(path, body, client).json()[part])


def fenced(town: Town, client: str = "lessor") -> int:
    """A machine with a terminal that belongs into a box."""
    assert town.post("/leasing/fleets", {"fleet": "f", "unsigned_allowed": True}, client)
    site = town.post("/leasing/sites", {"name": "pit", "fence": BOX}, client).json()["site"]
    machine = town.post("/leasing/machines", {"site": site}, client).json()["machine"]
    device = {"device_id": "EXC-1", "machine": machine, "fleet": "f"}
    answer = town.post("/leasing/devices", device, client)
    assert answer.status_code == 201, answer.text
    assert answer.json()["topic"] == "device/EXC-1/data"
    return int(machine)


def say(town: Town, lat: float, lon: float, hours: float) -> None:
    reading = {
        "device_id": "EXC-1",
        "timestamp": town.clock.time_s,
        "location": {"lat": lat, "lon": lon},
        "working_hours": hours,
        "fuel_consumption": hours * 9,
    }
    payload = json.dumps(reading).encode()
    delivery = Delivery("device/EXC-1/data", payload, town.clock.time_s * 1_000)
    taken = town.process.gateway.services.leasing.telemetry.take([delivery])
    assert not taken.quarantined, taken


def stolen(town: Town) -> tuple[int, str]:
    """A machine that drove away, and its alert."""
    machine = fenced(town)
    for step, lat in enumerate((34.005, 34.005, 34.2, 34.3, 34.4)):
        say(town, lat, 113.005, 100 + step / 6)
        town.clock.time_s += 600
    town.refresh()
    found: Any = town.get("/leasing/alerts?open=true", "lessor").json()["alerts"]
    [alert] = [one for one in found if one["kind"] == "geofence"]
    return machine, str(alert["alert_id"])


def test_a_machine_that_leaves_its_site_is_seen_by_its_lessor_and_the_bank_alone(
    town: Town,
) -> None:
    machine, name = stolen(town)
    assert name.startswith(f"{machine}/{AlertKind.GEOFENCE.name}/")
    town.admit("rival", "lessor-2", ["lessor"])
    assert town.get("/leasing/alerts", "rival").json()["alerts"] == []
    assert town.get(f"/leasing/machines/{machine}", "rival").status_code == 404
    twin = town.get(f"/leasing/machines/{machine}", "risk-a").json()
    assert twin["lat_e7"] == 344_000_000
    [seen] = town.get("/leasing/alerts", "regulator").json()["alerts"]
    assert seen["evidence"]["readings"]


def test_an_alert_of_any_kind_is_explained_in_words_of_its_own(town: Town) -> None:
    machine = town.post("/leasing/machines", {}, "lessor").json()["machine"]
    names = {kind: alert_id(machine, kind, 1_000) for kind in AlertKind}
    state, times = (int(Severity.WARNING), int(AlertState.RAISED)), (1_000, 1_000, 0, 1, 0, 0, 0)
    with town.process.gateway.services.unit() as unit:
        unit.insert(
            ALERTS,
            [
                Alert(name, machine, int(kind), *state, *times, "", "", 1, "")
                for kind, name in names.items()
            ],
        )
    told = [
        town.get(f"/decisions/machine-alert/{name.replace('/', '-')}", "lessor")
        for name in names.values()
    ]
    assert [one.status_code for one in told] == [200] * len(AlertKind)
    assert [one.json()["facts"]["kind"] for one in told] == [k.name.lower() for k in AlertKind]
    for language in ("en", "zh"):
        assert len({one.json()[language] for one in told}) == len(AlertKind)


def test_an_alert_is_taken_on_once_and_cleared_with_a_note(town: Town) -> None:
    _, name = stolen(town)
    body = {"alert_ids": [name, "9/IDLE/1"]}
    answer = town.post("/leasing/alert-acknowledgements", body, "risk-a").json()
    assert answer == {"answers": ["none", "alert_unknown"]}
    assert town.post("/leasing/alert-acknowledgements", body, "lessor").status_code == 404
    cleared = {"alert_ids": [name], "note": "moved with consent"}
    assert town.post("/leasing/alert-clearings", cleared, "lessor").json() == {"answers": ["none"]}
    assert town.get("/leasing/alerts?open=true", "lessor").json()["alerts"] == []


def test_a_machine_is_stopped_by_two_people_alone(town: Town) -> None:
    _, name = stolen(town)
    order = {"alert_id": name, "kind": "immobilise"}
    assert town.post("/leasing/actions", order, "risk-a").status_code == 422
    asked = town.post("/leasing/grave-actions", order, "risk-a").json()
    path = f"/approvals/{asked['approval_id']}"
    assert town.post(path, {"approve": True}, "risk-a").status_code == 403
    done = town.post(path, {"approve": True}, "risk-b").json()
    service = town.process.gateway.services.leasing.leasing
    [action] = service.actions(name)
    assert (action.maker, action.checker) == ("risk-a", "risk-b")
    assert done["result"] == {"action_id": action.action_id}


def leased(town: Town) -> int:
    machine = town.post("/leasing/machines", {}, "lessor").json()["machine"]
    tariff = town.post("/leasing/tariffs", TARIFF, "lessor").json()["tariff"]
    lessee = town.post(
        "/leasing/lessees", {"name": "Pit Co.", "limit_fen": 10**9}, "lessor"
    ).json()["lessee"]
    terms = {
        "machine": machine,
        "lessee": lessee,
        "tariff": tariff,
        "rent_fen": 2_000_000,
        "value_fen": 80_000_000,
        "deposit_fen": 0,
        "term_days": 360,
        "counter_s": 0,
    }
    answer = town.post("/leasing/leases", terms, "lessor")
    assert answer.status_code == 201, answer.text
    return int(answer.json()["lease"])


def test_rent_falls_due_and_is_paid_and_the_rest_goes_back(town: Town) -> None:
    lease = leased(town)
    town.pass_days(40)
    due_fen = town.get(f"/leasing/leases/{lease}", "lessor").json()["due_fen"]
    assert due_fen > 0
    paid = town.post(f"/leasing/leases/{lease}/payments", {"amount_fen": due_fen + 5}, "teller")
    assert paid.json() == {"lease": lease, "applied_fen": due_fen, "returned_fen": 5}
    assert town.get(f"/leasing/leases/{lease}", "auditor").json()["due_fen"] == 0


def test_a_late_payers_machine_is_stopped_by_two_people_and_not_before_its_time(
    town: Town,
) -> None:
    lease = leased(town)
    path, why = f"/leasing/leases/{lease}/hold", {"note": "called twice"}
    town.pass_days(20)

    def decided() -> Any:
        asked = town.post(path, why, "risk-a").json()
        return town.post(f"/approvals/{asked['approval_id']}", {"approve": True}, "risk-b")

    assert decided().json()["refusal"] == "hold_too_early"
    town.pass_days(50)
    [action] = [decided().json()["result"]["action_id"]]
    service = town.process.gateway.services.leasing.leasing
    assert [one.action_id for one in service.actions_on(0)] == [action]


def test_a_tariff_has_seasons_for_a_whole_year_or_none(town: Town) -> None:
    year = {"seasons_ppm": [1_000_000] * 11 + [500_000]}
    assert town.post("/leasing/tariffs", TARIFF | year, "lessor").status_code == 201
    answer = town.post("/leasing/tariffs", TARIFF | {"seasons_ppm": [500_000]}, "lessor")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_a_machine_cannot_be_leased_twice_or_by_somebody_elses_lessor(town: Town) -> None:
    leased(town)
    again = {"machine": 0, "lessee": 0, "tariff": 0, "rent_fen": 1, "value_fen": 1, "term_days": 30}
    answer = town.post("/leasing/leases", again, "lessor")
    assert answer.json()["refusal"] == "start_machine_taken"
    town.admit("rival", "lessor-2", ["lessor"])
    assert town.post("/leasing/leases", again, "rival").status_code == 404


def test_a_lessor_speaks_for_no_fleet_of_a_rivals(town: Town) -> None:
    machine = fenced(town)
    town.admit("rival", "lessor-2", ["lessor"])
    own = town.post("/leasing/machines", {}, "rival").json()["machine"]
    device = {"device_id": "EXC-9", "machine": own, "fleet": "f"}
    assert town.post("/leasing/devices", device, "rival").status_code == 404
    path, headers = "/leasing/fleets/f/snapshots", {"Content-Type": "application/json"}
    page = b'{"Equipment": []}'
    told = town.send("POST", path, content=page, headers=town.headers("rival") | headers)
    assert told.status_code == 404
    assert town.post("/leasing/fleets", {"fleet": "f"}, "rival").status_code == 409
    again = {"device_id": "EXC-2", "machine": machine, "fleet": "f"}
    assert town.post("/leasing/devices", again, "lessor").status_code == 201


@pytest.mark.parametrize("borrowed", ["machine", "lessee", "tariff"])
def test_a_lessor_leases_nothing_of_a_rivals(town: Town, borrowed: str) -> None:
    town.admit("rival", "lessor-2", ["lessor"])
    terms = {"rent_fen": 1, "value_fen": 1, "term_days": 30, "counter_s": 0}
    for part in PARTS:
        terms[part] = made(town, part, "lessor" if part == borrowed else "rival")
    answer = town.post("/leasing/leases", terms, "rival")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    terms[borrowed] = made(town, borrowed, "rival")
    assert town.post("/leasing/leases", terms, "rival").status_code == 201


def test_a_machine_stands_on_a_site_of_its_own_lessor(town: Town) -> None:
    town.admit("rival", "lessor-2", ["lessor"])
    fenced(town)
    for site in (0, 7):
        answer = town.post("/leasing/machines", {"site": site}, "rival")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert town.post("/leasing/machines", {}, "rival").status_code == 201


def test_a_tariff_that_rewards_no_use_is_refused_with_its_reason(town: Town) -> None:
    answer = town.post("/leasing/tariffs", TARIFF | {"edges_s": [5]}, "lessor")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert "first tier" in answer.json()["detail"]
