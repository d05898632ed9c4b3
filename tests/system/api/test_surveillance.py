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


@pytest.mark.parametrize("rows", [20, 200])
def test_a_busy_day_is_taken_in_whole_however_small_the_pieces(
    town: Town, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surveillance, "_ROWS_AT_ONCE", rows)
    town.promote_model()
    shop = f"/credit/merchants/{with_history(town)}"
    town.post(f"{shop}/applications", {"requested_fen": 3_000_000}, "shopping")
    for _ in range(12):
        drawn = town.post(f"{shop}/draws", {"amount_fen": 100_000}, "shopping")
        assert drawn.status_code == 200, drawn.text
        town.clock.time_s += 60
    town.pass_days(10)
    paid = town.post(f"{shop}/repayments", {"amount_fen": 900_000}, "shopping").json()
    while surveillance.take_in(town.process.gateway.services):
        pass
    merchant = shop.removeprefix("/credit/merchants/")
    seen = Counter(moved(town))
    assert seen[f"merchant/{merchant}", "bank", 100_000, False] == 12
    # Fee, interest and principal of one repayment are one movement.
    assert seen[f"merchant/{merchant}", "bank", paid["applied_fen"], True] == 1
    assert len(list(seen.elements())) == 13
