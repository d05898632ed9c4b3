"""The life of a receivable, as enterprises and banks meet it over HTTP."""

from system.api.approvals import APPROVALS
from system.api.documents import UBL, XML
from system.chain.ubl import read_ubl
from tests.system.api.town import Town
from tests.system.test_ubl import SAMPLE


def registered(town: Town, number: str = "INV-1") -> str:
    answer = town.post("/receivables", town.invoice(number), "supplier-erp")
    assert answer.status_code == 202, answer.text
    town.step()
    return str(answer.json()["reference"])


def accepted(town: Town, number: str = "INV-1") -> tuple[str, int]:
    receivable = registered(town, number)
    answer = town.post(f"/receivables/{receivable}/acceptance", {}, "core-erp")
    assert answer.status_code == 202, answer.text
    town.step()
    shown = town.get(f"/receivables/{receivable}", "supplier-erp").json()
    return receivable, int(shown["lots"][0]["lot_id"])


def test_an_acceptance_by_a_held_key_is_one_however_late_it_is_repeated(town: Town) -> None:
    receivable, other = registered(town), registered(town, "INV-2")
    path = f"/receivables/{receivable}/acceptance"
    first = town.post(path, {}, "core-erp", key="k")
    town.step()
    town.clock.time_s += 5
    again = town.post(path, {}, "core-erp", key="k")
    assert (again.status_code, again.text) == (first.status_code, first.text)
    elsewhere = town.post(f"/receivables/{other}/acceptance", {}, "core-erp", key="k")
    assert elsewhere.status_code == 422, elsewhere.text


ASK = {
    "supplier_id": "supplier-1",
    "bank_id": "bank-1",
    "amount_fen": 10_000_000,
    "with_recourse": True,
}


def test_an_invoice_becomes_cash_and_is_settled(town: Town) -> None:
    receivable, lot = accepted(town)
    asked = town.post(f"/lots/{lot}/financing-requests", ASK, "supplier-erp")
    request = asked.json()["reference"]
    town.step()
    quote = town.get(f"/financing-requests/{request}", "supplier-erp").json()
    assert quote["state"] == "quoted"
    assert 0 < quote["advance_fen"] < 10_000_000
    take = {"supplier_id": "supplier-1"}
    answer = town.post(f"/financing-requests/{request}/acceptance", take, "supplier-erp")
    assert answer.status_code == 202
    town.step()
    paid = town.get(f"/financing-requests/{request}", "teller").json()
    assert paid["state"] == "disbursed"
    assert paid["disbursed_at_s"]
    pay = {"debtor_id": "core-1", "amount_fen": 10_000_000}
    assert town.post(f"/receivables/{receivable}/payments", pay, "teller").status_code == 202
    town.step()
    assert town.get(f"/receivables/{receivable}", "regulator").json()["state"] == "settled"


def test_the_same_key_with_the_same_request_gets_the_same_answer_and_does_nothing(
    town: Town,
) -> None:
    first = town.post("/receivables", town.invoice(), "supplier-erp", key="k")
    again = town.post("/receivables", town.invoice(), "supplier-erp", key="k")
    assert (again.status_code, again.text) == (first.status_code, first.text)


def test_the_same_key_with_another_request_is_refused(town: Town) -> None:
    town.post("/receivables", town.invoice(), "supplier-erp", key="k")
    answer = town.post("/receivables", town.invoice("INV-2"), "supplier-erp", key="k")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_two_clients_may_use_the_same_key(town: Town) -> None:
    town.post("/receivables", town.invoice(), "supplier-erp", key="k")
    answer = town.post("/receivables", town.invoice("INV-2"), "core-erp", key="k")
    assert answer.status_code == 202


def test_nobody_sees_a_receivable_of_others(town: Town) -> None:
    receivable = registered(town)
    for client in ("other-erp", "other-core"):
        answer = town.get(f"/receivables/{receivable}", client)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert town.get(f"/receivables/{receivable}", "auditor").status_code == 200


def test_an_invoice_between_others_cannot_be_registered(town: Town) -> None:
    answer = town.post("/receivables", town.invoice(seller="supplier-2"), "supplier-erp")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_only_the_debtor_accepts(town: Town) -> None:
    receivable = registered(town)
    answer = town.post(f"/receivables/{receivable}/acceptance", {}, "other-core")
    assert answer.status_code == 404
    forged = {"nonce": 1, "deadline_s": town.clock.time_s + 60, "signature": "00" * 65}
    answer = town.post(f"/receivables/{receivable}/acceptance", forged, "core-erp")
    assert answer.json()["refusal"] == "acceptance_signature_invalid"


def test_a_refusal_goes_by_its_own_name(town: Town) -> None:
    registered(town)
    answer = town.post("/receivables", town.invoice(), "core-erp")
    told = answer.json()
    assert (answer.status_code, told["code"]) == (409, "conflict")
    assert (told["refusal"], told["refusal_number"]) == ("intake_already_registered", 108)


def test_an_invoice_comes_as_ubl_too(town: Town) -> None:
    headers = town.headers("supplier-erp") | {"Content-Type": "application/xml"}
    answer = town.send("POST", "/receivables", content=SAMPLE, headers=headers)
    # The sample invoice is between parties of its own.
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_ubl_is_held_against_its_schema_and_the_place_is_named(town: Town) -> None:
    # Nothing of this line is needed here, and it is well-formed: only the schema knows better.
    text = UBL.example.replace("<cbc:ID>1</cbc:ID>", "<cbc:Colour>red</cbc:Colour>")
    assert text != UBL.example
    assert read_ubl(text.encode(), "f").invoice_number == "INV-1"
    headers = town.headers("supplier-erp") | {"Content-Type": XML}
    answer = town.send("POST", "/receivables", content=text.encode(), headers=headers)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (422, "invalid")
    line = text[: text.index("<cbc:Colour>")].count("\n") + 1
    assert f"request body:{line}: " in told["detail"]
    assert "InvoiceLine" in told["errors"][0]["field"] + told["errors"][0]["remedy"]
    assert "Colour" in told["errors"][0]["remedy"]
    assert town.get("/receivables", "supplier-erp").json()["receivables"] == []


def test_a_write_off_waits_for_a_second_officer_and_bears_both_names(town: Town) -> None:
    receivable, _ = accepted(town)
    body = {"bank_id": "bank-1"}
    asked = town.post(f"/receivables/{receivable}/write-off", body, "teller")
    assert (asked.status_code, asked.json()["state"]) == (202, "asked")
    approval = f"/approvals/{asked.json()['approval_id']}"
    assert town.post(approval, {"approve": True}, "teller").json()["code"] == "forbidden"
    for stranger in ("risk-a", "supplier-erp"):
        assert town.post(approval, {"approve": True}, stranger).status_code in (403, 404)
    answer = town.post(approval, {"approve": True}, "teller-2")
    # It is not in default: the product refuses, and says so by name.
    assert answer.json()["refusal"] == "write_off_not_defaulted"
    with town.process.gateway.services.unit() as unit:
        [row] = unit.scan(APPROVALS)
    assert (row.maker, row.checker, row.state) == ("teller", "teller-2", "refused")


def test_what_was_declined_cannot_be_approved(town: Town) -> None:
    receivable, _ = accepted(town)
    asked = town.post(f"/receivables/{receivable}/write-off", {"bank_id": "bank-1"}, "teller")
    approval = f"/approvals/{asked.json()['approval_id']}"
    assert town.post(approval, {"approve": False}, "teller-2").json()["state"] == "declined"
    assert town.post(approval, {"approve": True}, "teller-2").json()["code"] == "conflict"
