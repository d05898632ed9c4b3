from dataclasses import dataclass

from system.adapters.memory_store import MemoryStore
from system.ledger.idempotency import IDEMPOTENCY_TABLES, Answered, Reply, once

NOW_S = 1_767_225_600


@dataclass(frozen=True)
class Order:
    client: str
    key: str
    fingerprint: str


class Kitchen:
    """Answers each order and remembers what it was asked to do."""

    def __init__(self) -> None:
        self.store = MemoryStore(IDEMPOTENCY_TABLES)
        self.cooked: list[Order] = []

    def cook(self, orders: list[Order]) -> list[str]:
        self.cooked += orders
        return [f"dish {len(self.cooked)}" for _ in orders]

    def take(self, *orders: Order) -> list[Reply]:
        with self.store.transaction() as unit:
            return once(unit, orders, self.cook, NOW_S)


def test_a_repeat_gets_the_first_answer_and_does_nothing() -> None:
    kitchen, order = Kitchen(), Order("ann", "1", "soup")
    assert kitchen.take(order, order) == [
        Reply(Answered.NOW, "dish 1"),
        Reply(Answered.BEFORE, "dish 1"),
    ]
    assert kitchen.take(order) == [Reply(Answered.BEFORE, "dish 1")]
    assert kitchen.cooked == [order]


def test_another_request_under_a_used_key_is_refused() -> None:
    kitchen = Kitchen()
    first, second = Order("ann", "1", "soup"), Order("ann", "1", "cake")
    assert [r.answered for r in kitchen.take(first, second)] == [Answered.NOW, Answered.KEY_REUSED]
    assert kitchen.take(second) == [Reply(Answered.KEY_REUSED, "")]
    assert kitchen.cooked == [first]


def test_keys_belong_to_their_client() -> None:
    kitchen = Kitchen()
    replies = kitchen.take(Order("ann", "1", "soup"), Order("bob", "1", "cake"))
    assert [r.answered for r in replies] == [Answered.NOW, Answered.NOW]
