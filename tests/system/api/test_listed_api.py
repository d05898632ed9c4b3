"""Listed owners of merchants and listed lessees, over HTTP: nothing new, whatever they try."""

from typing import Any

import pytest

from tests.system.api.test_compliance_api import agreed
from tests.system.api.test_credit_api import with_history
from tests.system.api.test_leasing_api import TARIFF
from tests.system.api.town import Town

SAMPLE = {"list_name": "sample"}
LISTED = {"name": "ZHAO Tie Shan", "id_number": "11010519491231002X", "phone": "13800000000"}
OTHER = {**LISTED, "name": "Li Ming"}
ASKED = {"requested_fen": 3_000_000}


@pytest.fixture
def shop(town: Town) -> str:
    """A merchant that would get a line."""
    town.promote_model()
    return f"/credit/merchants/{with_history(town)}"


def own(town: Town, shop: str, owner: dict[str, str]) -> bool:
    """Who stands behind the merchant; whether a list has the name."""
    return bool(town.post(f"{shop}/owner", owner, "shopping").json()["listed"])


def apply(town: Town, shop: str) -> Any:
    return town.post(f"{shop}/applications", ASKED, "shopping").json()


def draw(town: Town, shop: str) -> Any:
    return town.post(f"{shop}/draws", {"amount_fen": 500_000}, "shopping")


def subject_of(shop: str) -> str:
    """As cases know the merchant."""
    return f"merchant/{shop.rpartition('/')[2]}"


def dismiss(town: Town, subject: str) -> None:
    """Two officers find that it is somebody else, in every case about the subject."""
    for case in town.get("/compliance/cases", "risk-a").json()["cases"]:
        if case["subject"] == subject:
            path = f"/compliance/cases/{case['case_id']}"
            town.post(f"{path}/review", {"finding": "a namesake"}, "risk-a")
            ruling = {"file": False, "reason": "born elsewhere"}
            assert town.post(f"{path}/decision", ruling, "risk-b").json()["state"] == "dismissed"


def test_a_listed_owner_gets_no_line_until_two_officers_dismiss_the_case(
    town: Town, shop: str
) -> None:
    agreed(town, "/compliance/watchlists", SAMPLE)
    assert own(town, shop, LISTED)
    refused = apply(town, shop)
    assert refused["refusal"] == "application_listed"
    assert refused["en"].startswith("Not considered")
    assert refused["zh"].startswith("未受理")
    assert town.post(f"{shop}/unfreezing", {}, "risk-a").json()["refusal"] == "unfreeze_listed"
    dismiss(town, subject_of(shop))
    assert apply(town, shop)["approved"]
    assert draw(town, shop).status_code == 200
    agreed(town, "/compliance/watchlists", SAMPLE)
    assert draw(town, shop).status_code == 200


def test_a_list_that_changes_stops_drawing_and_no_officer_alone_lifts_that(
    town: Town, shop: str
) -> None:
    assert not own(town, shop, LISTED)
    assert apply(town, shop)["approved"]
    assert draw(town, shop).status_code == 200
    assert agreed(town, "/compliance/watchlists", SAMPLE)["kept_out"] == [subject_of(shop)]
    assert draw(town, shop).json()["refusal"] == "draw_frozen"
    lifted = town.post(f"{shop}/unfreezing", {}, "risk-a").json()
    assert (lifted["status"], lifted["refusal"]) == (409, "unfreeze_listed")
    assert "two dismiss" in lifted["en"]
    assert "两名" in lifted["zh"]
    assert town.post(f"{shop}/repayments", {"amount_fen": 100_000}, "shopping").status_code == 200
    dismiss(town, subject_of(shop))
    assert draw(town, shop).status_code == 200


def test_neither_another_name_nor_a_closed_line_is_a_way_around(town: Town, shop: str) -> None:
    agreed(town, "/compliance/watchlists", SAMPLE)
    assert own(town, shop, LISTED)
    dismiss(town, subject_of(shop))
    assert apply(town, shop)["approved"]
    assert own(town, shop, {**LISTED, "name": "Tieshan Zhao"})
    assert draw(town, shop).json()["refusal"] == "draw_frozen"
    assert not own(town, shop, OTHER)
    assert draw(town, shop).json()["refusal"] == "draw_frozen"
    assert town.post(f"{shop}/closing", {}, "shopping").status_code == 200
    assert apply(town, shop)["refusal"] == "application_listed"
    agreed(town, "/compliance/watchlists", SAMPLE)
    assert apply(town, shop)["refusal"] == "application_listed"


def test_whom_a_list_lets_go_of_may_apply_again(town: Town, shop: str) -> None:
    agreed(town, "/compliance/watchlists", SAMPLE)
    assert own(town, shop, LISTED)
    entries = [{"entry_id": "S-99", "kind": "sanction", "names": ["Nobody At All"]}]
    shorter = {**SAMPLE, "version": "2", "entries": entries}
    assert agreed(town, "/compliance/watchlists", shorter)["kept_out"] == []
    assert apply(town, shop)["approved"]


def lease_to(town: Town, lessee: int) -> Any:
    """A machine of its own, handed over today."""
    machine = town.post("/leasing/machines", {}, "lessor").json()["machine"]
    tariff = town.post("/leasing/tariffs", TARIFF, "lessor").json()["tariff"]
    body = {"machine": machine, "lessee": lessee, "tariff": tariff, "rent_fen": 2_000_000}
    body |= {"value_fen": 80_000_000, "term_days": 360, "counter_s": 0}
    return town.post("/leasing/leases", body, "lessor")


def test_a_listed_lessee_starts_no_lease_until_two_officers_dismiss_the_case(town: Town) -> None:
    agreed(town, "/compliance/watchlists", SAMPLE)
    firm = {"name": "Sea Wolf International Trading Limited", "limit_fen": 10**9}
    admitted = [town.post("/leasing/lessees", firm, "lessor", "one-key") for _ in range(2)]
    assert [one.json() for one in admitted] == [{"lessee": 0, "listed": True}] * 2
    refused = lease_to(town, 0).json()
    assert (refused["status"], refused["refusal"]) == (409, "start_listed")
    assert refused["en"].startswith("Not leased")
    assert refused["zh"].startswith("暂不出租")
    [case] = town.get("/compliance/cases", "risk-a").json()["cases"]
    assert (case["subject"], case["evidence"]["name"]) == ("lessee/0", firm["name"])
    dismiss(town, "lessee/0")
    assert lease_to(town, 0).status_code == 201


def test_whom_a_list_takes_up_pays_and_returns_what_is_out_and_leases_nothing_more(
    town: Town,
) -> None:
    firm = {"name": "Sea Wolf International Trading Limited", "limit_fen": 10**9}
    assert town.post("/leasing/lessees", firm, "lessor").json() == {"lessee": 0, "listed": False}
    lease = lease_to(town, 0).json()["lease"]
    assert agreed(town, "/compliance/watchlists", SAMPLE)["kept_out"] == ["lessee/0"]
    assert lease_to(town, 0).json()["refusal"] == "start_listed"
    town.pass_days(1)
    paid = town.post(f"/leasing/leases/{lease}/payments", {"amount_fen": 5_000}, "teller")
    assert paid.status_code == 200
    back = town.post(f"/leasing/leases/{lease}/return", {"counter_s": 3_600}, "lessor")
    assert back.status_code == 200, back.text
