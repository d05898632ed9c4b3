"""Lists, suspicions and the regulator's sandbox over HTTP, in every product."""

import json
from typing import Any

import pytest

from tests.system.api.test_credit_api import with_history
from tests.system.api.town import FAR_S, Town

LIMITS = {"clients_max": 10, "client_fen_max": 10**9, "total_fen_max": 10**10, "term_days_max": 360}


def agreed(town: Town, path: str, body: Any) -> Any:
    """Asked for by one risk officer, approved by the other."""
    asked = town.post(path, body, "risk-a")
    assert asked.status_code == 202, asked.text
    approval = f"/approvals/{asked.json()['approval_id']}"
    own = town.post(approval, {"approve": True}, "risk-a")
    assert own.status_code == 403
    done = town.post(approval, {"approve": True}, "risk-b")
    assert done.status_code == 200, done.text
    return done.json()["result"]


def enrol(town: Town, party: str, name: str) -> Any:
    body = {"party_id": party, "name": name, "roles": 2, "kyc_expires_at_s": FAR_S}
    return town.post("/parties", body, "administrator")


def test_a_listed_firm_is_kept_out_until_two_officers_dismiss_the_case(town: Town) -> None:
    assert enrol(town, "old", "海狼国际贸易").status_code == 202
    town.step()
    taken = agreed(town, "/compliance/watchlists", {"list_name": "sample"})
    assert (taken["names"] > 20, taken["kept_out"]) == (True, ["old"])
    refused = enrol(town, "new", "黑石港航运公司")
    assert refused.json()["refusal"] == "enrolment_listed"
    cases = town.get("/compliance/cases", "risk-a").json()["cases"]
    [case] = [one for one in cases if one["subject"] == "new"]
    assert (case["subject"], case["kind"], case["evidence"]["entry"]) == ("new", "sanction", "S-7")
    path = f"/compliance/cases/{case['case_id']}"
    assert town.post(f"{path}/review", {"finding": "a namesake"}, "risk-a").status_code == 200
    ruling = {"file": False, "reason": "founded elsewhere"}
    assert (
        town.post(f"{path}/decision", ruling, "risk-a").json()["refusal"] == "case_needs_four_eyes"
    )
    assert town.post(f"{path}/decision", ruling, "risk-b").json()["state"] == "dismissed"
    assert enrol(town, "new", "黑石港航运公司").status_code == 202
    assert town.get(path, "auditor").json()["decider"] == "risk-b"
    assert town.get(path, "supplier-erp").status_code == 403


def test_a_list_that_changes_suspends_whoever_is_on_it_now(town: Town) -> None:
    assert enrol(town, "old", "海狼贸易").status_code == 202
    town.step()
    entries = [{"entry_id": "1", "kind": "sanction", "names": ["Hailang Maoyi"]}]
    body = {"list_name": "own", "version": "2", "entries": entries}
    assert agreed(town, "/compliance/watchlists", body)["kept_out"] == ["old"]
    assert town.get("/parties/old", "auditor").json()["kyc_state"] == "suspended"
    step = {"step": "reinstate", "expires_at_s": FAR_S}
    answer = town.post("/parties/old/kyc", step, "risk-a")
    assert answer.json()["refusal"] == "kyc_listed"
    bad = town.post("/compliance/watchlists", {"list_name": "own"}, "risk-a").json()
    done = town.post(f"/approvals/{bad['approval_id']}", {"approve": True}, "risk-b")
    assert done.json()["code"] == "invalid"
    headers = town.headers("risk-a") | {"Content-Type": "application/json"}
    no_text = town.send("POST", "/compliance/watchlists", content=b"\xff{}", headers=headers)
    assert (no_text.status_code, no_text.json()["code"]) == (400, "malformed")
    half = json.dumps(body | {"list_name": "\ud800"}).encode()
    headers = town.headers("risk-a") | {"Content-Type": "application/json"}
    asked = town.send("POST", "/compliance/watchlists", content=half, headers=headers).json()
    done = town.post(f"/approvals/{asked['approval_id']}", {"approve": True}, "risk-b")
    assert done.json()["code"] == "invalid"


def test_a_person_reports_and_another_files(town: Town) -> None:
    body = {"subject": "supplier-1", "words": "invoices without goods"}
    case = town.post("/compliance/cases", body, "teller").json()
    path = f"/compliance/cases/{case['case_id']}"
    town.post(f"{path}/review", {"finding": "no lorry ever came"}, "risk-b")
    filed = town.post(f"{path}/decision", {"file": True, "reason": "to the authority"}, "risk-a")
    assert filed.json()["state"] == "filed"
    shown = town.get("/compliance/cases?state=filed", "regulator").json()["cases"]
    assert [one["case_id"] for one in shown] == [case["case_id"]]
    assert town.get("/compliance/cases?state=lost", "regulator").json()["code"] == "invalid"
    hits = town.post("/compliance/screenings", {"name": "Li Ming"}, "risk-a").json()
    assert hits == {"hits": []}


@pytest.fixture
def lending(town: Town) -> tuple[Town, str]:
    town.promote_model()
    return town, f"/credit/merchants/{with_history(town)}"


def test_the_switch_stops_new_risk_everywhere_and_never_repayment(
    lending: tuple[Town, str],
) -> None:
    town, shop = lending
    assert town.post(f"{shop}/applications", {"requested_fen": 3_000_000}, "shopping").json()[
        "approved"
    ]
    assert town.post(f"{shop}/draws", {"amount_fen": 500_000}, "shopping").status_code == 200
    assert town.post("/compliance/sandbox/stop", {"reason": "losses"}, "risk-a").json()["stopped"]
    draw = town.post(f"{shop}/draws", {"amount_fen": 500_000}, "shopping")
    assert draw.json()["refusal"] == "draw_risk_stopped"
    assert town.post(f"{shop}/repayments", {"amount_fen": 100_000}, "shopping").status_code == 200
    assert town.get("/compliance/sandbox", "regulator").json()["stopped_by"] == "risk-a"
    resumed = agreed(town, "/compliance/sandbox/resumption", {"reason": "cause found"})
    assert not resumed["stopped"]
    assert town.post(f"{shop}/draws", {"amount_fen": 500_000}, "shopping").status_code == 200


def test_terms_cap_one_client_and_close_a_product(lending: tuple[Town, str]) -> None:
    town, shop = lending
    terms = {"product": "credit", "is_open": True, **LIMITS, "client_fen_max": 1_000_000}
    shown = agreed(town, "/compliance/sandbox/terms", terms)
    assert shown["terms"] == [terms]
    decided = town.post(f"{shop}/applications", {"requested_fen": 3_000_000}, "shopping").json()
    assert (decided["approved"], decided["refusal"]) == (False, "declined_outside_sandbox")
    inside = town.post(f"{shop}/applications", {"requested_fen": 1_000_000}, "shopping").json()
    assert inside["approved"]
    agreed(town, "/compliance/sandbox/terms", {**terms, "is_open": False})
    draw = town.post(f"{shop}/draws", {"amount_fen": 500_000}, "shopping")
    assert draw.json()["refusal"] == "draw_risk_stopped"


def test_money_that_comes_and_goes_is_noticed_at_the_end_of_the_day(
    lending: tuple[Town, str],
) -> None:
    town, shop = lending
    town.post(f"{shop}/applications", {"requested_fen": 3_000_000}, "shopping")
    for _ in range(3):
        town.post(f"{shop}/draws", {"amount_fen": 1_000_000}, "shopping")
        town.clock.time_s += 60
        town.post(f"{shop}/repayments", {"amount_fen": 1_000_000}, "shopping")
        town.clock.time_s += 60
    town.pass_days(1)
    [case] = town.get("/compliance/cases", "risk-a").json()["cases"]
    assert (case["kind"], case["subject"]) == (
        "round_trip",
        shop.replace("/credit/merchants", "merchant"),
    )
    assert case["raised_by"] == "monitoring"
