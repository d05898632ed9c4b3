"""The books after the load: whatever clients were told and the books do not hold is found."""

import pytest

from sim.checks.auditor import HELD
from sim.stress.audit import paid_out
from system.adapters.memory_store import MemoryStore
from system.payments import desk
from system.payments.desk import Order
from system.payments.records import PAYMENT_TABLES


@pytest.mark.parametrize(
    ("told_fen", "verdict"),
    [
        (50_000, HELD),
        (60_000, "merchant/0 drew 60000 fen, and is paid 50000 fen"),
        (0, "merchant/0 drew 0 fen, and is paid 50000 fen"),
    ],
)
def test_a_draw_that_is_not_paid_out_or_twice_is_found(told_fen: int, verdict: str) -> None:
    store = MemoryStore(PAYMENT_TABLES)
    with store.transaction() as unit:
        orders = [Order("credit", "merchant/0", cause, 50_000) for cause in ("c/k", "overpaid/c/r")]
        desk.order(unit, [*orders, Order("receivables", "s-1", "c/k", 7)], 0)
        assert paid_out(unit, {0: told_fen, 1: 0}) == verdict
