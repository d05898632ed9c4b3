"""What a client of the bank can rely on."""


def test_a_command_that_is_sent_again_gets_the_answer_of_the_first_time(shapan_bank):
    shapan_bank.admit("supplier-erp", "supplier-1", ["supplier"])
    shapan_bank.enrol("supplier-1", 2)
    shapan_bank.enrol("core-1", 1)
    shapan_bank.step()
    invoice = {
        "seller_id": "supplier-1",
        "debtor_id": "core-1",
        "invoice_number": "INV-1",
        "amount": "100000.00",
        "currency": "CNY",
        "issued_on": "2025-12-31",
        "due_on": "2026-04-30",
    }
    first = shapan_bank.post("/receivables", invoice, "supplier-erp", key="once")
    again = shapan_bank.post("/receivables", invoice, "supplier-erp", key="once")
    assert first.status_code < 300, first.text
    assert (again.status_code, again.json()) == (first.status_code, first.json())
