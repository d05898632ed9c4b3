"""Every refusal of the closed enum has a case, and a refusal changes nothing."""

import pytest

from system.chain.records import LIMITS, LOTS, RECEIVABLES, REQUESTS
from system.chain.rules import Refusal
from tests.system import test_chain_alerts as alerts
from tests.system import test_chain_holds as holds
from tests.system import test_chain_refusals_financing as financing
from tests.system import test_chain_refusals_intake as intake
from tests.system import test_chain_refusals_settlement as settlement
from tests.system.receivables_world import World


def test_every_refusal_has_a_case() -> None:
    reached = {
        *intake.CASES,
        *alerts.CASES,
        *financing.CASES,
        *holds.CASES,
        *settlement.CASES,
    }
    missing = [refusal.name for refusal in Refusal if refusal and refusal not in reached]
    assert not missing, f"write cases that reach {missing}"


@pytest.mark.parametrize(
    "refusal", [Refusal.FINANCING_AMOUNT_TOO_LARGE, Refusal.SETTLEMENT_OVERPAID], ids=str
)
def test_a_refusal_changes_no_row(refusal: Refusal) -> None:
    world = World.open()
    receivable_id, lot_id = world.accepted()
    before = [world.scan(table) for table in (RECEIVABLES, LOTS, LIMITS, REQUESTS)]
    if refusal is Refusal.SETTLEMENT_OVERPAID:
        outcome = world.pay(receivable_id, 10_000_001)
    else:
        outcome = world.request(lot_id, amount_fen=10_000_001)
    assert outcome.refusal is refusal
    assert [world.scan(table) for table in (RECEIVABLES, LOTS, LIMITS, REQUESTS)] == before
