"""Merchant credit over HTTP: consent, feed, decision, draw, repay."""

import datetime
from typing import Any

import pytest

from tests.system.api.town import FAR_S, Town

FIRST = datetime.date(2025, 12, 1)


def enrolled(town: Town, client: str = "shopping") -> int:
    answer = town.post("/credit/merchants", {"region": 3, "since": str(FIRST)}, client)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["account"])


def consented(town: Town) -> int:
    account = enrolled(town)
    classes = ["orders", "refunds", "ratings", "inventory"]
    for purpose in ("scoring", "monitoring"):
        body = {"purpose": purpose, "classes": classes, "until_s": FAR_S}
        answer = town.post(f"/credit/merchants/{account}/consents", body, "shopping")
        assert answer.status_code == 200, answer.text
    return account


def day(date: datetime.date, **changes: int) -> dict[str, Any]:
    sales = {"gross_fen": 3_000_000, "orders": 200, "buyers": 180, "refund_fen": 30_000}
    rest = {"rating_sum_milli": 46_000, "rating_count": 10, "stock_fen": 40_000_000}
    return {"day": str(date), "revision": 0, **sales, **rest, **changes}


def with_history(town: Town, days: int = 130) -> int:
    account = consented(town)
    for number in range(days):
        if number:
            town.clock.time_s += 86_400
        date = FIRST + datetime.timedelta(31 + number)
        path = f"/credit/merchants/{account}/feed"
        town.refresh()
        answer = town.post(path, {"days": [day(date)]}, "shopping")
        assert answer.json() == {"answers": ["none"], "taken": 1}, answer.text
    town.process.close_days()
    return account


@pytest.fixture
def lending(town: Town) -> tuple[Town, int]:
    town.promote_model()
    return town, with_history(town)


def test_a_merchant_borrows_and_repays_at_any_time(lending: tuple[Town, int]) -> None:
    town, account = lending
    base = f"/credit/merchants/{account}"
    decided = town.post(f"{base}/applications", {"requested_fen": 3_000_000}, "shopping").json()
    assert decided["approved"], decided
    assert {"code", "en", "zh"} == set(decided["reasons"][0]) if decided["reasons"] else True
    drawn = town.post(f"{base}/draws", {"amount_fen": 500_000}, "shopping")
    assert drawn.json() == {"account": account, "amount_fen": 500_000}
    town.pass_days(10)
    line = town.get(f"{base}/line", "shopping").json()
    assert line["principal_fen"] == 500_000 < line["outstanding_fen"]
    paid = town.post(f"{base}/repayments", {"amount_fen": 600_000}, "shopping").json()
    assert paid["applied_fen"] == line["outstanding_fen"]
    assert paid["returned_fen"] == 600_000 - line["outstanding_fen"]
    assert town.get(f"{base}/line", "risk-a").json()["outstanding_fen"] == 0
    assert town.get("/credit/portfolio", "regulator").json()["lines"] == 1


def test_a_draw_above_the_limit_is_refused_by_name_and_moves_nothing(
    lending: tuple[Town, int],
) -> None:
    town, account = lending
    base = f"/credit/merchants/{account}"
    town.post(f"{base}/applications", {"requested_fen": 3_000_000}, "shopping")
    answer = town.post(f"{base}/draws", {"amount_fen": 10**9}, "shopping")
    assert (answer.status_code, answer.json()["refusal"]) == (409, "draw_over_limit")
    assert town.get(f"{base}/line", "shopping").json()["principal_fen"] == 0


def test_without_consent_no_row_is_read(town: Town) -> None:
    account = enrolled(town)
    answer = town.post(
        f"/credit/merchants/{account}/feed", {"days": [day(FIRST)]}, "shopping"
    ).json()
    assert answer == {"answers": ["no_consent"], "taken": 0}
    asked = town.post(
        f"/credit/merchants/{account}/applications", {"requested_fen": 1_000_000}, "shopping"
    )
    assert asked.json()["refusal"] == "application_consent_missing"


def test_withdrawn_consent_stops_drawing_at_once(lending: tuple[Town, int]) -> None:
    town, account = lending
    base = f"/credit/merchants/{account}"
    town.post(f"{base}/applications", {"requested_fen": 3_000_000}, "shopping")
    gone = town.post(f"{base}/consents/withdrawal", {"purpose": "scoring"}, "shopping")
    assert gone.status_code == 200
    answer = town.post(f"{base}/draws", {"amount_fen": 500_000}, "shopping")
    assert answer.json()["refusal"] == "draw_consent_withdrawn"


def test_a_platform_never_touches_another_ones_merchant(town: Town) -> None:
    account = enrolled(town)
    base = f"/credit/merchants/{account}"
    for path, body in (
        ("/applications", {"requested_fen": 1}),
        ("/draws", {"amount_fen": 1}),
        ("/feed", {"days": []}),
        ("/consents/withdrawal", {"purpose": "scoring"}),
    ):
        answer = town.post(base + path, body, "other-shopping")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    assert town.get(f"{base}/line", "other-shopping").status_code == 404


def test_a_charge_off_needs_a_second_risk_officer(lending: tuple[Town, int]) -> None:
    town, account = lending
    base = f"/credit/merchants/{account}"
    town.post(f"{base}/applications", {"requested_fen": 3_000_000}, "shopping")
    asked = town.post(f"{base}/charge-off", {}, "risk-a").json()
    path = f"/approvals/{asked['approval_id']}"
    assert town.post(path, {"approve": True}, "risk-a").status_code == 403
    answer = town.post(path, {"approve": True}, "risk-b")
    assert answer.json()["refusal"] == "charge_off_too_early"
