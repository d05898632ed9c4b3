"""The bank's core over the gateway: a day's money in one voucher, balances that agree, seen by
those who supervise."""

from tests.system.api.test_credit_api import with_history
from tests.system.api.town import Town


def vouchers(town: Town, client: str = "auditor") -> list[dict[str, object]]:
    answer = town.get("/vouchers", client)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["vouchers"])


def test_what_a_day_moved_reaches_the_core_and_its_balances_agree(town: Town) -> None:
    town.promote_model()
    account = with_history(town)
    base = f"/credit/merchants/{account}"
    town.post(f"{base}/applications", {"requested_fen": 3_000_000}, "shopping")
    before = len(vouchers(town))
    town.post(f"{base}/draws", {"amount_fen": 500_000}, "shopping")
    town.pass_days(1)
    [made] = vouchers(town)[before:]
    assert made["state"] == "new"
    town.process.tell_core()
    [told] = vouchers(town, "regulator")[before:]
    assert (told["state"], told["note"]) == ("agreed", "")
    lines = {line["account"]: line for line in told["lines"]}
    assert lines["credit/loans"]["debit_fen"] == 500_000
    assert sum(line["debit_fen"] for line in told["lines"]) == sum(
        line["credit_fen"] for line in told["lines"]
    )
    assert town.get("/vouchers", "shopping").status_code == 403
