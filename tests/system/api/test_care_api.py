"""People's data, explanations, keys and green evidence over HTTP."""

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from system.api import decision_words, start
from system.credit.records import Freeze
from system.credit.retention import FEED_KEPT_S, OWNER_KEPT_S, apply_retention
from tests.system.api.test_compliance_api import agreed
from tests.system.api.test_credit_api import enrolled, with_history
from tests.system.api.test_leasing_api import TARIFF
from tests.system.api.test_payments_api import financed
from tests.system.api.test_receivables_api import accepted
from tests.system.api.town import FAR_S, Town

OWNER = {"name": "王小明", "id_number": "11010519491231002X", "phone": "13800000000"}


# Of a name on the packaged list, in a spelling that is not there.
LISTED_OWNER = {**OWNER, "name": "ZHAO Tie-Shan"}


STEPS = [
    ("review", {"finding": "the same birthday"}, "risk-a"),
    ("decision", {"file": True, "reason": "to the authority"}, "risk-b"),
]


def personal_bytes(folder: Path, owner: dict[str, str] = OWNER) -> bool:
    """Whether any file of the books holds a personal text of this owner as it is."""
    texts = [text.encode() for text in owner.values()]
    return any(text in path.read_bytes() for path in folder.glob("bank.db*") for text in texts)


def test_an_owner_is_kept_sealed_and_only_by_the_own_platform(town: Town, tmp_path: Path) -> None:
    account = enrolled(town)
    base = f"/credit/merchants/{account}"
    kept = town.post(f"{base}/owner", OWNER, "shopping").json()
    assert kept == {"account": account, "name": "***", "listed": False}
    assert town.post(f"{base}/owner", OWNER, "other-shopping").status_code == 404
    assert not personal_bytes(tmp_path)


def test_no_account_and_no_word_of_a_customer_stands_in_the_books_as_it_is(
    town: Town, tmp_path: Path
) -> None:
    payee = {"name": "王小明个体商行", "account": "6222020200112233445"}
    body = {"owner": "supplier-1", **payee, "agent": "102100099996"}
    asked = town.post("/payout-accounts", body, "teller").json()
    town.post(f"/approvals/{asked['approval_id']}", {"approve": True}, "teller-2")
    financed(town)
    said = {"product": "receivables", "score": 9, "words": "我父亲的病", "consented": True}
    assert town.post("/feedback", said, "supplier-erp").status_code == 201
    lessee = {"limit_fen": 10**9, "name": "李四挖掘机队"}
    assert town.post("/leasing/lessees", lessee, "lessor").status_code == 201
    words = {"words": "我父亲的病", "lessee": "李四挖掘机队"}
    assert not personal_bytes(tmp_path, {**payee, **words})
    [paid] = town.get("/payments", "supplier-erp").json()["payments"]
    message = town.get(f"/payments/{paid['payment_id']}/message", "teller")
    assert all(text in message.text for text in payee.values())


def key_versions(folder: Path) -> dict[int, int]:
    with sqlite3.connect(folder / "bank.db") as books:
        rows = books.execute("SELECT key_version, COUNT(*) FROM owner_key GROUP BY 1").fetchall()
    return dict(rows)


def test_rotation_seals_again_under_the_newest_key(town: Town, tmp_path: Path) -> None:
    town.post(f"/credit/merchants/{enrolled(town)}/owner", OWNER, "shopping")
    assert key_versions(tmp_path) == {1: 1}
    with_newer_key(town)
    done = town.post("/compliance/key-rotation", {}, "administrator").json()
    # The owner's key, and the one of all sealed columns.
    assert done == {"key_version": 2, "sealed_again": 2}
    assert key_versions(tmp_path) == {2: 1}
    assert town.post("/compliance/key-rotation", {}, "administrator").json()["sealed_again"] == 0


def with_newer_key(town: Town) -> None:
    """As a restart with another line in the file of keys does it."""
    process = town.process
    newer = replace(process._opening, field_keys={2: b"k" * 32})
    cipher = start._cipher(newer)
    services = process.gateway.services
    process.gateway.services = replace(services, vault=replace(services.vault, cipher=cipher))


def test_erasure_leaves_the_books_whole_and_nothing_personal(lending: tuple[Town, int]) -> None:
    town, account = lending
    base = f"/credit/merchants/{account}"
    town.post(f"{base}/owner", OWNER, "shopping")
    asked = {"requested_fen": 3_000_000}
    assert town.post(f"{base}/applications", asked, "shopping").json()["approved"]
    kept = town.post(f"{base}/erasure", {}, "shopping").json()
    assert kept["refusal"] == "erasure_line_lives"
    assert town.post(f"{base}/closing", {}, "shopping").status_code == 200
    done = town.post(f"{base}/erasure", {}, "shopping").json()
    assert done == {"account": account, "owner_kept_until_s": town.clock.time_s + OWNER_KEPT_S}
    again = town.post(f"{base}/applications", asked, "shopping").json()
    assert again["refusal"] == "application_consent_missing"
    assert town.get("/audit", "auditor").json()["whole"]
    assert town.process.gateway.services.credit.credit.differences() == {}


@pytest.fixture
def lending(town: Town) -> tuple[Town, int]:
    town.promote_model()
    return town, with_history(town)


def test_a_credit_decision_is_explained_to_whom_it_concerns(lending: tuple[Town, int]) -> None:
    town, account = lending
    path = f"/decisions/credit-application/{account}"
    assert town.get(path, "shopping").status_code == 404
    base = f"/credit/merchants/{account}"
    made = town.post(f"{base}/applications", {"requested_fen": 3_000_000}, "shopping").json()
    told = town.get(path, "shopping").json()
    assert (told["outcome"], told["en"], told["zh"]) == ("approved", "Approved", "已批准")
    facts = told["facts"]
    assert (facts["score"], facts["pd_ppm"]) == (made["score"], made["pd_ppm"])
    assert {line["name"] for line in facts["features"]} <= set(facts["inputs"])
    assert all(bound["met"] for bound in facts["thresholds"])
    assert town.get(path, "other-shopping").status_code == 404
    assert town.get(path, "regulator").json() == told
    assert town.get("/decisions/horoscope/1", "regulator").json()["code"] == "invalid"


def test_a_line_that_stands_still_is_explained_by_each_of_its_causes(
    lending: tuple[Town, int],
) -> None:
    town, account = lending
    path, base = f"/decisions/credit-line/{account}", f"/credit/merchants/{account}"
    assert town.get(path, "shopping").status_code == 404
    town.post(f"{base}/applications", {"requested_fen": 3_000_000}, "shopping")
    told = town.get(path, "shopping").json()
    line = town.get(f"{base}/line", "shopping").json()
    assert told["outcome"] == "open"
    assert {name: told["facts"][name] for name in ("limit_fen", "score", "pd_ppm")} == {
        name: line[name] for name in ("limit_fen", "score", "pd_ppm")
    }
    town.post(f"{base}/freeze", {}, "risk-a")
    frozen = town.get(path, "shopping").json()
    assert (frozen["outcome"], frozen["facts"]["frozen_for"]) == ("frozen", ["OFFICER"])
    assert frozen["zh"] == "银行人员已暂停提款"
    assert town.get(path, "other-shopping").status_code == 404
    assert set(decision_words.FREEZES) == set(Freeze)


def test_arrears_that_stop_drawing_are_told_with_their_bound(lending: tuple[Town, int]) -> None:
    town, account = lending
    base = f"/credit/merchants/{account}"
    town.post(f"{base}/applications", {"requested_fen": 3_000_000}, "shopping")
    town.post(f"{base}/draws", {"amount_fen": 1_000_000}, "shopping")
    town.pass_days(75)
    told = town.get(f"/decisions/credit-line/{account}", "shopping").json()
    assert told["facts"]["dpd_days"] >= told["facts"]["bounds"]["freeze_dpd_days"]
    assert told["facts"]["frozen_for"] == ["ARREARS"]
    assert "overdue" in told["en"]


def request(town: Town, lot: int, fen: int) -> Any:
    body = {"supplier_id": "supplier-1", "bank_id": "bank-1", "amount_fen": fen}
    path = f"/lots/{lot}/financing-requests"
    return town.post(path, {**body, "with_recourse": True}, "supplier-erp").json()


def test_requests_for_cash_are_explained_and_green_evidence_makes_them_cheaper(town: Town) -> None:
    first, second = accepted(town, "INV-1"), accepted(town, "INV-2")
    evidence = {"kind": "receivable", "subject": second[0], "standard": "catalogue 3.2.1"}
    evidence |= {"issuer": "Green Co.", "document_hash": "ab" * 32, "valid_until_s": FAR_S}
    assert agreed(town, "/compliance/green-tags", evidence)["valid"]
    discounts = []
    for _, lot in (first, second):
        asked = request(town, lot, 5_000_000)
        told = town.get(f"/decisions/financing-request/{asked['reference']}", "supplier-erp").json()
        assert told["outcome"] == "quoted"
        discounts.append(told["facts"]["quote"]["discount_fen"])
    assert discounts[0] > discounts[1] > 0
    assert told["facts"]["green"]
    refused = request(town, second[1], 5_000_000)
    path = f"/decisions/financing-request/{refused['reference']}"
    told = town.get(path, "supplier-erp").json()
    assert (told["outcome"], told["facts"]["refusal"]) == ("declined", "financing_lot_not_free")
    assert told["zh"] == "债权已被占用"
    assert town.get(path, "other-erp").status_code == 404
    shown = town.get(f"/green-tags/receivable/{second[0]}", "core-erp").json()
    assert shown["seen_by"] == "risk-a, risk-b"


def test_a_green_machine_costs_less_rent(town: Town) -> None:
    tariff = town.post("/leasing/tariffs", TARIFF, "lessor").json()["tariff"]
    lessee = town.post(
        "/leasing/lessees", {"name": "Pit Co.", "limit_fen": 10**10}, "lessor"
    ).json()["lessee"]
    rents = []
    for green in (False, True):
        machine = town.post("/leasing/machines", {}, "lessor").json()["machine"]
        if green:
            evidence = {"kind": "machine", "subject": str(machine), "standard": "electric"}
            evidence |= {"issuer": "Green Co.", "document_hash": "ab" * 32, "valid_until_s": FAR_S}
            agreed(town, "/compliance/green-tags", evidence)
        body = {"machine": machine, "lessee": lessee, "tariff": tariff, "rent_fen": 2_000_000}
        body |= {"value_fen": 80_000_000, "term_days": 360, "counter_s": 0}
        lease = town.post("/leasing/leases", body, "lessor").json()["lease"]
        view = town.process.gateway.services.leasing.leases.view
        rents.append(int(view(("rent_fen",), slice(lease, lease + 1))["rent_fen"][0]))
    assert rents == [2_000_000, 1_960_000]


def test_whoever_never_had_a_line_is_forgotten_at_once(town: Town, tmp_path: Path) -> None:
    account = enrolled(town)
    base = f"/credit/merchants/{account}"
    town.post(f"{base}/owner", OWNER, "shopping")
    done = town.post(f"{base}/erasure", {}, "shopping").json()
    assert done == {"account": account, "owner_kept_until_s": None}
    assert key_versions(tmp_path) == {0: 1}


def test_a_listed_owners_name_is_in_the_case_for_officers_until_erasure_shreds_it(
    town: Town, tmp_path: Path
) -> None:
    account = enrolled(town)
    base = f"/credit/merchants/{account}"
    agreed(town, "/compliance/watchlists", {"list_name": "sample"})
    assert town.post(f"{base}/owner", LISTED_OWNER, "shopping").json()["listed"]
    [case] = town.get("/compliance/cases", "risk-a").json()["cases"]
    path = f"/compliance/cases/{case['case_id']}"
    names = {"name": LISTED_OWNER["name"], "listed": "赵铁山"}
    found = {"list": "sample", "entry": "S-1", "likeness": 100}
    assert case["evidence"] == town.get(path, "risk-a").json()["evidence"] == names | found
    # The same owner again is the same case.
    town.post(f"{base}/owner", LISTED_OWNER, "shopping")
    with_newer_key(town)
    town.post("/compliance/key-rotation", {}, "administrator")
    agreed(town, "/compliance/watchlists", {"list_name": "sample"})
    assert town.get("/compliance/cases", "risk-a").json()["cases"] == [case]
    for step, body, officer in STEPS:
        told = [town.post(f"{path}/{step}", body, officer, step).json() for _ in range(2)]
        assert told[0] == told[1]
        assert told[0]["evidence"] == names | found
    assert not personal_bytes(tmp_path, LISTED_OWNER)
    town.post(f"{base}/erasure", {}, "shopping")
    assert town.get(path, "risk-a").json()["evidence"] == dict.fromkeys(names) | found
    # Whoever comes after has a key of their own, which opens nothing of those before.
    town.post(f"{base}/owner", OWNER, "shopping")
    assert town.get(path, "risk-a").json()["evidence"] == dict.fromkeys(names) | found
    assert not personal_bytes(tmp_path, LISTED_OWNER)
    assert town.get("/audit", "auditor").json()["whole"]


def erasures(town: Town) -> int:
    """What the daily retention erases at this moment, in the books of all merchants."""
    with town.process.gateway.services.credit.book.transaction() as book:
        return apply_retention(book, town.clock.time_s)


def test_data_go_when_their_time_is_over_and_not_while_the_business_lives(
    lending: tuple[Town, int], tmp_path: Path
) -> None:
    town, account = lending
    base = f"/credit/merchants/{account}"
    town.post(f"{base}/owner", OWNER, "shopping")
    town.post(f"{base}/applications", {"requested_fen": 3_000_000}, "shopping")
    town.clock.time_s = FAR_S + 1  # every consent has ended, the line lives
    assert erasures(town) == 0
    town.clock.time_s += OWNER_KEPT_S
    assert erasures(town) == 0
    town.refresh()
    assert town.post(f"{base}/closing", {}, "shopping").status_code == 200
    assert erasures(town) == 0
    town.clock.time_s += FEED_KEPT_S
    assert [erasures(town), erasures(town)] == [1, 0]
    assert key_versions(tmp_path) == {1: 1}
    town.clock.time_s += OWNER_KEPT_S - FEED_KEPT_S
    assert [erasures(town), erasures(town)] == [1, 0]
    assert key_versions(tmp_path) == {0: 1}


def test_a_merchant_who_comes_back_is_known_again(town: Town, tmp_path: Path) -> None:
    account = enrolled(town)
    base = f"/credit/merchants/{account}"
    town.post(f"{base}/owner", OWNER, "shopping")
    assert erasures(town) == 0
    town.clock.time_s += OWNER_KEPT_S - 1
    until_s = town.clock.time_s + 10
    consent = {"purpose": "scoring", "classes": ["orders"], "until_s": until_s}
    town.refresh()
    assert town.post(f"{base}/consents", consent, "shopping").status_code == 200
    town.clock.time_s += 5
    assert erasures(town) == 0
    town.clock.time_s += 100
    assert erasures(town) == 0
    assert key_versions(tmp_path) == {1: 1}
