"""What moves in every product reaches the monitoring, all of it, each payment as one movement."""

from collections import Counter

import pytest

from system.api import surveillance
from system.compliance.monitoring import MOVEMENTS
from tests.system.api.test_credit_api import with_history
from tests.system.api.test_leasing_api import leased
from tests.system.api.test_payments_api import financed
from tests.system.api.town import Town


def moved(town: Town) -> list[tuple[str, str, int, bool]]:
    with town.process.gateway.services.unit() as unit:
        rows = unit.scan(MOVEMENTS)
    return [(row.party, row.counterparty, row.amount_fen, row.outwards) for row in rows]


def test_all_three_products_are_watched(town: Town) -> None:
    advance_fen = financed(town)
    lease = leased(town)
    town.pass_days(40)
    due_fen = town.get(f"/leasing/leases/{lease}", "lessor").json()["due_fen"]
    town.post(f"/leasing/leases/{lease}/payments", {"amount_fen": due_fen + 5}, "teller")
    town.pass_days(1)
    seen = moved(town)
    assert ("supplier-1", "bank-1", advance_fen, False) in seen
    assert ("lessee/0", "bank", due_fen, True) in seen


@pytest.mark.parametrize("rows", range(4, 10))
def test_a_busy_day_is_taken_in_whole_and_no_payment_in_two_parts(
    town: Town, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.promote_model()
    number = with_history(town)
    shop = f"/credit/merchants/{number}"

    def draw() -> None:
        drawn = town.post(f"{shop}/draws", {"amount_fen": 100_000}, "shopping")
        assert drawn.status_code == 200, drawn.text
        town.clock.time_s += 60

    town.post(f"{shop}/applications", {"requested_fen": 3_000_000}, "shopping")
    draw()
    town.pass_days(32)  # interest was billed
    # For one of these, a piece ends between the rows that tell of the repayment.
    monkeypatch.setattr(surveillance, "_ROWS_AT_ONCE", rows)
    for _ in range(3):
        draw()
    paid = town.post(f"{shop}/repayments", {"amount_fen": 90_000}, "shopping").json()
    for _ in range(8):
        draw()
    town.pass_days(1)
    seen = Counter(moved(town))
    assert seen[f"merchant/{number}", "bank", 100_000, False] == 12
    assert seen[f"merchant/{number}", "bank", paid["applied_fen"], True] == 1
    assert len(list(seen.elements())) == 13
