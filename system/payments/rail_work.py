"""Between books and payment rail: what leaves is sent until it is answered, what comes is applied.

Which product hears of what, its caller says; all state that counts is in the store.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Final, Protocol

from system.errors import OperationalError
from system.ledger import outbox
from system.payments import desk, intake
from system.payments.intake import Received, Taken
from system.payments.records import ENDS, RailPayment
from system.ports.clock import Clock
from system.ports.rail import Delivery, PaymentRail
from system.ports.store import Store

_LOG: Final = logging.getLogger("shapan.rail")
# What the rail has not answered is handed over again this much later.
AGAIN_S: Final = 60
# Of messages that are applied in one go: some thirty payments.
_PIECE_BYTES: Final = 20_000


class GroupingStore(Store, Protocol):
    """A store whose transactions are one durable commit while a group is open."""

    def group(self) -> AbstractContextManager[None]:
        """Transactions inside are durable when this block has ended without an exception."""
        ...


Take = Callable[[bytes], Taken]


class RailWork:
    """One round of ``run`` after another; all state that counts is in the store.

    forget: drops what services remember of work that was undone.
    """

    def __init__(
        self, rail: PaymentRail, store: GroupingStore, clock: Clock, forget: Callable[[], None]
    ) -> None:
        self._rail, self._store, self._clock, self._forget = rail, store, clock, forget
        # Lost at a restart, which only hands messages over once more.
        self._sent_at_s: dict[str, int] = {}

    def run(self, take: Take) -> Iterator[None]:
        """Send what waits, apply what came, in pieces: between two of them others may work.

        take: applies one message in the open group.  Not inside a group.  Raises RailUnavailable.
        """
        yield from self._send()
        yield
        deliveries = self._rail.collect()
        for some in _pieces(deliveries):
            yield
            for taken in self._take(take, some):
                if taken.note:
                    _LOG.warning("payment message %s: %s", taken.message_id, taken.note)
        if deliveries:
            self._rail.acknowledge([one.delivery_id for one in deliveries])

    def _take(self, take: Take, some: Sequence[Delivery]) -> list[Taken]:
        """Apply some messages in one durable commit, each in a savepoint of it."""
        try:
            with self._store.group():
                return [self._taken(take, delivery) for delivery in some]
        except OperationalError:
            self._forget()
            raise

    def _taken(self, take: Take, delivery: Delivery) -> Taken:
        try:
            with self._store.transaction():
                return take(delivery.raw)
        except OperationalError:
            raise
        except Exception:
            # A bug must not stop those behind it: kept for people, told, and let go.
            _LOG.exception("a payment message could not be applied: %s", delivery.delivery_id)
            self._forget()
            with self._store.transaction() as unit:
                note = "it could not be applied: see the log"
                return intake.keep_unusable(unit, delivery.raw, note, self._clock.now_s())

    def _send(self) -> Iterator[None]:
        now_s = self._clock.now_s()
        while self._packed(now_s):
            yield
        with self._store.transaction() as unit:
            waiting = desk.to_send(unit)
        for message in waiting:
            if now_s - self._sent_at_s.get(message.message_id, -AGAIN_S) < AGAIN_S:
                continue
            yield
            self._rail.submit(message.message_id, message.text.encode())
            self._sent_at_s[message.message_id] = now_s
            with self._store.transaction() as unit:
                # The rail may have answered already, to another process of this bank.
                if message in desk.to_send(unit):
                    outbox.mark_sent(unit, [message.message_id])
        open_ids = {message.message_id for message in waiting}
        self._sent_at_s = {k: v for k, v in self._sent_at_s.items() if k in open_ids}

    def _packed(self, now_s: int) -> bool:
        with self._store.transaction() as unit:
            return desk.pack(unit, now_s) is not None


def _pieces(deliveries: Sequence[Delivery]) -> Iterator[list[Delivery]]:
    """In order, as many at a time as everybody can wait for."""
    some, size = list[Delivery](), 0
    for one in deliveries:
        if some and size + len(one.raw) > _PIECE_BYTES:
            yield some
            some, size = [], 0
        some.append(one)
        size += len(one.raw)
    if some:
        yield some


def take(
    store: Store,
    now_s: int,
    raw: bytes,
    ended: Callable[[RailPayment], None],
    received: Callable[[Received], None],
) -> Taken:
    """Apply one message and let products know, all in the open group or not at all.

    ended: hears of each payment that was settled, rejected or returned.  received: of money from
    outside.
    """
    with store.transaction() as unit:
        taken = intake.take(unit, raw, now_s)
    for payment in taken.changes:
        if payment.state in ENDS:
            ended(payment)
    for one in taken.received:
        received(one)
    return taken
