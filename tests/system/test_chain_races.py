"""What happens at the same time as something else, or after the clock was put right."""

from itertools import product

from system.chain.events import CommandFailed, DisputeOpened, DisputeResolved
from system.chain.records import ALERTS
from system.chain.rules import Refusal
from system.chain.watch import FLOWS
from tests.system.receivables_world import World, only
from tests.system.test_chain_faults import reopened


def disputed(world: World) -> tuple[str, int]:
    receivable_id, lot_id = world.accepted()
    world.dispute(receivable_id)
    assert only(world.step(), DisputeOpened)
    return receivable_id, lot_id


def test_a_clock_put_back_at_a_restart_does_not_stop_intake() -> None:
    world = World.open()
    world.accepted(invoice_number="INV-7001")
    world.clock.time_s -= 3_600
    again = reopened(world)
    copy = again.registration(invoice_number="INV-7001-B")
    [outcome] = again.service.register([copy])
    assert outcome.refusal is None
    again.step()
    assert again.receivable(outcome.reference).state == "registered"
    # Judged like any other: it looks like an edited copy of what came before the restart.
    assert [alert.rule for alert in again.scan(ALERTS)] == ["renumbered"]
    shown = [row.at_s for row in again.scan(FLOWS)]
    assert shown == sorted(shown)
    # And once more, now that the stored flows hold one that came at an earlier hour.
    assert reopened(again).request(1).refusal is None


def test_a_credit_leaves_room_for_the_payment_in_flight() -> None:
    world = World.open()
    receivable_id, lot_id = disputed(world)
    assert world.pay(receivable_id, 6_000_000).refusal is None
    assert world.resolve(receivable_id, 8_000_000).refusal is Refusal.DISPUTE_CREDIT_ABOVE_DEBT
    assert not only(world.step(), DisputeResolved)
    assert world.receivable(receivable_id).disputed
    assert world.resolve(receivable_id, 4_000_000).refusal is None
    [resolved] = only(world.step(), DisputeResolved)
    assert resolved.credit_fen == 4_000_000
    row = world.receivable(receivable_id)
    assert (row.paid_fen, row.credited_fen, row.state) == (6_000_000, 4_000_000, "settled")
    assert (row.disputed, row.resolving) == (False, False)
    assert world.lot(lot_id).state == "redeemed"
    assert world.service.reconcile() == []


def test_a_dispute_stays_open_when_its_credit_fails() -> None:
    world = World.open()
    receivable_id, _, request_id = world.financed(amount_fen=7_000_000)
    rest_id = world.request_row(request_id).lot_id
    world.dispute(receivable_id)
    world.step()
    # Mined but not yet known: the payment has redeemed part of the lot that the credit would cut.
    assert world.pay(receivable_id, 5_000_000).refusal is None
    world.clock.time_s += 60
    world.system.step()
    assert world.resolve(receivable_id, 3_000_000).refusal is None
    happened = world.step()
    assert [failed.use_case for failed in only(happened, CommandFailed)] == ["credit note"]
    assert not only(happened, DisputeResolved)
    row = world.receivable(receivable_id)
    assert (row.disputed, row.resolving, row.credited_fen) == (True, False, 0)
    left_fen = world.lot(rest_id).value_fen - world.lot(rest_id).redeemed_fen
    assert 0 < left_fen < 3_000_000
    assert world.resolve(receivable_id, left_fen).refusal is None
    [resolved] = only(world.step(), DisputeResolved)
    assert resolved.credit_fen == left_fen
    assert world.service.reconcile() == []


def test_a_dispute_is_answered_once() -> None:
    for first_fen, second_fen in product((0, 2_000_000), repeat=2):
        world = World.open()
        receivable_id, _ = disputed(world)
        assert world.resolve(receivable_id, first_fen).refusal is None
        assert world.resolve(receivable_id, second_fen).refusal is Refusal.DISPUTE_NOT_OPEN
        happened = world.step()
        [resolved] = only(happened, DisputeResolved)
        assert resolved.credit_fen == first_fen
        assert not only(happened, CommandFailed)
        assert world.service.reconcile() == []
