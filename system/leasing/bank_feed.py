"""What the bank is told of machines, in the order in which it was told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from system.ledger import outbox
from system.ports.store import Table, Unit


@dataclass(frozen=True, slots=True)
class BankTold:
    """One message of the outbox to ``BANK``; its payload stays there."""

    sequence: int
    message_id: str


BANK_FEED: Final = Table("leasing_bank_feed", BankTold, key=("sequence",), append_only=True)


def tell_bank(unit: Unit, messages: Sequence[outbox.OutboxMessage]) -> None:
    """Queue messages for the bank, in the transaction of their cause. Raises DuplicateRow."""
    if not messages:
        return
    outbox.enqueue(unit, messages)
    last = unit.last(BANK_FEED)
    first = last.sequence + 1 if last is not None else 1
    told = [BankTold(n, message.message_id) for n, message in enumerate(messages, first)]
    unit.insert(BANK_FEED, told)
