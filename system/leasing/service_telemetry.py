"""Telemetry at the edge of the service: deliveries in, letters out, poison aside.

The consumer (``system.adapters.mqtt_consumer``) drives it: it acknowledges what ``take`` has
committed, and publishes what ``due`` gives.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from system.leasing.aemp import Page
from system.leasing.aemp_intake import take_page
from system.leasing.desk import Parts
from system.leasing.dispatch import Dispatch, Letter
from system.leasing.intake import intake
from system.leasing.intake_receipts import is_receipt, take_receipts
from system.leasing.quarantine import STRANGER, Fault, Rejected, reject
from system.leasing.service_twins import follow, tick
from system.ports.broker import Delivery


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of some deliveries. receipts: those that had an effect."""

    stored: int
    repeated: int
    quarantined: int
    receipts: int


class TelemetryDesk:
    """One per service. All state but the times of sending is in the book."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._dispatch = Dispatch(parts.book, parts.clock, parts.keys)

    def take(self, deliveries: Sequence[Delivery]) -> Taken:
        """Readings, twins, alerts and receipts of these, in one transaction.

        Acknowledge them when it returns. Raises StoreUnavailable, then nothing was taken.
        """
        receipts = [delivery for delivery in deliveries if is_receipt(delivery.topic)]
        messages = deliveries
        if receipts:
            messages = [delivery for delivery in deliveries if not is_receipt(delivery.topic)]
        with self._parts.book.transaction() as unit:
            taken = intake(unit, messages, self._parts.keys)
            follow(unit, self._parts, taken.readings)
            effects = take_receipts(unit, self._parts, receipts)
        return Taken(
            stored=len(taken.readings),
            repeated=sum(receipt.repeated for receipt in taken.receipts),
            quarantined=len(taken.quarantined),
            receipts=effects,
        )

    def take_snapshot(self, fleet: str, page: Page) -> Taken:
        """Readings of a page of a fleet's AEMP 2.0 feed, in one transaction. Raises InputError."""
        received_ms = self._parts.clock.now_s() * 1_000
        with self._parts.book.transaction() as unit:
            taken = take_page(unit.rows, fleet, page, received_ms)
            follow(unit, self._parts, taken.readings)
        return Taken(len(taken.readings), taken.repeated, len(taken.quarantined), 0)

    def set_aside(self, delivery: Delivery, error: Exception) -> None:
        """Keep a delivery on which our own code failed, with what it said."""
        note = f"{type(error).__name__}: {error}\n".encode()[:500]
        payload = note + delivery.payload
        item = (Fault.UNPROCESSABLE, STRANGER, delivery.topic, payload, delivery.received_ms)
        with self._parts.book.transaction() as unit:
            reject(unit.rows, [Rejected(*item)])

    def due(self) -> list[Letter]:
        """Orders and alerts that must be published now."""
        return self._dispatch.due()

    def tick(self, *, is_linked: bool) -> int:
        """Notice what did not come by now; how many alerts that raised or escalated.

        is_linked: whether the consumer's link is up.
        """
        return tick(self._parts, self._parts.clock.now_s() * 1_000, is_linked=is_linked)
