from collections.abc import Iterator

import pytest

from system.adapters.memory_store import MemoryStore
from system.errors import DuplicateRow, IntegrityError, MissingRow
from system.ledger import outbox
from system.ledger.inbox import INBOX_TABLES, QUARANTINE, Incoming, Reception, receive
from system.ledger.outbox import OUTBOX, OUTBOX_TABLES, OutboxMessage, message
from system.ports.store import Unit

NOW_S = 1_767_225_600


@pytest.fixture
def unit() -> Iterator[Unit]:
    with MemoryStore([*OUTBOX_TABLES, *INBOX_TABLES]).transaction() as unit:
        yield unit


def letter(message_id: str, key: str, sequence: int, target: str = "evm") -> OutboxMessage:
    return message(message_id, target, key, sequence, f"payload of {message_id}", NOW_S)


def ready(unit: Unit, limit: int = 100) -> list[str]:
    return [m.message_id for m in outbox.pending(unit, "evm", limit)]


def test_only_the_head_of_each_key_may_leave_in_key_order(unit: Unit) -> None:
    outbox.enqueue(
        unit,
        [
            letter("b2", "b", 2),
            letter("b1", "b", 1),
            letter("a7", "a", 7),
            letter("m", "a", 1, "mqtt"),
        ],
    )
    assert ready(unit) == ["a7", "b1"]
    assert ready(unit, limit=1) == ["a7"]


def test_a_sent_or_dead_head_blocks_its_own_key_only(unit: Unit) -> None:
    outbox.enqueue(unit, [letter(f"{k}{n}", k, n) for k in "abc" for n in (1, 2)])
    outbox.mark_sent(unit, ["a1", "b1"])
    assert ready(unit) == ["c1"]
    outbox.mark_dead(unit, ["b1"])
    outbox.mark_done(unit, ["a1"], NOW_S + 1)
    assert ready(unit) == ["a2", "c1"]
    assert [m.message_id for m in outbox.unconfirmed(unit, "evm")] == []


def test_a_dead_letter_keeps_its_payload_and_goes_on_after_repair_or_skip(unit: Unit) -> None:
    outbox.enqueue(unit, [letter("a1", "a", 1), letter("a2", "a", 2)])
    outbox.mark_dead(unit, ["a1"])
    assert [m.payload for m in outbox.dead(unit, "evm")] == ["payload of a1"]
    outbox.requeue(unit, ["a1"])
    assert ready(unit) == ["a1"]
    outbox.mark_dead(unit, ["a1"])
    outbox.mark_done(unit, ["a1"], NOW_S)
    assert ready(unit) == ["a2"]


def test_attempts_are_counted_and_a_second_receipt_changes_nothing(unit: Unit) -> None:
    outbox.enqueue(unit, [letter("a1", "a", 1)])
    outbox.mark_sent(unit, ["a1"])
    outbox.mark_sent(unit, ["a1"])
    assert [m.attempts for m in outbox.unconfirmed(unit, "evm")] == [2]
    outbox.mark_done(unit, ["a1"], NOW_S + 5)
    outbox.mark_done(unit, ["a1"], NOW_S + 6)
    assert [m.done_at_s for m in unit.scan(OUTBOX)] == [NOW_S + 5]


def test_a_receipt_may_overtake_the_note_that_the_message_was_sent(unit: Unit) -> None:
    outbox.enqueue(unit, [letter("a1", "a", 1)])
    outbox.mark_done(unit, ["a1"], NOW_S)
    assert ready(unit) == []
    with pytest.raises(IntegrityError, match="a1"):
        outbox.mark_sent(unit, ["a1"])


def test_a_message_id_and_a_place_in_a_key_are_used_once(unit: Unit) -> None:
    outbox.enqueue(unit, [letter("a1", "a", 1)])
    for again in (letter("a1", "a", 2), letter("other", "a", 1)):
        with pytest.raises(DuplicateRow):
            outbox.enqueue(unit, [again])
    with pytest.raises(MissingRow):
        outbox.mark_done(unit, ["nothing"], NOW_S)


def test_a_delivery_takes_effect_once_per_source_and_id(unit: Unit) -> None:
    one, other = Incoming("bank", "7", "pay"), Incoming("mint", "7", "pay")
    assert receive(unit, [one, other, one], NOW_S) == [
        Reception.NEW,
        Reception.NEW,
        Reception.DUPLICATE,
    ]
    assert receive(unit, [one], NOW_S + 1) == [Reception.DUPLICATE]


def test_other_content_under_a_used_id_is_quarantined_with_its_payload(unit: Unit) -> None:
    receive(unit, [Incoming("bank", "7", "pay")], NOW_S)
    forged = Incoming("bank", "7", "pay more")
    assert receive(unit, [forged, forged], NOW_S) == [Reception.QUARANTINED] * 2
    assert [row.payload for row in unit.scan(QUARANTINE)] == ["pay more"]
