"""What leaves by the broker: orders to machines and alerts to the bank, from the outbox.

Sending proves nothing: a message goes again until its receiver's own receipt is in. Receivers know
a repeat by its id.
"""

from dataclasses import dataclass
from typing import Final

from orjson import dumps, loads

from system.leasing.devices import DEVICES, Device, DeviceKeys
from system.leasing.events import BANK, MACHINE
from system.leasing.signatures import sign
from system.ledger import outbox
from system.ledger.outbox import OutboxMessage, pending, unconfirmed
from system.ports.book import Book
from system.ports.clock import Clock
from system.ports.store import Unit

# A receipt that has not come in this time is asked for again; a machine may be out of reach.
RESEND_S: Final = 300
# How often it is looked which: those of another process, which may reach nobody, do so at once.
_LOOK_S: Final = 5
# Messages that leave in one go.
_BATCH_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to publish. message_id: of the outbox; a machine with two terminals gets two."""

    message_id: str
    topic: str
    payload: bytes


class Dispatch:
    """Knows when it sent what; after a restart all that has no receipt goes again."""

    def __init__(self, book: Book, clock: Clock, keys: DeviceKeys) -> None:
        self._book, self._clock, self._keys = book, clock, keys
        self._sent_at_s: dict[str, int] = {}
        # When it is looked next what may go again: very many may wait.
        self._again_at_s = 0

    def due(self) -> list[Letter]:
        """What must leave now, marked as sent: publish it."""
        now_s = self._clock.now_s()
        with self._book.transaction() as unit:
            waiting = self._waiting(unit.rows, now_s)
            letters = [
                letter
                for target, write in ((MACHINE, self._to_machine), (BANK, _to_bank))
                for message in self._due(unit.rows, target, waiting, now_s)
                for letter in write(unit.rows, message)
            ]
            outbox.mark_sent(unit.rows, sorted({letter.message_id for letter in letters}))
        self._note(letters, waiting, now_s)
        return letters

    def _waiting(self, unit: Unit, now_s: int) -> list[OutboxMessage] | None:
        """What was sent and has no receipt; None before it is time to look."""
        if now_s < self._again_at_s:
            return None
        return [message for target in (MACHINE, BANK) for message in unconfirmed(unit, target)]

    def _due(
        self, unit: Unit, target: str, waiting: list[OutboxMessage] | None, now_s: int
    ) -> list[OutboxMessage]:
        again = [
            message
            for message in waiting or ()
            if message.target == target and self._is_old(message, now_s)
        ]
        return [*again, *pending(unit, target, _BATCH_MAX)]

    def _is_old(self, message: OutboxMessage, now_s: int) -> bool:
        """Whether it goes again; what another process sent, or this one before its start, does."""
        return now_s - self._sent_at_s.get(message.message_id, 0) >= RESEND_S

    def _note(self, letters: list[Letter], waiting: list[OutboxMessage] | None, now_s: int) -> None:
        """Remember what left when; forget what has its receipt, and what could not go again."""
        new = {letter.message_id: now_s for letter in letters}
        if waiting is None:
            self._sent_at_s |= new
            return
        waits = {message.message_id for message in waiting}
        young = {
            message_id: at_s
            for message_id, at_s in self._sent_at_s.items()
            if message_id in waits and now_s - at_s < RESEND_S
        }
        self._sent_at_s = young | new
        oldest_s = min(self._sent_at_s.values(), default=now_s)
        self._again_at_s = min(oldest_s + RESEND_S, now_s + _LOOK_S)

    def _to_machine(self, unit: Unit, message: OutboxMessage) -> list[Letter]:
        """To each terminal of the machine, signed with the secret that it shares with us."""
        devices = unit.find(DEVICES, {"machine": int(message.ordering_key)})
        payload = message.payload.encode()
        return [
            Letter(
                message.message_id,
                f"device/{device.device_id}/command",
                self._signed(device, payload),
            )
            for device in devices
            if not device.is_revoked
        ]

    def _signed(self, device: Device, payload: bytes) -> bytes:
        if device.key_kind == "hmac-sha256":
            return sign("hmac-sha256", self._keys.key_of(device), payload)
        return payload


def _to_bank(_: Unit, message: OutboxMessage) -> list[Letter]:
    told = {"message_id": message.message_id, **loads(message.payload)}
    return [Letter(message.message_id, BANK, dumps(told))]
