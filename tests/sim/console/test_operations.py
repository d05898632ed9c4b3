"""The bank beside the console: its live figures."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sim.console.app import Console
from sim.console.operations import Product, products
from system.chain.reconcile import RULE
from system.chain.records import ALERTS, Alert
from system.parties.feedback import Score
from tests.sim.console.visitor import BASE, Visitor
from tests.system.api.test_credit_api import with_history
from tests.system.api.test_leasing_api import stolen
from tests.system.api.test_receivables_api import ASK, accepted
from tests.system.api.town import Town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town.open(tmp_path)
    yield town
    town.close()


def visitor_of(town: Town, runs: Path) -> Visitor:
    return Visitor(Console(runs, BASE, lambda: town.process.gateway.services))


def financed(town: Town) -> None:
    _, lot = accepted(town)
    asked = town.post(f"/lots/{lot}/financing-requests", ASK, "supplier-erp").json()["reference"]
    town.step()
    take = {"supplier_id": "supplier-1"}
    town.post(f"/financing-requests/{asked}/acceptance", take, "supplier-erp")
    town.step()


def test_figures_follow_what_the_bank_did(town: Town) -> None:
    services = town.process.gateway.services
    before = {one.name: one for one in products(services)}
    assert (before["receivables"].asked, before["receivables"].cash_s) == (0, None)
    financed(town)
    late, lot = accepted(town, "INV-2")
    too_small = ASK | {"amount_fen": 1}
    town.post(f"/lots/{lot}/financing-requests", too_small, "supplier-erp")
    after = {one.name: one for one in products(services)}
    receivables = after["receivables"]
    assert (receivables.asked, receivables.passed) == (2, 1)
    assert receivables.cash_s
    assert receivables.reasons == (("financing_amount_too_small", 1),)
    assert not any(one.differences for one in after.values())
    assert late


def test_open_alerts_are_counted_by_age(town: Town) -> None:
    stolen(town)
    town.clock.time_s += 3 * 86_400
    [leasing] = [one for one in products(town.process.gateway.services) if one.name == "leasing"]
    assert leasing.open_alerts["day"] == 0
    assert leasing.open_alerts["week"] >= 1


def test_customers_scores_are_shown_by_period_and_words_need_consent(
    town: Town, tmp_path: Path
) -> None:
    for client, score in (("supplier-erp", 10), ("core-erp", 9), ("shopping", 3)):
        body = {"product": "credit", "score": score}
        assert town.post("/feedback", body, client).status_code == 201
    spoken = {"product": "credit", "score": 9, "words": "quick"}
    assert town.post("/feedback", spoken, "shopping").status_code == 422
    assert town.post("/feedback", {"product": "credit", "score": 11}, "shopping").status_code == 422
    [credit] = [one for one in products(town.process.gateway.services) if one.name == "credit"]
    assert [(score.answers, score.nps) for score in credit.nps] == [(3, 33)]
    page = visitor_of(town, tmp_path).get("/operations").text
    assert "+33" in page
    assert "ledger and sub-ledgers agree" in page


def test_a_console_without_a_bank_has_no_operations_page(tmp_path: Path) -> None:
    visitor = Visitor.of(tmp_path)
    assert visitor.get("/operations").status_code == 404
    assert "/operations" not in visitor.get("/").text


def test_drift_is_looked_for_on_request_only(town: Town, tmp_path: Path) -> None:
    visitor = visitor_of(town, tmp_path)
    assert "Nothing to compare" not in visitor.get("/operations").text
    assert visitor.post("/operations/drift", {}, origin="http://elsewhere").status_code == 403
    assert visitor.post("/operations/drift", {}).status_code == 303
    assert "Nothing to compare" in visitor.get("/operations").text


def test_the_trend_of_the_feedback_is_a_line_from_minus_to_plus_a_hundred() -> None:
    scores = tuple(Score("credit", period, 3, nps) for period, nps in enumerate((-100, 0, 100)))
    shown = Product("credit", 0, 0, None, None, (), {}, (), scores)
    assert shown.trend == "0.0,40.0 80.0,20.0 160.0,0.0"
    assert replace(shown, nps=scores[:1]).trend == ""


def test_the_time_to_cash_of_a_line_ends_on_the_merchants_account(town: Town) -> None:
    town.promote_model()
    account = with_history(town)
    town.name_account(f"merchant/{account}")
    base = f"/credit/merchants/{account}"
    assert town.post(f"{base}/applications", {"requested_fen": 3_000_000}, "shopping").json()[
        "approved"
    ]
    town.post(f"{base}/draws", {"amount_fen": 500_000}, "shopping")
    [before] = [one for one in products(town.process.gateway.services) if one.name == "credit"]
    assert before.cash_s is None
    town.pass_days(1)
    [credit] = [one for one in products(town.process.gateway.services) if one.name == "credit"]
    assert credit.cash_s is not None
    assert 0 < credit.cash_s <= 2 * 86_400


def test_nobody_applies_for_a_lease_and_a_difference_that_was_released_stands_no_more(
    town: Town, tmp_path: Path
) -> None:
    services = town.process.gateway.services
    alert = Alert("a-1", RULE, "r-1", "lots 3 / 4", 1, blocks=True)
    with services.unit() as unit:
        unit.insert(ALERTS, [alert])
    assert products(services)[0].differences == ("r-1: lots 3 / 4",)
    with services.unit() as unit:
        unit.replace(ALERTS, [replace(alert, released_at_s=2)])
    page = visitor_of(town, tmp_path).get("/operations").text
    assert "ledger and chain agree" in page
    assert products(services)[2].pass_text == "–"
