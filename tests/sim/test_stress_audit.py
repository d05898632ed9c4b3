"""The books after the load: whatever clients were told and the books do not hold is found."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from sim.checks.auditor import HELD
from sim.stress.audit import disbursed, paid_out, readings_kept
from system.adapters.memory_store import MemoryStore
from system.chain.records import REQUESTS, FinancingRequest
from system.leasing import history
from system.leasing.history import HISTORY_TABLES
from system.ledger.records import TRANSFERS, Transfer
from system.payments import desk
from system.payments.desk import Order
from system.payments.records import PAYMENT_TABLES
from tests.system.test_leasing_history import readings


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


def request(request_id: str, state: str) -> FinancingRequest:
    amounts = (900, 60, 40, 50_000)
    return FinancingRequest(
        request_id, 1, 1, "r", "s", "b", 1_000, True, state, 0, *amounts, 0, 0, 0, 0
    )


def posting(transfer_id: str, refers_to: str | None, fen: int) -> Transfer:
    kind = "post" if refers_to is None else "post_hold"
    return Transfer(transfer_id, "loans", "cash", fen, kind, refers_to, None, None, "", 0)


ADVANCE = posting("t-1", "q-1/advance", 900)


@pytest.mark.parametrize(
    ("requests", "transfers", "verdict"),
    [
        ([request("q-1", "disbursed")], [ADVANCE, posting("t-2", None, 5)], HELD),
        # Paid, though nobody was shown: no client was told otherwise.
        ([request("q-1", "disbursed"), request("q-2", "disbursed")], [ADVANCE], HELD),
        ([], [ADVANCE], "request q-1 was shown as paid and is gone"),
        ([request("q-1", "expired")], [ADVANCE], "request q-1 was shown as paid and is expired"),
        ([request("q-1", "disbursed")], [], "request q-1: None fen, not 900"),
        (
            [request("q-1", "disbursed")],
            [posting("t-1", "q-1/advance", 899)],
            "request q-1: [899] fen, not 900",
        ),
        (
            [request("q-1", "disbursed")],
            [ADVANCE, posting("t-2", "q-1/advance", 900)],
            "request q-1: [900, 900] fen, not 900",
        ),
        (
            [request("q-1", "disbursed"), request("q-2", "signing")],
            [ADVANCE],
            "request q-2 is still under way",
        ),
        (
            [request("q-1", "disbursed"), request("q-2", "disbursing")],
            [ADVANCE],
            "request q-2 is still under way",
        ),
    ],
)
def test_a_disbursement_shown_that_the_books_do_not_hold_once_is_found(
    requests: Sequence[FinancingRequest], transfers: Sequence[Transfer], verdict: str
) -> None:
    # Books whose database does not itself keep a second posting out.
    store = MemoryStore((replace(TRANSFERS, unique=()), REQUESTS))
    with store.transaction() as unit:
        unit.insert(REQUESTS, requests)
        unit.insert(TRANSFERS, transfers)
        assert disbursed(unit, {"q-1": 900}) == verdict


@pytest.mark.parametrize(
    ("acknowledged", "verdict"),
    [
        ((2, 0, 1), HELD),
        # Taken in, though its answer was lost.
        ((1, 0, 1), HELD),
        ((2, 0, 2), "machine 2: 1 readings kept, 2 were acknowledged"),
        ((2, 1, 1), "machine 1: 0 readings kept, 1 were acknowledged"),
    ],
)
def test_an_acknowledged_reading_that_is_not_kept_is_found(
    acknowledged: tuple[int, ...], verdict: str
) -> None:
    store = MemoryStore(HISTORY_TABLES)
    with store.transaction() as unit:
        history.keep(unit, readings((0, 1, 0, 0), (0, 1, 1, 1), (2, 1, 0, 0), (2, 1, 0, 0)))
        assert readings_kept(unit, acknowledged) == verdict
